"""Notes, closing, opening again, and deciding about "Check"."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from intake.database import reading, writing
from intake.ledger import suppression
from intake.models import CallAttempt, Episode, Note, SuppressedNumber
from intake.queries.suppression import phone_indexes
from intake.rules.permissions import ForbiddenError
from intake.rules.spam import Signals
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import call_again, calls, casework, claims, do_not_call, visitor
from intake.services.calls import Outcome
from intake.services.errors import EndedError, RefusedError
from tests.making import actions, ask, count, mails, person, stored


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def test_a_time_in_the_visitors_words_is_read_before_the_call(site, now, maria):
    reference = ask(site, now, is_free_time=True, preferred_note="after my shift").reference
    with pytest.raises(RefusedError, match="time_not_read"):
        claims.start_call(site, maria, reference, now=now)
    casework.acknowledge_time(site, maria, reference, now=now)
    claims.start_call(site, maria, reference, now=now)


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


def test_whatever_else_waits_for_a_number_is_set_aside_for_a_manager(site, now, maria, dev, lee):
    first, second = ask(site, now).reference, ask(site, now, name="Ben").reference
    claims.claim(site, dev, second, now=now)
    calls.log_attempt(site, maria, first, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    row = stored(second)
    assert (row.status, row.is_promised, row.assignee_id) == (Status.CHECK, False, None)
    assert "callback.set_aside" in actions(second)
    for verb in (casework.mark_spam, casework.rescue, claims.start_call):
        with pytest.raises(RefusedError):
            verb(site, maria, second, now=now)
    with pytest.raises(RefusedError, match="manager_decides"):
        casework.close(site, maria, second, ClosedReason.TEST, now=now)
    with pytest.raises(ForbiddenError):
        casework.close(site, maria, second, ClosedReason.DO_NOT_CALL, now=now)
    casework.close(site, lee, second, ClosedReason.DO_NOT_CALL, now=now)


def test_a_wish_not_to_be_called_that_came_in_writing_holds_like_one_said_in_a_call(site, now, maria, lee):
    reference, other = ask(site, now).reference, ask(site, now, name="Ben").reference
    claims.claim(site, maria, other, now=now)
    with pytest.raises(RefusedError, match="note_needed"):
        casework.close(site, lee, reference, ClosedReason.DO_NOT_CALL, now=now)
    assert (stored(reference).closed_at, count(SuppressedNumber)) == (None, 0)
    casework.close(site, lee, reference, ClosedReason.DO_NOT_CALL, note="A letter of 16 November", now=now)
    assert (stored(reference).closed_reason, count(SuppressedNumber), count(Note)) == (ClosedReason.DO_NOT_CALL, 1, 1)
    assert (stored(other).status, stored(other).is_promised) == (Status.CHECK, False)
    later = stored(ask(site, now + minutes(5), phone="212.555.0182").reference)
    assert (later.status, later.is_promised) == (Status.CHECK, False)
    with pytest.raises(RefusedError, match="suppressed"):
        casework.reopen(site, lee, reference, now=now)


def test_a_manager_lifts_the_bar_and_what_waits_for_the_number_may_be_called(site, now, maria, lee):
    ended = ask(site, now).reference
    calls.log_attempt(site, maria, ended, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    first, second = (ask(site, now + minutes(one), email=f"{one}@example.com").reference for one in (1, 90))
    with pytest.raises(ForbiddenError):
        call_again.lift(site, maria, first, reason="She rang us", now=now)
    with pytest.raises(RefusedError, match="reason_needed"):
        call_again.lift(site, lee, first, reason=" ", now=now)
    later = now + minutes(120)
    call_again.lift(site, lee, first, reason="She rang us", now=later)
    row, other = stored(first), stored(second)
    assert (row.status, row.is_promised, row.spam_reasons, row.received_at) == (Status.NEW, True, "", now + minutes(1))
    assert row.promised_by_at > later and ("visitor.received", "visitor") in mails(first)
    assert (other.status, other.spam_reasons, count(SuppressedNumber)) == (Status.CHECK, "", 0)
    assert actions(first)[-2:] == ["callback.bar_lifted", "callback.rescued"]
    assert actions(second)[-1] == "callback.bar_lifted"
    with pytest.raises(RefusedError, match="not_suppressed"):
        call_again.lift(site, lee, ended, reason="Twice", now=later)
    casework.rescue(site, maria, second, now=later)
    claims.start_call(site, maria, second, now=later)
    assert stored(ask(site, later, name="Ben").reference).status == Status.NEW


def test_no_reason_lifts_the_wish_not_to_be_called_again(site, now, maria, monkeypatch):
    first, second = ask(site, now).reference, ask(site, now, name="Ben").reference
    monkeypatch.setattr(do_not_call, "suppress", _suppress_only)
    calls.log_attempt(site, maria, first, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    with pytest.raises(RefusedError, match="suppressed"):
        claims.start_call(site, maria, second, override_reason="I want to", now=now)


def _suppress_only(conn, site, actor, row, now):
    """As when the other request was being changed by somebody at that moment."""
    suppression.suppress(conn, phone_indexes(site, row)[0], by_id=None, now=now)


def test_a_number_is_suppressed_once_however_often_it_is_said(site, now, maria):
    with writing() as conn:
        for _ in range(2):
            suppression.suppress(conn, b"1" * 33, by_id=maria.user_id, now=now)
    assert count(SuppressedNumber) == 1


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


def test_opened_again_a_request_has_all_its_tries_again_but_not_a_fourth_in_a_day(site, now, maria):
    reference, at = ask(site, now).reference, now
    for _ in range(6):
        claims.start_call(site, maria, reference, override_reason="test", now=at)
        calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), now=at)
        last, at = at, stored(reference).next_at or at
    casework.reopen(site, maria, reference, now=last + minutes(30))
    claims.start_call(site, maria, reference, override_reason="they asked", now=last + minutes(31))
    logged = calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), now=last + minutes(31))
    assert not logged.is_closed
    made = sorted(row.started_at for row in _attempts(reference))
    assert logged.next_at >= made[-3] + timedelta(hours=24)


def _attempts(reference):
    with reading() as conn:
        return conn.execute(select(CallAttempt.started_at).where(CallAttempt.callback_id == stored(reference).id)).all()


def test_what_the_visitor_took_back_is_opened_with_a_reason_and_they_are_told(site, now, maria):
    submitted = ask(site, now, email="ana@example.com")
    visitor.withdraw(site, submitted.link_token, now=now)
    with pytest.raises(RefusedError, match="reason_needed"):
        casework.reopen(site, maria, submitted.reference, now=now)
    before = len(mails(submitted.reference))
    later = now + timedelta(hours=1)
    casework.reopen(site, maria, submitted.reference, reason="rang and asked again", now=later)
    assert mails(submitted.reference)[before:].count(("team.new", "team")) == 1
    assert stored(submitted.reference).status == Status.NEW


def test_what_lies_under_check_is_rescued_with_its_own_clock(site, now, maria):
    reference = ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.2)).reference
    casework.rescue(site, maria, reference, now=now + minutes(3))
    assert stored(reference).rescued_at == now + minutes(3)
    row = stored(reference)
    assert (row.status, row.target_at) == (Status.NEW, now + minutes(15))
    assert ("team.new", "team") in mails(reference)


def test_an_auditor_works_nothing(site, now):
    reference = ask(site, now).reference
    kim = person(site, "Kim", "auditor", now=now)
    for verb in (claims.claim, claims.release, claims.start_call, casework.mark_spam, casework.reopen):
        with pytest.raises(ForbiddenError):
            verb(site, kim, reference, now=now)


def test_only_a_time_in_their_own_words_is_set_for_them_once_and_within_ninety_days(site, now, maria):
    soon, own = ask(site, now), ask(site, now, phone="212-555-0147", is_free_time=True, preferred_note="at six")
    day = timedelta(days=1)
    with pytest.raises(RefusedError, match="no_time_named"):
        casework.acknowledge_time(site, maria, soon.reference, agreed_from=now + day, now=now)
    with pytest.raises(RefusedError, match="too_far"):
        casework.acknowledge_time(site, maria, own.reference, agreed_from=now + 91 * day, now=now)
    casework.acknowledge_time(site, maria, own.reference, agreed_from=now + day, now=now)
    before = [stored(one.reference).promised_by_at for one in (soon, own)]
    with pytest.raises(RefusedError, match="no_time_named"):
        casework.acknowledge_time(site, maria, own.reference, agreed_from=now + 2 * day, now=now)
    assert [stored(one.reference).promised_by_at for one in (soon, own)] == before
