"""What is promised and measured: the target, the time told to the visitor, and the instant the queue sorts by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from intake.rules.hours import Interval, Schedule, instant, local_date, utc, zone_info

QUARTER = timedelta(minutes=15)
NEVER_OPEN = timedelta(hours=72)
"""The promise when the schedule does not open within its horizon: a date somebody will notice, not a silent never."""

NEVER_DUE = datetime(9000, 1, 1, tzinfo=UTC)
"""The due time of who has to give another number first: last in every order, late in none."""

AHEAD_OF_ALL = timedelta(days=146_097)
"""Whoever may be in danger now is due so long before that became known: first in every order, the longest known first.

400 years, after which the calendar repeats itself: whoever looks into the table still reads day and time.
"""
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""No request is older."""

WINDOW_GRACE = timedelta(minutes=30)
"""Into a requested window, this far, and it is due."""

_NOON = 12 * 60


@dataclass(frozen=True, slots=True)
class ResponseTarget:
    """First call within ``minutes`` opening minutes for ``percent`` of requests, and what the promise reckons with.

    ``check_minutes``: within so many opening minutes somebody says of a suspected request whether it is genuine.
    """

    minutes: int = 15
    percent: int = 90
    due_soon_minutes: int = 5
    minutes_per_call: int = 10
    callers_on_duty: int = 1
    check_minutes: int = 60


@dataclass(frozen=True, slots=True)
class Aim:
    """What was aimed at in some days: the first call within ``minutes`` for ``percent`` of requests.

    ``minutes`` is None where it changed in them; ``percent`` is the newest, and ``is_one`` whether it was the only one.
    """

    minutes: int | None
    percent: int
    is_one: bool

    @classmethod
    def of(cls, targets: Sequence[ResponseTarget]) -> Aim:
        """Of the targets in force, the newest first."""
        minutes, percents = {one.minutes for one in targets}, {one.percent for one in targets}
        return cls(targets[0].minutes if len(minutes) == 1 else None, targets[0].percent, len(percents) == 1)


class PromiseKind(StrEnum):
    """What is promised: a quick call, a call in the time asked for, or one about a time in the visitor's own words."""

    SPEED = "speed"
    WINDOW = "window"
    OWN_WORDS = "own_words"


@dataclass(frozen=True, slots=True)
class Promise:
    """Aware UTC instants: ``target_at`` is measured, ``promised_by_at`` is told, ``due_at`` orders the queue."""

    target_at: datetime
    promised_by_at: datetime
    due_at: datetime
    is_open_arrival: bool
    kind: PromiseKind = PromiseKind.SPEED


class DueState(StrEnum):
    """How near a request is to being late."""

    LATE = "late"
    SOON = "soon"
    WAIT = "wait"


def promise(
    received_at: datetime,
    *,
    schedule: Schedule,
    zone: str,
    target: ResponseTarget,
    backlog: int,
    window: Interval | None = None,
    is_free_time: bool = False,
) -> Promise:
    """The promise for a request. ``schedule``: opening hours cut with the calling hours; ``zone``: the site's (IANA).

    ``backlog``: open requests due before this one. ``window`` and ``is_free_time`` (a time in the visitor's own words)
    are promises of another kind and count no backlog. Always ``received_at <= target_at <= promised_by_at``.
    A schedule that never opens gives ``received_at`` + NEVER_OPEN. Raises ValueError for a window that is over.
    """
    received_at = utc(received_at)
    is_open = schedule.is_open(received_at)
    if window is not None:
        return _for_window(received_at, window, schedule)
    target_at = schedule.add(received_at, target.minutes * 60)
    if target_at is None:
        never = received_at + NEVER_OPEN
        return Promise(never, never, never, is_open, PromiseKind.OWN_WORDS if is_free_time else PromiseKind.SPEED)
    if is_free_time:
        day_end = _end_of_next_open_day(received_at, schedule, zone) or received_at + NEVER_OPEN
        by = max(day_end, target_at)
        return Promise(by, by, by, is_open, PromiseKind.OWN_WORDS)
    turn_at = schedule.add(received_at, _seconds_ahead(target, backlog)) or target_at + NEVER_OPEN
    ready_at = _up_to_quarter(max(target_at, turn_at), zone)
    noon = None if is_open else _noon_of_opening(received_at, schedule, zone)
    return Promise(target_at, max(ready_at, noon) if noon else ready_at, target_at, is_open)


