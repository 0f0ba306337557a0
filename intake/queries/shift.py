"""Who is on shift, what a shift finds and what it leaves: requests of the night, promises that cross closing time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from intake.models import CallbackRequest, User
from intake.models.site import Site
from intake.queries import people
from intake.queries.worklist import SELECTED, SOURCE, WorklistRow, fields
from intake.rules.permissions import Permission
from intake.rules.workflow import ClosedReason, Status

MOST = 200
"""So many are listed; the rest is in the queue."""
_C = CallbackRequest.__table__.c
_U = User.__table__.c
_NOBODYS = (ClosedReason.SPAM.value, ClosedReason.TEST.value, ClosedReason.DUPLICATE.value)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came in while the office was closed. ``left``: up to MOST that nobody has called yet, in due order."""

    left: tuple[WorklistRow, ...]
    left_count: int
    done_count: int
    check_count: int


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody on shift: since when, and how many open requests they hold."""

    id: int
    name: str
    since: datetime
    held: int


def present(conn: Connection, now: datetime) -> tuple[Present, ...]:
    """Everybody who may work and is on shift, by name."""
    held = select(func.count()).where(_C.assignee_id == _U.id, _C.closed_at.is_(None)).scalar_subquery()
    asked = select(_U.id, _U.name, _U.on_shift_since, held).where(people.may(Permission.WORK), people.is_there(now))
    return tuple(Present(*row) for row in conn.execute(asked.order_by(_U.name, _U.id)))


def gathered(conn: Connection, site: Site, *, since: datetime, until: datetime, with_contact: bool) -> Gathered:
    """Everything received from ``since`` until before ``until``."""
    came = and_(_C.received_at >= since, _C.received_at < until)
    is_check = and_(_C.closed_at.is_(None), _C.status == Status.CHECK.value)
    is_left = and_(
        _C.closed_at.is_(None), _C.status != Status.CHECK.value, _C.first_attempt_at.is_(None), _C.reached_at.is_(None)
    )
    is_done = and_(
        or_(_C.first_attempt_at.is_not(None), _C.reached_at.is_not(None), _C.closed_at.is_not(None)),
        or_(_C.closed_reason.is_(None), _C.closed_reason.not_in(_NOBODYS)),
    )
    counted = conn.execute(select(*(_sum(which) for which in (is_left, is_done, is_check))).where(came)).one()
    asked = select(*SELECTED).select_from(SOURCE).where(came, is_left).order_by(_C.due_at, _C.id).limit(MOST)
    rows = tuple(WorklistRow(**fields(site, row, with_contact)) for row in conn.execute(asked))
    return Gathered(rows, *(int(number or 0) for number in counted))


def to_hand_over(
    conn: Connection, site: Site, *, now: datetime, ends_at: datetime, holder_id: int | None = None, with_contact: bool
) -> tuple[WorklistRow, ...]:
    """Up to MOST open requests: somebody's (``holder_id``'s), and of nobody's the overdue and what outlasts the day.

    In due order, so the overdue first. What lies under "Check" is nobody's to hand over.
    """
    is_held = _C.assignee_id.is_not(None) if holder_id is None else _C.assignee_id == holder_id
    is_waiting = and_(_C.assignee_id.is_(None), or_(_C.due_at < now, _is_later(ends_at)))
    asked: Select[Any] = (
        select(*SELECTED)
        .select_from(SOURCE)
        .where(_C.closed_at.is_(None), _C.status != Status.CHECK.value, or_(is_held, is_waiting))
    )
    rows = conn.execute(asked.order_by(_C.due_at, _C.id).limit(MOST)).all()
    return tuple(WorklistRow(**fields(site, row, with_contact)) for row in rows)


def _is_later(ends_at: datetime) -> ColumnElement[bool]:
    """The word we gave, the next try, or the window they chose lies after the day's end."""
    is_uncalled = and_(_C.first_attempt_at.is_(None), _C.is_promised, _C.promised_by_at > ends_at)
    return or_(is_uncalled, _C.next_at > ends_at, _C.window_from > ends_at)


def _sum(which: ColumnElement[bool]) -> Any:
    return func.sum(case((which, 1), else_=0))
