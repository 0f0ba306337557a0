"""The one query behind every figure: each request (and each earlier episode of it) of a period, told as facts.

Screen, table, export and mail count these rows and no others, and a figure's list shows the rows it counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Label, Select, Subquery, and_, case, literal, null, or_, select, union_all

from intake.models import CallbackRequest, Episode
from intake.rules.bands import Clock
from intake.rules.counting import End, Kept, Kind, Reach, State
from intake.rules.parts import NO_SOURCE
from intake.rules.periods import Period
from intake.rules.promise import PromiseKind
from intake.rules.workflow import Channel, ClosedReason

_C = CallbackRequest.__table__.c
_E = Episode.__table__.c
_MARKED = (ClosedReason.SPAM.value, ClosedReason.TEST.value, ClosedReason.DUPLICATE.value)
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
        return self.person is not None or self.source is not None or bool(self.language or self.for_whom)

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

    ``closed_at`` is NULL for what is open; ``wish_until`` for what has ended.
    """

    run: Any
    of: Any
    closed_at: Any
    wish_until: Any


@lru_cache(maxsize=16)
def facts(asked: Asked, now: datetime, *, is_wide: bool = False) -> Subquery:
    """One row for each request and earlier episode received in the period.

    ``id`` and ``number`` name it; ``kind``, ``state``, ``kept``, ``wish``, ``end`` and ``reach`` hold words of
    ``rules.counting``; ``minutes`` are those of the asked clock until the first call, or until the wait ended without
    one (rounded up; NULL while somebody waits).

    ``is_wide``: with what no figure needs but a list does: ``received_at``, ``closed_reason``, and by each clock
    ``end`` and ``minutes`` (``end_open``). Kept, since one report asks several questions of the same facts, and to put
    this together takes longer than to ask.
    """
    ended = _Run(_C, _C, _C.closed_at, null())
    is_open = _Run(_C, _C, null(), _C.window_until)
    earlier = _Run(_E, _C, _E.closed_at, null())
    both = Episode.__table__.join(CallbackRequest.__table__, _C.id == _E.callback_id)
    return union_all(
        # From the one index that holds all of it.
        _told(ended, asked, now, (_C.id, literal(PRESENT)), is_wide).where(_C.closed_at.is_not(None)),
        # Few, and read as they are.
        _told(is_open, asked, now, (_C.id, literal(PRESENT)), is_wide).where(_C.closed_at.is_(None)),
        _told(earlier, asked, now, (_E.callback_id, _E.number), is_wide).select_from(both),
    ).subquery("fact")


def waiting(asked: Asked, now: datetime) -> Select[Any]:
    """Those counted who wait for their first call: their id, arrival and target, and whose hours they wait by."""
    is_open = _Run(_C, _C, null(), _C.window_until)
    asking = (_C.id, _C.received_at, _C.is_open_arrival, _C.target_at, _C.calendar_id, _C.clock_key)
    return select(*asking).where(
        _C.closed_at.is_(None), _is_uncalled(_C), ~_C.is_preempted, _kind(is_open) == Kind.COUNTED.value,
        *_which(is_open, asked),
    )  # fmt: skip


def _told(one: _Run, asked: Asked, now: datetime, named: tuple[Any, Any], is_wide: bool) -> Select[Any]:
    (callback_id, number), run, of = named, one.run, one.of
    told: list[Label[Any]] = [
        callback_id.label("id"),
        number.label("number"),
        run.received_on.label("received_on"),
        run.hour_of_week.label("hour_of_week"),
        run.is_open_arrival.label("is_open_arrival"),
        of.source.label("source"),
        run.first_attempt_by_id.label("person"),
        run.unassigned_seconds.label("unassigned_seconds"),
        run.all_seconds.label("all_seconds"),
        (run.closed_reason == ClosedReason.APPOINTMENT.value).label("is_booked"),
        _is_speed(run).label("is_speed"),
        _kind(one).label("kind"),
        _state(one, now).label("state"),
        _kept(one, now).label("kept"),
        _wish(one, now).label("wish"),
        _end(one, asked.clock).label("end"),
        _reach(one).label("reach"),
        _minutes(run, asked.clock).label("minutes"),
    ]
    return select(*told, *(_more(one) if is_wide else ())).where(*_which(one, asked))


def _more(one: _Run) -> list[Label[Any]]:
    run = one.run
    told: list[Label[Any]] = [run.received_at.label("received_at"), run.closed_reason.label("closed_reason")]
    for clock in Clock:
        told += [_end(one, clock).label(f"end_{clock}"), _minutes(run, clock).label(f"minutes_{clock}")]
    return told


