"""Where a report could quietly be wrong: months with a change of clocks, hours that were changed, and few requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from intake.database import reading
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries.facts import Asked
from intake.queries.report import Report, report
from intake.rules.bands import Clock
from intake.rules.hours import Span
from intake.rules.periods import Period
from intake.rules.shares import Share
from intake.rules.survival import Quantile
from intake.rules.workflow import Disposition
from intake.services import calls, settings
from tests.making import ask, person
from tests.points import point

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]  # type: ignore[no-any-return]


def there(day: date, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK, fold=fold).astimezone(UTC)


def look(site: Site, period: Period, now: datetime, clock: Clock = Clock.OPEN) -> Report:
    with reading() as conn:
        return report(conn, site, replace(Asked(period), clock=clock), now=now)


@point(70)
@pytest.mark.parametrize(
    ("period", "change"),
    [
        (Period(date(2026, 11, 1), date(2026, 11, 30)), date(2026, 11, 1)),
        (Period(date(2027, 3, 1), date(2027, 3, 31)), date(2027, 3, 14)),
    ],
)
def test_a_month_with_a_change_of_clocks_holds_each_of_its_days_whole(site: Site, period: Period, change: date) -> None:
    days = [period.first_on + timedelta(days=number) for number in range(-1, period.days + 1)]
    for number, day in enumerate(days):
        for hour in (0, 23):
            ask(site, there(day, hour, 30), phone=f"(212) 5{55 + hour} {1000 + number}")
    told = look(site, period, there(days[-1], 23, 59))
    assert told.whole.counted == 2 * period.days
    weekly = {week: sum(states.values()) for week, states in told.weeks if week.last_on >= period.first_on}
    inside = {week: sum(week.holds(day) for day in days if day <= period.last_on) for week in weekly}
    assert weekly == {week: 2 * number for week, number in inside.items()}
    assert {hour % 24 for hour in told.hours} == {0, 23}
    for clock in Clock:
        one = look(site, Period(change, change), there(days[-1], 23, 59), clock)
        assert one.whole.counted == 2, "that day of 23 or 25 hours is one day"


@point(70)
def test_london_keeps_every_day_of_its_october(site: Site) -> None:
    """Its clocks go back on the 25th, a week before New York's."""
    london, zone = replace(site, time_zone="Europe/London"), ZoneInfo("Europe/London")
    days = [date(2026, 10, 24) + timedelta(days=number) for number in range(3)]
    for number, day in enumerate(days):
        for hour, minute in ((0, 0), (23, 59)):
            came = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
            ask(london, came, phone=f"(212) 555 {1000 + 100 * hour + number}")
    now = datetime(2026, 10, 27, 9, tzinfo=UTC)
    assert [look(london, Period(day, day), now).whole.counted for day in days] == [2, 2, 2]
    month = look(london, Period(date(2026, 10, 1), date(2026, 10, 26)), now)
    assert month.whole.counted == 6 and {hour % 24 for hour in month.hours} == {0, 23}


def test_of_the_hour_that_comes_twice_both_are_waited_for(site: Site) -> None:
    sunday = date(2026, 11, 1)
    maria = person(site, "Maria", now=there(sunday, 0))
    waited = ask(site, there(sunday, 1, 30)).reference
    again = there(sunday, 1, 30, fold=1)
    calls.log_attempt(
        site, maria, waited, calls.Outcome(Disposition.NO_ANSWER, override_reason="asked_to_be_called"), now=again
    )
    told = look(site, Period(sunday, sunday), again + timedelta(hours=1), Clock.ALL)
    assert told.whole.waits.called == {60: 1}


