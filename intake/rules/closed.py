"""From one working day to the next: when the office closed last, since when it is night, when this day's work ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from intake.rules.hours import Interval, OpeningHours, local_date, utc

BREAK = timedelta(hours=4)
"""A pause within one day that is no longer than this is a break, not the end of the day."""
LOOKED_BACK = timedelta(days=30)


def last_closed(office: OpeningHours, now: datetime) -> Interval | None:
    """The last time the office was closed for longer than a break: until it opened again, or until now.

    None for an office that has not closed for a month, or that has not been open for one.
    """
    now, found, closed_at = utc(now), None, None
    for start, end in office.intervals(now - LOOKED_BACK):
        if closed_at is not None and _is_night(closed_at, start, office.zone):
            found = (closed_at, min(start, now))
        if start > now or end > now:
            return found
        closed_at = end
    return (closed_at, now) if closed_at is not None else found


def night_since(office: OpeningHours, now: datetime) -> datetime | None:
    """Since when it has been closed for longer than a break, at most LOOKED_BACK ago; None by day, breaks included."""
    now = utc(now)
    if office.is_open(now):
        return None
    closed = last_closed(office, now)
    if closed is None:  # a break of an office that works round the clock, or an office that never opens
        return None if office.elapsed(now - LOOKED_BACK, now) else now - LOOKED_BACK
    return closed[0] if closed[1] == now else None


def day_ends_at(office: OpeningHours, now: datetime) -> datetime | None:
    """When this day's work ends, breaks passed over; when it ended, if the office is closed. None if it never does."""
    now, ended_at = utc(now), None
    closed = last_closed(office, now)
    if closed is not None and closed[1] == now and not office.is_open(now):
        return closed[0]
    for start, end in office.intervals(now):
        if ended_at is not None and _is_night(ended_at, start, office.zone):
            return ended_at
        ended_at = end
    return None


def _is_night(closed_at: datetime, opened_at: datetime, zone: str) -> bool:
    return opened_at - closed_at > BREAK or local_date(closed_at, zone) != local_date(opened_at, zone)