def _which(one: _Run, asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [one.run.received_on.between(asked.period.first_on, asked.period.last_on)]
    if asked.person is not None:
        found.append(one.run.first_attempt_by_id == asked.person)
    if asked.source is not None:
        found.append(one.of.source == asked.source)
    if asked.language:
        found.append(one.of.language == asked.language)
    if asked.for_whom:
        found.append(one.of.for_whom == asked.for_whom)
    return found


def _is_speed(run: Any) -> ColumnElement[bool]:
    return run.promise_kind == PromiseKind.SPEED.value  # type: ignore[no-any-return]


def _is_uncalled(run: Any) -> ColumnElement[bool]:
    return run.all_seconds.is_(None)  # type: ignore[no-any-return]


def _kind(one: _Run) -> Any:
    """Marked as spam, test or duplicate only after it was due, it counts until a manager agrees that it does not."""
    run, closed_at = one.run, one.closed_at
    is_before_due = closed_at <= run.target_at
    is_agreed = or_(run.uncounted_at.is_not(None), is_before_due, run.is_met)
    of_withdrawn = and_(run.closed_reason == ClosedReason.WITHDRAWN.value, _is_uncalled(run), is_before_due)
    of_silenced = and_(run.closed_reason == ClosedReason.DO_NOT_CALL.value, _is_uncalled(run), is_before_due)
    return case(
        (one.of.is_imported, Kind.IMPORTED.value),
        (one.of.channel != Channel.WEB.value, Kind.BY_HAND.value),
        (_joined(one), Kind.DUPLICATE.value),
        (and_(run.closed_reason.in_(_MARKED), is_agreed), run.closed_reason),
        (or_(run.is_promised.is_(False), of_silenced), Kind.SUPPRESSED.value),
        (and_(run.is_preempted, run.reached_at <= run.target_at), Kind.PREEMPTED.value),
        (of_withdrawn, Kind.WITHDRAWN.value),
        (~_is_speed(run), run.promise_kind),
        else_=Kind.COUNTED.value,
    )


def _joined(one: _Run) -> Any:
    """Joined to another request, which has the earliest clock of both; an earlier episode never was."""
    return one.run.duplicate_of_id.is_not(None) if one.run is _C else literal(False)


def _state(one: _Run, now: datetime) -> Any:
    run, closed_at = one.run, one.closed_at
    return case(
        (run.is_preempted, State.CALLED_US.value),
        (run.is_met, State.MET.value),
        (run.is_met.is_(False), State.LATE.value),
        (closed_at.is_not(None), State.UNCALLED.value),
        (run.target_at >= now, State.PENDING.value),
        else_=State.OVERDUE.value,
    )


def _kept(one: _Run, now: datetime) -> Any:
    run, closed_at = one.run, one.closed_at
    is_taken_back = and_(run.closed_reason == ClosedReason.WITHDRAWN.value, closed_at <= run.promised_by_at)
    return case(
        (and_(run.is_preempted, run.reached_at <= run.promised_by_at), Kept.NONE.value),
        (run.is_preempted, Kept.BROKEN.value),
        (run.is_promise_kept, Kept.KEPT.value),
        (run.is_promise_kept.is_(False), Kept.BROKEN.value),
        (is_taken_back, Kept.NONE.value),
        (and_(closed_at.is_(None), run.promised_by_at >= now), Kept.PENDING.value),
        else_=Kept.BROKEN.value,
    )


def _wish(one: _Run, now: datetime) -> Any:
    run = one.run
    return case(
        (run.is_wish_kept, Kept.KEPT.value),
        (run.is_wish_kept.is_(False), Kept.BROKEN.value),
        (and_(one.closed_at.is_(None), one.wish_until >= now), Kept.PENDING.value),
        else_=Kept.BROKEN.value,
    )


def _end(one: _Run, clock: Clock) -> Any:
    run = one.run
    called: list[Any] = [(~_is_uncalled(run), End.CALLED.value)]
    if clock is Clock.OPEN:
        called.insert(0, (and_(~_is_uncalled(run), ~run.is_open_arrival, run.open_seconds == 0), End.CLOSED.value))
    return case(
        (run.is_preempted, End.LEFT.value),
        *called,
        (run.closed_reason == ClosedReason.WITHDRAWN.value, End.LEFT.value),
        (one.closed_at.is_not(None), End.NEVER.value),
        else_=End.WAITING.value,
    )


def _reach(one: _Run) -> Any:
    run = one.run
    is_open = one.closed_at.is_(None)
    return case(
        (run.reach_tries == 0, Reach.CALLED_US.value),
        (run.reach_tries == 1, Reach.FIRST.value),
        (run.reach_tries == 2, Reach.SECOND.value),
        (run.reach_tries == 3, Reach.THIRD.value),
        (run.reach_tries > 3, Reach.LATER.value),
        (and_(is_open, run.attempt_count == 0), Reach.NOT_CALLED.value),
        (is_open, Reach.TRYING.value),
        else_=Reach.NEVER.value,
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
