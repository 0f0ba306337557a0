"""Reasons in the record: those about the service stand in the line, those about a request behind a button."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading, writing
from intake.models import Audit, CallAttempt
from intake.models.site import Site
from intake.rules.phone import parse
from intake.rules.promise import ResponseTarget
from intake.rules.workflow import Disposition
from intake.services import calls, claims, corrections, handing, settings, visitor
from intake.services.calls import Outcome
from tests.admin.desk import Desk, desk, words
from tests.admin.test_audit import PAGE, export
from tests.making import actions, ask, count, person

pytestmark = pytest.mark.words

_A = Audit.__table__.c
BUTTON = re.compile(r'action="(/admin/audit/(\d+)/reason[^"]*)"')


@pytest.fixture
def rae(app: Flask, now: datetime) -> Desk:
    """The auditor."""
    return desk(app, "Rae", "auditor", now=now)


@pytest.fixture
def taken(site: Site, now: datetime) -> str:
    """A request that Dev took over from Maria because she had "Gone home to Ana"."""
    maria, dev = (person(site, name, now=now) for name in ("Maria", "Dev"))
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    handing.take_over(site, dev, reference, holder_id=maria.person_id, reason="Gone home to Ana", now=now)
    return reference


def buttons(html: str) -> list[str]:
    return [found[0].replace("&amp;", "&") for found in BUTTON.findall(html)]


def test_a_reason_about_a_request_is_read_by_a_button_and_that_is_on_record(
    rae: Desk, taken: str, count_queries: Callable[[], int]
) -> None:
    html = rae.text(f"{PAGE}?ref={taken}")
    assert "Gone home" not in html and html.count("Show the reason") == 1
    (path,) = buttons(html)
    assert rae.get(path).status_code == 405 and "callback.reason_viewed" not in actions(taken), "looking costs a press"
    rae.get(PAGE)
    count_queries()
    answer = rae.post(path)
    assert count_queries() <= 7
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 200 and "Gone home to Ana" in text
    assert "Dev" in text and "took the request over from Maria" in text and taken in text
    assert "no-store" in answer.headers["Cache-Control"]
    back = re.findall(r'href="(/admin/audit/\?[^"]*)"', answer.get_data(as_text=True))[0]
    assert f"ref={taken}" in back and "#e" in back
    with reading() as conn:
        seen = conn.execute(select(_A.actor_id, _A.details).where(_A.action == "callback.reason_viewed")).one()
    assert seen.actor_id == rae.actor.user_id and f"/{seen.details['entry']}/" in path  # type: ignore[union-attr]
    assert "Rae read the reason that was given for an entry" in words(rae.text(f"{PAGE}?ref={taken}&kind=viewed"))
    assert "Rae" in words(rae.text(f"{PAGE}seen/{taken}"))


def test_each_press_opens_one_reason_only(rae: Desk, taken: str, site: Site, now: datetime) -> None:
    dev = person(site, "Kim", now=now)
    other = ask(site, now).reference
    claims.claim(site, dev, other, now=now)
    lee = person(site, "Lee", now=now)
    handing.take_over(site, lee, other, holder_id=dev.person_id, reason="Ill today", now=now)
    first, second = buttons(rae.text(PAGE))
    assert "Gone home" not in rae.post(first).get_data(as_text=True)
    assert "Ill today" not in rae.post(second).get_data(as_text=True)
    assert count(Audit, _A.action == "callback.reason_viewed") == 2


def test_the_story_of_the_request_tells_an_opened_reason_among_the_looks(
    app: Flask, rae: Desk, taken: str, now: datetime
) -> None:
    (path,) = buttons(rae.text(PAGE))
    rae.post(path)
    html = desk(app, "Kim", now=now).text(f"/admin/queue/{taken}")
    happened, _, looks = html.partition("Who has opened this request (2)")
    assert "Rae read the reason that was given for an entry" in words(looks) and "read the reason" not in happened


def test_whoever_may_see_names_presses_the_button_too(app: Flask, taken: str, now: datetime) -> None:
    both = desk(app, "Sam", "auditor", "staff", now=now)
    html = both.text(PAGE)
    assert "Gone home" not in html
    assert "Gone home to Ana" in both.post(buttons(html)[0]).get_data(as_text=True)


def test_no_reason_about_a_request_is_in_a_copy(app: Flask, rae: Desk, taken: str, now: datetime) -> None:
    both = desk(app, "Sam", "auditor", "staff", now=now)
    for auditor in (rae, both):
        reasons = [line[6] for line in export(auditor, ref=taken)[2:] if line[6]]
        assert reasons == ["A reason was given."]


def test_why_they_called_at_night_or_corrected_an_outcome_is_there_to_be_read(
    rae: Desk, site: Site, now: datetime
) -> None:
    maria, night = person(site, "Maria", now=now), now - timedelta(hours=5)
    reference = ask(site, night).reference
    claims.start_call(site, maria, reference, override_reason="She asked for now", now=night)
    made = Outcome(Disposition.NO_ANSWER, override_reason="She asked for now")
    calls.log_attempt(site, maria, reference, made, now=night)
    with reading() as conn:
        attempt = conn.execute(select(CallAttempt.__table__.c.id)).scalar_one()
    corrections.correct(site, maria, reference, attempt, Disposition.BUSY, reason="It was engaged", now=now)
    found = " ".join(rae.post(path).get_data(as_text=True) for path in buttons(rae.text(f"{PAGE}?ref={reference}")))
    assert "She asked for now" in found and "It was engaged" in found


def test_what_a_visitor_typed_is_for_those_who_may_see_numbers(
    app: Flask, rae: Desk, site: Site, now: datetime
) -> None:
    sent = ask(site, now)
    visitor.change_number(site, sent.link_token, parse("212-555-0199"), now=now)
    html = rae.text(f"{PAGE}?ref={sent.reference}")
    assert buttons(html) == [] and "Reading them takes the right to see names" in html
    both = desk(app, "Sam", "auditor", "staff", now=now)
    (path,) = buttons(both.text(f"{PAGE}?ref={sent.reference}"))
    assert "0199" in both.post(path).get_data(as_text=True)
    rae.get(PAGE)
    assert rae.post(path).status_code == 404 and count(Audit, _A.action == "callback.reason_viewed") == 1


def test_a_reason_that_was_deleted_says_so_in_the_list_and_behind_the_button(rae: Desk, taken: str) -> None:
    (path,) = buttons(rae.text(PAGE))
    with writing() as conn:
        conn.exec_driver_sql("UPDATE audit_text SET text_encrypted = NULL, salt = NULL")
    html = rae.text(PAGE)
    assert "It was deleted when its time was over" in html and buttons(html) == []
    answer = rae.post(path)
    assert answer.status_code == 200 and "It was deleted when its time was over" in answer.get_data(as_text=True)
    assert "callback.reason_viewed" not in actions(taken), "nothing was shown"


@pytest.mark.parametrize("entry", ["0", str(2**63 - 1), str(2**70), "1"])
def test_an_entry_without_a_reason_is_not_found(rae: Desk, entry: str) -> None:
    rae.get(PAGE)
    assert rae.post(f"{PAGE}{entry}/reason").status_code == 404
    assert count(Audit, _A.action == "callback.reason_viewed") == 0


def test_reasons_about_the_service_stand_in_the_line(rae: Desk, site: Site, now: datetime) -> None:
    ada = person(site, "Ada", "admin", now=now)
    settings.change_target(site, ada, ResponseTarget(minutes=20), seen=None, words="Target: 15 → 20", now=now)
    export(rae, recipient="Counsel", purpose="Yearly review")
    text = words(rae.text(PAGE))
    assert "Target: 15 → 20" in text and "Counsel: Yearly review" in text and "Show the reason" not in text
    with reading() as conn:
        entry = conn.execute(select(_A.id).where(_A.action == "audit.exported")).scalar_one()
    assert rae.post(f"{PAGE}{entry}/reason").status_code == 404
