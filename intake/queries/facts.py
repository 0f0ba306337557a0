"""The one query behind every figure: each request (and each earlier episode of it) of a period, told as facts.

Screen, table, export and mail count these rows and no others, and a figure's list shows the rows it counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Label,
    Select,
    Subquery,
    bindparam,
    case,
    literal,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from intake.models import CallbackRequest, Episode
from intake.queries import fact_words as words
from intake.queries.fact_words import CLOSED, EARLIER, OPEN, Run
from intake.rules.bands import Clock
from intake.rules.counting import Kind
from intake.rules.limits import LONGEST_CALL
from intake.rules.parts import NO_SOURCE
from intake.rules.periods import Period
from intake.rules.sorts import part_of_number

_C = CallbackRequest.__table__.c
_E = Episode.__table__.c
PRESENT = -1
"""The ``number`` of the run of the clock that a request itself tells of; earlier ones have that of their episode."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which requests a report tells of; empty means all. ``person``: whoever made the first call."""

    period: Period
    clock: Clock = Clock.OPEN
    person: int | None = None
    source: str | None = None
    language: str = ""
    for_whom: str = ""

    @property
    def is_filtered(self) -> bool:
        """Whether it tells of a part only."""
        return bool(self.narrowed)

    @property
    def narrowed(self) -> tuple[str, ...]:
        """By what."""
        told = {"person": self.person, "source": self.source, "language": self.language or None}
        return tuple(name for name, value in {**told, "for_whom": self.for_whom or None}.items() if value is not None)

    @property
    def on_record(self) -> dict[str, Any]:
        """For the record: days (``until``: the first one after it), ids and codes, what is not asked for left out."""
        told = {
            "since": self.period.first_on.isoformat(), "until": (self.period.last_on + timedelta(days=1)).isoformat(),
            "clock": self.clock.value, "person": self.person, "source": NO_SOURCE if self.source == "" else self.source,
            "language": self.language, "for_whom": self.for_whom,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}


class Ended(Enum):
    """Of which days those are read that have ended. Open ones are read of all days, but with ONLY."""

    ALL = 1
    SOME = 2
    NONE = 3
    ONLY = 4


def values(asked: Asked, now: datetime, days: Collection[date] = ()) -> dict[str, Any]:
    """What the statements below are asked with. ``days``: those of ``Ended.SOME``."""
    told = {"now": now, "call_since": now - LONGEST_CALL, "days": list(days)}
    told |= {"first_on": asked.period.first_on, "last_on": asked.period.last_on}
    return told | {name: getattr(asked, name) for name in asked.narrowed}


def facts(asked: Asked, *, is_wide: bool = False) -> Subquery:
    """One row for each request and earlier episode received in the period; asked with ``values``.

    ``id`` and ``number`` name it; ``kind``, ``state``, ``kept``, ``wish``, ``agreed``, ``end``, ``reach`` and
    ``tries`` hold words of ``rules.counting``; ``minutes`` are those of the asked clock until the first call, or until
    the wait ended without one (rounded up; NULL while somebody waits).

    ``is_wide``: with what no figure needs but a list does: ``received_at``, ``closed_reason``, and by each clock
    ``end`` and ``minutes`` (``end_open``).
    """
    return _facts(asked.clock, asked.narrowed, is_wide)


@cache
def _facts(clock: Clock, narrowed: tuple[str, ...], is_wide: bool) -> Subquery:
    """Put together once: that takes longer than to ask."""
    more = _more if is_wide else (lambda _: [])
    return _united(lambda one, named: [*_told(one, clock, named), *more(one)], narrowed, Ended.ALL)


@cache
def sorts(narrowed: tuple[str, ...], ended: Ended) -> Subquery:
    """The same facts as they are counted: ``sort`` is a number of ``rules.sorts``, and minutes are told by each clock.

    To group by a number takes a database a fraction of what it takes to group by ten words.
    """
    return _united(lambda one, _: _summed(one), narrowed, ended)


FACTS = (
    "received_on", "hour_of_week", "is_open_arrival", "source", "person", "unassigned_seconds", "all_seconds", "sort",
    "minutes_open", "minutes_all", "language", "for_whom",
)  # fmt: skip
"""The columns of ``sorts``, in order."""
_Columns = Callable[[Run, tuple[Any, Any]], list[Label[Any]]]


