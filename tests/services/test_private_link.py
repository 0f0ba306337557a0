"""What the visitor does with their private link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from intake.database import reading
from intake.queries import private_link, search, worklist
from intake.rules.phone import parse
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, Status, Voicemail
from intake.services import calls, casework, visitor
from intake.services.calls import Outcome
from intake.services.errors import EndedError, NotFoundError, RefusedError
from tests.making import actions, ask, mails, person, stored


@pytest.fixture
def site(app: Flask):
    return app.extensions["intake"]


def find(site, token, now):
    with reading() as conn:
        return private_link.find(conn, site, token, now=now)


def test_another_time_is_a_new_promise(site, now):
    submitted = ask(site, now, email="ana@example.com")
    window = Window(now + timedelta(hours=3), now + timedelta(hours=6))
    visitor.change_time(site, submitted.link_token, window=window, now=now + timedelta(minutes=2))
    row = stored(submitted.reference)
    assert (row.status, row.promised_by_at, row.target_at) == (Status.SCHEDULED, window.until_at, window.until_at)
    assert actions(submitted.reference)[-1] == "visitor.changed_time"
    assert mails(submitted.reference)[-1] == ("visitor.changed", "visitor")


def test_a_target_already_missed_stays_missed_when_the_visitor_changes_the_time(site, now):
    submitted = ask(site, now)
    late = now + timedelta(hours=1)
    window = Window(late + timedelta(hours=2), late + timedelta(hours=4))
    visitor.change_time(site, submitted.link_token, window=window, now=late)
    assert stored(submitted.reference).target_at == now + timedelta(minutes=15)


def test_saying_as_soon_as_possible_again_does_not_push_the_promise_back(site, now):
    submitted = ask(site, now)
    before = stored(submitted.reference)
    visitor.change_time(site, submitted.link_token, now=now + timedelta(minutes=10))
    after = stored(submitted.reference)
    assert (after.promised_by_at, after.due_at, after.target_at) == (
        before.promised_by_at,
        before.due_at,
        before.target_at,
    )


def test_another_number_is_called_and_found_and_the_old_one_is_neither(site, now):
    submitted = ask(site, now, phone="212 555 0182")
    visitor.change_number(site, submitted.link_token, parse("312 555 0147"), now=now)
    assert find(site, submitted.link_token, now).e164 == "+13125550147"
    with reading() as conn:
        for text, hits in (("0147", 1), ("0182", 0), ("312-555-0147", 1)):
            page = worklist.page(
                conn, site, worklist.View.ALL_OPEN, user_id=1, now=now, due_soon=timedelta(minutes=5),
                with_contact=False, match=search.key_for(site, text),
            )  # fmt: skip
            assert len(page.rows) == hits


def test_the_same_number_once_more_changes_nothing_and_another_extension_does(site, now):
    submitted = ask(site, now, phone="212 555 0182 ext. 5")
    before = actions(submitted.reference)
    visitor.change_number(site, submitted.link_token, parse("+1 (212) 555-0182 x5"), now=now)
    assert actions(submitted.reference) == before
    visitor.change_number(site, submitted.link_token, parse("(212) 555-0182 x6"), now=now)
    assert actions(submitted.reference) == [*before, "visitor.changed_number"]


def test_a_number_said_to_be_wrong_is_given_again_by_whoever_knows_that_it_is_right(site, now):
    maria, submitted = person(site, "Maria", now=now), ask(site, now, email="ana@example.com")
    calls.log_attempt(site, maria, submitted.reference, Outcome(Disposition.WRONG_NUMBER), now=now)
    visitor.change_number(site, submitted.link_token, parse("(212) 555-0182"), now=now)
    assert stored(submitted.reference).last_disposition is None


def test_one_link_tries_a_few_numbers_in_an_hour_and_no_more(site, now):
    submitted = ask(site, now)
    *few, last = (parse(f"212 555 01{number}") for number in range(10, 16))
    for phone in few:
        visitor.change_number(site, submitted.link_token, phone, now=now)
    for _ in range(2):
        with pytest.raises(RefusedError, match="too_often"):
            visitor.change_number(site, submitted.link_token, last, now=now)
    assert find(site, submitted.link_token, now).e164 == few[-1].e164
    visitor.change_number(site, submitted.link_token, last, now=now + timedelta(hours=1))
    assert find(site, submitted.link_token, now).e164 == last.e164


def test_after_a_wrong_number_a_corrected_one_is_due_at_once(site, now):
    maria = person(site, "Maria", now=now)
    submitted = ask(site, now, email="ana@example.com")
    calls.log_attempt(site, maria, submitted.reference, Outcome(Disposition.WRONG_NUMBER), now=now)
    later = now + timedelta(minutes=30)
    visitor.change_number(site, submitted.link_token, parse("312 555 0147"), now=later)
    row = stored(submitted.reference)
    assert (row.due_at, row.next_at, row.last_disposition) == (later, later, None)
    assert ("team.new", "team") in mails(submitted.reference)[2:]


def test_a_number_in_another_zone_makes_another_promise(site, now):
    early = now.replace(hour=13, minute=5)
    submitted = ask(site, early, phone="212 555 0182")
    visitor.change_number(site, submitted.link_token, parse("503 555 0147"), now=early)
    row = stored(submitted.reference)
    assert row.clock_key == "America/Los_Angeles|US-OR"
    assert row.target_at >= early.replace(hour=16)


def test_a_missed_target_keeps_the_zones_it_was_made_for(site, now):
    maria = person(site, "Maria", now=now)
    early = now.replace(hour=13, minute=5)
    submitted = ask(site, early, phone="212 555 0182")
    visitor.change_number(site, submitted.link_token, parse("503 555 0147"), now=early + timedelta(hours=3))
    at = early + timedelta(hours=4)
    calls.log_attempt(site, maria, submitted.reference, Outcome(Disposition.BUSY), now=at)
    row = stored(submitted.reference)
    assert (row.is_met, row.open_seconds) == (False, 4 * 3600)


def test_a_number_that_asked_not_to_be_called_sets_the_request_aside_without_a_word(site, now):
    maria = person(site, "Maria", now=now)
    other = ask(site, now, phone="212 555 0199").reference
    calls.log_attempt(site, maria, other, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    submitted = ask(site, now)
    visitor.change_number(site, submitted.link_token, parse("212 555 0199"), now=now)
    row = stored(submitted.reference)
    assert (row.status, row.is_promised, row.assignee_id) == (Status.CHECK, False, None)


def test_five_changes_make_one_letter(site, now):
    submitted = ask(site, now, email="ana@example.com")
    for voicemail in (Voicemail.SAY_WHO, Voicemail.NONE, Voicemail.NUMBER_ONLY, Voicemail.NONE, Voicemail.SAY_WHO):
        visitor.change_voicemail(site, submitted.link_token, voicemail, now=now)
    assert mails(submitted.reference).count(("visitor.changed", "visitor")) == 1


def test_nobodys_mailbox_can_be_flooded_through_us(site, now):
    made = [ask(site, now, name=f"Caller {number}", email="victim@example.com") for number in range(9)]
    told = [("visitor.received", "visitor") in mails(each.reference) for each in made]
    assert told == [True] * 6 + [False] * 3


def test_nothing_is_mailed_for_what_lies_under_check_until_it_is_found_genuine(site, now):
    maria = person(site, "Maria", now=now)
    submitted = ask(site, now, email="ana@example.com", signals=Signals(honeypot=True, seconds_to_fill=0.1))
    visitor.change_voicemail(site, submitted.link_token, Voicemail.SAY_WHO, now=now)
    assert mails(submitted.reference) == []
    casework.rescue(site, maria, submitted.reference, now=now)
    assert ("visitor.received", "visitor") in mails(submitted.reference)


def test_the_message_choice_can_be_changed(site, now):
    submitted = ask(site, now)
    visitor.change_voicemail(site, submitted.link_token, Voicemail.SAY_WHO, now=now)
    assert find(site, submitted.link_token, now).voicemail is Voicemail.SAY_WHO


def test_called_once_only_means_one_try(site, now):
    maria = person(site, "Maria", now=now)
    submitted = ask(site, now)
    visitor.call_once_only(site, submitted.link_token, now=now)
    logged = calls.log_attempt(site, maria, submitted.reference, Outcome(Disposition.NO_ANSWER), now=now)
    assert logged.is_closed


def test_withdrawn_it_is_over_and_a_second_time_says_so(site, now):
    submitted = ask(site, now)
    visitor.withdraw(site, submitted.link_token, now=now)
    assert stored(submitted.reference).status == Status.WITHDRAWN
    with pytest.raises(EndedError):
        visitor.withdraw(site, submitted.link_token, now=now)
    assert actions(submitted.reference).count("visitor.withdrew") == 1


def test_a_link_ends_thirty_days_after_the_request(site, now):
    submitted = ask(site, now)
    visitor.withdraw(site, submitted.link_token, now=now)
    assert find(site, submitted.link_token, now + timedelta(days=29)) is not None
    assert find(site, submitted.link_token, now + timedelta(days=31)) is None
    with pytest.raises(NotFoundError):
        visitor.withdraw(site, submitted.link_token, now=now + timedelta(days=31))


def test_a_wrong_link_opens_nothing(site, now):
    token = ask(site, now).link_token
    for wrong in ("", "x", token[:-1], token + "A", token.swapcase()):
        assert find(site, wrong, now) is None


def test_a_cancelling_that_is_undone_makes_a_new_promise_and_keeps_the_old_figures(site, now):
    submitted = ask(site, now)
    visitor.withdraw(site, submitted.link_token, now=now + timedelta(minutes=1))
    later = now + timedelta(hours=1)
    for _ in range(2):  # a double click
        visitor.undo_withdrawal(site, submitted.link_token, now=later)
    row = stored(submitted.reference)
    assert (row.status, row.closed_at, row.received_at, row.reopened_count) == (Status.NEW, None, later, 1)
    assert actions(submitted.reference)[-2:] == ["visitor.withdrew", "visitor.undid_withdrawal"]
    assert mails(submitted.reference) == [("team.new", "team")] * 2


def test_an_undone_request_keeps_the_time_it_was_asked_for(site, now):
    window = Window(now + timedelta(hours=2), now + timedelta(hours=4))
    submitted = ask(site, now, window=window)
    visitor.withdraw(site, submitted.link_token, now=now)
    visitor.undo_withdrawal(site, submitted.link_token, now=now)
    row = stored(submitted.reference)
    assert (row.status, row.window_from, row.next_at) == (Status.SCHEDULED, window.from_at, window.from_at)


def test_cancelling_is_taken_back_ten_times_a_day_and_then_it_stays_cancelled(site, now):
    submitted = ask(site, now)
    for _ in range(10):
        visitor.withdraw(site, submitted.link_token, now=now)
        visitor.undo_withdrawal(site, submitted.link_token, now=now)
    visitor.withdraw(site, submitted.link_token, now=now)
    before = (stored(submitted.reference), actions(submitted.reference))
    for _ in range(2):
        with pytest.raises(RefusedError, match="too_often"):
            visitor.undo_withdrawal(site, submitted.link_token, now=now + timedelta(hours=23))
    assert (stored(submitted.reference), actions(submitted.reference)) == before
    visitor.undo_withdrawal(site, submitted.link_token, now=now + timedelta(days=1))
    assert stored(submitted.reference).closed_at is None


def test_whoever_may_be_in_danger_takes_it_back_however_often(site, now):
    submitted = ask(site, now, message="I want to die")
    for _ in range(12):
        visitor.withdraw(site, submitted.link_token, now=now)
        visitor.undo_withdrawal(site, submitted.link_token, now=now)
    assert stored(submitted.reference).closed_at is None


def test_undoing_does_not_lead_past_check(site, now):
    submitted = ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.1))
    visitor.withdraw(site, submitted.link_token, now=now)
    visitor.undo_withdrawal(site, submitted.link_token, now=now)
    assert stored(submitted.reference).status == Status.CHECK
    assert ("team.new", "team") not in mails(submitted.reference)


def test_undoing_does_not_lead_back_under_check_what_somebody_has_found_genuine(site, now):
    submitted = ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.1))
    casework.rescue(site, person(site, "Maria", now=now), submitted.reference, now=now)
    visitor.withdraw(site, submitted.link_token, now=now)
    visitor.undo_withdrawal(site, submitted.link_token, now=now)
    assert stored(submitted.reference).status == Status.NEW


def test_what_staff_have_closed_is_not_for_the_visitor_to_undo(site, now):
    submitted = ask(site, now)
    casework.close(site, person(site, "Maria", now=now), submitted.reference, ClosedReason.TEST, now=now)
    with pytest.raises(EndedError):
        visitor.undo_withdrawal(site, submitted.link_token, now=now)
