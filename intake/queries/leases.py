"""Claims whose holder has done nothing for too long, and who has still to be told that theirs ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from intake.models import CallbackRequest, Lapse

MOST_TOLD = 10

_C = CallbackRequest.__table__.c
_L = Lapse.__table__.c


def has_lapsed(now: datetime, longest_call: timedelta) -> list[ColumnElement[bool]]:
    """The conditions, over the index of leases; a call under way holds for ``longest_call``."""
    no_call = or_(_C.call_started_at.is_(None), _C.call_started_at <= now - longest_call)
    return [_C.closed_at.is_(None), _C.lease_until.is_not(None), _C.lease_until <= now, no_call]


def is_any_lapsed(conn: Connection, now: datetime, longest_call: timedelta) -> bool:
    """Whether there is anything to give back."""
    return conn.execute(select(_C.id).where(*has_lapsed(now, longest_call)).limit(1)).first() is not None


def to_do(user_id: int, now: datetime, longest_call: timedelta) -> ColumnElement[bool]:
    """Likewise, or anything to tell this person: a column of a question that is asked anyway."""
    return or_(exists().where(*has_lapsed(now, longest_call)), exists().where(_L.user_id == user_id))


def is_any(conn: Connection, user_id: int, now: datetime, longest_call: timedelta) -> bool:
    """Likewise, asked alone."""
    return bool(conn.execute(select(to_do(user_id, now, longest_call))).scalar())


def lost_by(conn: Connection, user_id: int) -> list[tuple[int, str]]:
    """Id and reference of this person's claims that lapsed and of which they have not been told; MOST_TOLD at once."""
    asked = select(_C.id, _C.reference).join(Lapse.__table__, _L.callback_id == _C.id).where(_L.user_id == user_id)
    rows = conn.execute(asked.order_by(_L.lapsed_at.desc(), _C.id).limit(MOST_TOLD))
    return [(row.id, row.reference) for row in rows]
