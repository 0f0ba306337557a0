"""The times a visitor may choose from: real pieces of the opening hours, and reading a choice back from the form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from intake.rules.hours import Interval, Schedule, instant, local_date, utc, zone_info

NOTICE = timedelta(minutes=60)
"""The earliest start: sooner than this, "as soon as possible" is the better answer."""

LONGEST_HOURS = 4
SHORTEST_HOURS = 2
HORIZON = timedelta(days=14)
"""Nobody plans a first call further ahead; an office closed longer than this offers no windows."""

_VALUE = re.compile(r"[0-9]{8}T[0-9]{4}Z-[0-9]{8}T[0-9]{4}Z")
_INSTANT = "%Y%m%dT%H%MZ"


class Window(NamedTuple):
    """Two aware UTC instants on whole local hours, half-open: an Interval that can be put into a form."""

    from_at: datetime
    until_at: datetime

    @property
    def value(self) -> str:
        """The form value, e.g. ``20261122T2000Z-20261122T2200Z``; safe in an address."""
        return f"{self.from_at.astimezone(UTC):{_INSTANT}}-{self.until_at.astimezone(UTC):{_INSTANT}}"


def offered(schedule: Schedule, zone: str, now: datetime, *, days: int = 2) -> tuple[Window, ...]:
    """The windows of the next ``days`` local days that have any, in order; today counts while one can still be met.

    The pieces of a day do not depend on ``now``, so that a form that lay open for a while still shows what is offered;
    only the one under way is cut, to whole hours at least NOTICE from now, and dropped when under SHORTEST_HOURS.
    """
    found: list[Window] = []
    seen: set[date] = set()
    for opening in _by_day(schedule, zone, utc(now)):
        windows = list(_still_possible(opening, zone, now))
        day = local_date(opening[0], zone)
        if windows and day not in seen and len(seen) == days:
            break
        seen.update({day} if windows else ())
        found.extend(windows)
    return tuple(found)


def find(value: str, schedule: Schedule, zone: str, now: datetime, *, days: int = 2) -> Window | None:
    """The window a form value stands for, if it may be chosen; None for anything else.

    A window that was offered when the form was opened may be chosen until it begins.
    """
    window = read(value)
    if window is None or window.from_at <= now:
        return None
    shown_at = min(utc(now), window.from_at - NOTICE)
    return window if window in offered(schedule, zone, shown_at, days=days) else None


def is_past(value: str, now: datetime) -> bool:
    """Is it a well-formed window that has already begun? Then the form says so, instead of "choose a time"."""
    window = read(value)
    return window is not None and window.from_at <= now


def read(value: str) -> Window | None:
    """The window a form value spells, whether or not it was ever offered."""
    if _VALUE.fullmatch(value) is None:
        return None
    try:
        start, end = (datetime.strptime(part, _INSTANT).replace(tzinfo=UTC) for part in value.split("-"))
    except ValueError:  # the thirteenth month
        return None
    return Window(start, end) if start < end else None


def _by_day(schedule: Schedule, zone: str, now: datetime) -> Iterator[Interval]:
    """Openings from today's midnight on, cut at local midnights: a window belongs to one day."""
    midnight = instant(zone, local_date(now, zone), 0)
    for start, end in schedule.intervals(midnight):
        start = max(start, midnight)
        while start < min(end, now + HORIZON):
            night = instant(zone, local_date(start, zone) + timedelta(days=1), 0)
            yield start, min(end, night)
            start = night
        if end >= now + HORIZON:
            return


def _still_possible(opening: Interval, zone: str, now: datetime) -> Iterator[Window]:
    day = local_date(opening[0], zone)
    first, last = _whole_hours(opening, zone, day)
    soonest = _hour_at_or_after(now + NOTICE, zone, day)
    for start, end in _pieces(first, last):
        left = max(start, soonest)
        if left == start or end - left >= SHORTEST_HOURS:
            window = Window(instant(zone, day, left * 60), instant(zone, day, end * 60))
            if left < end and window.from_at < window.until_at:  # an hour can vanish in spring
                yield window


def _pieces(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Cut ``first`` to ``last`` (whole hours) into as few even pieces as fit LONGEST_HOURS, longer ones first."""
    hours = last - first
    count = -(-hours // LONGEST_HOURS)
    for index in range(count):
        length = hours // count + (index < hours % count)
        yield first, first + length
        first += length


def _whole_hours(opening: Interval, zone: str, day: date) -> tuple[int, int]:
    """The whole hours of ``day`` inside an opening; equal if there are none."""
    first = _hour_at_or_after(opening[0], zone, day)
    last = _hour_at_or_after(opening[1], zone, day)
    if instant(zone, day, last * 60) > opening[1]:
        last -= 1
    return first, max(first, last)


def _hour_at_or_after(at: datetime, zone: str, day: date) -> int:
    """The first whole hour of ``day`` beginning at or after ``at``: 0 for an earlier day, 24 or more a later one."""
    wall = at.astimezone(zone_info(zone))
    whole = (wall.date() - day).days * 24 + wall.hour
    return max(0, whole + (instant(zone, day, max(0, whole) * 60) < at))


def is_callable(window: Window, schedule: Schedule) -> bool:
    """Whether a call is possible at some instant of the window; ``schedule``: cut for the zones of the number."""
    opening = schedule.next_opening(window.from_at)
    return opening is not None and opening < window.until_at
