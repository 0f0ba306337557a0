"""The example beside the settings: what a request at some moment would get, worked out as for a real one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from intake.admin.moments import Clock, Stamp
from intake.models.site import Site
from intake.queries.calendar import Calendar
from intake.rules.calling import calling_key
from intake.rules.hours import instant, local_date, zone_info
from intake.rules.promise import check_by
from intake.services import clock as promises
from intake.wording import times
from intake.wording.translation import gettext

_SATURDAY = 5
_LATE = "23:50"


@dataclass(frozen=True, slots=True)
class Example:
    """A moment and what follows; ``on`` and ``at`` are what the fields hold, ``promised`` is what the visitor reads.

    ``decided``: until when somebody looks at it if it comes under "Check".
    """

    on: str
    at: str
    asked: Stamp
    due: Stamp
    promised: str
    why: str
    decided: Stamp


def asked_for(on: str, at: str, zone: str, now: datetime) -> datetime:
    """The moment somebody chose, on the office's clock; without one, next Saturday shortly before midnight.

    Raises ValueError for a date or a time that is none.
    """
    if not (on or at):
        today = local_date(now, zone)
        return instant(zone, today + timedelta(days=(_SATURDAY - today.weekday()) % 7), 23 * 60 + 50)
    wall = datetime.fromisoformat(f"{date.fromisoformat(on)}T{at or _LATE}")
    if wall.tzinfo is not None or not 2000 < wall.year < 3000:
        raise ValueError("not a moment on the office's clock")
    return instant(zone, wall.date(), wall.hour * 60 + wall.minute)


def example(site: Site, calendar: Calendar, at: datetime, now: datetime) -> Example:
    """What a request for a call as soon as possible gets, from a number of the office's own zone, nobody waiting."""
    made = promises.promise_from(site, calendar, calling_key((site.time_zone,)), at)
    clock, wall = Clock(site.time_zone, now), at.astimezone(zone_info(calendar.hours.zone))
    return Example(
        on=wall.date().isoformat(),
        at=f"{wall:%H:%M}",
        asked=_stamp(clock, at),
        due=_stamp(clock, made.target_at),
        promised=times.promise_words(made.promised_by_at, site.time_zone, at),
        decided=_stamp(clock, check_by(at, calendar.hours, calendar.target)),
        why="" if made.is_open_arrival else _why(calendar, clock, at),
    )


def _stamp(clock: Clock, at: datetime) -> Stamp:
    return Stamp(times.iso(at), clock.day_and_time(at))


def _why(calendar: Calendar, clock: Clock, at: datetime) -> str:
    opening = calendar.hours.next_opening(at)
    if opening is None:
        return gettext("You never open.")
    if opening == at:
        return gettext("You are open then, and the law allows no call.")
    return gettext("You are closed then and open %(when)s.", when=clock.day_and_time(opening))
