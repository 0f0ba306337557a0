"""The figures of the wallboard: how many wait, how late, and whether today's promises were kept. No names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select

from intake.models import CallbackRequest
from intake.queries.next_call import BEFORE_WINDOW
from intake.queries.worklist import COUNTED_TO
from intake.rules.promise import NEVER_DUE
from intake.rules.workflow import ClosedReason, Status

_T = CallbackRequest.__table__
_C = _T.c
_NOBODYS = (ClosedReason.SPAM.value, ClosedReason.TEST.value, ClosedReason.DUPLICATE.value)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts stop at COUNTED_TO. ``oldest_at``: since when the one waits who has waited longest for a first call.

    ``kept`` of ``promised``: of what came in since the office last closed and was to be called by now.
    """

    due_now: int
    overdue: int
    unclaimed: int
    oldest_at: datetime | None
    kept: int
    promised: int


def figures(conn: Connection, *, now: datetime, soon: datetime, since: datetime) -> Figures:
    """All of them in two statements. ``soon``: what is due before then is due now."""
    waits = [_C.closed_at.is_(None), _C.status != Status.CHECK.value]
    is_ready = [
        or_(_C.next_at.is_(None), _C.next_at <= now),
        or_(_C.window_from.is_(None), _C.window_from <= now, BEFORE_WINDOW),
    ]
    oldest = select(func.min(_C.received_at)).where(*waits, *is_ready, _C.attempt_count == 0).scalar_subquery()
    row = conn.execute(
        select(
            _count(*waits, _C.due_at <= soon),
            _count(*waits, _C.due_at < now),
            _count(*waits, _C.assignee_id.is_(None), _C.due_at < NEVER_DUE),
            oldest,
        )
    ).one()
    due_now, overdue, unclaimed, oldest_at = row
    return Figures(due_now, overdue, unclaimed, oldest_at, *_promises(conn, now, since))


def _promises(conn: Connection, now: datetime, since: datetime) -> tuple[int, int]:
    is_kept = _C.is_promise_kept.is_(True)
    is_past = and_(_C.is_promise_kept.is_(None), _C.reached_at.is_(None))
    is_missed = or_(_C.is_promise_kept.is_(False), and_(is_past, _C.promised_by_at <= func.coalesce(_C.closed_at, now)))
    asked = select(_sum(is_kept), _sum(or_(is_kept, is_missed))).where(
        _C.received_at >= since,
        _C.received_at <= now,
        _C.is_promised,
        _C.status != Status.CHECK.value,
        or_(_C.closed_reason.is_(None), _C.closed_reason.not_in(_NOBODYS)),
    )
    kept, promised = conn.execute(asked).one()
    return int(kept or 0), int(promised or 0)


def _count(*conditions: ColumnElement[bool]) -> Any:
    some = select(literal(1)).select_from(_T).where(*conditions).limit(COUNTED_TO).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _sum(which: ColumnElement[bool]) -> Any:
    return func.sum(case((which, 1), else_=0))
