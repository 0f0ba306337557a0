"""Claiming, calling, logging: what staff do with a request, and what it writes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from intake.models import CallAttempt, Episode, Note
from intake.rules.permissions import ForbiddenError
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import EFFECTS, ClosedReason, Disposition, Next, Status, Voicemail
from intake.services import calls, casework, claims
from intake.services.calls import Outcome
from intake.services.errors import EndedError, NotFoundError, RefusedError, TakenError
from tests.making import actions, ask, count, mails, person, stored


@pytest.fixture
def site(app: Flask):
    return app.extensions["intake"]


@pytest.fixture
def maria(site, now):
    return person(site, "Maria", now=now)


@pytest.fixture
def dev(site, now):
    return person(site, "Dev", now=now)


@pytest.fixture
def lee(site, now):
    return person(site, "Lee", "manager", now=now)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def test_the_second_to_claim_is_told_who_was_first(site, now, maria, dev):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now + minutes(1))
    with pytest.raises(TakenError) as told:
        claims.claim(site, dev, reference, now=now + minutes(2))
    assert (told.value.holder, told.value.since) == ("Maria", now + minutes(1))
    assert actions(reference).count("callback.claimed") == 1


def test_claiming_records_how_long_nobody_had_it(site, now, maria):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now + minutes(4))
    assert stored(reference).unassigned_seconds == 240


def test_claiming_ones_own_request_again_changes_nothing(site, now, maria):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    version = stored(reference).version
    claims.claim(site, maria, reference, now=now + minutes(1))
    assert stored(reference).version == version


def test_released_it_is_free_for_the_next(site, now, maria, dev):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    claims.release(site, maria, reference, now=now)
    claims.claim(site, dev, reference, now=now)
    assert stored(reference).assignee_id == dev.user_id
    assert actions(reference)[1:] == ["callback.claimed", "callback.released", "callback.claimed"]


def test_nobody_releases_what_a_colleague_holds_except_a_manager(site, now, maria, dev, lee):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    with pytest.raises(TakenError):
        claims.release(site, dev, reference, now=now)
    claims.release(site, lee, reference, now=now)
    assert stored(reference).assignee_id is None


def test_a_manager_assigns_and_the_assignee_is_told(site, now, lee, dev):
    reference = ask(site, now).reference
    claims.assign(site, lee, reference, dev.user_id, now=now)
    assert stored(reference).assignee_id == dev.user_id
    assert ("person.assigned", f"user:{dev.user_id}") in mails(reference)


def test_assigning_needs_the_right_and_a_person_who_can_work(site, now, maria, dev, lee):
    reference = ask(site, now).reference
    auditor = person(site, "Kim", "auditor", now=now)
    with pytest.raises(ForbiddenError):
        claims.assign(site, maria, reference, dev.user_id, now=now)
    with pytest.raises(NotFoundError):
        claims.assign(site, lee, reference, auditor.user_id, now=now)


def test_calling_claims_and_starts_the_attempts_clock(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now + minutes(2))
    row = stored(reference)
    assert (row.assignee_id, row.call_started_at) == (maria.user_id, now + minutes(2))
    assert actions(reference)[1:] == ["callback.claimed", "callback.call_started"]


def test_at_night_calling_needs_a_reason_which_is_kept(site, now, maria):
    night = now.replace(hour=23) + timedelta(hours=5)
    reference = ask(site, now).reference
    with pytest.raises(RefusedError) as refused:
        claims.start_call(site, maria, reference, now=night)
    assert refused.value.code in ("outside_legal_hours", "outside_office_hours")
    claims.start_call(site, maria, reference, override_reason="asked to be called at night", now=night)
    assert stored(reference).call_started_at == night


def test_a_time_in_the_visitors_words_is_read_before_the_call(site, now, maria):
    reference = ask(site, now, is_free_time=True, preferred_note="after my shift").reference
    with pytest.raises(RefusedError, match="time_not_read"):
        claims.start_call(site, maria, reference, now=now)
    casework.acknowledge_time(site, maria, reference, now=now)
    claims.start_call(site, maria, reference, now=now)


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


def test_the_visitor_calling_first_is_preempted_not_zero(site, now, maria):
    reference = ask(site, now).reference
    calls.log_attempt(site, maria, reference, Outcome(Disposition.INBOUND_REACHED), now=now + minutes(2))
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


def test_do_not_call_is_asked_twice_and_suppresses_the_number(site, now, maria):
    reference = ask(site, now).reference
    with pytest.raises(RefusedError, match="confirm_do_not_call"):
        calls.log_attempt(site, maria, reference, Outcome(Disposition.DO_NOT_CALL), now=now)
    calls.log_attempt(site, maria, reference, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    later = stored(ask(site, now + minutes(5), name="Somebody else", phone="212.555.0182").reference)
    assert later.status == Status.CHECK
    assert not later.is_promised
    with pytest.raises(RefusedError, match="suppressed"):
        casework.rescue(site, maria, later.reference, now=now)
    with pytest.raises(RefusedError, match="under_check"):
        claims.start_call(site, maria, later.reference, override_reason="I want to", now=now + minutes(6))
    with pytest.raises(RefusedError, match="under_check"):
        calls.log_attempt(site, maria, later.reference, Outcome(Disposition.NO_ANSWER), now=now + minutes(6))


def test_no_reason_lifts_the_wish_not_to_be_called_again(site, now, maria):
    first, second = ask(site, now).reference, ask(site, now, name="Ben").reference
    calls.log_attempt(site, maria, first, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    with pytest.raises(RefusedError, match="suppressed"):
        claims.start_call(site, maria, second, override_reason="I want to", now=now)


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


def test_closing_stops_and_nothing_more_can_be_done_until_it_is_opened_again(site, now, maria):
    reference = ask(site, now).reference
    casework.close(site, maria, reference, ClosedReason.TEST, note="our own", now=now)
    for verb in (claims.claim, claims.release, claims.start_call, casework.mark_spam):
        with pytest.raises(EndedError):
            verb(site, maria, reference, now=now)
    casework.reopen(site, maria, reference, now=now + timedelta(hours=1))
    assert stored(reference).status == Status.NEW


def test_reopening_starts_a_new_clock_and_keeps_the_old_figures_apart(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now + minutes(30))
    calls.log_attempt(site, maria, reference, Outcome(Disposition.SPOKE_NOT_NOW), now=now + minutes(31))
    casework.reopen(site, maria, reference, now=now + timedelta(hours=2))
    row = stored(reference)
    assert row.received_at == now + timedelta(hours=2)
    assert (row.first_attempt_at, row.is_met, row.reopened_count, row.attempt_count) == (None, None, 1, 0)
    assert count(Episode, Episode.is_met.is_(False), Episode.received_at == now) == 1


def test_what_lies_under_check_is_rescued_with_its_own_clock(site, now, maria):
    reference = ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.2)).reference
    casework.rescue(site, maria, reference, now=now + minutes(3))
    row = stored(reference)
    assert (row.status, row.target_at) == (Status.NEW, now + minutes(15))
    assert ("team.new", "team") in mails(reference)


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


def test_an_auditor_works_nothing(site, now):
    reference = ask(site, now).reference
    kim = person(site, "Kim", "auditor", now=now)
    for verb in (claims.claim, claims.release, claims.start_call, casework.mark_spam, casework.reopen):
        with pytest.raises(ForbiddenError):
            verb(site, kim, reference, now=now)
