"""The words a report has for one request: whether it counts, what came of each promise, and how its wait ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
)  # fmt: skip

from intake.models import CallbackRequest, Episode
from intake.models.base import Instant
from intake.rules.bands import Clock
from intake.rules.counting import APART, End, Kept, Kind, Reach, State, Tries
from intake.rules.promise import PromiseKind
from intake.rules.workflow import Channel, ClosedReason

_C = CallbackRequest.__table__.c
_E = Episode.__table__.c
_MARKED = (Kind.SPAM, Kind.TEST, Kind.DUPLICATE)
_NOW: Any = bindparam("now", type_=Instant())
_CALL_SINCE: Any = bindparam("call_since", type_=Instant())
Say = Callable[[StrEnum], Any]
"""How a word stands in a column."""


def _word(word: StrEnum) -> Any:
    """Written out, as all that never changes: a hundred parameters take longer than what they are compared with."""
    return literal_column(f"'{word.value}'", String)


def _is(column: Any, *words: StrEnum) -> ColumnElement[bool]:
    return or_(*(column == _word(word) for word in words))


def _digit(number: int) -> Any:
    return literal_column(str(number), Integer)


@dataclass(frozen=True, slots=True)
class Run:
    """Columns of one run of the clock: ``run`` has its figures, ``of`` the request it belongs to.

    ``closed_at`` is NULL for what is open. What is open is due or missed as of ``judged_at``; ``is_wish_ahead``: the
    requested time may still be kept. ``reason``: why it was closed.
    """

    run: Any
    of: Any
    closed_at: Any
    reason: Any
    judged_at: Any = _NOW
    is_wish_ahead: Any = field(default_factory=false)


_CALLING = case((_C.call_started_at > _CALL_SINCE, _C.call_started_at))
"""When the call under way began: with its outcome it becomes the first one, of that instant."""
OPEN = Run(
    _C, _C, null(), literal_column("NULL", String), func.coalesce(_CALLING, _NOW),
    or_(_C.window_until >= _NOW, and_(_C.window_from <= _CALLING, _C.window_until > _CALLING)),
)  # fmt: skip
WHICHEVER = Run(_C, _C, _C.closed_at, _C.closed_reason, OPEN.judged_at)
"""A request, be it open or not."""
CLOSED = Run(_C, _C, _C.closed_at, _C.closed_reason)
EARLIER = Run(_E, _C, _E.closed_at, _E.closed_reason)


def is_speed(run: Any) -> ColumnElement[bool]:
    """A quick call was promised."""
    return _is(run.promise_kind, PromiseKind.SPEED)


def is_booked(one: Run) -> ColumnElement[bool]:
    """It ended with an appointment."""
    return _is(one.reason, ClosedReason.APPOINTMENT)


def is_uncalled(run: Any) -> ColumnElement[bool]:
    """Nobody has called."""
    return run.all_seconds.is_(None)  # type: ignore[no-any-return]


def kind(one: Run, say: Say = _word) -> Any:
    """Marked as spam, test or duplicate only after it was due, it counts until a manager agrees that it does not."""
    run, closed_at = one.run, one.closed_at
    is_before_due = closed_at <= run.target_at
    is_in_time = and_(or_(is_before_due, run.is_met), ~_is_agreed_missed(one))
    is_agreed = or_(run.uncounted_at.is_not(None), is_in_time)
    of_withdrawn = and_(_is(one.reason, ClosedReason.WITHDRAWN), is_uncalled(run), is_before_due)
    of_silenced = and_(_is(one.reason, ClosedReason.DO_NOT_CALL), is_uncalled(run), is_before_due)
    return case(
        (one.of.is_imported, say(Kind.IMPORTED)),
        (~_is(one.of.channel, Channel.WEB), say(Kind.BY_HAND)),
        (_joined(one), say(Kind.DUPLICATE)),
        *((and_(_is(one.reason, mark), is_agreed), say(mark)) for mark in _MARKED),
        (or_(run.is_promised.is_(False), of_silenced), say(Kind.SUPPRESSED)),
        (and_(run.is_preempted, run.reached_at <= run.target_at), say(Kind.PREEMPTED)),
        (of_withdrawn, say(Kind.WITHDRAWN)),
        *((_is(run.promise_kind, other), say(other)) for other in APART),
        else_=say(Kind.COUNTED),
    )


def _joined(one: Run) -> Any:
    """Joined to another request, which has the earliest clock of both; an earlier episode never was."""
    return one.run.duplicate_of_id.is_not(None) if one.run is _C else literal(False)


def _is_agreed_missed(one: Run) -> ColumnElement[bool]:
    """Of what has ended: a time agreed later had passed without a call in it."""
    run = one.run
    return or_(run.is_agreed_kept.is_(False), and_(run.agreed_until.is_not(None), one.closed_at >= run.agreed_until))


def state(one: Run, say: Say = _word) -> Any:
    """Against its target."""
    run, closed_at = one.run, one.closed_at
    return case(
        (run.is_preempted, say(State.CALLED_US)),
        (run.is_met, say(State.MET)),
        (run.is_met.is_(False), say(State.LATE)),
        (closed_at.is_not(None), say(State.UNCALLED)),
        (run.target_at >= one.judged_at, say(State.PENDING)),
        else_=say(State.OVERDUE),
    )


def kept(one: Run, say: Say = _word) -> Any:
    """The time told to the visitor."""
    run, closed_at = one.run, one.closed_at
    is_taken_back = and_(_is(one.reason, ClosedReason.WITHDRAWN, *_MARKED), closed_at <= run.promised_by_at)
    return case(
        (run.is_promise_kept, say(Kept.KEPT)),
        (run.is_promise_kept.is_(False), say(Kept.BROKEN)),
        (or_(run.is_preempted, is_taken_back), say(Kept.NONE)),
        (and_(closed_at.is_(None), run.promised_by_at >= one.judged_at), say(Kept.PENDING)),
        else_=say(Kept.BROKEN),
    )


def wish(one: Run, say: Say = _word) -> Any:
    """The time they asked for."""
    run = one.run
    return case(
        (run.is_wish_kept, say(Kept.KEPT)),
        (run.is_wish_kept.is_(False), say(Kept.BROKEN)),
        (one.is_wish_ahead, say(Kept.PENDING)),
        else_=say(Kept.BROKEN),
    )


def agreed(one: Run, say: Say = _word) -> Any:
    """The times agreed after the first promise: one that passed without a call in it is missed for good."""
    run, closed_at = one.run, one.closed_at
    ended_as = (ClosedReason.WITHDRAWN, ClosedReason.DO_NOT_CALL, *_MARKED)
    is_ahead = and_(closed_at.is_(None), run.agreed_until > one.judged_at)
    is_taken_back = and_(_is(one.reason, *ended_as), closed_at < run.agreed_until)
    so_far = case((run.is_agreed_kept, say(Kept.KEPT)), (is_ahead, say(Kept.PENDING)), else_=say(Kept.NONE))
    return case(
        (and_(run.agreed_until.is_(None), run.is_agreed_kept.is_(None)), say(Kept.NONE)),
        (run.is_agreed_kept.is_(False), say(Kept.BROKEN)),
        (or_(run.agreed_until.is_(None), is_ahead, is_taken_back), so_far),
        else_=say(Kept.BROKEN),
    )


def end(one: Run, clock: Clock, say: Say = _word) -> Any:
    """How the wait for a first call ended, by this clock."""
    run = one.run
    called: list[Any] = [(~is_uncalled(run), say(End.CALLED))]
    if clock is Clock.OPEN:
        called.insert(
            0, (and_(~is_uncalled(run), ~run.is_open_arrival, run.open_seconds == _digit(0)), say(End.CLOSED))
        )
    return case(
        (run.is_preempted, say(End.LEFT)),
        *called,
        (_is(one.reason, ClosedReason.WITHDRAWN), say(End.LEFT)),
        (one.closed_at.is_not(None), say(End.NEVER)),
        else_=say(End.WAITING),
    )


def reach(one: Run, say: Say = _word) -> Any:
    """By which try they were reached."""
    run = one.run
    is_open = one.closed_at.is_(None)
    return case(
        (run.reach_tries == _digit(0), say(Reach.CALLED_US)),
        (run.reach_tries == _digit(1), say(Reach.FIRST)),
        (run.reach_tries == _digit(2), say(Reach.SECOND)),
        (run.reach_tries == _digit(3), say(Reach.THIRD)),
        (run.reach_tries > _digit(3), say(Reach.LATER)),
        (and_(is_open, run.attempt_count == _digit(0)), say(Reach.NOT_CALLED)),
        (is_open, say(Reach.TRYING)),
        else_=say(Reach.NEVER),
    )


def tries(one: Run, say: Say = _word) -> Any:
    """How many calls were made. Not told of what is never counted: each other sort is one more to add up."""
    made = one.run.attempt_count
    return case(
        (or_(~is_speed(one.run), ~_is(one.of.channel, Channel.WEB)), say(Tries.NONE)),
        *((made == _digit(int(word)), say(word)) for word in Tries if word is not Tries.MANY),
        else_=say(Tries.MANY),
    )


def minutes(run: Any, clock: Clock) -> Any:
    """Of whoever called us the time until then: a call of ours afterwards is no first call any more."""
    called, waited = (
        (run.open_seconds, run.waited_open_seconds)
        if clock is Clock.OPEN
        else (run.all_seconds, run.waited_all_seconds)
    )
    seconds = case((or_(run.is_preempted, called.is_(None)), waited), else_=called)
    return (seconds + 59) // 60
