"""The request page and what is done there besides calling."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from intake.database import writing
from intake.models import CallbackRequest, OutboxMessage
from intake.models.records import OutboxState
from intake.models.site import Site
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, ForWhom, Status
from intake.services import casework, claims, handing, visitor
from tests.admin.desk import Desk, desk, words
from tests.making import actions, ask, person, stored
from tests.points import point

pytestmark = pytest.mark.words

TWO_SIGNS = Signals(honeypot=True, seconds_to_fill=0.3)


def test_the_page_shows_what_the_visitor_said(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(
        site, now, name="José", message="después de las 2", email="jose@example.com", language="es",
        for_whom=ForWhom.OTHER, source="k3", source_path="/help",
    ).reference  # fmt: skip
    text = words(maria.text(f"/admin/queue/{reference}"))
    for said in ("José", "después de las 2", "jose@example.com", "Spanish", "Someone else", "k3 /help", "wording v1"):
        assert said in text, said
    assert "As soon as possible" in text and "promised before 12:15 pm ET" in text


def test_a_requested_window_is_told_on_both_clocks(maria: Desk, site: Site, now: datetime) -> None:
    window = Window(now + timedelta(hours=2), now + timedelta(hours=5))
    reference = ask(site, now, phone="312-555-0182", window=window).reference
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert "Today, Wednesday, 2 pm to 5 pm ET (begins 1 pm CT there)" in text


@point(44)
def test_opening_a_request_is_on_record_and_shown(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.get(f"/admin/queue/{reference}")
    assert "Who has opened this request (2)" in words(maria.text(f"/admin/queue/{reference}"))
    assert actions(reference).count("callback.viewed") == 2


def test_a_note_can_be_added_without_a_call(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    assert maria.press(reference, "note", remark="  Prefers mornings ").status_code == 303
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert "Note added." in text and "Maria wrote a note" in text and "Prefers mornings" in text


def test_an_empty_note_is_not_a_note(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    answer = maria.press(reference, "note", remark=" \n ")
    assert answer.status_code == 422 and "Write a note first" in answer.get_data(as_text=True)


def test_closing_needs_a_reason_and_keeps_the_note(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.get(f"/admin/queue/{reference}")
    for reason in ("", "withdrawn", "nonsense"):
        answer = maria.press(reference, "close", reason=reason, close_note="Came by in person")
        assert answer.status_code == 422
        assert "Came by in person</textarea>" in answer.get_data(as_text=True)
    assert maria.press(reference, "close", reason="information", close_note="Came by in person").status_code == 303
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert "This request has ended: Information given" in text and "Came by in person" in text


@point(63)
def test_reopening_starts_a_new_clock(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - timedelta(days=2)).reference
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now - timedelta(days=1))
    assert "Open again" in words(maria.text(f"/admin/queue/{reference}"))
    assert maria.press(reference, "reopen").status_code == 303
    assert stored(reference).status == Status.NEW
    assert "Sent Mon noon ET Opened again noon ET" in words(maria.text(f"/admin/queue/{reference}"))
    twin = ask(site, now).reference
    assert f"{reference} , open, sent Mon noon ET · same number" in words(maria.text(f"/admin/queue/{twin}"))
    assert maria.press(reference, "reopen").status_code == 303
    assert "It is open already." in maria.text(f"/admin/queue/{reference}")


def test_check_shows_its_reasons_and_is_decided_with_one_press(maria: Desk, site: Site, now: datetime) -> None:
    real, junk = (ask(site, now, signals=TWO_SIGNS).reference for _ in range(2))
    text = words(maria.text(f"/admin/queue/{real}"))
    assert "Filled in a field that people do not see" in text and "Sent in less than 2 seconds" in text
    assert 'name="outcome"' not in text and "/call" not in maria.text(f"/admin/queue/{real}")
    assert maria.press(real, "rescue").status_code == 303
    assert stored(real).status == Status.NEW
    assert maria.press(junk, "spam").status_code == 303
    assert stored(junk).closed_reason == ClosedReason.SPAM
    assert maria.press(real, "rescue").status_code == 303
    assert "Somebody has decided already." in maria.text(f"/admin/queue/{real}")


def test_one_sign_of_spam_is_a_hint_and_no_hindrance(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, signals=Signals(honeypot=True)).reference
    html = maria.text(f"/admin/queue/{reference}")
    assert "Maybe spam:" in html and f"/admin/queue/{reference}/call" in html


def test_a_time_in_their_own_words_is_read_before_calling(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, is_free_time=True, preferred_note="Friday after my shift").reference
    html = maria.text(f"/admin/queue/{reference}")
    assert "Friday after my shift" in html and f"/admin/queue/{reference}/call" not in html
    assert "Read their time" in words(maria.text("/admin/queue/"))
    maria.press(reference, "call")
    assert "Read when they want to be called first." in maria.text(f"/admin/queue/{reference}")
    agreed = {"agreed_day": "2026-11-20", "agreed_from": "17:00", "agreed_until": "18:00"}
    assert maria.press(reference, "time", **agreed).status_code == 303
    row = stored(reference)
    assert row.free_time_seen_at == now and row.window_from == datetime.fromisoformat("2026-11-20T22:00+00:00")


def test_a_wished_time_may_be_read_without_setting_one(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, is_free_time=True, preferred_note="whenever").reference
    assert maria.press(reference, "time").status_code == 303
    assert stored(reference).window_from is None
    assert f"/admin/queue/{reference}/call" in maria.text(f"/admin/queue/{reference}")


def test_a_wished_time_that_has_passed_is_refused_with_what_was_typed(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, is_free_time=True, preferred_note="whenever").reference
    answer = maria.press(reference, "time", agreed_day="2026-11-01", agreed_from="17:00")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="wish_agreed-e"' in html and 'value="2026-11-01"' in html


def test_other_requests_from_the_number_are_named_but_not_joined(maria: Desk, site: Site, now: datetime) -> None:
    mother = ask(site, now, name="Ana", phone="(212) 555-0182").reference
    son = ask(site, now, name="Leo", phone="+1 212.555.0182").reference
    text = words(maria.text(f"/admin/queue/{mother}"))
    assert son in text and "Two people may share this phone" in text and "Leo" not in text


@point(66)
def test_a_number_that_asked_for_silence_is_not_called(maria: Desk, site: Site, now: datetime) -> None:
    first = ask(site, now, phone="(212) 555-0182").reference
    maria.press(first, "call")
    maria.press(first, "attempt", outcome="do_not_call", confirm="yes", then="stay")
    again = ask(site, now, phone="(212) 555-0182").reference
    html = maria.text(f"/admin/queue/{again}")
    assert f"/admin/queue/{again}/call" not in html
    assert "never to call this number again" in words(html)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (OutboxState.PENDING, "waiting"),
        (OutboxState.SENT, "sent"),
        (OutboxState.DEAD, "gave up"),
    ],
)
@point(65)
def test_mails_stand_in_the_timeline_with_their_state(
    maria: Desk, site: Site, now: datetime, state: OutboxState, said: str
) -> None:
    reference = ask(site, now).reference
    with writing() as conn:
        conn.execute(update(OutboxMessage).values(state=state, last_error="550 no such mailbox"))
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"Mail “New request” to the intake team: {said}" in text
    assert ("550 no such mailbox" in text) == (state is not OutboxState.SENT)


def test_a_visitors_own_changes_are_told_as_theirs(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now)
    visitor.withdraw(site, made.link_token, now=now)
    text = words(maria.text(f"/admin/queue/{made.reference}"))
    assert "The visitor cancelled the request" in text and "This request has ended: Cancelled by the visitor" in text


def test_what_was_measured_is_stamped_with_its_zone(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    html = maria.text(f"/admin/queue/{reference}")
    timeline = html[html.index("Timeline") :]
    stamps = re.findall(r"<time datetime=\"([^\"]+)\">([^<]+)</time>", timeline)
    assert stamps and all(iso.endswith("+00:00") and said.endswith("ET") for iso, said in stamps)


def test_a_manager_closes_nothing_that_a_colleague_holds(grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    claims.claim(site, person(site, "Dev", now=now), reference, now=now)
    answer = grace.press(reference, "close", reason="test", close_note="mine")
    assert answer.status_code == 409 and "mine</textarea>" in answer.get_data(as_text=True)


def test_a_request_that_is_not_there_is_not_found(maria: Desk) -> None:
    assert maria.get("/admin/queue/000-000").status_code == 404
    assert maria.get("/admin/queue/..%2f..%2fetc").status_code == 404


def test_the_auditor_sees_no_request(app: Flask, site: Site, now: datetime) -> None:
    reference = ask(site, now, name="Ana").reference
    answer = desk(app, "Lee", "auditor", now=now).get(f"/admin/queue/{reference}")
    assert answer.status_code == 403 and "Ana" not in answer.get_data(as_text=True)


def test_a_window_that_has_passed_no_longer_forbids_a_call(maria: Desk, site: Site, now: datetime) -> None:
    window = Window(now - timedelta(hours=3), now - timedelta(hours=1))
    reference = ask(site, now - timedelta(hours=4), window=window).reference
    assert "fine to call" in words(maria.text(f"/admin/queue/{reference}"))
    assert maria.press(reference, "call").status_code == 303


def test_before_a_requested_window_calling_needs_a_reason(maria: Desk, site: Site, now: datetime) -> None:
    window = Window(now + timedelta(hours=1), now + timedelta(hours=3))
    reference = ask(site, now, window=window).reference
    assert "Call now all the same" in words(maria.text(f"/admin/queue/{reference}"))
    assert maria.press(reference, "call").status_code == 422


def _set_aside(desk: Desk, site: Site, now: datetime) -> str:
    """A new request from a number that asked for silence."""
    first = ask(site, now).reference
    desk.press(first, "call")
    desk.press(first, "attempt", outcome="do_not_call", confirm="yes", then="stay")
    return ask(site, now).reference


@point(66)
def test_staff_leave_a_number_that_asked_for_silence_to_a_manager(maria: Desk, site: Site, now: datetime) -> None:
    reference = _set_aside(maria, site, now)
    html = maria.text(f"/admin/queue/{reference}")
    assert '<h2 id="decide-h">This number asked not to be called</h2>' in html and "A manager decides" in html
    for verb in ("rescue", "spam", "close", "call"):
        assert f'{reference}/{verb}"' not in html
    for verb in ("spam", "close"):
        assert maria.press(reference, verb, reason="test").status_code == 303
        assert "so a manager decides" in maria.text(f"/admin/queue/{reference}")
    assert maria.press(reference, "close", reason="do_not_call").status_code == 422
    assert maria.press(reference, "call-again", call_again_why="She rang").status_code == 403
    assert stored(reference).closed_at is None
    text = words(maria.text("/admin/queue/?view=check"))
    assert "Check, by a manager" in text and f"Open {reference}" in text and f"Decide {reference}" not in text


def test_a_manager_lets_a_number_be_called_again_whose_owner_wants_help(
    grace: Desk, maria: Desk, site: Site, now: datetime
) -> None:
    reference = _set_aside(grace, site, now)
    assert f"Decide {reference}" in words(grace.text("/admin/queue/?view=check"))
    refused = grace.press(reference, "call-again")
    assert refused.status_code == 422 and "Say how they asked for help again" in refused.get_data(as_text=True)
    assert grace.press(reference, "call-again", call_again_why="She rang us this morning").status_code == 303
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert "Grace allowed this number to be called again" in text and "She rang us this morning" in text
    assert maria.press(reference, "call").status_code == 303 and stored(reference).call_started_at == now


def test_who_finds_a_request_that_ended_with_the_wish_reads_who_can_lift_it(
    grace: Desk, maria: Desk, site: Site, now: datetime
) -> None:
    ended = ask(site, now - timedelta(minutes=9)).reference
    grace.press(ended, "close", reason="do_not_call", close_note="A letter")
    page = f"/admin/queue/{ended}"
    assert "a manager can allow calling it" in words(maria.text(page)) and "Open again" not in maria.text(page)
    grace.press(ended, "call-again", call_again_why="She wrote again")
    assert stored(ended).closed_reason == ClosedReason.DO_NOT_CALL, "it stays ended until it is opened again"
    assert "Open again" in grace.text(page) and "a manager can allow" not in words(maria.text(page))


def test_a_manager_closes_it_as_a_wish_not_to_be_called(grace: Desk, site: Site, now: datetime) -> None:
    reference = _set_aside(grace, site, now)
    html = grace.text(f"/admin/queue/{reference}")
    assert "Close: do not call" in html and f"{reference}/rescue" not in html and "This is genuine" not in html
    assert f"{reference}/spam" not in html
    assert grace.press(reference, "close", reason="do_not_call").status_code == 303
    assert stored(reference).closed_reason == ClosedReason.DO_NOT_CALL
    assert "Asked not to be called" in words(grace.text(f"/admin/queue/{reference}"))


def test_a_manager_ends_a_request_of_somebody_who_wrote_not_to_be_called(
    grace: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    made = ask(site, now)
    assert 'value="do_not_call">' not in dev.text(f"/admin/queue/{made.reference}")
    html = grace.text(f"/admin/queue/{made.reference}")
    assert 'value="do_not_call">Asked not to be called' in html and "until a manager allows it again" in html
    refused = grace.press(made.reference, "close", reason="do_not_call")
    html = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "Write how they asked" in html and 'value="do_not_call" selected' in html
    grace.press(made.reference, "close", reason="do_not_call", close_note="A letter of 16 November")
    text = words(grace.text(f"/admin/queue/{made.reference}"))
    assert "Nobody will call this number again" in text and "A letter of 16 November" in text
    assert "We will not call you again" in dev.client.get(f"/callback/{made.link_token}").get_data(as_text=True)
    later = stored(ask(site, now + timedelta(minutes=1)).reference)
    assert (later.status, later.is_promised) == (Status.CHECK, False)


@pytest.mark.parametrize("role", ["staff", "manager"])
def test_a_request_page_costs_few_queries_wherever_it_stands(
    app: Flask, site: Site, now: datetime, count_queries: Callable[[], int], role: str
) -> None:
    kim, rose = desk(app, "Kim", role, now=now), person(site, "Rose", now=now)
    reference = ask(site, now, email="ana@example.com").reference

    def cost() -> int:
        count_queries()
        kim.text(f"/admin/queue/{reference}")
        return count_queries()

    costs = {"free": cost()}
    kim.press(reference, "call")
    costs["on the phone"] = cost()
    with writing() as conn:
        conn.execute(update(CallbackRequest).values(call_started_at=None, lease_until=now + timedelta(days=1)))
    costs["mine, and its claim renewed"] = cost()
    handing.hand_off(site, kim.actor, reference, rose.person_id, note="Spanish", now=now)
    costs["handed off"] = cost()
    casework.close(site, rose, reference, ClosedReason.TEST, now=now)
    costs["closed"] = cost()
    assert max(costs.values()) <= 14, costs
