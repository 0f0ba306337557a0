"""A report as it was given out: its figures as a document to be stored, and read again from there.

Nobody's name is in it: not the visitors', and not those of the people who called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from intake.models import KeptReport
from intake.models.reports import Way
from intake.queries.came_before import NOBODY, CameBefore
from intake.queries.facts import Asked
from intake.queries.report import Figures, Report
from intake.rules.bands import BANDS, Band, Clock, band_of
from intake.rules.counting import End, Kept, Kind, Reach, State, Tries
from intake.rules.periods import Period
from intake.rules.places import TRIES
from intake.rules.promise import Aim
from intake.rules.shares import FEW_FOR_A_TAIL, FEW_IN_A_SPLIT
from intake.rules.survival import Quantile, Waits

LOOKED_AT = 100
"""Of the same days, the newest so many are looked at."""
PAGES = 20
_K = KeptReport.__table__.c
_PARTS: Mapping[str, type[StrEnum]] = {
    "kinds": Kind, "states": State, "kept": Kept, "wishes": Kept, "ends": End, "reached": Reach,
    "agreed": Kept, **dict.fromkeys(TRIES, Tries),
}  # fmt: skip
_OF_A_PART = ("kinds", "states", "reached")
_SUMS = ("booked", "unassigned_seconds", "called_seconds")


class Told(StrEnum):
    """What is told of a period, promises first: they are what visitors were told."""

    PROMISES = "promises"
    IN_TARGET = "in_target"
    HALF = "half"
    NINE_TENTHS = "nine_tenths"
    FIRST_CALLS = "first_calls"
    REACHED = "reached"
    WISHES = "wishes"
    AGREED = "agreed"
    KINDS = "kinds"


Word = State | Kind | Kept | Reach | End | Band
_TIMES = (Kept.KEPT, Kept.BROKEN, Kept.PENDING)
_COUNTS: Mapping[Told, Mapping[str, Sequence[Word]]] = {
    Told.PROMISES: {"kept": tuple(Kept)},
    Told.IN_TARGET: {"states": tuple(State)},
    Told.FIRST_CALLS: {"bands": BANDS, "ends": tuple(end for end in End if end is not End.CALLED)},
    Told.REACHED: {"reached": tuple(Reach)},
    Told.WISHES: {"wishes": _TIMES},
    Told.AGREED: {"agreed": _TIMES},
    Told.KINDS: {"kinds": tuple(Kind)},
}
"""The counts that a figure is made of. Both waits are told of the same first calls, which stand beside them."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was told, when, and by which target it was judged; ``target_minutes`` is None where that changed.

    ``waiting`` people had not been called then; the one who had waited longest since ``oldest_at``. ``came_before``:
    others who were waiting since before these days. ``ages``: how many of them had waited how long, and how many of
    these were past the target. ``sources``: the PAGES with most requests; of parts kinds, states, whom was reached and
    how many booked. What was kept before such things were is without them. ``untold``: figures that were not told yet.
    """

    way: Way
    asked: Asked
    made_at: datetime
    target_minutes: int | None
    target_percent: int
    whole: Figures
    before: Figures
    weeks: tuple[tuple[Period, Mapping[State, int]], ...]
    waiting: int
    oldest_at: datetime | None
    came_before: CameBefore = NOBODY
    untold: tuple[Told, ...] = ()
    while_open: Figures = field(default_factory=Figures)
    while_closed: Figures = field(default_factory=Figures)
    ages: Mapping[Band, tuple[int, int]] = field(default_factory=dict)
    hours: Mapping[int, int] = field(default_factory=dict)
    sources: tuple[tuple[str, Figures], ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """A figure that is not what it was; ``changes``: how many more (or fewer) there are of what it is made of."""

    told: Told
    changes: tuple[tuple[Word, int], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What was given out, what the same days say now, and every figure that is not the same.

    ``is_over``: whether the days were over when it was.
    """

    given: Given
    now: Figures
    changed: tuple[Changed, ...]
    is_over: bool = True


