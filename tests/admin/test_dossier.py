"""The dossier of one request: for a purpose, on record, whole, and without names for whoever may not see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from intake.admin import reports_dossier
from intake.database import reading, writing
from intake.ledger import tries
from intake.models import CallAttempt, OutboxMessage
from intake.models.records import TryOutcome
from intake.models.site import Site
from intake.rules.limits import STANDARD
from intake.rules.phone import parse
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, Voicemail
from intake.services import (
    calls,
    casework,
    claims,
    corrections,
    handing,
    retention,
    snoozing,
    undoing,
    viewing,
    visitor,
)  # fmt: skip
from intake.services.calls import Outcome
from tests.admin.desk import Desk, desk, words
from tests.making import actions, ask, stored

MINUTE = timedelta(minutes=1)
NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


@pytest.fixture
def rae(app: Flask, now: datetime) -> Desk:
    """An auditor."""
    return desk(app, "Rae", "auditor", now=now)


def path(reference: str) -> str:
    return f"/admin/reports/dossier/{reference}"


def dossier(who: Desk, reference: str, **more: str) -> str:
    """What stands in it."""
    who.get(path(reference))
    answer = who.post(path(reference), **{"purpose": "Complaint of 12 October", **more})
    assert answer.status_code == 200
    return words(answer.get_data(as_text=True).partition("<main")[2].partition("</main>")[0])


def in_order(text: str, *told: str) -> None:
    """All of these stand there, one behind the other."""
    place = 0
    for part in told:
        assert part in text[place:], (part, text[place : place + 600])
        place = text.index(part, place) + len(part)


@pytest.fixture
def lived(site: Site, maria: Desk, dev: Desk, grace: Desk, now: datetime) -> str:
    """A request to which a great deal has happened since an hour ago."""
    t, one, two, boss = now - 60 * MINUTE, maria.actor, dev.actor, grace.actor
    assert one and two and boss
    answers = {"name": "Marguerite", "email": "marguerite@example.com", "message": "Mornings are best", "source": "k3"}
    sent = ask(site, t, source_path="/programs", **answers)
    reference, token = sent.reference, sent.link_token
    visitor.change_voicemail(site, token, Voicemail.SAY_WHO, now=t + 5 * MINUTE)
    claims.claim(site, one, reference, now=t + 20 * MINUTE)
    claims.start_call(site, one, reference, now=t + 25 * MINUTE)
    calls.log_attempt(site, one, reference, Outcome(Disposition.NO_ANSWER, note="Rang out twice"), now=t + 26 * MINUTE)
    right = {"disposition": Disposition.BUSY, "reason": "It was engaged"}
    corrections.correct(site, one, reference, last_attempt(), **right, now=t + 27 * MINUTE)  # type: ignore[arg-type]
    snoozing.snooze(site, one, reference, now + 60 * MINUTE, reason="Line is down", now=t + 28 * MINUTE)
    handing.take_over(site, two, reference, holder_id=one.person_id, reason="She has gone home", now=t + 30 * MINUTE)
    casework.add_note(site, two, reference, "Her sister rang", now=t + 31 * MINUTE)
    visitor.change_number(site, token, parse("646 555 0121"), now=t + 32 * MINUTE)
    viewing.record(site, boss, stored(reference), STANDARD, now=t + 33 * MINUTE)
    casework.close(site, two, reference, ClosedReason.INFORMATION, now=t + 34 * MINUTE)
    casework.reopen(site, boss, reference, reason="She rang again", now=t + 40 * MINUTE)
    return reference


def last_attempt() -> int:
    with reading() as conn:
        return int(conn.execute(select(func.max(CallAttempt.id))).scalar_one())


def test_nothing_is_shown_before_a_purpose_is_given_and_the_purpose_goes_on_record(
    grace: Desk, maria: Desk, lived: str
) -> None:
    text = words(grace.text(path(lived)))
    assert "What it is for" in text and "Marguerite" not in text and "Rang out" not in text
    before = actions(lived)
    answer = grace.post(path(lived), purpose="  ")
    told = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Say what the dossier is for" in told and "Marguerite" not in told
    assert actions(lived) == before
    text = dossier(grace, lived)
    assert actions(lived) == [*before, "callback.dossier_read"]
    assert "What it is for Complaint of 12 October" in text and "by Grace, Harbor" in text and text.count(NOTICE) == 2
    assert "Grace had a dossier of the request made Complaint of 12 October" in text, "it tells of itself"
    told = words(maria.text(f"/admin/queue/{lived}"))
    assert "Grace had a dossier of the request made" in told and "Complaint of 12 October" in told


def test_what_was_sent_stands_there_as_it_was_then(grace: Desk, lived: str) -> None:
    text = dossier(grace, lived)
    in_order(
        text, "What the visitor sent", "Sent 18 Nov 2026 11:00:00 am ET", "Language English", "Page k3",
        "Where on the site /programs", "When to call As soon as possible",
        "If they miss the call Do not leave a message", "Agreed to be called, wording v1, as it was shown:",
        "you ask us to call you", "Name Marguerite", "Number (212) 555-0182", "marguerite@example.com",
        "Their words Mornings are best",
    )  # fmt: skip


def test_each_run_of_the_clock_tells_its_promise_its_hours_and_what_came_of_it(grace: Desk, lived: str) -> None:
    in_order(
        dossier(grace, lived), "The promise, and what came of it",
        "The clock began 18 Nov 2026 11:00:00 am ET, while we were open",
        "Promised to the visitor before 18 Nov 2026 11:15:00 am ET",
        "Our target 18 Nov 2026 11:15:00 am ET (15 opening minutes)", "Wed 18 Nov 2026: 8 am to 8 pm",
        "Monday 8 am to 8 pm", "First call 18 Nov 2026 11:25:00 am ET by Maria",
        "25 min of opening time, 25 min in all", "Promise missed", "Target missed", "Tries 1",
        "Before anybody took it 20 min", "Ended 18 Nov 2026 11:34:00 am ET: Information given",
        "Opened again (1): the promise", "The clock began 18 Nov 2026 11:40:00 am ET",
        "First call none", "Promise not due yet", "Target missed", "Ended not yet",
    )  # fmt: skip


def test_the_story_runs_in_the_order_of_time_with_what_was_missed_and_what_was_corrected(
    grace: Desk, lived: str
) -> None:
    in_order(
        dossier(grace, lived).partition("What happened, in order of time")[2],
        "The visitor sent the request", "Before: Do not leave a message. Now: Leave a message that says who we are.",
        "11:15:00 am ET Promise and target missed", "Maria claimed the request", "Maria pressed Call",
        "Maria logged a call: No answer", "Corrected by Maria, 18 Nov 2026 11:27:00 am ET",
        "The call began 18 Nov 2026 11:25:00 am ET.",
        "Their wish about messages at that call: Leave a message that says who we are.", "Rang out twice",
        "Maria corrected the outcome: Busy It was engaged", "Until 18 Nov 2026 1:00:00 pm ET: Line is down",
        "Dev took the request over from Maria She has gone home", "Her sister rang",
        "Before: (212) 555-0182. Now: (646) 555-0121.", "Dev closed the request: Information given",
        "Grace opened the request again She rang again", "11:55:00 am ET Target missed", "Who has seen it",
        "Maria 5 times", "11:33:00 am ET Grace opened the request",
    )  # fmt: skip


def test_an_auditor_gets_it_without_names_numbers_notes_and_typed_reasons(rae: Desk, grace: Desk, lived: str) -> None:
    text = dossier(rae, lived)
    personal = (
        "Marguerite", "marguerite", "Mornings", "/programs", "0182", "0121", "Rang out", "engaged", "Line is down",
        "gone home", "sister", "rang again",
    )  # fmt: skip
    assert [word for word in personal if word in text] == []
    in_order(
        text, "It holds no names, numbers, notes or reasons", "Page k3", "Do not leave a message",
        "First call 18 Nov 2026 11:25:00 am ET by Maria", "Maria logged a call: No answer",
        "Dev took the request over from Maria", "Dev wrote a note", "The visitor changed the number", "Who has seen it",
    )  # fmt: skip
    assert "Rae had a dossier of the request made" in dossier(grace, lived)


def test_staff_get_none_and_are_offered_none(maria: Desk, grace: Desk, rae: Desk, lived: str) -> None:
    assert maria.get(path(lived)).status_code == maria.post(path(lived), purpose="x").status_code == 403
    link = f'href="{path(lived)}"'
    assert link not in maria.text(f"/admin/queue/{lived}") and link in grace.text(f"/admin/queue/{lived}")
    assert link in rae.text(f"/admin/audit/seen/{lived}")


def test_each_try_to_send_a_mail_is_told_and_never_what_it_said(grace: Desk, site: Site, now: datetime) -> None:
    reference, failed = ask(site, now, email="ana@example.com").reference, {"answer": "450 try later"}
    with writing() as conn:
        o = OutboxMessage.__table__.c
        mail = conn.execute(select(o.id).where(o.kind == "visitor.received")).scalar_one()
        later = now + 5 * MINUTE
        tries.note(conn, mail, 1, TryOutcome.LATER, next_at=later, **failed, now=now)  # type: ignore[arg-type]
        tries.note(conn, mail, 2, TryOutcome.SENT, words="Your request\n\nWe will call you", now=later)
    text = dossier(grace, reference)
    in_order(
        text, "Mail “Your callback request” to the visitor",
        "Try 1, 18 Nov 2026 12:00:00 pm ET: Put off. The answer: 450 try later Next: 18 Nov 2026 12:05:00 pm ET.",
        "Try 2, 18 Nov 2026 12:05:00 pm ET: Sent.",
    )  # fmt: skip
    assert "We will call you" not in text


def test_what_was_taken_back_is_marked_so(grace: Desk, maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - 5 * MINUTE).reference
    maria.press(reference, "attempt", outcome="busy")
    step = re.search(r'name="step" value="([0-9a-f]+)"', maria.text(f"/admin/queue/{reference}"))
    assert step and maria.actor
    undoing.undo(site, maria.actor, step[1], now=now)
    in_order(dossier(grace, reference), "Maria logged a call: Busy", "Taken back by Maria, 18 Nov 2026 12:00:00 pm ET")


def test_a_promise_that_was_replaced_stands_beside_the_new_one_and_counts_as_missed_if_it_had_passed(
    grace: Desk, site: Site, now: datetime
) -> None:
    sent = ask(site, now - 60 * MINUTE)
    wished = Window(now + 60 * MINUTE, now + 180 * MINUTE)
    visitor.change_time(site, sent.link_token, window=wished, now=now - 30 * MINUTE)
    text = dossier(grace, sent.reference)
    in_order(
        text, "When to call As soon as possible",
        "before 18 Nov 2026 11:15:00 am ET, until that was changed 18 Nov 2026 11:30:00 am ET; "
        "before 18 Nov 2026 3:00:00 pm ET",
        "11:15:00 am ET Promise missed Nobody had called by the time that was told before",
        "Now: Wed 18 Nov 2026, 1 pm to 3 pm ET.",
    )  # fmt: skip


def test_what_was_told_to_us_aloud_says_so_and_a_request_nobody_may_call_was_promised_nothing(
    grace: Desk, maria: Desk, site: Site, now: datetime
) -> None:
    maria.get("/admin/queue/add")
    rang = {"channel": "phone", "rang_day": "2026-11-18", "rang_time": "11:30", "name": "Ana", "phone": "212 555 0182"}
    answer = maria.post("/admin/queue/add", voicemail="none", preferred_time="asap", for_whom="me", **rang)
    assert answer.status_code == 303, words(answer.get_data(as_text=True))
    reference = answer.location.rpartition("/")[2].partition("?")[0]
    in_order(dossier(grace, reference), "Told to us (Phone call) 18 Nov 2026 11:30", "they asked aloud, no wording")
    calls.log_attempt(
        site, maria.actor, reference, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now  # type: ignore[arg-type]
    )  # fmt: skip
    again = ask(site, now).reference
    in_order(
        dossier(grace, again), "Promised to the visitor no time", "It looked odd: This number asked not to be called"
    )


def test_a_very_long_story_is_cut_and_the_rest_stands_on_another_dossier(
    grace: Desk, lived: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports_dossier, "MOST_TOLD", 4)
    grace.get(path(lived))
    html = grace.post(path(lived), purpose="Complaint").get_data(as_text=True)
    assert "So much happened that this is not all" in words(html)
    assert "Maria claimed the request" not in words(html).partition("Who has seen it")[0]
    older = re.search(r'name="until" value="([^"]+)"', html)
    assert older
    text = dossier(grace, lived, until=older[1])
    assert "what came after stands on another dossier" in text and "Grace opened the request again She" not in text
    assert actions(lived).count("callback.dossier_read") == 2


def test_it_takes_as_many_questions_for_a_long_story_as_for_a_short_one(
    grace: Desk, maria: Desk, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    short, long = ask(site, now).reference, ask(site, now, email="ana@example.com").reference
    for minute in range(30):
        casework.add_note(site, maria.actor, long, "Again", now=now + minute * MINUTE)  # type: ignore[arg-type]
        viewing.record(site, maria.actor, stored(long), STANDARD, now=now)  # type: ignore[arg-type]
    asked = []
    for reference in (short, long):
        grace.get(path(reference))
        count_queries()
        dossier(grace, reference)
        asked.append(count_queries())
    assert asked[0] == asked[1] <= 36, asked


def test_what_was_emptied_says_so_and_a_reference_of_nothing_is_not_found(
    grace: Desk, site: Site, maria: Desk, now: datetime
) -> None:
    reference = ask(site, now, name="Marguerite").reference
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)  # type: ignore[arg-type]
    retention.forget(site, reference, now=now)
    in_order(dossier(grace, reference), "Name and number emptied, see below", "The service emptied it")
    assert grace.get(path("0ZZ-0ZZ")).status_code == grace.post(path("0ZZ-0ZZ"), purpose="x").status_code == 404


def test_a_time_agreed_that_nobody_kept_is_told(site: Site, maria: Desk, grace: Desk, now: datetime) -> None:
    reference = ask(site, now - 180 * MINUTE).reference
    assert "Times agreed later" not in dossier(grace, reference)
    agreed = Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=now - 90 * MINUTE, override_reason="asked to")
    calls.log_attempt(site, maria.actor, reference, agreed, now=now - 170 * MINUTE)
    assert "Times agreed later missed" in dossier(grace, reference)
