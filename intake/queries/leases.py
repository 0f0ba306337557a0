"""Claims whose holder has done nothing for too long, and who has still to be told that they lost one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, or_, select, tuple_

from intake.models import Audit, CallbackRequest, Lapse
from intake.queries import people

MOST_TOLD = 10

_C = CallbackRequest.__table__.c
_L = Lapse.__table__.c
_A = Audit.__table__.c
_TAKEN_AWAY = ("callback.assigned", "callback.released", "callback.taken_over")


@dataclass(frozen=True, slots=True)
class Lost:
    """A request that went out of somebody's hands without their doing.

    ``by``: who did it, "" if nobody; ``to``: to whom it went, "" for the queue. ``is_theirs``: they have it again.
    """

    id: int
    reference: str
    is_theirs: bool = False
    by: str = ""
    to: str = ""


def has_lapsed(now: datetime, longest_call: timedelta) -> list[ColumnElement[bool]]:
    """The conditions, over the index of leases; a call under way holds for ``longest_call``."""
    no_call = or_(_C.call_started_at.is_(None), _C.call_started_at <= now - longest_call)
    return [_C.closed_at.is_(None), _C.lease_until.is_not(None), _C.lease_until <= now, no_call]


def is_any_lapsed(conn: Connection, now: datetime, longest_call: timedelta) -> bool:
    """Whether there is anything to give back."""
    return conn.execute(select(_C.id).where(*has_lapsed(now, longest_call)).limit(1)).first() is not None


def to_do(user_id: int, now: datetime, longest_call: timedelta) -> ColumnElement[bool]:
    """Likewise, or anything to tell this person: a column of a question that is asked anyway."""
    return or_(exists().where(*has_lapsed(now, longest_call)), has_lost(user_id))


def has_lost(user_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Whether there is anything to tell this person."""
    return exists().where(_L.user_id == user_id)


def is_any(conn: Connection, user_id: int, now: datetime, longest_call: timedelta) -> bool:
    """Likewise, asked alone."""
    return bool(conn.execute(select(to_do(user_id, now, longest_call))).scalar())


def lost_by(conn: Connection, user_id: int) -> list[Lost]:
    """What this person lost and has not been told of; MOST_TOLD at once. Who did it is on record of that instant."""
    asked = select(_C.id, _C.reference, _C.assignee_id, _L.lapsed_at).join(Lapse.__table__, _L.callback_id == _C.id)
    rows = conn.execute(asked.where(_L.user_id == user_id).order_by(_L.lapsed_at.desc(), _C.id).limit(MOST_TOLD)).all()
    entries = select(_A.callback_id, _A.actor_id, _A.details).where(
        tuple_(_A.callback_id, _A.at).in_([(row.id, row.lapsed_at) for row in rows]), _A.action.in_(_TAKEN_AWAY)
    )
    by = {entry.callback_id: (entry.actor_id, entry.details.get("to")) for entry in conn.execute(entries)
          if entry.details.get("from") == user_id} if rows else {}  # fmt: skip
    names = people.names_of(conn, {one for ends in by.values() for one in ends if one})
    return [
        Lost(row.id, row.reference, row.assignee_id == user_id, *(names.get(end, "") for end in by.get(row.id, ())))
        for row in rows
    ]
