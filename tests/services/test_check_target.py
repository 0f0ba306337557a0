"""Under "Check" runs a clock of its own: until when somebody says what a request is, and how often they did in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select

from intake.database import reading, writing
from intake.models import CalendarVersion
from intake.models.base import table_of
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import checked
from intake.queries.worklist import Filters, View, read_tally, tally_columns
from intake.rules.hours import default_hours
from intake.rules.permissions import Actor
from intake.rules.phone import parse
from intake.rules.promise import AHEAD_OF_ALL, ResponseTarget, check_by
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import Disposition, Status
from intake.services import calls, casework, claims, settings, visitor
from intake.services.calls import Outcome
from tests.making import ask, person, stored
from tests.services.test_undoing import columns, undo

SPAM = Signals(honeypot=True, seconds_to_fill=0.2)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def late(now: datetime) -> int:
    with reading() as conn:
        asked = tally_columns(View.CHECK, Filters(), user_id=0, now=now, due_soon=timedelta())
        return read_tally(conn.execute(select(*asked)).one()).check_late


def in_time(now: datetime) -> tuple[int, int]:
    with reading() as conn:
        found = checked.rescued(conn, now=now)
    return found.in_time, found.timed


def test_a_suspected_request_is_due_for_a_decision_and_once_rescued_for_its_call(
    site: Site, maria: Actor, now: datetime
) -> None:
    reference = ask(site, now, signals=SPAM).reference
    row = stored(reference)
    assert row.check_by_at == row.due_at == now + HOUR and row.target_at == now + 15 * MINUTE
    casework.rescue(site, maria, reference, now=now + 5 * MINUTE)
    assert stored(reference).due_at == now + 15 * MINUTE, "the clock it has had all along"
    undo(site, maria, now + 5 * MINUTE)
    assert stored(reference).due_at == now + HOUR


def test_minutes_of_opening_hours_only_are_counted(site: Site, now: datetime) -> None:
    night = now + timedelta(hours=10)
    by = stored(ask(site, night, signals=SPAM).reference).check_by_at
    office = default_hours(site.time_zone)
    opening = office.next_opening(night)
    assert opening and by == opening + HOUR == check_by(night, office, ResponseTarget())


def test_a_window_asked_for_is_due_as_promised_after_the_rescue(site: Site, maria: Actor, now: datetime) -> None:
    window = Window(now + 3 * HOUR, now + 5 * HOUR)
    honest, suspected = (ask(site, now, window=window, **more).reference for more in ({}, {"signals": SPAM}))
    assert stored(suspected).due_at == now + HOUR
    casework.rescue(site, maria, suspected, now=now + MINUTE)
    assert stored(suspected).due_at == stored(honest).due_at > now + 3 * HOUR


def test_words_of_a_crisis_are_due_at_once_before_and_after(site: Site, maria: Actor, now: datetime) -> None:
    reference = ask(site, now, signals=SPAM, message="I want to die").reference
    assert stored(reference).due_at == now - AHEAD_OF_ALL and stored(reference).check_by_at == now + HOUR
    casework.rescue(site, maria, reference, now=now + MINUTE)
    assert stored(reference).due_at == now - AHEAD_OF_ALL


def test_another_target_holds_for_what_comes_from_then_on(site: Site, now: datetime) -> None:
    before = ask(site, now, signals=SPAM).reference
    chief = person(site, "Chief", "admin", now=now)
    settings.change_target(site, chief, ResponseTarget(check_minutes=20), seen=None, words="60 → 20", now=now)
    after = ask(site, now, signals=SPAM, phone="312-555-0171").reference
    assert [stored(one).check_by_at for one in (before, after)] == [now + HOUR, now + 20 * MINUTE]
    assert (late(now + 21 * MINUTE), late(now + 61 * MINUTE)) == (1, 2)


def test_a_target_stored_before_there_was_such_a_time_is_still_read(site: Site, now: datetime) -> None:
    kept = calendars.documents(calendars.default_calendar(site.time_zone))
    old = {name: value for name, value in (kept["target"] or {}).items() if name != "check_minutes"}
    with writing() as conn:
        conn.execute(insert(table_of(CalendarVersion)).values(**kept | {"target": old}, created_at=now))
        assert calendars.current(conn, site).target.check_minutes == 60
    assert stored(ask(site, now, signals=SPAM).reference).check_by_at == now + HOUR


def test_whoever_decides_in_time_is_counted_and_whoever_does_not_too(
    site: Site, maria: Actor, now: datetime, count_queries: Callable[[], int]
) -> None:
    soon, late_one, _waits = (
        ask(site, now, signals=SPAM, phone=f"212-555-010{number}").reference for number in range(3)
    )
    casework.mark_spam(site, maria, soon, now=now + HOUR)
    casework.rescue(site, maria, late_one, now=now + HOUR + MINUTE)
    count_queries()
    assert in_time(now + 2 * HOUR) == (1, 2)
    assert count_queries() == 1
    assert late(now + 2 * HOUR) == 1
    undo(site, maria, now + HOUR + MINUTE)
    assert in_time(now + 2 * HOUR) == (1, 1) and late(now + 2 * HOUR) == 2


@pytest.mark.parametrize("is_in_check", [False, True])
def test_a_number_that_asked_for_silence_begins_the_clock_of_the_other_request_once(
    site: Site, maria: Actor, now: datetime, is_in_check: bool
) -> None:
    other = ask(site, now, **({"signals": SPAM} if is_in_check else {})).reference
    barred = ask(site, now).reference
    claims.claim(site, maria, barred, now=now)
    calls.log_attempt(site, maria, barred, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now + HOUR)
    row = stored(other)
    assert row.status == Status.CHECK
    assert row.due_at == row.check_by_at == now + (HOUR if is_in_check else 2 * HOUR)


def test_what_its_visitor_changes_meanwhile_moves_no_decision(site: Site, now: datetime) -> None:
    made = ask(site, now, signals=SPAM)
    visitor.change_time(site, made.link_token, window=Window(now + 3 * HOUR, now + 4 * HOUR), now=now + MINUTE)
    visitor.change_number(site, made.link_token, parse("808-555-0138"), now=now + 2 * MINUTE)
    row = stored(made.reference)
    assert row.status == Status.CHECK and row.due_at == row.check_by_at == now + HOUR


def test_taken_back_and_undone_it_is_to_be_decided_again(site: Site, now: datetime) -> None:
    made = ask(site, now, signals=SPAM)
    before = columns(made.reference)
    visitor.withdraw(site, made.link_token, now=now + MINUTE)
    visitor.undo_withdrawal(site, made.link_token, now=now + 2 * MINUTE)
    assert columns(made.reference)["due_at"] == before["due_at"]
    visitor.withdraw(site, made.link_token, now=now + 3 * MINUTE)
    visitor.undo_withdrawal(site, made.link_token, now=now + 24 * HOUR)
    row = stored(made.reference)
    assert row.status == Status.CHECK and row.due_at == row.check_by_at == now + 25 * HOUR