def by_id(conn: Connection, kept_id: int) -> Given | None:
    """The report that was kept under this number."""
    row = conn.execute(select(KeptReport.__table__).where(_K.id == kept_id)).first()
    return _given(row) if row else None


def is_kept(conn: Connection, way: Way, report: Report) -> bool:
    """Whether the last that was given out of it by this way counted the same; waits that go on do not matter."""
    last = next((_given(row) for row in _rows(conn, report.asked) if row.way == way), None)
    return last is not None and _counted(last.whole) == _counted(report.whole)


def differences(conn: Connection, report: Report, zone: str, most: int = 3) -> tuple[Difference, ...]:
    """What was given out of the same days and filters and is not so any more, newest first; a few of the latest.

    Of what was given out before the days were over (on the clocks of ``zone``) the latest alone: whatever came after
    that is no correction, and a program may ask all day long.
    """
    found: list[Difference] = []
    now, (_, over_at) = _told(report.whole), report.asked.period.bounds(zone)
    seen, had_partial = [now], False
    for given in map(_given, _rows(conn, report.asked)):
        then = _told(given.whole) | {told: now[told] for told in given.untold}
        is_partial = given.made_at < over_at
        is_told = given.made_at < report.now and then not in seen and not (is_partial and had_partial)
        had_partial = had_partial or is_partial
        if not is_told:
            continue
        seen.append(then)
        changed = (Changed(told, _changes(told, given.whole, report.whole)) for told in Told if then[told] != now[told])
        found.append(Difference(given, report.whole, tuple(changed), is_over=not is_partial))
        if len(found) == most:
            break
    return tuple(found)


def _rows(conn: Connection, asked: Asked) -> list[Row[Any]]:
    """What was given out of these days and filters, newest first."""
    days = (_K.first_on == asked.period.first_on, _K.last_on == asked.period.last_on)
    rows = conn.execute(select(KeptReport.__table__).where(*days).order_by(_K.id.desc()).limit(LOOKED_AT))
    return [row for row in rows if _asked(asked.period, row.asked) == asked]


def _counted(told: Figures) -> list[dict[str, int]]:
    return [_plain(getattr(told, name)) for name in _PARTS]


def _told(figures: Figures) -> dict[Told, object]:
    """Each figure as far as it can be held against another one."""
    n = figures.waits.number
    return {
        Told.PROMISES: figures.promises,
        Told.IN_TARGET: figures.in_target,
        Told.HALF: _within(figures.half, n, FEW_IN_A_SPLIT),
        Told.NINE_TENTHS: _within(figures.nine_tenths, n, FEW_FOR_A_TAIL),
        Told.FIRST_CALLS: _numbers(Told.FIRST_CALLS, figures),
        Told.REACHED: figures.were_reached,
        Told.WISHES: (figures.wished, figures.wishes.get(Kept.PENDING, 0)),
        Told.AGREED: (figures.times_agreed, figures.agreed.get(Kept.PENDING, 0)),
        Told.KINDS: _numbers(Told.KINDS, figures),
    }


def _within(found: Quantile, n: int, fewest: int) -> tuple[bool, int | None]:
    """That a wait which is not over goes on is no difference."""
    return (True, found.within) if n >= fewest else (False, None)


def _numbers(told: Told, figures: Figures) -> list[tuple[Word, int]]:
    words = _COUNTS.get(told, {}).items()
    return [(word, getattr(figures, name).get(word, 0)) for name, of in words for word in of]


def _changes(told: Told, old: Figures, new: Figures) -> tuple[tuple[Word, int], ...]:
    both = zip(_numbers(told, old), _numbers(told, new), strict=True)
    return tuple((word, now - then) for (word, then), (_, now) in both if now != then)


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
        came_before=_came_before(told.get("came_before")),
        untold=() if "agreed" in told["whole"] else (Told.AGREED,),
        **_more(told),
    )


