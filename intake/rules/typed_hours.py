"""Opening hours as a form holds them, "08:00" and "20:00" beside each other: read into ranges, and written back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from intake.rules.hours import Day, HoursError, HoursProblem, OpeningHours, Span

RANGES = 3
"""So many ranges a day a form has room for: two breaks."""

TypedRange = tuple[str, str]
_DAY = 1440


def read_day(field: str, typed: Sequence[TypedRange]) -> Day:
    """The ranges of one day. An end at or before its start is the next day's; midnight to midnight is the whole day.

    Empty pairs are left out. Raises HoursError on ``field.<index of the pair>`` for half a range, a time that is none,
    a range that ends when it starts, or one that starts before the one above it has ended.
    """
    spans: list[Span] = []
    for index, (start, until) in enumerate(typed):
        if not (start or until):
            continue
        span = _read(f"{field}.{index}", start, until)
        if spans and span.start < spans[-1].end:
            raise HoursError(f"{field}.{index}", "starts before the range above it ends", HoursProblem.OVERLAP)
        spans.append(span)
    return tuple(spans)


def nights_that_run_on(hours: OpeningHours, days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Evening and morning wherever a night into or out of one of these days runs into the hours of the day after.

    A week of such nights cannot be; with special days it can, and what is open twice counts once. But whoever enters
    it has made a mistake.
    """
    a_day = timedelta(days=1)
    for evening in sorted({before for day in days for before in (day - a_day, day)}):
        night, morning = hours.spans(evening), hours.spans(evening + a_day)
        if night and morning and night[-1].end - _DAY > morning[0].start:
            yield evening, evening + a_day


def write_day(day: Day) -> list[TypedRange]:
    """The inverse of ``read_day``, for ranges that last a day at most."""
    return [(write_clock(span.start), write_clock(span.end)) for span in day]


def _read(field: str, start: str, until: str) -> Span:
    if not (start and until):
        raise HoursError(field, "a range has a start and an end", HoursProblem.HALF_RANGE)
    begin, end = read_clock(field, start), read_clock(field, until)
    if begin == end != 0:
        raise HoursError(field, "a range ends when it starts", HoursProblem.SAME_TIME)
    return Span(begin, end if end > begin else end + _DAY)


def read_clock(field: str, text: str) -> int:
    """Minutes after midnight of "08:30". Raises HoursError on ``field``."""
    hours, colon, minutes = text.partition(":")
    is_time = bool(colon) and len(hours) == len(minutes) == 2 and (hours + minutes).isascii()
    if not (is_time and (hours + minutes).isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise HoursError(field, f"{text!r} is not a time like 08:30", HoursProblem.BAD_TIME)
    return int(hours) * 60 + int(minutes)


def write_clock(minutes: int) -> str:
    """The inverse of ``read_clock``, within the day."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
