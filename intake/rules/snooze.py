"""Putting a request off for a while: the times one may choose from, and when that makes a call late."""

from __future__ import annotations

from datetime import datetime, timedelta

from intake.rules.hours import OpeningHours, instant, local_date

LONGEST = timedelta(days=30)
QUARTER, HOUR, AFTERNOON, TOMORROW = "quarter", "hour", "afternoon", "tomorrow"
_AFTERNOON = 14 * 60
_WORTH_IT = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def presets(now: datetime, office: OpeningHours) -> dict[str, datetime]:
    """The times offered, soonest first, each on a whole minute.

    In a quarter of an hour, in an hour; at 2 pm, if that is more than an hour away and the office is open then; and
    when the office opens on the next day it does.
    """
    today = local_date(now, office.zone)
    found = {QUARTER: whole_minute(now + timedelta(minutes=15)), HOUR: whole_minute(now + timedelta(hours=1))}
    afternoon = instant(office.zone, today, _AFTERNOON)
    if afternoon - now > _WORTH_IT and office.is_open(afternoon):
        found[AFTERNOON] = afternoon
    opening = office.next_opening(instant(office.zone, today + timedelta(days=1), 0))
    if opening is not None and opening - now <= LONGEST:
        found[TOMORROW] = opening
    return found


def whole_minute(at: datetime) -> datetime:
    """This minute if it begins here, else the next one: a request comes back at the minute that was read."""
    begun = at.replace(second=0, microsecond=0)
    return begun if begun == at else begun + _MINUTE


def makes_late(until: datetime, *, now: datetime, promised_by_at: datetime, has_called: bool) -> bool:
    """Whether a promise that can still be kept is given up by waiting until then."""
    return not has_called and now <= promised_by_at < until
