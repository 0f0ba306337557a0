"""What a visitor asks for a second time, takes back, or asks too late: no promise is lost, pushed or doubled by it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from intake.database import reading
from intake.queries import calendar as calendars
from intake.rules.hours import local_date
from intake.rules.phone import parse
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import calls, casework, claims, settings, visitor
from intake.services.calls import Outcome
from intake.services.errors import EndedError
from intake.services.settings import SpecialDay
from tests.making import actions, ask, mails, person, stored

A_MINUTE = timedelta(minutes=1)
SUPPRESSED_NUMBER = "212 555 0199"


def missed(site, actor, reference, at, disposition=Disposition.NO_ANSWER):
    claims.start_call(site, actor, reference, now=at)
    calls.log_attempt(site, actor, reference, Outcome(disposition), now=at + A_MINUTE)


def suppress(site, maria, now):
    other = ask(site, now, phone=SUPPRESSED_NUMBER).reference
    calls.log_attempt(site, maria, other, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)


def test_the_same_window_saved_again_keeps_what_was_kept_and_the_next_try(site, maria, now):
    window = Window(now + timedelta(hours=1), now + timedelta(hours=3))
    submitted = ask(site, now, window=window)
    missed(site, maria, submitted.reference, now + timedelta(minutes=70))
    before = stored(submitted.reference)
    visitor.change_time(site, submitted.link_token, window=window, now=now + timedelta(minutes=80))
    assert stored(submitted.reference) == before
    assert before.is_window_kept is True


def test_the_same_words_saved_again_push_nothing_back(site, now):
    submitted = ask(site, now, is_free_time=True, preferred_note="after work")
    before = stored(submitted.reference)
    later = now + timedelta(hours=22)
    visitor.change_time(site, submitted.link_token, is_free_time=True, preferred_note="after work", now=later)
    assert stored(submitted.reference) == before


def test_other_words_for_a_time_are_read_anew_under_the_same_promise(site, maria, now):
    submitted = ask(site, now, is_free_time=True, preferred_note="after work")
    casework.acknowledge_time(site, maria, submitted.reference, now=now)
    before, later = stored(submitted.reference), now + timedelta(hours=22)
    visitor.change_time(site, submitted.link_token, is_free_time=True, preferred_note="after six", now=later)
    after = stored(submitted.reference)
    assert (after.promised_by_at, after.due_at, after.target_at) == (
        before.promised_by_at,
        before.due_at,
        before.target_at,
    )
    assert (before.free_time_seen_at, after.free_time_seen_at) == (now, None)
    assert after.preferred_note_encrypted != before.preferred_note_encrypted


def test_a_new_promise_is_made_by_the_opening_hours_of_now(site, now):
    submitted = ask(site, now)
    with reading() as conn:
        calendar = calendars.current(conn, site)
    tomorrow = local_date(now + timedelta(days=1), calendar.hours.zone)
    ada = person(site, "Ada", "admin", now=now)
    settings.change_days(site, ada, [SpecialDay(tomorrow, ())], seen=calendar.id, words="x", now=now)
    visitor.change_time(
        site, submitted.link_token, is_free_time=True, preferred_note="tomorrow", now=now + timedelta(minutes=2)
    )
    row = stored(submitted.reference)
    assert local_date(row.promised_by_at, calendar.hours.zone) > tomorrow
    assert row.calendar_id != calendar.id


def test_another_number_than_one_not_to_be_called_is_promised_and_waits_for_anybody(site, maria, now):
    suppress(site, maria, now)
    submitted = ask(site, now, phone=SUPPRESSED_NUMBER)
    visitor.change_number(site, submitted.link_token, parse("312 555 0147"), now=now + A_MINUTE)
    row = stored(submitted.reference)
    assert (row.status, row.is_promised, row.spam_reasons) == (Status.NEW, True, "")
    assert row.promised_by_at > now
    assert ("team.new", "team") in mails(submitted.reference)
    casework.close(site, maria, submitted.reference, ClosedReason.TEST, now=now + A_MINUTE)  # nobody else has to decide


def test_another_number_does_not_lead_past_check(site, maria, now):
    suppress(site, maria, now)
    signals = Signals(honeypot=True, seconds_to_fill=0.1)
    submitted = ask(site, now, phone=SUPPRESSED_NUMBER, signals=signals)
    visitor.change_number(site, submitted.link_token, parse("312 555 0147"), now=now + A_MINUTE)
    row = stored(submitted.reference)
    assert (row.status, row.is_promised) == (Status.CHECK, True)
    assert ("team.new", "team") not in mails(submitted.reference)


def test_a_cancelling_undone_at_once_keeps_promise_and_place(site, maria, now):
    submitted = ask(site, now)
    claims.claim(site, maria, submitted.reference, now=now)
    before = stored(submitted.reference)
    visitor.withdraw(site, submitted.link_token, now=now + A_MINUTE)
    visitor.undo_withdrawal(site, submitted.link_token, now=now + 2 * A_MINUTE)
    after = stored(submitted.reference)
    assert (after.promised_by_at, after.due_at, after.received_at, after.reopened_count) == (
        before.promised_by_at,
        before.due_at,
        before.received_at,
        0,
    )
    assert (after.status, after.assignee_id, after.closed_at, after.withdrawn_at) == (Status.NEW, None, None, None)
    assert actions(submitted.reference)[-1] == "visitor.undid_withdrawal"


def test_after_a_call_a_cancelling_that_is_undone_begins_anew(site, maria, now):
    submitted = ask(site, now)
    missed(site, maria, submitted.reference, now + A_MINUTE)
    visitor.withdraw(site, submitted.link_token, now=now + 3 * A_MINUTE)
    visitor.undo_withdrawal(site, submitted.link_token, now=now + 4 * A_MINUTE)
    row = stored(submitted.reference)
    assert (row.reopened_count, row.attempt_count, row.first_attempt_at) == (1, 0, None)


def test_a_time_that_was_agreed_stands_again_with_its_call_on_record(site, maria, now):
    submitted = ask(site, now)
    start = now + timedelta(hours=3)
    outcome = Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=start, agreed_until=start + timedelta(hours=1))
    claims.start_call(site, maria, submitted.reference, now=now + A_MINUTE)
    calls.log_attempt(site, maria, submitted.reference, outcome, now=now + 2 * A_MINUTE)
    visitor.withdraw(site, submitted.link_token, now=now + 3 * A_MINUTE)
    visitor.undo_withdrawal(site, submitted.link_token, now=now + 4 * A_MINUTE)
    row = stored(submitted.reference)
    assert (row.status, row.next_at, row.attempt_count, row.reopened_count) == (Status.SCHEDULED, start, 1, 0)


def test_once_only_is_not_there_any_more_after_a_call(site, maria, now):
    submitted = ask(site, now)
    missed(site, maria, submitted.reference, now + A_MINUTE)
    with pytest.raises(EndedError):
        visitor.call_once_only(site, submitted.link_token, now=now + 3 * A_MINUTE)
    assert stored(submitted.reference).is_once_only is False


def test_cancelling_to_and_fro_fills_nobodys_mailbox(site, now):
    submitted = ask(site, now)
    for minute in range(1, 10):
        visitor.withdraw(site, submitted.link_token, now=now + minute * A_MINUTE)
        visitor.undo_withdrawal(site, submitted.link_token, now=now + minute * A_MINUTE)
    assert mails(submitted.reference).count(("team.new", "team")) == 1
    later = now + timedelta(minutes=16)
    visitor.withdraw(site, submitted.link_token, now=later)
    visitor.undo_withdrawal(site, submitted.link_token, now=later)
    assert mails(submitted.reference).count(("team.new", "team")) == 2
