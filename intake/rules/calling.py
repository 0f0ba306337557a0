"""When a person may be called, and when to try again after a call that did not reach them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from intake.rules.calling_law import CALLING_LAW, FEDERAL, CallingLaw, Hours, shortest, spans
from intake.rules.hours import (
    Always,
    Both,
    Interval,
    OpeningHours,
    Schedule,
    instant,
    local_date,
    utc,
    zone_info,
)
from intake.rules.limits import STANDARD, CallingRules
from intake.rules.phone import PhoneNumber
from intake.rules.remembered import Remembered
from intake.rules.workflow import Disposition

INVITED_FOR = timedelta(minutes=60)
"""So long after asking to be called as soon as possible, a call at an unusual hour is one that was invited."""

_BUSY_AGAIN = timedelta(minutes=15)
_A_DAY = timedelta(hours=24)
_PART_HOURS = 3
_WINDOW_REPEATS = 30
_SUMMER_AND_WINTER = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
_STATE = "US-"


# Where -------------------------------------------------------------------------------------------------------------


def calling_key(zones: Iterable[str], states: Iterable[str] = ()) -> str:
    """The canonical name of the places a number may be in: ``America/Chicago|America/Denver|US-TX``; "" for none.

    States as in ISO 3166-2. A key without one, as all were before states were known, has the federal hours.
    """
    return "|".join(sorted({*zones, *(f"{_STATE}{state}" for state in states)}))


def key_of(phone: PhoneNumber, zone: str) -> str:
    """The places of a number; one that names no zone is taken to be in ``zone``, the office's."""
    return calling_key(phone.zones or (zone,), phone.states)


def zones_of(key: str) -> tuple[str, ...]:
    """The zones a key names, in order; none for ""."""
    return tuple(place for place in key.split("|") if place and not place.startswith(_STATE))


def states_of(key: str) -> tuple[str, ...]:
    """The states a key names, in order, by their postal code."""
    return tuple(place.removeprefix(_STATE) for place in key.split("|") if place.startswith(_STATE))


@lru_cache(maxsize=1024)
def legal_hours(key: str, rules: CallingRules = STANDARD, law: CallingLaw = CALLING_LAW) -> Schedule:
    """The hours at which a call is lawful, and within the house's own hours, in *every* zone and state of the key.

    Never empty: zones so far apart that they share less than an hour (in summer or winter) give the hours of the one
    in the middle, which is the one least wrong for the others; likewise with a state's and the house's own hours,
    which are shorter. Where the house's leave nothing of a state's, the state's hold; where a state's leave nothing
    in places so far apart, they hold in the middle. A key without a zone names no place and sets no limit.
    """
    zones = zones_of(key)
    if not zones:
        return Always()
    lawful = law.week(states_of(key))
    wanted: tuple[Hours, ...] = ((rules.earliest, rules.latest),) * len(FEDERAL)
    everywhere, in_state, of_house = _daily(zones, FEDERAL), _daily(zones, lawful), _daily(zones, wanted)
    if lawful == FEDERAL and wanted == FEDERAL:
        return everywhere
    tries = (Both(Both(everywhere, in_state), of_house), Both(everywhere, in_state))
    return next((schedule for schedule in tries if _meets(schedule)), in_state)


@lru_cache(maxsize=1024)
def callable_hours(
    office: OpeningHours, key: str, rules: CallingRules = STANDARD, law: CallingLaw = CALLING_LAW
) -> Schedule:
    """Office hours cut with the lawful hours; a number that names no place is taken to be in the office's zone.

    May be empty, for an office that is open only while the other side of the world sleeps.
    """
    return Remembered(Both(office, legal_hours(placed(key, office.zone), rules, law)))


def placed(key: str, zone: str) -> str:
    """The key, in the office's zone if it names none."""
    return key if zones_of(key) else calling_key((zone,), states_of(key))


def _daily(zones: tuple[str, ...], week: tuple[Hours, ...]) -> Schedule:
    """A week's hours in every zone, or in the middle one if the zones share less than an hour of some day."""
    found: list[Schedule] = [
        OpeningHours(zone, spans(week)) for zone in _agreeing(zones, timedelta(minutes=shortest(week) - 60))
    ]
    result = found[0]
    for schedule in found[1:]:
        result = Both(result, schedule)
    return result


def _meets(schedule: Schedule) -> bool:
    """Whether an hour of every week is left, in winter and in summer."""
    return all(schedule.elapsed(at, at + timedelta(days=7)) >= 3600 for at in _SUMMER_AND_WINTER)


