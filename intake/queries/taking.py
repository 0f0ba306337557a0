"""Whether a request is its holder's by what somebody did, or so far only because a rule gave it to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Label, and_, exists, or_, select

from intake.models import Audit, CallbackRequest
from intake.queries.casefile import LOOKS
from intake.rules.permissions import ActorKind

_C, _A = CallbackRequest.__table__.c, Audit.__table__.c
_GIVEN = ("callback.assigned", "callback.handed_off")
"""Somebody gave it to somebody else: a person has seen to it."""

_BY_HOLDER = and_(_A.actor_id == _C.assignee_id, _A.action.not_in(LOOKS))
_ACTED = and_(
    _A.callback_id == _C.id,
    _A.actor_kind == ActorKind.PERSON.value,
    _A.at >= _C.claimed_at,
    or_(_BY_HOLDER, _A.action.in_(_GIVEN)),
)
IS_TAKEN: ColumnElement[bool] = and_(_C.assignee_id.is_not(None), exists().where(_ACTED))
"""Since it came to them, its holder did something with it (looking is nothing yet), or somebody gave it to them."""


def told(reference: str) -> Label[Any]:
    """Of one request as a column of a larger question."""
    asked = select(_C.id).where(_C.reference == reference, IS_TAKEN)
    return asked.exists().label("is_taken")


def is_taken(conn: Connection, callback_id: int) -> bool:
    """Likewise of one request."""
    return conn.execute(select(_C.id).where(_C.id == callback_id, IS_TAKEN)).first() is not None