def within_minutes(now: datetime, *, schedule: Schedule, target: ResponseTarget, backlog: int) -> int | None:
    """So long at most, told in fives, whoever asks now or a little later waits for what they are promised.

    None where that is not before the office closes, or it is closed: then only the promise itself says by when.
    """
    seconds = max(target.minutes * 60, _seconds_ahead(target, backlog))
    ends_at = schedule.add(now, seconds) if schedule.is_open(now) else None
    if ends_at is None or ends_at - utc(now) > timedelta(seconds=seconds):
        return None
    minutes = -(-seconds // 60) + QUARTER // timedelta(minutes=1)
    return -(-minutes // 5) * 5


def awaits_a_time(*, is_free_time: bool, is_set: bool, is_read: bool, attempts: int) -> bool:
    """What is promised is not a call but a word about when: they named a time in their own words, and none is set.

    Once staff have read it (``is_read``) and called all the same, the next try is what they are told.
    """
    return is_free_time and not is_set and not (is_read and attempts)


def awaits_a_number(due_at: datetime, closed_at: datetime | None) -> bool:
    """The number was wrong and they were asked for another: nobody can call before they give one."""
    return closed_at is None and due_at >= NEVER_DUE


def is_ahead_of_all(due_at: datetime) -> bool:
    """Whether this is the due time of somebody who may be in danger now (``rules.due``)."""
    return due_at < _BEGINNING


def on_the_clock(due_at: datetime) -> datetime:
    """The due time to tell and to count from: of whoever is ahead of all, when the danger became known."""
    return due_at + AHEAD_OF_ALL if is_ahead_of_all(due_at) else due_at


def due_state(due_at: datetime, now: datetime, target: ResponseTarget) -> DueState:
    """Late once ``due_at`` has passed; at ``due_at`` itself a call is still in time."""
    if now > due_at:
        return DueState.LATE
    is_near = due_at - now <= timedelta(minutes=target.due_soon_minutes)
    return DueState.SOON if is_near else DueState.WAIT


def check_by(at: datetime, office: Schedule, target: ResponseTarget) -> datetime:
    """Until when somebody has to decide about a request that comes under "Check" at ``at``. Nobody is called for it."""
    return office.add(utc(at), target.check_minutes * 60) or utc(at) + NEVER_OPEN


def _for_window(received_at: datetime, window: Interval, schedule: Schedule) -> Promise:
    """Due soon after the first instant in the window at which a call is possible where the visitor is."""
    from_at, until_at = utc(window[0]), utc(window[1])
    if until_at <= received_at:
        raise ValueError("the window is over")
    begin_at = max(from_at, received_at)
    possible_at = schedule.next_opening(begin_at)
    first_at = possible_at if possible_at is not None and possible_at < until_at else begin_at
    due_at = min(first_at + WINDOW_GRACE, until_at)
    return Promise(until_at, until_at, due_at, schedule.is_open(received_at), PromiseKind.WINDOW)


def _seconds_ahead(target: ResponseTarget, backlog: int) -> int:
    """Work before this request, shared among the callers on duty (one, if nobody is entered), in seconds."""
    return -(-max(backlog, 0) * target.minutes_per_call * 60 // max(target.callers_on_duty, 1))


def _up_to_quarter(at: datetime, zone: str) -> datetime:
    """The next quarter hour as the site's clocks show it; ``at`` itself on a quarter."""
    wall = at.astimezone(zone_info(zone))
    past = timedelta(minutes=wall.minute % 15, seconds=wall.second, microseconds=wall.microsecond)
    return at + (QUARTER - past) if past else at


def _noon_of_opening(received_at: datetime, schedule: Schedule, zone: str) -> datetime | None:
    """Noon of the day that opens next, if it opens in the morning and has not been open before: a break is no night."""
    opening = schedule.next_opening(received_at)
    if opening is None:
        return None
    day = local_date(opening, zone)
    noon, midnight = instant(zone, day, _NOON), instant(zone, day, 0)
    is_first = schedule.elapsed(midnight, received_at) == 0
    return noon if opening < noon and is_first else None


def _end_of_next_open_day(received_at: datetime, schedule: Schedule, zone: str) -> datetime | None:
    """The last open instant of the first local day after today that is open at all."""
    tomorrow = instant(zone, local_date(received_at, zone) + timedelta(days=1), 0)
    opening = schedule.next_opening(tomorrow)
    if opening is None:
        return None
    night = instant(zone, local_date(opening, zone) + timedelta(days=1), 0)
    end = opening
    for start, until in schedule.pieces(opening):
        if start >= night:
            break
        end = min(until, night)
    return end