def _agreeing(zones: tuple[str, ...], farthest: timedelta) -> tuple[str, ...]:
    """One zone of each kind of clock; only the middle one if they are too far apart to agree on an hour."""
    offsets = {tuple(_offset(zone, at) for at in _SUMMER_AND_WINTER): zone for zone in reversed(zones)}
    ordered = sorted(offsets)
    apart = max((max(column) - min(column) for column in zip(*ordered, strict=True)), default=timedelta(0))
    if apart > farthest:
        return (offsets[ordered[len(ordered) // 2]],)
    return tuple(offsets[key] for key in ordered)


def _offset(zone: str, at: datetime) -> timedelta:
    return at.astimezone(zone_info(zone)).utcoffset() or timedelta(0)


# Now? --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallVerdict:
    """May this person be called now; if not, why, and from when. ``reason`` is a code, also "invited" for a yes."""

    is_allowed: bool
    reason: str | None = None
    opens_at: datetime | None = None


def may_call(
    *,
    now: datetime,
    office: OpeningHours,
    key: str,
    next_at: datetime | None,
    window: Interval | None,
    attempts_24h: int,
    is_suppressed: bool,
    received_at: datetime,
    is_asap: bool,
    rules: CallingRules = STANDARD,
    law: CallingLaw = CALLING_LAW,
) -> CallVerdict:
    """The first reason that stands against a call now, the gravest first.

    suppressed, too_many_in_24h, before_next_try, outside_legal_hours, outside_office_hours, outside_window. A request
    for a call as soon as possible, younger than INVITED_FOR and not yet tried, passes the two kinds of hours with the
    reason "invited". A requested window that has passed comes again at the same hours of the following days.
    """
    now, schedule = utc(now), callable_hours(office, key, rules, law)
    again_at = _opening(schedule, office, window, utc(next_at)) if next_at and next_at > now else None
    if is_suppressed:
        return CallVerdict(False, "suppressed")
    if attempts_24h >= rules.daily:
        return CallVerdict(False, "too_many_in_24h", again_at)
    if next_at and next_at > now:
        return CallVerdict(False, "before_next_try", again_at)
    closed = _closed_reason(now, office, legal_hours(placed(key, office.zone), rules, law))
    if closed is not None:
        if is_asap and attempts_24h == 0 and timedelta(0) <= now - received_at < INVITED_FOR:
            return CallVerdict(True, "invited")
        return CallVerdict(False, closed, _opening(schedule, office, window, now))
    opens_at = _opening(schedule, office, window, now)
    if window is not None and opens_at != now:
        return CallVerdict(False, "outside_window", opens_at)
    return CallVerdict(True)


def _closed_reason(now: datetime, office: OpeningHours, lawful: Schedule) -> str | None:
    if not lawful.is_open(now):
        return "outside_legal_hours"
    return None if office.is_open(now) else "outside_office_hours"


def _opening(schedule: Schedule, office: OpeningHours, window: Interval | None, at: datetime) -> datetime | None:
    return schedule.next_opening(at) if window is None else _in_window(schedule, office.zone, window, at)


# And again? --------------------------------------------------------------------------------------------------------


def next_attempt(
    *,
    disposition: Disposition,
    ended_at: datetime,
    attempts: Sequence[datetime],
    office: OpeningHours,
    key: str,
    window: Interval | None = None,
    is_once_only: bool = False,
    earlier: Sequence[datetime] = (),
    rules: CallingRules = STANDARD,
    law: CallingLaw = CALLING_LAW,
) -> datetime | None:
    """The instant proposed for the next try; None when there is none to make.

    ``attempts``: the starts of all attempts so far, this one included (a failed line of ours is none). ``earlier``:
    those made before the request was opened again; they use up no tries, but count among those of 24 hours.
    None after the last try, after the first where the visitor asked for one call only, beyond the days on which
    calls are possible, and for outcomes that are not tried again by themselves. Never outside the callable hours; an
    office whose hours never meet the lawful ones is held to the lawful ones alone. Never more tries in 24 hours than
    the rules say.
    """
    schedule, tried = callable_hours(office, key, rules, law), sorted(utc(at) for at in attempts)
    rung = sorted([*(utc(at) for at in earlier), *tried])
    ended_at = utc(ended_at)
    if schedule.next_opening(ended_at) is None:
        schedule = legal_hours(placed(key, office.zone), rules, law)
    if disposition not in _RETRIED or len(tried) >= rules.most(is_once_only):
        return None
    if window is not None:
        soonest = _soonest_in_window(disposition, ended_at, office.zone)
        found = _in_window(schedule, office.zone, window, _rested(soonest, rung, rules))
    else:
        found = _by_cadence(disposition, ended_at, tried, rung, schedule, office.zone, rules)
    return found if found and _is_within_days(schedule, office.zone, tried, found, rules) else None


_AT_ONCE = {Disposition.LINE_FAILED: timedelta(0), Disposition.BUSY: _BUSY_AGAIN}
_OTHER_TIME = frozenset({Disposition.NO_ANSWER, Disposition.LEFT_MESSAGE})
_RETRIED = frozenset({*_AT_ONCE, *_OTHER_TIME, Disposition.SOMEONE_ELSE})


def _by_cadence(
    disposition: Disposition,
    ended_at: datetime,
    tried: Sequence[datetime],
    rung: Sequence[datetime],
    schedule: Schedule,
    zone: str,
    rules: CallingRules,
) -> datetime | None:
    if disposition in _AT_ONCE:
        soonest: datetime | None = ended_at + _AT_ONCE[disposition]
    elif disposition is Disposition.LEFT_MESSAGE:
        soonest = _tomorrow(ended_at, zone)
    else:
        soonest = schedule.add(ended_at, rules.gap_minutes * 60)
    if soonest is None:
        return None
    soonest = schedule.next_opening(_rested(soonest, rung, rules))
    if soonest is None or disposition not in _OTHER_TIME:
        return soonest
    return _at_another_time(soonest, tried, schedule, zone)


def _tomorrow(at: datetime, zone: str) -> datetime:
    return instant(zone, local_date(at, zone) + timedelta(days=1), 0)


def _rested(at: datetime, tried: Sequence[datetime], rules: CallingRules) -> datetime:
    """No earlier than a day after the third-last try, where three a day are allowed: no 24 hours see a fourth."""
    return max(at, tried[-rules.daily] + _A_DAY) if len(tried) >= rules.daily else at


def _at_another_time(soonest: datetime, tried: Sequence[datetime], schedule: Schedule, zone: str) -> datetime:
    """The first start, on this day or the next open one, in a part of day not tried yet; ``soonest`` if all were."""
    parts = {_part_of_day(at, zone) for at in tried}
    starts = _part_starts(soonest, schedule, zone)
    return next((at for at in starts if _part_of_day(at, zone) not in parts), soonest)


def _part_of_day(at: datetime, zone: str) -> int:
    """Parts of three hours, from 6, 9, 12, 15, 18 …"""
    return at.astimezone(zone_info(zone)).hour // _PART_HOURS


def _part_starts(soonest: datetime, schedule: Schedule, zone: str) -> Iterator[datetime]:
    """``soonest``, and every later start of an opening or a part of day inside one, for two open days."""
    days: set[date] = set()
    for start, end in schedule.pieces(soonest):
        at = max(start, soonest)
        while at < end:
            days.add(local_date(at, zone))
            if len(days) > 2:
                return
            yield at
            part = _part_of_day(at, zone) + 1
            at = max(instant(zone, local_date(at, zone), part * _PART_HOURS * 60), at + timedelta(minutes=1))


def _is_within_days(
    schedule: Schedule, zone: str, tried: Sequence[datetime], at: datetime, rules: CallingRules
) -> bool:
    """Is ``at`` on one of the first days that the rules allow, counted from the first try, that have callable time?

    Closed days do not count: a long weekend would otherwise use up the tries of everybody who asked before it.
    """
    if not tried:
        return True
    days = {local_date(tried[0], zone)}
    for start, _ in schedule.pieces(tried[0]):
        if start > at:
            break
        days.add(local_date(max(start, tried[0]), zone))
        if len(days) > rules.days:
            return False
    return len(days | {local_date(at, zone)}) <= rules.days


# In the visitor's window -------------------------------------------------------------------------------------------


def _soonest_in_window(disposition: Disposition, ended_at: datetime, zone: str) -> datetime:
    """Busy and our own failed line may be tried again in the same window, all else on another day."""
    wait = _AT_ONCE.get(disposition)
    return _tomorrow(ended_at, zone) if wait is None else ended_at + wait


def _in_window(schedule: Schedule, zone: str, window: Interval, soonest: datetime) -> datetime | None:
    """The first callable instant from ``soonest`` in the window or a repetition of it; None if none in a month."""
    for start, end in _repeated(window, zone, soonest):
        opening = schedule.next_opening(max(start, soonest))
        if opening is None:
            return None
        if opening < end:
            return opening
    return None


def _repeated(window: Interval, zone: str, soonest: datetime) -> Iterator[Interval]:
    """The window itself, then the same hours on the wall day by day, those that end after ``soonest``."""
    walls = [utc(at).astimezone(zone_info(zone)) for at in window]
    lead = max(0, (local_date(soonest, zone) - walls[1].date()).days)
    for days in range(lead, lead + _WINDOW_REPEATS):
        start, end = (instant(zone, wall.date() + timedelta(days=days), wall.hour * 60 + wall.minute) for wall in walls)
        if start < end and end > soonest:
            yield start, end
