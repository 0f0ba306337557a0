"""When to try again: what the rules propose for each outcome, and a few other good times to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.admin.moments import Clock
from intake.rules.hours import Schedule, instant, local_date
from intake.wording import times

_LATER_TODAY = (timedelta(hours=1), timedelta(hours=3))
_HOURS_OF_A_DAY = (9, 13, 17)
_OPEN_DAYS = 2
_DAYS_LOOKED_AT = 10
_HALF_HOUR = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the select: what is sent, and what is read."""

    value: str
    words: str


def choices(schedule: Schedule, clock: Clock, key: str) -> list[Choice]:
    """Later today and the next open days, only times at which this person may be called, on both clocks."""
    found = [*_today(schedule, clock), *_other_days(schedule, clock)]
    return [
        Choice(at.isoformat(timespec="minutes"), times.capitalised(clock.both(at, key))) for at in sorted(set(found))
    ]


def _today(schedule: Schedule, clock: Clock) -> Iterator[datetime]:
    today = local_date(clock.now, clock.zone)
    for wait in _LATER_TODAY:
        at = _round_up(clock.now + wait)
        if local_date(at, clock.zone) == today and schedule.is_open(at):
            yield at


def _other_days(schedule: Schedule, clock: Clock) -> Iterator[datetime]:
    today, days = local_date(clock.now, clock.zone), 0
    for ahead in range(1, _DAYS_LOOKED_AT):
        day = today + timedelta(days=ahead)
        hours = [at for at in (instant(clock.zone, day, hour * 60) for hour in _HOURS_OF_A_DAY) if schedule.is_open(at)]
        yield from hours
        days += bool(hours)
        if days == _OPEN_DAYS:
            return


def _round_up(at: datetime) -> datetime:
    """The next full or half hour."""
    whole = at.replace(second=0, microsecond=0)
    past = whole.minute % _HALF_HOUR
    return whole + timedelta(minutes=_HALF_HOUR - past) if past or at != whole else whole
