"""Which days a report tells of, and which days before them they are held against. Days are the site's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)
LONGEST = timedelta(days=3 * 366)
"""No report is longer: a range typed by mistake must not read the whole database."""


class PeriodProblem(StrEnum):
    """What is wrong with a range of days."""

    BACKWARDS = "backwards"
    AHEAD = "ahead"
    TOO_LONG = "too_long"


class PeriodError(ValueError):
    """A range of days that cannot be reported."""

    def __init__(self, problem: PeriodProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both inclusive. Raises PeriodError unless ``first_on <= last_on``."""

    first_on: date
    last_on: date

    def __post_init__(self) -> None:
        if self.last_on < self.first_on:
            raise PeriodError(PeriodProblem.BACKWARDS)

    @property
    def days(self) -> int:
        """How many."""
        return (self.last_on - self.first_on).days + 1

    def each(self) -> Iterator[date]:
        """Every day of it, in order."""
        return (self.first_on + timedelta(days=number) for number in range(self.days))

    def before(self) -> Period:
        """As many days before, on the same weekdays: a Monday is held against a Monday, and no day counts twice."""
        back = WEEK * -(-self.days // 7)
        return Period(self.first_on - back, self.last_on - back)

    def is_partial(self, today: date) -> bool:
        """Its last day is not over."""
        return self.first_on <= today <= self.last_on

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """The first instant of it on the clocks of ``zone``, and the first one after it."""
        days = (self.first_on, self.last_on + timedelta(days=1))
        first, after = (datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in days)
        return first, after

    def holds(self, day: date) -> bool:
        """Whether the day belongs to it."""
        return self.first_on <= day <= self.last_on


class Preset(StrEnum):
    """Periods that are asked for again and again."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    DAYS_7 = "7"
    DAYS_28 = "28"
    DAYS_91 = "91"
    THIS_MONTH = "month"
    LAST_MONTH = "last_month"
    DAYS_364 = "364"


_DAYS = {Preset.TODAY: 1, Preset.DAYS_7: 7, Preset.DAYS_28: 28, Preset.DAYS_91: 91, Preset.DAYS_364: 364}


def preset(chosen: Preset, today: date) -> Period:
    """The days of it as seen from ``today``. Those of so many days are whole weeks, so that weekdays weigh alike."""
    if chosen in _DAYS:
        return Period(today - timedelta(days=_DAYS[chosen] - 1), today)
    if chosen is Preset.YESTERDAY:
        return Period(today - timedelta(days=1), today - timedelta(days=1))
    first = today.replace(day=1)
    if chosen is Preset.THIS_MONTH:
        return Period(first, today)
    last = first - timedelta(days=1)
    return Period(last.replace(day=1), last)


def between(first_on: date, last_on: date, today: date) -> Period:
    """The days somebody typed, up to today. PeriodError: backwards, too_long, ahead (it has not begun)."""
    period = Period(first_on, last_on)
    if first_on > today:
        raise PeriodError(PeriodProblem.AHEAD)
    if last_on - first_on > LONGEST:
        raise PeriodError(PeriodProblem.TOO_LONG)
    return Period(first_on, min(period.last_on, today))


def week_of(day: date) -> date:
    """The Monday of that week."""
    return day - timedelta(days=day.weekday())


def last_week(today: date) -> Period:
    """The newest week, Monday to Sunday, that is over."""
    monday = week_of(today)
    return Period(monday - WEEK, monday - timedelta(days=1))


def weeks(period: Period, most: int = 13) -> tuple[Period, ...]:
    """The weeks (Monday to Sunday) that end with the period's last: at least ``most``, or as many as it touches."""
    last = week_of(period.last_on)
    first = min(week_of(period.first_on), last - WEEK * (most - 1))
    return tuple(_weeks_from(first, last))


def _weeks_from(first: date, last: date) -> Iterator[Period]:
    while first <= last:
        yield Period(first, first + timedelta(days=6))
        first += WEEK