@point(71)
def test_changing_hours_and_target_today_leaves_yesterdays_figures(site: Site) -> None:
    tuesday = date(2026, 11, 17)
    admin = person(site, "Alex", "admin", now=there(tuesday, 8))
    maria = person(site, "Maria", now=there(tuesday, 8))
    called = ask(site, there(tuesday, 10), phone="(212) 555-0101").reference
    ask(site, there(tuesday, 19, 55), phone="(212) 555-0102")
    ask(site, there(tuesday, 23), phone="(212) 555-0103")
    calls.log_attempt(site, maria, called, calls.Outcome(Disposition.NO_ANSWER), now=there(tuesday, 10, 20))
    period, at = Period(tuesday, tuesday), there(tuesday + timedelta(days=1), 7)
    before = [look(site, period, at, clock) for clock in Clock]
    with reading() as conn:
        hours = calendars.current(conn, site).hours
    longer = replace(hours, weekly=((Span(0, 24 * 60),),) * 7)
    settings.change_hours(site, admin, longer, seen=None, words="round the clock", now=at)
    with reading() as conn:
        calendar = calendars.current(conn, site)
    target = replace(calendar.target, minutes=60, percent=50)
    settings.change_target(site, admin, target, seen=calendar.id, words="an hour", now=at)
    after = [look(site, period, at, clock) for clock in Clock]
    assert [one.whole for one in after] == [one.whole for one in before]
    assert [one.waiting for one in after] == [one.waiting for one in before]
    assert [one.while_open for one in after] == [one.while_open for one in before]


def test_the_hours_and_targets_of_some_days_are_those_made_in_them_and_the_one_they_began_with(site: Site) -> None:
    monday = date(2026, 11, 16)
    admin = person(site, "Alex", "admin", now=there(monday, 8))
    for minutes, day in ((20, 16), (25, 18), (30, 20)):
        with reading() as conn:
            calendar = calendars.current(conn, site)
        target = replace(calendar.target, minutes=minutes)
        at = there(date(2026, 11, day), 12)
        settings.change_target(site, admin, target, seen=calendar.id, words=f"{minutes}", now=at)

    def minutes_of(first: int, last: int) -> list[int]:
        days = Period(date(2026, 11, first), date(2026, 11, last))
        with reading() as conn:
            return [one.calendar.target.minutes for one in calendars.in_force(conn, site, days)]

    assert minutes_of(1, 10) == [15]
    assert minutes_of(16, 16) == [20, 15]
    assert minutes_of(17, 18) == [25, 20]
    assert minutes_of(19, 19) == [25]


class Week:
    """A Wednesday morning that is lived through again each week, by others."""

    def __init__(self, site: Site) -> None:
        self.site, self.first_on, self.number = site, date(2026, 11, 18), 0
        self.maria = person(site, "Maria", now=there(self.first_on, 8))

    def of(self, waits: list[int | None]) -> Report:
        """Requests from 9:30 am on, three minutes apart, each called after so many minutes if at all; seen at 6 pm."""
        self.first_on += timedelta(days=7)
        came = there(self.first_on, 9, 30)
        for minutes in waits:
            self.number += 1
            made = ask(self.site, came, phone=f"(212) 555-{1000 + self.number}", name=f"Visitor {self.number}")
            if minutes is not None:
                outcome = calls.Outcome(Disposition.SPOKE_INFORMATION)
                calls.log_attempt(self.site, self.maria, made.reference, outcome, now=came + timedelta(minutes=minutes))
            came += timedelta(minutes=3)
        return look(self.site, Period(self.first_on, self.first_on), there(self.first_on, 18))


@pytest.fixture
def week(site: Site) -> Week:
    return Week(site)


def minutes_until(found: Quantile) -> float:
    return float("inf") if found.within is None else found.within


def parted(share: Share) -> tuple[int, int]:
    return share.part, share.whole - share.part


@hypothesis.settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    waits=st.lists(st.none() | st.integers(1, 200), min_size=3, max_size=6),
    which=st.integers(0, 5),
    longer=st.none() | st.integers(1, 200),
)
def test_no_figure_gets_better_by_letting_somebody_wait_longer_or_calling_them_never(week, waits, which, longer):
    index = which % len(waits)
    was = waits[index]
    later = None if longer is None or was is None else was + longer
    before, after = (week.of(one).whole for one in (waits, [*waits[:index], later, *waits[index + 1 :]]))
    # Not of promises: they are told by how many are ahead, so whoever waits puts off those made to others.
    for figure in ("in_target", "were_reached"):
        (good, bad), (still_good, now_bad) = (parted(getattr(one, figure)) for one in (before, after))
        assert still_good <= good and now_bad >= bad, figure
    for figure in ("half", "nine_tenths"):
        sooner, then = (minutes_until(getattr(one, figure)) for one in (before, after))
        assert then >= sooner, figure
