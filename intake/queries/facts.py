"""The one query behind every figure: each request (and each earlier episode of it) of a period, told as facts.

Screen, table, export and mail count these rows and no others, and a figure's list shows the rows it counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Label,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from intake.models import CallbackRequest, Episode
from intake.models.base import Instant
from intake.rules.bands import Clock
from intake.rules.counting import APART, End, Kept, Kind, Reach, State
from intake.rules.limits import LONGEST_CALL
from intake.rules.parts import NO_SOURCE
from intake.rules.periods import Period
from intake.rules.promise import PromiseKind
from intake.rules.tally import part_of_number
from intake.rules.workflow import Channel, ClosedReason

_C = CallbackRequest.__table__.c
_E = Episode.__table__.c
_MARKED = (Kind.SPAM, Kind.TEST, Kind.DUPLICATE)
_NOW: Any = bindparam("now", type_=Instant())
_CALL_SINCE: Any = bindparam("call_since", type_=Instant())
Say = Callable[[StrEnum], Any]
"""How a word stands in a column."""
PRESENT = -1
"""The ``number`` of the run of the clock that a request itself tells of; earlier ones have that of their episode."""


def _word(word: StrEnum) -> Any:
    return word.value


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


@dataclass(frozen=True, slots=True)
class _Run:
    """Columns of one run of the clock: ``run`` has its figures, ``of`` the request it belongs to.

    ``closed_at`` is NULL for what is open. What is open is due or missed as of ``judged_at``; ``is_wish_ahead``: the
    requested time may still be kept.
    """

    run: Any
    of: Any
    closed_at: Any
    judged_at: Any = _NOW
    is_wish_ahead: Any = field(default_factory=false)


_CALLING = case((_C.call_started_at > _CALL_SINCE, _C.call_started_at))
"""When the call under way began: with its outcome it becomes the first one, of that instant."""
_OPEN = _Run(
    _C, _C, null(), func.coalesce(_CALLING, _NOW),
    or_(_C.window_until >= _NOW, and_(_C.window_from <= _CALLING, _C.window_until > _CALLING)),
)  # fmt: skip
_CLOSED, _EARLIER = _Run(_C, _C, _C.closed_at), _Run(_E, _C, _E.closed_at)


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

    ``id`` and ``number`` name it; ``kind``, ``state``, ``kept``, ``wish``, ``end`` and ``reach`` hold words of
    ``rules.counting``; ``minutes`` are those of the asked clock until the first call, or until the wait ended without
    one (rounded up; NULL while somebody waits).

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
    """The same facts as they are counted: ``sort`` is a number of ``rules.tally``, and minutes are told by each clock.

    To group by a number takes a database a fraction of what it takes to group by ten words.
    """
    return _united(lambda one, _: _summed(one), narrowed, ended)


FACTS = (
    "received_on", "hour_of_week", "is_open_arrival", "source", "person", "unassigned_seconds", "all_seconds", "sort",
    "minutes_open", "minutes_all", "language", "for_whom",
)  # fmt: skip
"""The columns of ``sorts``, in order."""
_Columns = Callable[["_Run", tuple[Any, Any]], list[Label[Any]]]


def _united(columns: _Columns, narrowed: tuple[str, ...], ended: Ended) -> Subquery:
    both = Episode.__table__.join(CallbackRequest.__table__, _C.id == _E.callback_id)
    present = literal(PRESENT)
    days = [one.run.received_on.in_(bindparam("days", expanding=True)) for one in (_CLOSED, _EARLIER)]
    if ended is not Ended.SOME:
        days = [true(), true()]
    told = []
    if ended is not Ended.ONLY:  # few, and read as they are
        told.append(select(*columns(_OPEN, (_C.id, present))).where(_C.closed_at.is_(None), *_which(_OPEN, narrowed)))
    if ended is not Ended.NONE:  # from the one index that holds all of it
        over = select(*columns(_CLOSED, (_C.id, present))).where(_C.closed_at.is_not(None), *_which(_CLOSED, narrowed))
        before = select(*columns(_EARLIER, (_E.callback_id, _E.number))).where(*_which(_EARLIER, narrowed))
        told += [over.where(days[0]), before.select_from(both).where(days[1])]
    return union_all(*told).subquery("fact")


def waiting(asked: Asked) -> Select[Any]:
    """Those counted who wait for their first call: id, arrival, source, target, and whose hours they wait by.

    ``until``: now, or when the call under way began.
    """
    return _waiting(asked.narrowed)


@cache
def _waiting(narrowed: tuple[str, ...]) -> Select[Any]:
    asking = (
        _C.id, _C.received_at, _C.received_on, _C.is_open_arrival, _C.source, _C.target_at, _C.calendar_id,
        _C.clock_key, _OPEN.judged_at.label("until"),
    )  # fmt: skip
    return select(*asking).where(
        _C.closed_at.is_(None), _is_uncalled(_C), ~_C.is_preempted, _kind(_OPEN) == Kind.COUNTED.value,
        *_which(_OPEN, narrowed),
    )  # fmt: skip


def _summed(one: _Run) -> list[Label[Any]]:
    """Each word and flag adds its part to the number of the sort."""
    run = one.run
    parts: list[Any] = [
        _kind(one, partial(part_of_number, "kind")),
        _state(one, partial(part_of_number, "state")),
        _kept(one, partial(part_of_number, "kept")),
        _wish(one, partial(part_of_number, "wish")),
        _end(one, Clock.OPEN, partial(part_of_number, "end")),
        _reach(one, partial(part_of_number, "reach")),
        case((_is_speed(run), part_of_number("is_speed", True)), else_=0),
        case((_is_booked(run), part_of_number("is_booked", True)), else_=0),
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
        *(_minutes(run, clock).label(f"minutes_{clock}") for clock in Clock),
        one.of.language.label("language"),
        one.of.for_whom.label("for_whom"),
    ]


def _told(one: _Run, clock: Clock, named: tuple[Any, Any]) -> list[Label[Any]]:
    (callback_id, number), run, of = named, one.run, one.of
    return [
        callback_id.label("id"),
        number.label("number"),
        run.received_on.label("received_on"),
        run.hour_of_week.label("hour_of_week"),
        run.is_open_arrival.label("is_open_arrival"),
        of.source.label("source"),
        run.first_attempt_by_id.label("person"),
        _is_booked(run).label("is_booked"),
        _is_speed(run).label("is_speed"),
        _kind(one).label("kind"),
        _state(one).label("state"),
        _kept(one).label("kept"),
        _wish(one).label("wish"),
        _end(one, clock).label("end"),
        _reach(one).label("reach"),
        _minutes(run, clock).label("minutes"),
    ]


def _more(one: _Run) -> list[Label[Any]]:
    run = one.run
    told: list[Label[Any]] = [run.received_at.label("received_at"), run.closed_reason.label("closed_reason")]
    for clock in Clock:
        told += [_end(one, clock).label(f"end_{clock}"), _minutes(run, clock).label(f"minutes_{clock}")]
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


def _which(one: _Run, narrowed: tuple[str, ...]) -> list[ColumnElement[bool]]:
    columns: dict[str, Any] = {
        "person": one.run.first_attempt_by_id, "source": _Within(one.of.source), "language": _Within(one.of.language),
        "for_whom": one.of.for_whom,
    }  # fmt: skip
    days = one.run.received_on.between(bindparam("first_on"), bindparam("last_on"))
    return [days, *(columns[name] == bindparam(name) for name in narrowed)]


def _is_speed(run: Any) -> ColumnElement[bool]:
    return run.promise_kind == PromiseKind.SPEED.value  # type: ignore[no-any-return]


def _is_booked(run: Any) -> ColumnElement[bool]:
    return run.closed_reason == ClosedReason.APPOINTMENT.value  # type: ignore[no-any-return]


def _is_uncalled(run: Any) -> ColumnElement[bool]:
    return run.all_seconds.is_(None)  # type: ignore[no-any-return]


def _kind(one: _Run, say: Say = _word) -> Any:
    """Marked as spam, test or duplicate only after it was due, it counts until a manager agrees that it does not."""
    run, closed_at = one.run, one.closed_at
    is_before_due = closed_at <= run.target_at
    is_agreed = or_(run.uncounted_at.is_not(None), is_before_due, run.is_met)
    of_withdrawn = and_(run.closed_reason == ClosedReason.WITHDRAWN.value, _is_uncalled(run), is_before_due)
    of_silenced = and_(run.closed_reason == ClosedReason.DO_NOT_CALL.value, _is_uncalled(run), is_before_due)
    return case(
        (one.of.is_imported, say(Kind.IMPORTED)),
        (one.of.channel != Channel.WEB.value, say(Kind.BY_HAND)),
        (_joined(one), say(Kind.DUPLICATE)),
        *((and_(run.closed_reason == kind.value, is_agreed), say(kind)) for kind in _MARKED),
        (or_(run.is_promised.is_(False), of_silenced), say(Kind.SUPPRESSED)),
        (and_(run.is_preempted, run.reached_at <= run.target_at), say(Kind.PREEMPTED)),
        (of_withdrawn, say(Kind.WITHDRAWN)),
        *((run.promise_kind == kind.value, say(kind)) for kind in APART),
        else_=say(Kind.COUNTED),
    )


def _joined(one: _Run) -> Any:
    """Joined to another request, which has the earliest clock of both; an earlier episode never was."""
    return one.run.duplicate_of_id.is_not(None) if one.run is _C else literal(False)


def _state(one: _Run, say: Say = _word) -> Any:
    run, closed_at = one.run, one.closed_at
    return case(
        (run.is_preempted, say(State.CALLED_US)),
        (run.is_met, say(State.MET)),
        (run.is_met.is_(False), say(State.LATE)),
        (closed_at.is_not(None), say(State.UNCALLED)),
        (run.target_at >= one.judged_at, say(State.PENDING)),
        else_=say(State.OVERDUE),
    )


def _kept(one: _Run, say: Say = _word) -> Any:
    run, closed_at = one.run, one.closed_at
    ended_as = [reason.value for reason in (ClosedReason.WITHDRAWN, *_MARKED)]
    is_taken_back = and_(run.closed_reason.in_(ended_as), closed_at <= run.promised_by_at)
    return case(
        (run.is_promise_kept, say(Kept.KEPT)),
        (run.is_promise_kept.is_(False), say(Kept.BROKEN)),
        (or_(run.is_preempted, is_taken_back), say(Kept.NONE)),
        (and_(closed_at.is_(None), run.promised_by_at >= one.judged_at), say(Kept.PENDING)),
        else_=say(Kept.BROKEN),
    )


def _wish(one: _Run, say: Say = _word) -> Any:
    run = one.run
    return case(
        (run.is_wish_kept, say(Kept.KEPT)),
        (run.is_wish_kept.is_(False), say(Kept.BROKEN)),
        (one.is_wish_ahead, say(Kept.PENDING)),
        else_=say(Kept.BROKEN),
    )


def _end(one: _Run, clock: Clock, say: Say = _word) -> Any:
    run = one.run
    called: list[Any] = [(~_is_uncalled(run), say(End.CALLED))]
    if clock is Clock.OPEN:
        called.insert(0, (and_(~_is_uncalled(run), ~run.is_open_arrival, run.open_seconds == 0), say(End.CLOSED)))
    return case(
        (run.is_preempted, say(End.LEFT)),
        *called,
        (run.closed_reason == ClosedReason.WITHDRAWN.value, say(End.LEFT)),
        (one.closed_at.is_not(None), say(End.NEVER)),
        else_=say(End.WAITING),
    )


def _reach(one: _Run, say: Say = _word) -> Any:
    run = one.run
    is_open = one.closed_at.is_(None)
    return case(
        (run.reach_tries == 0, say(Reach.CALLED_US)),
        (run.reach_tries == 1, say(Reach.FIRST)),
        (run.reach_tries == 2, say(Reach.SECOND)),
        (run.reach_tries == 3, say(Reach.THIRD)),
        (run.reach_tries > 3, say(Reach.LATER)),
        (and_(is_open, run.attempt_count == 0), say(Reach.NOT_CALLED)),
        (is_open, say(Reach.TRYING)),
        else_=say(Reach.NEVER),
    )


def _minutes(run: Any, clock: Clock) -> Any:
    """Of whoever called us the time until then: a call of ours afterwards is no first call any more."""
    called, waited = (
        (run.open_seconds, run.waited_open_seconds)
        if clock is Clock.OPEN
        else (run.all_seconds, run.waited_all_seconds)
    )
    seconds = case((or_(run.is_preempted, called.is_(None)), waited), else_=called)
    return (seconds + 59) // 60
