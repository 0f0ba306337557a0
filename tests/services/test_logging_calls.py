"""What came of a call: attempts, figures, the next try and what it sets off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from intake.database import reading
from intake.models import CallAttempt, Note
from intake.queries import calls as calls_made
from intake.rules.windows import Window
from intake.rules.workflow import EFFECTS, ClosedReason, Disposition, Next, Status, Voicemail
from intake.services import calls, claims, corrections, visitor
from intake.services.calls import Outcome
from intake.services.errors import ChangedError, EndedError, RefusedError, TakenError
from tests.conftest import NOON
from tests.making import ask, count, mails, stored
from tests.points import point


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_the_first_attempt_writes_both_clocks_and_whether_the_promise_was_kept(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now + minutes(7))
    logged = calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), now=now + minutes(9))
    row = stored(reference)
    assert row.first_attempt_at == now + minutes(7)
    assert (row.open_seconds, row.all_seconds) == (420, 420)
    assert row.is_met and row.is_promise_kept
    assert row.first_attempt_by_id == maria.user_id
    assert row.status == Status.ATTEMPTING
    assert logged.next_at == row.next_at == row.due_at
    assert row.reached_at is None


def test_a_late_first_attempt_stays_late(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now + minutes(27))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), now=now + minutes(28))
    claims.start_call(site, maria, reference, override_reason="busy", now=now + minutes(45))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.SPOKE_INFORMATION), now=now + minutes(46))
    row = stored(reference)
    assert row.is_met is False
    assert row.reached_at == now + minutes(45)
    assert row.attempt_count == 2


def test_a_call_that_began_in_time_and_took_long_is_in_time(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now + minutes(14))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.SPOKE_APPOINTMENT), now=now + minutes(59))
    assert stored(reference).is_met


def test_minutes_ago_never_reaches_back_before_the_claim(site, now, maria):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now + minutes(10))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER, minutes_ago=30), now=now + minutes(20))
    assert stored(reference).first_attempt_at == now + minutes(10)


@pytest.mark.parametrize("disposition", [d for d in Disposition if EFFECTS[d].next is Next.CLOSE])
def test_outcomes_that_end_a_request_close_it_with_their_reason(site, now, maria, disposition):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now)
    calls.log_attempt(site, maria, reference, Outcome(disposition, is_confirmed=True), now=now + minutes(3))
    row = stored(reference)
    assert (row.status, row.closed_reason) == (Status.CLOSED, EFFECTS[disposition].closed_reason)
    assert bool(row.reached_at) is EFFECTS[disposition].is_reach
    assert bool(row.first_attempt_at) is EFFECTS[disposition].is_attempt


def test_a_message_is_refused_where_the_visitor_allowed_none(site, now, maria):
    reference = ask(site, now, voicemail=Voicemail.NONE).reference
    with pytest.raises(RefusedError, match="message_not_allowed"):
        calls.log_attempt(site, maria, reference, Outcome(Disposition.LEFT_MESSAGE), now=now)
    assert count(CallAttempt) == 0


def test_an_outcome_sent_twice_is_one_attempt(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now)
    version = stored(reference).version
    first = calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), expected_version=version, now=now)
    again = calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), expected_version=version, now=now)
    assert (again, count(CallAttempt)) == (first, 1)


AFTERNOON = NOON + timedelta(hours=3)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Outcome(Disposition.BUSY), Outcome(Disposition.BUSY, note="Her sister answers after six")),
        (Outcome(Disposition.BUSY, note="Rang out"), Outcome(Disposition.BUSY, note="Rang out twice")),
        (Outcome(Disposition.BUSY, note="Rang out"), Outcome(Disposition.BUSY)),
        (Outcome(Disposition.BUSY), Outcome(Disposition.BUSY, next_at=AFTERNOON)),
        (Outcome(Disposition.BUSY, next_at=AFTERNOON), Outcome(Disposition.BUSY)),
        (Outcome(Disposition.CRISIS), Outcome(Disposition.CRISIS, next_at=AFTERNOON)),
        (Outcome(Disposition.BUSY), Outcome(Disposition.BUSY, override_reason="She wrote now")),
        (Outcome(Disposition.BUSY), Outcome(Disposition.BUSY, minutes_ago=2)),
        (Outcome(Disposition.BUSY, minutes_ago=2), Outcome(Disposition.BUSY)),
        (
            Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=AFTERNOON),
            Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=AFTERNOON + minutes(30)),
        ),
        (
            Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=AFTERNOON),
            Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=AFTERNOON, agreed_until=AFTERNOON + minutes(30)),
        ),
    ],
)
@point(61)
def test_the_same_outcome_with_anything_else_typed_is_another_save(site, now, maria, first, second):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now)
    version = stored(reference).version
    then = {"expected_version": version, "now": now + minutes(2)}
    logged = calls.log_attempt(site, maria, reference, first, **then)
    with pytest.raises(ChangedError):
        calls.log_attempt(site, maria, reference, second, **then | {"now": now + minutes(2) + timedelta(seconds=40)})
    again = calls.log_attempt(site, maria, reference, first, **then | {"now": now + minutes(2) + timedelta(seconds=41)})
    assert (again, count(CallAttempt), count(Note)) == (logged, 1, 1 if first.note else 0)


def test_an_outcome_that_was_corrected_meanwhile_is_not_sent_twice(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now)
    said = {"expected_version": stored(reference).version, "now": now}
    calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), **said)
    with reading() as conn:
        logged = calls_made.last_logged(conn, site, stored(reference).id)
    corrections.correct(
        site, maria, reference, logged.attempt_id, Disposition.NO_ANSWER, reason="it rang out", now=now + minutes(0.5)
    )
    for outcome in (Outcome(Disposition.BUSY), Outcome(Disposition.NO_ANSWER)):
        with pytest.raises(ChangedError):
            calls.log_attempt(site, maria, reference, outcome, **said)


def test_an_outcome_for_a_request_that_changed_meanwhile_is_not_stored(site, now, maria):
    submitted = ask(site, now)
    claims.start_call(site, maria, submitted.reference, now=now)
    version = stored(submitted.reference).version
    visitor.change_voicemail(site, submitted.link_token, Voicemail.SAY_WHO, now=now)
    with pytest.raises(ChangedError):
        calls.log_attempt(
            site, maria, submitted.reference, Outcome(Disposition.LEFT_MESSAGE), expected_version=version, now=now
        )
    assert count(CallAttempt) == 0


def test_an_attempt_at_night_without_pressing_call_needs_its_reason_too(site, now, maria):
    night = now.replace(hour=23) + timedelta(hours=5)
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=night)
    with pytest.raises(RefusedError, match="reason_needed"):
        calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), now=night)
    calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER, override_reason="they rang"), now=night)
    assert stored(reference).attempt_count == 1


@pytest.mark.parametrize("disposition", [Disposition.DO_NOT_CALL, Disposition.CRISIS])
def test_what_they_told_us_at_night_without_a_call_asks_nobody_why_they_called(site, now, maria, disposition):
    told, called = (ask(site, now, phone=f"808 555 012{one}").reference for one in (1, 2))
    at_night = now + timedelta(hours=20)
    outcome = Outcome(disposition, is_confirmed=True)
    with pytest.raises(RefusedError, match="reason_needed"):
        calls.log_attempt(site, maria, called, replace(outcome, minutes_ago=5), now=at_night)
    calls.log_attempt(site, maria, told, outcome, now=at_night)
    with reading() as conn:
        kept = select(CallAttempt.override_reason).where(CallAttempt.callback_id == stored(told).id)
        assert conn.execute(kept).scalar_one() is None


@pytest.mark.parametrize("disposition", [Disposition.DO_NOT_CALL, Disposition.CRISIS])
def test_what_they_told_us_without_a_call_is_no_call_of_ours(site, now, maria, disposition):
    told, called = (ask(site, now, phone=f"212 555 012{one}").reference for one in (1, 2))
    claims.start_call(site, maria, called, now=now + minutes(5))
    for reference in (told, called):
        calls.log_attempt(site, maria, reference, Outcome(disposition, is_confirmed=True), now=now + minutes(6))
    heard, tried = stored(told), stored(called)
    assert (heard.is_preempted, heard.attempt_count, heard.first_attempt_at, heard.is_met) == (True, 0, None, None)
    assert (heard.reached_at, heard.reach_tries) == (now + minutes(6), 0)
    assert (tried.is_preempted, tried.attempt_count, tried.is_met) == (False, 1, True)


def test_a_visitor_who_cancels_during_the_call_does_not_undo_the_attempt(site, now, maria, dev):
    submitted = ask(site, now)
    claims.start_call(site, maria, submitted.reference, now=now + minutes(5))
    visitor.withdraw(site, submitted.link_token, now=now + minutes(6))
    with pytest.raises(EndedError):
        calls.log_attempt(site, dev, submitted.reference, Outcome(Disposition.BUSY), now=now + minutes(7))
    calls.log_attempt(site, maria, submitted.reference, Outcome(Disposition.SPOKE_NOT_NOW), now=now + minutes(7))
    row = stored(submitted.reference)
    assert (row.status, row.first_attempt_at, row.is_met) == (Status.WITHDRAWN, now + minutes(5), True)
    with pytest.raises(EndedError):
        calls.log_attempt(site, maria, submitted.reference, Outcome(Disposition.BUSY), now=now + minutes(8))


def test_a_stated_time_never_lies_before_the_try_before_it(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now + minutes(40))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), now=now + minutes(41))
    spoke = Outcome(Disposition.SPOKE_INFORMATION, minutes_ago=55, override_reason="they answered the second ring")
    calls.log_attempt(site, maria, reference, spoke, now=now + minutes(60))
    row = stored(reference)
    assert row.reached_at == row.first_attempt_at == row.last_attempt_at == now + minutes(40)


def test_a_time_agreed_inside_a_window_starts_another_and_the_first_stays_kept_on_record(site, now, maria):
    window = Window(now + timedelta(hours=1), now + timedelta(hours=4))
    reference = ask(site, now, window=window).reference
    for at in (window.from_at, window.from_at + timedelta(days=1)):
        claims.start_call(site, maria, reference, override_reason="agreed", now=at)
        later = Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=at + timedelta(days=1))
        calls.log_attempt(site, maria, reference, later, now=at + minutes(5))
    row = stored(reference)
    assert (row.window_from, row.is_window_kept) == (window.from_at + timedelta(days=2), None)
    assert count(CallAttempt, CallAttempt.window_from <= CallAttempt.started_at) == 2


def test_a_try_before_the_window_does_not_make_it_missed(site, now, maria):
    window = Window(now + timedelta(hours=1), now + timedelta(hours=4))
    reference = ask(site, now, window=window).reference
    claims.start_call(site, maria, reference, override_reason="they rang", now=now + minutes(5))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), now=now + minutes(6))
    assert stored(reference).is_window_kept is None
    claims.start_call(site, maria, reference, override_reason="now", now=window.from_at + minutes(5))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), now=window.from_at + minutes(6))
    assert stored(reference).is_window_kept is True


def test_the_visitor_calling_first_is_preempted_not_zero(site, now, maria):
    reference = ask(site, now).reference
    calls.log_attempt(
        site, maria, reference, Outcome(Disposition.INBOUND_REACHED, is_settled=True), now=now + minutes(2)
    )
    row = stored(reference)
    assert row.is_preempted
    assert row.first_attempt_at is None and row.open_seconds is None
    assert row.reach_all_seconds == 120


def test_our_line_failing_is_no_attempt(site, now, maria):
    reference = ask(site, now).reference
    calls.log_attempt(site, maria, reference, Outcome(Disposition.LINE_FAILED), now=now)
    row = stored(reference)
    assert (row.attempt_count, row.first_attempt_at, row.closed_at) == (0, None, None)


def test_asked_to_call_again_needs_the_time_and_becomes_a_promise(site, now, maria):
    reference = ask(site, now).reference
    with pytest.raises(RefusedError, match="time_needed"):
        calls.log_attempt(site, maria, reference, Outcome(Disposition.SPOKE_CALL_AGAIN), now=now)
    at = now + timedelta(hours=3)
    calls.log_attempt(
        site,
        maria,
        reference,
        Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=at, agreed_until=at + minutes(60)),
        now=now,
    )
    row = stored(reference)
    assert (row.status, row.window_from, row.due_at) == (Status.SCHEDULED, at, at + minutes(30))
    claims.start_call(site, maria, reference, now=at + minutes(5))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.SPOKE_APPOINTMENT), now=at + minutes(9))
    assert stored(reference).is_window_kept


def test_a_crisis_stays_open_and_the_managers_are_told(site, now, maria):
    reference = ask(site, now).reference
    calls.log_attempt(site, maria, reference, Outcome(Disposition.CRISIS), now=now)
    assert stored(reference).closed_at is None
    assert ("manager.crisis", "managers") in mails(reference)


def test_a_wrong_number_writes_to_the_visitor_or_closes(site, now, maria):
    with_mail = ask(site, now, email="ana@example.com").reference
    without = ask(site, now, name="Ben").reference
    for reference in (with_mail, without):
        calls.log_attempt(site, maria, reference, Outcome(Disposition.WRONG_NUMBER), now=now)
    assert ("visitor.wrong_number", "visitor") in mails(with_mail)
    assert stored(with_mail).closed_at is None
    with pytest.raises(RefusedError, match="wrong_number"):
        claims.start_call(site, maria, with_mail, now=now + timedelta(days=1))
    assert stored(without).closed_reason == ClosedReason.WRONG_NUMBER


def test_after_the_sixth_try_the_request_closes_as_unreachable(site, now, maria):
    reference, at = ask(site, now).reference, now
    for _ in range(6):
        claims.start_call(site, maria, reference, override_reason="test", now=at)
        calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), now=at)
        at = stored(reference).next_at or at
    row = stored(reference)
    assert (row.attempt_count, row.closed_reason) == (6, ClosedReason.UNREACHABLE)


def test_never_more_than_three_tries_in_a_day(site, now, maria):
    reference, at, made = ask(site, now).reference, now, []
    while stored(reference).closed_at is None:
        made.append(at)
        claims.start_call(site, maria, reference, now=at)
        calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), now=at)
        at = stored(reference).next_at or at
    assert len(made) == 6
    assert all(later - first >= timedelta(hours=24) for first, later in zip(made, made[3:], strict=False))


def test_a_note_is_sealed_and_a_colleague_cannot_log_over_the_holder(site, now, maria, dev):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    with pytest.raises(TakenError):
        calls.log_attempt(site, dev, reference, Outcome(Disposition.NO_ANSWER, note="mine"), now=now)
    calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER, note="rang out"), now=now)
    assert count(Note) == 1


def test_a_window_that_was_kept_is_kept(site, now, maria):
    window = Window(now + timedelta(hours=1), now + timedelta(hours=4))
    reference = ask(site, now, window=window).reference
    with pytest.raises(RefusedError):
        claims.start_call(site, maria, reference, now=now + minutes(5))
    claims.start_call(site, maria, reference, now=window.from_at + minutes(10))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), now=window.from_at + minutes(12))
    row = stored(reference)
    assert row.is_window_kept
    assert row.next_at > window.until_at
