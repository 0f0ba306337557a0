"""Whose number is wrong waits for them, not for us: late nowhere, listed apart, and back at once with another one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from intake.database import reading
from intake.models.site import Site
from intake.queries import board, calendar, live, next_call, service
from intake.queries.worklist import View
from intake.rules.permissions import Actor
from intake.rules.phone import parse
from intake.rules.windows import Window
from intake.rules.workflow import Disposition
from intake.services import alerting, calls, claims, visitor
from intake.services.callbacks import Submitted
from intake.services.calls import Outcome
from tests.making import ask, mails, person, stored

SOON, WEEKS = timedelta(minutes=5), timedelta(days=21)
NEW = parse("312 555 0147")


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


@pytest.fixture
def numberless(site: Site, maria: Actor, now: datetime) -> Submitted:
    made = ask(site, now, email="ana@example.com")
    calls.log_attempt(site, maria, made.reference, Outcome(Disposition.WRONG_NUMBER), now=now)
    claims.release(site, maria, made.reference, now=now)
    return made


def held(maria: Actor, at: datetime) -> set[View]:
    """The views it is in, but for the one of all."""
    with reading() as conn:
        views = live.glance(conn, user_id=maria.person_id, now=at, due_soon=SOON).tally.views
    return {view for view, number in views.items() if number} - {View.ALL_OPEN}


def test_for_weeks_it_is_late_in_nothing_and_counted_as_waiting(
    site: Site, maria: Actor, numberless: Submitted, now: datetime
) -> None:
    later = now + WEEKS
    assert held(maria, later) == {View.NUMBER}
    assert alerting.raise_due(site, now=later) == 0
    with reading() as conn:
        shown = board.figures(conn, now=later, soon=later + SOON, since=now)
        offered = next_call.first(conn, site, calendar.current(conn, site), user_id=maria.person_id, now=later)
        figures = service.figures(conn, later)
    assert (shown.due_now, shown.overdue, shown.unclaimed, offered) == (0, 0, 0, None)
    assert (figures.overdue, figures.open_by_status["attempting"]) == (0, 1)


def test_another_number_brings_it_back_at_once_and_tells_the_team(
    site: Site, maria: Actor, numberless: Submitted, now: datetime
) -> None:
    later = now + WEEKS
    visitor.change_number(site, numberless.link_token, NEW, now=later)
    assert View.DUE_NOW in held(maria, later) and View.NUMBER not in held(maria, later)
    assert mails(numberless.reference).count(("team.new", "team")) == 2
    assert alerting.raise_due(site, now=later + timedelta(minutes=1)) > 0, "nor is it forgotten now"
    with reading() as conn:
        offered = next_call.first(conn, site, calendar.current(conn, site), user_id=maria.person_id, now=later)
    assert offered and offered.reference == numberless.reference


def test_another_time_without_a_number_changes_nothing_and_with_one_it_is_due_in_that_time(
    site: Site, maria: Actor, numberless: Submitted, now: datetime
) -> None:
    window = Window(now + timedelta(days=1), now + timedelta(days=1, hours=2))
    visitor.change_time(site, numberless.link_token, window=window, now=now)
    assert held(maria, now + WEEKS) == {View.NUMBER}
    visitor.change_number(site, numberless.link_token, NEW, now=now)
    row = stored(numberless.reference)
    assert (row.next_at, row.due_at) == (window.from_at, window.from_at + timedelta(minutes=30))
    assert View.SCHEDULED in held(maria, now)


def test_whoever_called_all_the_same_does_not_leave_it_lying(
    site: Site, maria: Actor, numberless: Submitted, now: datetime
) -> None:
    claims.start_call(site, maria, numberless.reference, override_reason="read it again", now=now)
    calls.log_attempt(site, maria, numberless.reference, Outcome(Disposition.LINE_FAILED), now=now)
    assert View.DUE_NOW in held(maria, now)
