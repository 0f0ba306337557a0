"""Open requests that somebody may have to be told of, and alerts that were raised and not told yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from intake.ledger.outbox import HOOK
from intake.models import Alert, CallbackRequest, OutboxMessage
from intake.models.base import Instant
from intake.models.records import OutboxState
from intake.queries.taking import IS_TAKEN
from intake.rules.alerting import AlertKind
from intake.rules.promise import NEVER_DUE
from intake.rules.workflow import Disposition, Status

_C = CallbackRequest.__table__.c
_A = Alert.__table__.c
_M = OutboxMessage.__table__.c

_IS_UNCALLED = and_(_C.first_attempt_at.is_(None), _C.reached_at.is_(None))
HAS_A_DUE_TIME: ColumnElement[bool] = and_(
    _C.closed_at.is_(None),
    _C.duplicate_of_id.is_(None),
    _C.due_at < NEVER_DUE,
    or_(_C.last_disposition.is_(None), _C.last_disposition != Disposition.CRISIS.value, _C.due_at > _C.crisis_at),
)
"""Somebody is to call at a time: not who waits for another number, nor whom a call found in a crisis, with none set."""


_WAITING: Select[Any] = select(
    _C.id, _C.due_at, _C.assignee_id, _C.call_started_at, _C.status, _C.received_at, _C.next_at,
    _IS_UNCALLED.label("is_uncalled"), IS_TAKEN.label("is_taken"),
)  # fmt: skip
_ALERTS: Select[Any] = (
    select(_A.id, _A.kind, _A.recipient, _A.number, _A.due_at, _A.raised_at, _A.callback_id, _C.reference)
    .join(CallbackRequest.__table__, _C.id == _A.callback_id)
    .order_by(_A.due_at, _A.callback_id, _A.id)
)
_OWNER = or_(
    and_(_C.assignee_id.is_(None), _A.recipient == "team"),
    _A.recipient == literal("user:") + cast(_C.assignee_id, String),
)


IS_ON_CALL: ColumnElement[bool] = _A.kind.in_([AlertKind.ON_CALL.value, AlertKind.ON_CALL_LATE.value])


def near_due(
    conn: Connection, *, until: datetime, after: tuple[datetime, int] | None, limit: int
) -> Sequence[Row[Any]]:
    """Open requests due by ``until``, in order of due time, behind ``after``."""
    asked = _WAITING.where(HAS_A_DUE_TIME, _C.due_at <= until)
    if after is not None:
        asked = asked.where(tuple_(_C.due_at, _C.id) > tuple_(*after))
    return conn.execute(asked.order_by(_C.due_at, _C.id).limit(limit)).all()


def came_since(
    conn: Connection, *, since: datetime, due_after: datetime, after: tuple[datetime, int] | None, limit: int
) -> Sequence[Row[Any]]:
    """Open requests that came then or later, that nobody has taken on or called, in the order they came.

    Only those due after ``due_after``: the others are ``near_due``.
    """
    asked = _WAITING.where(HAS_A_DUE_TIME, _IS_UNCALLED, ~IS_TAKEN, _C.received_at >= since)
    asked = asked.where(_C.due_at > due_after)
    if after is not None:
        asked = asked.where(tuple_(_C.received_at, _C.id) > tuple_(*after))
    return conn.execute(asked.order_by(_C.received_at, _C.id).limit(limit)).all()


def raised(
    conn: Connection, occasions: Collection[tuple[int, datetime, str, int]]
) -> set[tuple[int, datetime, str, str, int]]:
    """Which of these alerts there have been, and for whom: request, due time, kind, recipient, number.

    Asked by occasion (request, due time, kind, number): a request that is late for a week has had hundreds.
    """
    which = tuple_(_A.callback_id, _A.due_at, _A.kind, _A.number).in_(occasions)
    asked = select(_A.callback_id, _A.due_at, _A.kind, _A.recipient, _A.number).where(which)
    return {(row[0], row[1], row[2], row[3], row[4]) for row in conn.execute(asked)}


def is_living(now: datetime) -> ColumnElement[bool]:
    """An alert still says what is so: its due time holds, its reader is the one to call, and nothing worse has come.

    That somebody asked again is so until the request has ended, whenever it is due.
    """
    stage = or_(
        _A.kind == AlertKind.ESCALATED.value,
        and_(_A.kind == AlertKind.LATE.value, _OWNER),
        and_(_A.kind == AlertKind.SOON.value, _OWNER, _A.due_at >= now),
        and_(IS_ON_CALL, ~IS_TAKEN, or_(_C.next_at.is_(None), _C.next_at <= now)),
    )
    is_due = and_(_C.due_at == _A.due_at, HAS_A_DUE_TIME, stage)
    is_again = and_(_A.kind == AlertKind.AGAIN.value, _OWNER, _C.closed_at.is_(None))
    return or_(is_due, is_again)


def to_tell(
    conn: Connection, *, idle_since: datetime, woken_since: datetime, call_since: datetime, limit: int
) -> Sequence[Row[Any]]:
    """Unsettled, untold alerts of everybody who was told nothing since ``idle_since``, oldest first.

    Of those for people on call: told nothing since ``woken_since``; a webhook has no such patience. Not of requests
    with a call under way that began after ``call_since``.
    """
    told = Alert.__table__.alias("told")
    heard_since = case((IS_ON_CALL, literal(woken_since, Instant)), else_=literal(idle_since, Instant))
    has_heard = exists().where(told.c.recipient == _A.recipient, _A.recipient != HOOK, told.c.told_at > heard_since)
    untold = (_A.settled_at.is_(None), _A.told_at.is_(None), ~has_heard, ~_is_calling(call_since))
    return conn.execute(_ALERTS.where(*untold).limit(limit)).all()


def still_so(
    conn: Connection, kind: str, recipient: str, *, now: datetime, call_since: datetime, limit: int
) -> Sequence[Row[Any]]:
    """What this person was told since the last mail of this ``kind`` that went out to them, as far as it is so now."""
    sent = (_M.kind == kind, _M.recipient == recipient, _M.state == OutboxState.SENT.value)
    since = select(func.max(_M.created_at)).where(*sent).scalar_subquery()
    is_unheard = or_(since.is_(None), _A.told_at > since)
    told = (_A.recipient == recipient, _A.told_at.is_not(None), is_unheard)
    is_so = (_A.settled_at.is_(None), is_living(now), ~_is_calling(call_since))
    return conn.execute(_ALERTS.where(*told, *is_so).limit(limit)).all()


def _is_calling(since: datetime) -> ColumnElement[bool]:
    return and_(_C.call_started_at.is_not(None), _C.call_started_at > since)


def is_check(status: str) -> bool:
    """Whether a request still waits for the decision that it is genuine."""
    return status == Status.CHECK.value
