"""What tells an ordinary pause from a silence: requests in the same hours of the weeks before, and what lies unsent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from intake.ledger import outbox
from intake.models import Alarm, CallbackRequest, OutboxMessage
from intake.rules import silence
from intake.rules.hours import Interval
from intake.rules.workflow import Channel, ClosedReason, Status

COUNTED_TO = 100
"""In one stretch: beyond that a number says nothing more."""
_C, _M, _A = (model.__table__.c for model in (CallbackRequest, OutboxMessage, Alarm))
_BY_FORM = and_(
    _C.channel == Channel.WEB,
    _C.status != Status.CHECK,
    or_(_C.closed_reason.is_(None), _C.closed_reason != ClosedReason.SPAM),
)
"""What staff write down says nothing of whether the form on the website still works, and neither does a program."""


def silent_since(conn: Connection, now: datetime) -> datetime | None:
    """When the last request came by the form, if that is too long ago for these hours.

    Reads at most COUNTED_TO places of each week.
    """
    came = select(_C.received_at).where(_BY_FORM)
    last_at = conn.execute(came.order_by(_C.received_at.desc(), _C.id.desc()).limit(1)).scalar()
    first_at = conn.execute(came.order_by(_C.received_at, _C.id).limit(1)).scalar()
    if first_at is None or last_at is None or last_at > now:
        return None
    stretches = silence.same_stretches(first_at, last_at, now)
    if len(stretches) < silence.LEAST_WEEKS:
        return None
    return last_at if silence.is_silent([_count(conn, stretch) for stretch in stretches]) else None


def told_since() -> Select[Any]:
    """Since when the alarm says that nothing has come; not once something has, be the worker off that ends it."""
    has_come = exists().where(_BY_FORM, _C.received_at > _A.since_at)
    return select(_A.since_at).where(_A.kind == "silence", ~has_come)


def _count(conn: Connection, stretch: Interval) -> int:
    within = select(_C.id).where(_BY_FORM, _C.received_at > stretch[0], _C.received_at <= stretch[1]).limit(COUNTED_TO)
    return int(conn.execute(select(func.count()).select_from(within.subquery())).scalar_one())


def first_due() -> Select[Any]:
    """When the first message that waits could have gone out."""
    return select(_M.available_at).where(outbox.IS_WAITING).order_by(_M.available_at, _M.id).limit(1)


def stuck_since(conn: Connection, now: datetime) -> datetime | None:
    """When the first message that lies there should have gone out, if that is too long ago."""
    due_since: datetime | None = conn.execute(first_due()).scalar()
    return due_since if silence.is_stuck(due_since, now) else None


def ringing(conn: Connection) -> dict[str, datetime]:
    """The alarms that were raised and are not over: kind, and since when it is so."""
    return {row.kind: row.since_at for row in conn.execute(select(_A.kind, _A.since_at))}
