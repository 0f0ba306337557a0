"""All figures of a report as plain numbers, for programs: the words are those of ``rules.counting``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from intake.queries.report import Figures, Report
from intake.rules.bands import BANDS, band_of
from intake.rules.counting import End, Kept, Kind, Reach, State, Tries
from intake.rules.places import TRIES
from intake.rules.shares import FEW_FOR_A_TAIL, FEW_IN_A_SPLIT, Share
from intake.rules.survival import Quantile

_PARTS: Mapping[str, type[StrEnum]] = {
    "kinds": Kind, "states": State, "kept": Kept, "wishes": Kept, "ends": End, "reached": Reach,
    "agreed": Kept, **dict.fromkeys(TRIES, Tries),
}  # fmt: skip


def data(report: Report, zone: str) -> dict[str, Any]:
    """Days are those of ``zone``, waits are minutes by the asked clock, rounded up. ``n``: requests counted.

    ``is_partial``: the last of these days is not over.
    ``calls`` of people are all they made in these days, None where the report is narrowed by anything but the person;
    the figures beside them are of the requests they called first.
    """
    asked = report.asked
    return {
        "period": {
            "first_on": asked.period.first_on.isoformat(), "last_on": asked.period.last_on.isoformat(),
            "is_partial": asked.period.is_partial(report.now.astimezone(ZoneInfo(zone)).date()),
        },
        "time_zone": zone,
        "made_at": report.now.isoformat(timespec="seconds"),
        "clock": asked.clock.value,
        "filters": {
            "person": asked.person, "source": asked.source, "language": asked.language or None,
            "for_whom": asked.for_whom or None,
        },
        "n": report.whole.counted,
        "whole": figures(report.whole),
        "before": figures(report.before),
        "while_open": _split(report.while_open),
        "while_closed": _split(report.while_closed),
        "waiting": _ages(report),
        "waiting_from_before": {
            "n": report.came_before.n,
            "oldest_at": at.isoformat(timespec="seconds") if (at := report.came_before.oldest_at) else None,
        },
        "weeks": [
            {"first_on": week.first_on.isoformat(), "last_on": week.last_on.isoformat(), "states": _all(State, states)}
            for week, states in report.weeks
        ],
        "hours": [{"hour": hour, "states": _all(State, states)} for hour, states in sorted(report.hours.items())],
        "sources": [{"source": source, **_split(told)} for source, told in report.sources],
        "people": [
            {"id": one.id, "name": one.name, "calls": one.calls, **_split(one.first)} for one in report.people
        ],
        "called_by_nobody": report.called_by_nobody,
    }  # fmt: skip


def _ages(report: Report) -> dict[str, dict[str, int]]:
    """Those who wait by the band they have waited for, and how many of them are past the target."""
    waits = Counter(band_of(one.minutes).key for one in report.waiting)
    late = Counter(band_of(one.minutes).key for one in report.waiting if one.is_late)
    return {band.key: {"n": waits[band.key], "past_target": late[band.key]} for band in BANDS}


def _split(told: Figures) -> dict[str, Any]:
    """Figures of a part of the whole, which need more requests to say anything."""
    return figures(told, fewest=FEW_IN_A_SPLIT)


def figures(told: Figures, *, fewest: int = 1) -> dict[str, Any]:
    """One set of figures. ``percent`` is None of nobody, ``within`` None where the curve does not get there."""
    return {
        "counted": told.counted,
        **{name: _all(kind, getattr(told, name)) for name, kind in _PARTS.items()},
        "bands": {band.key: told.bands.get(band, 0) for band in BANDS},
        "in_target": _share(told.in_target, fewest),
        "promises": _share(told.promises, fewest),
        "requested_times": _share(told.wished, fewest),
        "times_agreed": _share(told.times_agreed, fewest),
        "were_reached": _share(told.were_reached, fewest),
        "half": _quantile(told.half, told.waits.number, fewest),
        "nine_tenths": _quantile(told.nine_tenths, told.waits.number, FEW_FOR_A_TAIL),
        "booked": told.booked,
        "unassigned_seconds": told.unassigned_seconds,
        "called_seconds": told.called_seconds,
    }


def _all(words: type[Any], counts: Mapping[Any, int]) -> dict[str, int]:
    return {word.value: counts.get(word, 0) for word in words}


def _share(one: Share, fewest: int) -> dict[str, int | bool | None]:
    """Of too few how many they were, and nothing that would tell of chance."""
    is_few = one.whole < fewest
    low, high = (None, None) if is_few else one.interval or (None, None)
    percent = None if is_few else one.percent
    return {
        "part": one.part, "whole": one.whole, "is_few": is_few, "percent": percent, "low": low, "high": high,
    }  # fmt: skip


def _quantile(one: Quantile, n: int, fewest: int) -> dict[str, Any]:
    """Of too few nothing is said, like on the page."""
    is_few = n < fewest
    return {
        "n": n, "is_few": is_few, "within": None if is_few else one.within,
        "more_than": one.beyond if one.within is None and not is_few else None,
    }  # fmt: skip