def _more(told: Mapping[str, Any]) -> dict[str, Any]:
    """What has been kept only since it was told in mails too."""
    if "sources" not in told:
        return {}
    ages = told["ages"]
    return {
        "while_open": _part(told["while_open"]),
        "while_closed": _part(told["while_closed"]),
        "ages": {band: (ages[band.key][0], ages[band.key][1]) for band in BANDS if band.key in ages},
        "hours": dict(told["hours"]),
        "sources": tuple((source, _part(figures)) for source, figures in told["sources"]),
    }


def _came_before(told: Mapping[str, Any] | None) -> CameBefore:
    """Of reports kept before that was told, nobody."""
    if not told:
        return NOBODY
    return CameBefore(told["n"], datetime.fromisoformat(told["oldest_at"]), date.fromisoformat(told["oldest_on"]))


def asked_document(asked: Asked) -> dict[str, Any]:
    """Which requests it tells of, besides their days."""
    return {
        "clock": asked.clock.value, "person": asked.person, "source": asked.source, "language": asked.language,
        "for_whom": asked.for_whom,
    }  # fmt: skip


def document(report: Report, aim: Aim) -> dict[str, Any]:
    """The figures as JSON holds them."""
    oldest = min((one.received_at for one in report.waiting), default=None)
    return {
        "target": {"minutes": aim.minutes, "percent": aim.percent},
        "whole": _document(report.whole),
        "before": _document(report.before),
        "weeks": [
            [week.first_on.isoformat(), week.last_on.isoformat(), _plain(states)] for week, states in report.weeks
        ],
        "waiting": len(report.waiting),
        "oldest_at": oldest.isoformat() if oldest else None,
        "came_before": _before_document(report.came_before),
        "while_open": _part_document(report.while_open),
        "while_closed": _part_document(report.while_closed),
        "ages": _ages(report),
        "hours": [[hour, sum(states.values())] for hour, states in sorted(report.hours.items())],
        "sources": [[source, _part_document(told)] for source, told in report.sources[:PAGES]],
    }


def _ages(report: Report) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in report.waiting:
        told = found.setdefault(band_of(one.minutes).key, [0, 0])
        told[0] += 1
        told[1] += one.is_late
    return found


def _before_document(told: CameBefore) -> dict[str, Any] | None:
    if told.oldest_at is None or told.oldest_on is None:
        return None
    return {"n": told.n, "oldest_at": told.oldest_at.isoformat(), "oldest_on": told.oldest_on.isoformat()}


def _document(figures: Figures) -> dict[str, Any]:
    waits = figures.waits
    return {
        **{name: _plain(getattr(figures, name)) for name in _PARTS},
        "bands": {band.key: n for band, n in figures.bands.items() if n},
        "waits": {"called": _pairs(waits.called), "waiting": _pairs(waits.waiting), "never": waits.never},
        **{name: getattr(figures, name) for name in _SUMS},
    }


def _part_document(figures: Figures) -> dict[str, Any]:
    """Of a part of the requests, what is told of it: a program that asks all day long is kept each time it differs."""
    return {**{name: _plain(getattr(figures, name)) for name in _OF_A_PART}, "booked": figures.booked}


def _part(told: Mapping[str, Any]) -> Figures:
    parts: dict[str, Any] = {name: _counts(_PARTS[name], told[name]) for name in _OF_A_PART}
    return Figures(**parts, booked=told["booked"])


def _plain(counts: Mapping[Any, int]) -> dict[str, int]:
    return {key.value: n for key, n in counts.items() if n}


def _pairs(counts: Mapping[int, int]) -> list[list[int]]:
    return [[minutes, n] for minutes, n in sorted(counts.items())]


def _asked(period: Period, told: Mapping[str, Any]) -> Asked:
    return Asked(period, **{**told, "clock": Clock(told["clock"])})


def _figures(told: Mapping[str, Any]) -> Figures:
    waits = told["waits"]
    parts: dict[str, Any] = {name: _counts(kind, told.get(name, {})) for name, kind in _PARTS.items()}
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
