"""Open time: when an office is open, and how to count seconds that pass only while it is.

Opening hours are wall-clock rules ("Monday 8 to 8"); everything that leaves this file is an aware UTC instant.
A wall-clock time stands for *the first instant at which a clock on that wall shows it or later*. That one rule settles
both odd nights of the year: a time that is skipped in spring is the moment of the jump, and a time that comes twice in
autumn is its first coming, so a range always lasts the real time between its ends and two ranges never trade places.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Interval = tuple[datetime, datetime]
"""Aware UTC instants, half-open: the first belongs to it, the second does not."""

HORIZON = timedelta(days=400)
"""How far ahead anything is looked for: a year and its holidays, with room to spare."""

_DAY = 1440
_SECOND = timedelta(seconds=1)
_ZERO = timedelta(0)
_CLOCK = re.compile(r"([0-9]{2}):([0-5][0-9])")


class HoursProblem(StrEnum):
    """What is wrong with a set of opening hours; wording puts it into the reader's language."""

    UNKNOWN_ZONE = "unknown_zone"
    BAD_TIME = "bad_time"
    BAD_DATE = "bad_date"
    OVERLAP = "overlap"
    NOT_A_WEEK = "not_a_week"
    HALF_RANGE = "half_range"
    SAME_TIME = "same_time"
    NO_RANGE = "no_range"


class HoursError(ValueError):
    """Opening hours that cannot be. ``field``: ``zone``, ``weekly``, ``weekly.0`` (Monday), ``special.2026-11-26`` …"""

    def __init__(self, field: str, message: str, problem: HoursProblem = HoursProblem.BAD_TIME) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message, self.problem = field, message, problem


@cache
def _known_zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_info(name: str) -> ZoneInfo:
    """The IANA time zone of that name, cached. Raises HoursError on ``zone``."""
    try:
        return _known_zone(name)
    except (KeyError, ValueError, OSError, TypeError) as error:  # "", "America", "../etc", None: each fails its own way
        raise HoursError("zone", f"no time zone is called {name!r}", HoursProblem.UNKNOWN_ZONE) from error


def is_zone(name: str) -> bool:
    """Whether a time zone is called so. Looked up by its name: listing all there are takes as long as the rest."""
    try:
        zone_info(name)
    except HoursError:
        return False
    return True


