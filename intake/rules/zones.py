"""Time zones as people choose them, and when a zone's clocks change next."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from intake.rules.hours import utc, zone_info

_AHEAD = 400
_NO_PLACE = ("Etc/", "SystemV/", "posix/", "right/")
_FIRST = ("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
          "America/Anchorage", "Pacific/Honolulu")  # fmt: skip


@cache
def known() -> tuple[str, ...]:
    """The zones named after a place, and UTC; those of the United States first."""
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACE))
    return (*_FIRST, *(name for name in places if name not in _FIRST), "UTC")


def is_known(name: str) -> bool:
    """Whether ``known`` lists it."""
    return name in known()


def next_change(name: str, after: datetime) -> datetime | None:
    """The instant (UTC, to the second) at which clocks in that zone are next put forward or back; None within 400 days.

    Raises HoursError for an unknown zone.
    """
    zone, at = zone_info(name), utc(after)
    for days in range(_AHEAD):
        earlier, later = at + timedelta(days=days), at + timedelta(days=days + 1)
        if earlier.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            return _between(zone, earlier, later)
    return None


def _between(zone: ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    old = earlier.astimezone(zone).utcoffset()
    while later - earlier > timedelta(seconds=1):
        middle = earlier + (later - earlier) / 2
        if middle.astimezone(zone).utcoffset() == old:
            earlier = middle
        else:
            later = middle
    return later.replace(microsecond=0)
