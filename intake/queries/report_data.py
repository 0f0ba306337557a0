"""All figures of a report as plain numbers, for programs: the words are those of ``rules.counting``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from intake.queries.report import Figures, Report
from intake.rules.bands import BANDS, LATENESS, NOT_LATE, lateness_of
from intake.rules.counting import End, Kept, Kind, Reach, State
from intake.rules.shares import FEW_FOR_A_TAIL, Share
from intake.rules.survival import Quantile

_PARTS: Mapping[str, type[StrEnum]] = {
    "kinds": Kind, "states": State, "kept": Kept, "wishes": Kept, "ends": End, "reached": Reach,
}  # fmt: skip


def data(report: Report, zone: str) -> dict[str, Any]:
    """Days are those of ``zone``, waits are minutes by the asked clock, rounded up. ``n``: requests counted."""
    asked = report.asked
    late = Counter(lateness_of(one.late_minutes) for one in report.waiting)
    return {
        "period": {"first_on": asked.period.first_on.isoformat(), "last_on": asked.period.last_on.isoformat()},
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
        "while_open": figures(report.while_open),
        "while_closed": figures(report.while_closed),
        "waiting": {key: late[key] for key in (NOT_LATE, *(band.key for band in LATENESS))},
        "weeks": [
            {"first_on": week.first_on.isoformat(), "last_on": week.last_on.isoformat(), "states": _all(State, states)}
            for week, states in report.weeks
        ],
        "hours": [{"hour": hour, "states": _all(State, states)} for hour, states in sorted(report.hours.items())],
        "sources": [{"source": source, **figures(told)} for source, told in report.sources],
        "people": [{"id": user_id, "name": name, **figures(told)} for user_id, name, told in report.people],
    }  # fmt: skip


def figures(told: Figures) -> dict[str, Any]:
    """One set of figures. ``percent`` is None of nobody, ``within`` None where the curve does not get there."""
    return {
        "counted": told.counted,
        **{name: _all(kind, getattr(told, name)) for name, kind in _PARTS.items()},
        "bands": {band.key: told.bands.get(band, 0) for band in BANDS},
        "in_target": _share(told.in_target),
        "promises": _share(told.promises),
        "requested_times": _share(told.wished),
        "were_reached": _share(told.were_reached),
        "half": _quantile(told.half, told.waits.number, 1),
        "nine_tenths": _quantile(told.nine_tenths, told.waits.number, FEW_FOR_A_TAIL),
        "booked": told.booked,
        "unassigned_seconds": told.unassigned_seconds,
        "called_seconds": told.called_seconds,
    }


def _all(words: type[Any], counts: Mapping[Any, int]) -> dict[str, int]:
    return {word.value: counts.get(word, 0) for word in words}


def _share(one: Share) -> dict[str, int | None]:
    low, high = one.interval or (None, None)
    return {"part": one.part, "whole": one.whole, "percent": one.percent, "low": low, "high": high}


def _quantile(one: Quantile, n: int, fewest: int) -> dict[str, Any]:
    """Of too few nothing is said, like on the page."""
    is_few = n < fewest
    return {
        "n": n, "is_few": is_few, "within": None if is_few else one.within,
        "more_than": one.beyond if one.within is None and not is_few else None,
    }  # fmt: skip
