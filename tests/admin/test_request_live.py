"""A request while its page stays open: who is there too, what the visitor and colleagues did meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from intake.database import reading
from intake.models import Audit, Presence
from intake.models.site import Site
from intake.queries import undo_steps
from intake.rules.phone import parse
from intake.rules.workflow import ClosedReason, Voicemail
from intake.services import casework, claims, undoing, visitor
from tests.admin.desk import Desk, at, words
from tests.admin.live import open_request
from tests.making import actions, ask, count, stored
from tests.points import point

SECOND = timedelta(seconds=1)


@point(45)
def test_a_colleague_who_looks_is_told_of_and_one_on_the_call_otherwise(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now, phone="312-555-0182").reference
    mine, theirs = open_request(maria, reference), open_request(dev, reference)
    assert "Maria is viewing" in words(theirs.html) and "is viewing" not in words(mine.html)
    assert mine.told()["watching"] == ["Dev is viewing"]
    dev.press(reference, "call")
    assert mine.told()["watching"] == ["Dev is on the call"]
    assert theirs.told()["watching"] == ["Maria is viewing"]


@point(45)
def test_whoever_leaves_is_gone_at_once_and_whoever_says_nothing_within_a_minute(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    mine, theirs = open_request(maria, reference), open_request(dev, reference)
    with at(now + 10 * SECOND):
        theirs.told()
        assert theirs.leave().status_code == 200
        assert mine.told()["watching"] == []
        theirs.told()
    with at(now + 56 * SECOND):
        assert mine.told()["watching"] == []


def test_a_page_behind_another_is_told_the_news_but_is_not_there(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    mine, theirs = open_request(maria, reference), open_request(dev, reference)
    with at(now + 46 * SECOND):
        assert theirs.here(hidden="yes").get_json()["watching"] == []
        assert mine.told()["watching"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("withdraw", "The visitor cancelled this request. Do not call."),
        ("number", "The visitor changed the number. Do not call the old one."),
        ("voicemail", "The visitor changed what we may do when they miss the call. Look before you call."),
        ("time", "The visitor changed when to call. Look before you call."),
    ],
)
def test_what_the_visitor_does_reaches_the_open_page_and_stops_the_call(
    maria: Desk, site: Site, now: datetime, change: str, said: str
) -> None:
    made = ask(site, now, phone="(212) 555-0182")
    maria.press(made.reference, "claim")
    page = open_request(maria, made.reference)
    assert page.told()["news"] is None
    later = now + 8 * SECOND
    deeds: dict[str, Callable[[], object]] = {
        "withdraw": lambda: visitor.withdraw(site, made.link_token, now=later),
        "number": lambda: visitor.change_number(site, made.link_token, parse("646-555-0119"), now=later),
        "voicemail": lambda: visitor.change_voicemail(site, made.link_token, Voicemail.SAY_WHO, now=later),
        "time": lambda: visitor.change_time(
            site, made.link_token, is_free_time=True, preferred_note="later", now=later
        ),
    }
    deeds[change]()
    with at(later + 3 * SECOND):
        answer = page.here()
    news = answer.get_json()["news"]
    assert (news["words"], news["ago"], news["loud"], news["stops"]) == (said, "3 s ago", True, True)
    assert "0119" not in answer.get_data(as_text=True) and "six" not in answer.get_data(as_text=True)
    assert open_request(maria, made.reference).told()["news"] is None, "whoever has read it is not told again"


def test_a_cancelling_is_told_before_whatever_else_was_done_since(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    made = ask(site, now)
    page = open_request(maria, made.reference)
    visitor.withdraw(site, made.link_token, now=now)
    dev.press(made.reference, "note", remark="They sounded tired.")
    news = page.told()["news"]
    assert news["words"] == "The visitor cancelled this request. Do not call." and news["loud"]


def test_whoever_is_calling_hears_that_the_visitor_has_cancelled(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now)
    maria.press(made.reference, "call")
    page = open_request(maria, made.reference)
    visitor.withdraw(site, made.link_token, now=now)
    assert "while you were calling" in page.told()["news"]["words"]


def test_what_colleagues_do_is_told_by_name_and_stops_only_a_call_that_would_be_refused(
    maria: Desk, dev: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    assert maria.actor and dev.actor

    def news() -> tuple[str, bool, bool]:
        found = page.told()["news"]
        return found["words"], found["loud"], found["stops"]

    page = open_request(maria, reference)
    dev.press(reference, "note", remark="Speaks Polish.")
    assert news() == ("Dev wrote a note.", False, False)
    dev.press(reference, "claim")
    assert news() == ("Dev claimed this.", False, True)
    version = str(stored(reference).version)
    grace.press(reference, "assign", person=str(maria.actor.user_id), version=version)
    assert news() == ("Grace gave this to you.", False, False)
    page = open_request(dev, reference)
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)
    assert news() == ("Maria closed this.", False, True)
    page = open_request(dev, reference)
    dev.press(reference, "note", remark="Closed too early?")
    assert news() == ("You changed this in another window.", False, True)


def test_a_note_that_is_taken_back_is_told_as_that(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    dev.press(reference, "note", remark="Wrong request.")
    page = open_request(maria, reference)
    with reading() as conn:
        step = undo_steps.made_at(conn, dev.actor.person_id, now)
    undoing.undo(site, dev.actor, step or "", now=now)
    assert page.told()["news"]["words"] == "Dev took back a note."


def test_looks_and_mails_are_no_news(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, email="ana@example.com").reference
    page = open_request(maria, reference)
    dev.text(f"/admin/queue/{reference}")
    assert page.told()["news"] is None


def test_a_look_at_the_news_keeps_what_was_typed_and_saves_nothing(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    open_request(maria, reference)
    with at(now + 5 * SECOND):
        dev.press(reference, "note", remark="Her sister answers first.")
    with at(now + 9 * SECOND):
        answer = maria.press(reference, "again", seen=now.isoformat(), note="Spoke slowly", outcome="busy")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Dev changed this 4 s ago" in words(html) and "Her sister answers first." in html
    assert ">Spoke slowly</textarea>" in html and re.search(r'value="busy" data-then="retry"[^>]* checked', html)
    assert "callback.attempted" not in actions(reference)


def test_being_there_is_one_write_on_no_record(
    maria: Desk, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    reference = ask(site, now).reference
    page = open_request(maria, reference)
    before, version, rows = count(Audit), stored(reference).version, count(Presence)
    count_queries()
    page.told()
    assert count_queries() <= 7
    assert (count(Audit), stored(reference).version, count(Presence)) == (before, version, rows)


def test_whoever_has_not_opened_a_request_is_told_nothing_of_it_and_is_not_there(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    page = open_request(maria, reference)
    dev.get("/admin/queue/")
    for fields in ({"act": "0"}, {"act": "0", "hidden": "yes"}):
        assert dev.press(reference, "here", **fields).status_code == 404
    assert page.told()["watching"] == []


def test_being_there_does_not_hold_a_claim(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    claims.claim(site, maria.actor, reference, now=now)  # type: ignore[arg-type]
    page, held = open_request(maria, reference), stored(reference).lease_until
    with at(now + timedelta(minutes=5)):
        page.told()
    assert stored(reference).lease_until == held


def test_nobody_is_told_anything_without_the_forms_token(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    assert maria._send("POST", f"/admin/queue/{reference}/here").status_code == 400
    assert count(Presence) == 0


@pytest.mark.parametrize("fields", [{"act": "x"}, {"act": "9" * 40}, {"left": "yesterday"}, {"left": "2026-01-01"}])
def test_what_makes_no_sense_is_taken_for_nothing(
    maria: Desk, site: Site, now: datetime, fields: dict[str, str]
) -> None:
    reference = ask(site, now).reference
    maria.text(f"/admin/queue/{reference}")
    answer = maria.press(reference, "here", **fields)
    assert answer.status_code == 200 and answer.get_json()["news"]["words"]
