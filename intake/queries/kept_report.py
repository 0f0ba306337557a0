"""A report as it was given out: its figures as a document to be stored, and read again from there.

Nobody's name is in it: not the visitors', and not those of the people who called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from intake.models import KeptReport
from intake.models.reports import Way
from intake.queries.facts import Asked
from intake.queries.report import Figures, Report
from intake.rules.bands import BANDS, Clock
from intake.rules.counting import End, Kept, Kind, Reach, State
from intake.rules.periods import Period
from intake.rules.promise import ResponseTarget
from intake.rules.shares import Share
from intake.rules.survival import Waits

LOOKED_AT = 100
"""Of the same days, the newest so many are looked at."""
_K = KeptReport.__table__.c
_PARTS: Mapping[str, type[StrEnum]] = {
    "kinds": Kind, "states": State, "kept": Kept, "wishes": Kept, "ends": End, "reached": Reach,
}  # fmt: skip
_SUMS = ("booked", "unassigned_seconds", "called_seconds")


@dataclass(frozen=True, slots=True)
class Given:
    """What was told, when, and by which target it was judged.

    ``waiting`` people had not been called then; the one who had waited longest since ``oldest_at``.
    """

    way: Way
    asked: Asked
    made_at: datetime
    target_minutes: int
    target_percent: int
    whole: Figures
    before: Figures
    weeks: tuple[tuple[Period, Mapping[State, int]], ...]
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What was given out, and what the same days say now; ``changes``: how many more (or fewer) there are of each."""

    given: Given
    now: Figures
    changes: tuple[tuple[State | Kind, int], ...]


def by_id(conn: Connection, kept_id: int) -> Given | None:
    """The report that was kept under this number."""
    row = conn.execute(select(KeptReport.__table__).where(_K.id == kept_id)).first()
    return _given(row) if row else None


def is_kept(conn: Connection, way: Way, report: Report) -> bool:
    """Whether the last that was given out of it by this way counted the same; waits that go on do not matter."""
    last = next((_given(row) for row in _rows(conn, report.asked) if row.way == way), None)
    return last is not None and _counted(last.whole) == _counted(report.whole)


def differences(conn: Connection, report: Report, most: int = 3) -> tuple[Difference, ...]:
    """What was given out of the same days and filters and is not so any more, newest first; a few of the latest."""
    found: list[Difference] = []
    seen = [_shares(report.whole)]
    for given in map(_given, _rows(conn, report.asked)):
        if given.made_at < report.now and _shares(given.whole) not in seen and len(found) < most:
            seen.append(_shares(given.whole))
            found.append(Difference(given, report.whole, _changes(given.whole, report.whole)))
    return tuple(found)


def _rows(conn: Connection, asked: Asked) -> list[Row[Any]]:
    """What was given out of these days and filters, newest first."""
    days = (_K.first_on == asked.period.first_on, _K.last_on == asked.period.last_on)
    rows = conn.execute(select(KeptReport.__table__).where(*days).order_by(_K.id.desc()).limit(LOOKED_AT))
    return [row for row in rows if _asked(asked.period, row.asked) == asked]


def _counted(told: Figures) -> list[dict[str, int]]:
    return [_plain(getattr(told, name)) for name in _PARTS]


def _shares(told: Figures) -> tuple[Share, Share]:
    return told.in_target, told.promises


def _changes(old: Figures, new: Figures) -> tuple[tuple[State | Kind, int], ...]:
    """Of the counted ones by state, of the rest by kind."""
    by_state = [(state, new.states.get(state, 0) - old.states.get(state, 0)) for state in State]
    rest = (kind for kind in Kind if kind is not Kind.COUNTED)
    by_kind = [(kind, new.kinds.get(kind, 0) - old.kinds.get(kind, 0)) for kind in rest]
    return tuple((word, more) for word, more in (*by_state, *by_kind) if more)


def _given(row: Row[Any]) -> Given:
    told, oldest = row.figures, row.figures["oldest_at"]
    return Given(
        way=Way(row.way),
        asked=_asked(Period(row.first_on, row.last_on), row.asked),
        made_at=row.made_at,
        target_minutes=told["target"]["minutes"],
        target_percent=told["target"]["percent"],
        whole=_figures(told["whole"]),
        before=_figures(told["before"]),
        weeks=tuple((_week(first, last), _counts(State, states)) for first, last, states in told["weeks"]),
        waiting=told["waiting"],
        oldest_at=datetime.fromisoformat(oldest) if oldest else None,
    )


def asked_document(asked: Asked) -> dict[str, Any]:
    """Which requests it tells of, besides their days."""
    return {
        "clock": asked.clock.value, "person": asked.person, "source": asked.source, "language": asked.language,
        "for_whom": asked.for_whom,
    }  # fmt: skip


def document(report: Report, target: ResponseTarget) -> dict[str, Any]:
    """The figures as JSON holds them."""
    oldest = min((one.received_at for one in report.waiting), default=None)
    return {
        "target": {"minutes": target.minutes, "percent": target.percent},
        "whole": _document(report.whole),
        "before": _document(report.before),
        "weeks": [
            [week.first_on.isoformat(), week.last_on.isoformat(), _plain(states)] for week, states in report.weeks
        ],
        "waiting": len(report.waiting),
        "oldest_at": oldest.isoformat() if oldest else None,
    }


def _document(figures: Figures) -> dict[str, Any]:
    waits = figures.waits
    return {
        **{name: _plain(getattr(figures, name)) for name in _PARTS},
        "bands": {band.key: n for band, n in figures.bands.items() if n},
        "waits": {"called": _pairs(waits.called), "waiting": _pairs(waits.waiting), "never": waits.never},
        **{name: getattr(figures, name) for name in _SUMS},
    }


def _plain(counts: Mapping[Any, int]) -> dict[str, int]:
    return {key.value: n for key, n in counts.items() if n}


def _pairs(counts: Mapping[int, int]) -> list[list[int]]:
    return [[minutes, n] for minutes, n in sorted(counts.items())]


def _asked(period: Period, told: Mapping[str, Any]) -> Asked:
    return Asked(period, **{**told, "clock": Clock(told["clock"])})


def _figures(told: Mapping[str, Any]) -> Figures:
    waits = told["waits"]
    parts: dict[str, Any] = {name: _counts(kind, told[name]) for name, kind in _PARTS.items()}
    return Figures(
        **parts,
        bands={band: told["bands"][band.key] for band in BANDS if band.key in told["bands"]},
        waits=Waits(dict(waits["called"]), dict(waits["waiting"]), waits["never"]),
        **{name: told[name] for name in _SUMS},
    )


def _counts(kind: type[Any], told: Mapping[str, int]) -> dict[Any, int]:
    return {kind(key): n for key, n in told.items()}


def _week(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))