def _united(columns: _Columns, narrowed: tuple[str, ...], ended: Ended) -> Subquery:
    both = Episode.__table__.join(CallbackRequest.__table__, _C.id == _E.callback_id)
    present = literal(PRESENT)
    days = [one.run.received_on.in_(bindparam("days", expanding=True)) for one in (CLOSED, EARLIER)]
    if ended is not Ended.SOME:
        days = [true(), true()]
    told = []
    if ended is not Ended.ONLY:  # few, and read as they are
        told.append(select(*columns(OPEN, (_C.id, present))).where(_C.closed_at.is_(None), *_which(OPEN, narrowed)))
    if ended is not Ended.NONE:  # from the one index that holds all of it
        over = select(*columns(CLOSED, (_C.id, present))).where(_C.closed_at.is_not(None), *_which(CLOSED, narrowed))
        before = select(*columns(EARLIER, (_E.callback_id, _E.number))).where(*_which(EARLIER, narrowed))
        told += [over.where(days[0]), before.select_from(both).where(days[1])]
    return union_all(*told).subquery("fact")


@cache
def waiting(narrowed: tuple[str, ...]) -> Select[Any]:
    """Those counted who wait for their first call: id, arrival, source, target, and whose hours they wait by.

    ``narrowed``: of what is asked. ``until``: now, or when the call under way began.
    """
    asking = (
        _C.id, _C.received_at, _C.received_on, _C.is_open_arrival, _C.source, _C.target_at, _C.calendar_id,
        _C.clock_key, OPEN.judged_at.label("until"),
    )  # fmt: skip
    return select(*asking).where(
        _C.closed_at.is_(None), words.is_uncalled(_C), ~_C.is_preempted, words.kind(OPEN) == Kind.COUNTED.value,
        *_which(OPEN, narrowed),
    )  # fmt: skip


_NOTHING = literal_column("0", Integer)


def _number(name: str) -> Callable[[Any], Any]:
    """Written out: two hundred parameters took longer than what they were asked with."""
    return lambda word: literal_column(str(part_of_number(name, word)), Integer)


def _summed(one: Run) -> list[Label[Any]]:
    """Each word and flag adds its part to the number of the sort."""
    run = one.run
    parts: list[Any] = [
        words.kind(one, _number("kind")),
        words.state(one, _number("state")),
        words.kept(one, _number("kept")),
        words.wish(one, _number("wish")),
        words.end(one, Clock.OPEN, _number("end")),
        words.reach(one, _number("reach")),
        words.agreed(one, _number("agreed")),
        words.tries(one, _number("tries")),
        case((words.is_speed(run), _number("is_speed")(True)), else_=_NOTHING),
        case((words.is_booked(one), _number("is_booked")(True)), else_=_NOTHING),
    ]
    return [
        run.received_on.label("received_on"),
        run.hour_of_week.label("hour_of_week"),
        run.is_open_arrival.label("is_open_arrival"),
        one.of.source.label("source"),
        run.first_attempt_by_id.label("person"),
        run.unassigned_seconds.label("unassigned_seconds"),
        run.all_seconds.label("all_seconds"),
        sum(parts[1:], parts[0]).label("sort"),
        *(words.minutes(run, clock).label(f"minutes_{clock}") for clock in Clock),
        one.of.language.label("language"),
        one.of.for_whom.label("for_whom"),
    ]


def _told(one: Run, clock: Clock, named: tuple[Any, Any]) -> list[Label[Any]]:
    (callback_id, number), run, of = named, one.run, one.of
    return [
        callback_id.label("id"),
        number.label("number"),
        run.received_on.label("received_on"),
        run.hour_of_week.label("hour_of_week"),
        run.is_open_arrival.label("is_open_arrival"),
        of.source.label("source"),
        run.first_attempt_by_id.label("person"),
        words.is_booked(one).label("is_booked"),
        words.is_speed(run).label("is_speed"),
        words.kind(one).label("kind"),
        words.state(one).label("state"),
        words.kept(one).label("kept"),
        words.wish(one).label("wish"),
        words.agreed(one).label("agreed"),
        words.end(one, clock).label("end"),
        words.reach(one).label("reach"),
        words.tries(one).label("tries"),
        words.minutes(run, clock).label("minutes"),
    ]


def _more(one: Run) -> list[Label[Any]]:
    run = one.run
    told: list[Label[Any]] = [run.received_at.label("received_at"), run.closed_reason.label("closed_reason")]
    for clock in Clock:
        told += [words.end(one, clock).label(f"end_{clock}"), words.minutes(run, clock).label(f"minutes_{clock}")]
    return told


class _Within(FunctionElement[Any]):
    """A column looked at within the index of the days: its own holds those of all years, and SQLite would take it."""

    inherit_cache = True


@compiles(_Within)
def _as_it_is(element: _Within, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(_Within, "sqlite")
def _no_index(element: _Within, compiler: Any, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


def _which(one: Run, narrowed: tuple[str, ...]) -> list[ColumnElement[bool]]:
    columns: dict[str, Any] = {
        "person": one.run.first_attempt_by_id, "source": _Within(one.of.source), "language": _Within(one.of.language),
        "for_whom": one.of.for_whom,
    }  # fmt: skip
    days = one.run.received_on.between(bindparam("first_on"), bindparam("last_on"))
    return [days, *(columns[name] == bindparam(name) for name in narrowed)]