def utc(at: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError for a datetime without a zone: it names no instant."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC)


@lru_cache(maxsize=16384)  # the same few openings are asked for over and over; some 3 MB when full
def instant(zone: str, day: date, minutes: int) -> datetime:
    """The first instant (UTC) at which a clock in ``zone`` shows ``minutes`` after midnight of ``day``, or later."""
    return _first_instant(zone_info(zone), _wall(day, minutes))


def local_date(at: datetime, zone: str) -> date:
    """The calendar day on the wall in ``zone``."""
    return utc(at).astimezone(zone_info(zone)).date()


def _wall(day: date, minutes: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)


def _first_instant(zone: ZoneInfo, wall: datetime) -> datetime:
    """``wall`` wears UTC as a costume: its fields are what the clock on the wall shows."""
    before = wall.replace(tzinfo=zone).utcoffset() or _ZERO
    after = wall.replace(tzinfo=zone, fold=1).utcoffset() or _ZERO
    if after <= before:  # an ordinary time, or one that comes twice: the first coming
        return wall - before
    return _jump(zone, wall - after, wall - before)


def _jump(zone: ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    """The instant in (earlier, later] at which clocks in ``zone`` are put forward, by halving."""
    old = earlier.astimezone(zone).utcoffset()
    while later - earlier > _SECOND:
        middle = earlier + (later - earlier) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == old:
            earlier = middle
        else:
            later = middle
    return later


class Schedule(ABC):
    """Open time as a stream of intervals, with the few questions that are asked of it."""

    __slots__ = ()

    @abstractmethod
    def pieces(self, after: datetime) -> Iterator[Interval]:
        """Open time ending after ``after`` (UTC): ordered, not empty, not overlapping; two pieces may touch."""

    def intervals(self, after: datetime) -> Iterator[Interval]:
        """Open time ending after ``after``: ordered, not empty, touching pieces joined.

        The first may have begun before ``after``. Lazy, and bounded by HORIZON: an opening that begins later
        than that is not told.
        """
        current: Interval | None = None
        for start, end in self.pieces(utc(after)):
            if current is None:
                current = (start, end)
            elif start <= current[1]:
                current = (current[0], end)
            else:
                yield current
                current = (start, end)
        if current is not None:
            yield current

    def is_open(self, at: datetime) -> bool:
        """Is it open at that instant? The instant of opening is open, the instant of closing is not."""
        at = utc(at)
        return any(start <= at for start, _ in _first(self.pieces(at)))

    def next_opening(self, at: datetime) -> datetime | None:
        """``at`` itself while open, else the next opening; None if it does not open within HORIZON."""
        at = utc(at)
        return next((max(start, at) for start, _ in self.pieces(at)), None)

    def closing(self, at: datetime) -> datetime | None:
        """When the open time around ``at`` ends; None while closed, and if it stays open beyond HORIZON."""
        at = utc(at)
        for start, end in _first(self.intervals(at)):
            return end if start <= at and end - at < HORIZON else None
        return None

    def add(self, at: datetime, seconds: int) -> datetime | None:
        """The earliest instant by which ``seconds`` of open time have passed since ``at``; 0 gives the next opening.

        The answer may be an instant of closing. None if that much time does not come within HORIZON.
        Raises ValueError for negative seconds.
        """
        if seconds < 0:
            raise ValueError("open time only goes forward")
        at, left = utc(at), timedelta(seconds=seconds)
        for start, end in self.pieces(at):
            start = max(start, at)
            if end - start >= left:
                return start + left
            left -= end - start
        return None

    def elapsed(self, a: datetime, b: datetime) -> int:
        """Whole open seconds between two instants; 0 if ``b`` is not after ``a``."""
        a, b, total = utc(a), utc(b), _ZERO
        while a < b:  # one horizon at a time, so that a span of years is counted whole
            stop = min(b, a + HORIZON)
            total += self._between(a, stop)
            a = stop
        return total // _SECOND

    def _between(self, a: datetime, b: datetime) -> timedelta:
        total = _ZERO
        for start, end in self.pieces(a):
            if start >= b:
                break
            total += min(end, b) - max(start, a)
        return total


def _first(pieces: Iterator[Interval]) -> Iterator[Interval]:
    for piece in pieces:
        yield piece
        return


@dataclass(frozen=True, slots=True)
class Span:
    """Open from ``start`` to ``end``, minutes after local midnight; ``end`` beyond 1440 runs into the next day."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < _DAY and self.start < self.end <= 2 * _DAY):
            raise ValueError(f"a range cannot go from minute {self.start} to minute {self.end}")


Day = tuple[Span, ...]
"""The ranges that *start* on one day; () is closed."""


@dataclass(frozen=True, slots=True)
class OpeningHours(Schedule):
    """Hours by weekday (Monday first) in one time zone, with special days that replace theirs.

    A special day replaces the ranges that start on it. A range that began the evening before and runs past midnight
    is that evening's and stays; to cut it, make the evening a special day too.
    ``reasons``: what special days are called. Raises HoursError, naming the field, for an unknown zone, a week without
    seven days, or ranges that overlap.
    """

    zone: str
    weekly: tuple[Day, ...]
    special: tuple[tuple[date, Day], ...] = ()
    reasons: tuple[tuple[date, str], ...] = field(default=(), compare=False)
    _by_date: Mapping[date, Day] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone_info(self.zone)
        if len(self.weekly) != 7:
            raise HoursError("weekly", "a week has seven days", HoursProblem.NOT_A_WEEK)
        week = tuple(_in_order(f"weekly.{index}", day) for index, day in enumerate(self.weekly))
        _check_nights(week)
        special = tuple(sorted((day, _in_order(f"special.{day}", spans)) for day, spans in self.special))
        by_date = dict(special)
        if len(by_date) != len(special):
            raise HoursError("special", "a day is listed twice", HoursProblem.OVERLAP)
        object.__setattr__(self, "weekly", week)
        object.__setattr__(self, "special", special)
        object.__setattr__(self, "_by_date", by_date)
        object.__setattr__(self, "_hash", hash((self.zone, week, special)))

    def __hash__(self) -> int:
        """Worked out once: a set of hours is the key under which everything made from it is kept."""
        return self._hash

    def spans(self, day: date) -> Day:
        """The ranges that start on that day."""
        special = self._by_date.get(day)
        return self.weekly[day.weekday()] if special is None else special

    def pieces(self, after: datetime) -> Iterator[Interval]:
        """See Schedule. Days are worked out one by one, as they are asked for."""
        today = after.astimezone(zone_info(self.zone)).date()
        done = after - HORIZON  # nothing before this is of interest; afterwards: the end of the last piece
        for offset in range(-1, HORIZON.days + 1):  # -1: last night's range may run into today
            day = today + timedelta(days=offset)
            for span in self.spans(day):
                if offset < 0 and span.end <= _DAY:
                    continue
                start = max(instant(self.zone, day, span.start), done)
                end = instant(self.zone, day, span.end)
                if end > start and end > after:
                    done = end
                    yield start, end

    def to_document(self) -> dict[str, Any]:
        """A JSON-ready form: {"zone", "weekly": [[["08:00", "20:00"]], …], "special": {"2026-11-26": []}}."""
        document: dict[str, Any] = {
            "zone": self.zone,
            "weekly": [_written(day) for day in self.weekly],
            "special": {day.isoformat(): _written(spans) for day, spans in self.special},
        }
        return document | ({"reasons": {day.isoformat(): words for day, words in self.reasons}} if self.reasons else {})

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> OpeningHours:
        """The inverse of ``to_document``, for text from anywhere. Raises HoursError naming the field that is wrong."""
        if not isinstance(document, Mapping):
            raise HoursError("weekly", "opening hours need a zone and a week", HoursProblem.NOT_A_WEEK)
        weekly, special = document.get("weekly"), document.get("special", {})
        if not isinstance(weekly, Sequence) or isinstance(weekly, str):
            raise HoursError("weekly", "a week has seven days", HoursProblem.NOT_A_WEEK)
        if not isinstance(special, Mapping):
            raise HoursError("special", "special days are listed by date", HoursProblem.BAD_DATE)
        return cls(
            zone=document.get("zone", ""),
            weekly=tuple(_read_day(f"weekly.{index}", day) for index, day in enumerate(weekly)),
            special=tuple((_read_date(day), _read_day(f"special.{day}", spans)) for day, spans in special.items()),
            reasons=tuple((_read_date(day), str(words)) for day, words in document.get("reasons", {}).items()),
        )


def _in_order(field: str, day: Day) -> Day:
    ordered = tuple(sorted(day, key=lambda span: span.start))
    for earlier, later in pairwise(ordered):
        if later.start < earlier.end:
            raise HoursError(field, "two ranges overlap", HoursProblem.OVERLAP)
    return ordered


def _check_nights(week: tuple[Day, ...]) -> None:
    """A range past midnight may not run into the next day's first one."""
    for index, day in enumerate(week):
        tomorrow = (index + 1) % 7
        if day and week[tomorrow] and day[-1].end - _DAY > week[tomorrow][0].start:
            raise HoursError(f"weekly.{tomorrow}", "the night before runs into this day", HoursProblem.OVERLAP)


def _written(day: Day) -> list[list[str]]:
    return [[f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in (span.start, span.end)] for span in day]


def _read_day(field: str, day: object) -> Day:
    if not isinstance(day, Sequence) or isinstance(day, str):
        raise HoursError(field, "a day is a list of ranges")
    return tuple(_read_span(field, span) for span in day)


def _read_span(field: str, span: object) -> Span:
    if not isinstance(span, Sequence) or isinstance(span, str) or len(span) != 2:
        raise HoursError(field, "a range has a start and an end")
    try:
        return Span(_read_clock(field, span[0]), _read_clock(field, span[1]))
    except HoursError:
        raise
    except ValueError as error:
        raise HoursError(field, f"{span[0]} to {span[1]} is not a range of one day and night") from error


def _read_clock(field: str, text: object) -> int:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise HoursError(field, f"{text!r} is not a time like 08:30")
    return int(match[1]) * 60 + int(match[2])


def _read_date(text: object) -> date:
    try:
        return date.fromisoformat(text if isinstance(text, str) else "")
    except ValueError as error:
        raise HoursError(f"special.{text}", f"{text!r} is not a date like 2026-11-26", HoursProblem.BAD_DATE) from error


@dataclass(frozen=True, slots=True)
class Both(Schedule):
    """Open while both are open."""

    left: Schedule
    right: Schedule

    def pieces(self, after: datetime) -> Iterator[Interval]:
        """See Schedule: walks the two streams side by side, stepping the one that ends first."""
        lefts, rights = self.left.pieces(after), self.right.pieces(after)
        left, right = next(lefts, None), next(rights, None)
        while left is not None and right is not None:
            start, end = max(left[0], right[0]), min(left[1], right[1])
            if start < end:
                yield start, end
            if left[1] <= right[1]:
                left = next(lefts, None)
            else:
                right = next(rights, None)


@dataclass(frozen=True, slots=True)
class Always(Schedule):
    """Never closed: the all-hours clock of the reports."""

    def pieces(self, after: datetime) -> Iterator[Interval]:
        """See Schedule."""
        yield after, after + HORIZON


DEFAULT_WEEK: tuple[Day, ...] = (*((Span(8 * 60, 20 * 60),),) * 5, (Span(9 * 60, 17 * 60),), (Span(10 * 60, 16 * 60),))
"""Monday to Friday 8 to 20, Saturday 9 to 17, Sunday 10 to 16: what a new installation starts with."""


def default_hours(zone: str) -> OpeningHours:
    """DEFAULT_WEEK in that zone. Raises HoursError for an unknown one."""
    return OpeningHours(zone, DEFAULT_WEEK)
