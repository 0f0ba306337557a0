"""What somebody may still undo, and who has changed a request since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, or_, select

from intake.models import Audit, UndoStep, User
from intake.queries.casefile import IS_ACT, LOOKS

_S = UndoStep.__table__.c
_A = Audit.__table__.c
_U = User.__table__.c


def made_at(conn: Connection, user_id: int, done_at: datetime) -> str | None:
    """The name of the step that this person's deed at this instant left; None if it changed nothing."""
    asked = select(_S.public_id).where(_S.by_id == user_id, _S.done_at == done_at).order_by(_S.id.desc()).limit(1)
    found = conn.execute(asked).scalar()
    return str(found) if found else None


def last_to_change(conn: Connection, callback_id: int, done_at: datetime) -> str:
    """The name of whoever did something to a request last after that deed; "" for the visitor and the service.

    A note mostly changes nothing: whose it is counts only where nothing else was done, since then its words did.
    """
    asked = select(_U.name).select_from(Audit.__table__.outerjoin(User.__table__, _U.id == _A.actor_id))
    is_of_a_note = or_(_A.action == "callback.noted", _A.details["struck_note"].as_string().is_not(None))
    rank = case((and_(_A.at > done_at, ~is_of_a_note), 0), (_A.at > done_at, 1), else_=2)
    asked = asked.where(_A.callback_id == callback_id, _A.action.not_in(LOOKS), or_(rank < 2, ~is_of_a_note))
    return str(conn.execute(asked.order_by(rank, _A.id.desc()).limit(1)).scalar() or "")


def acts_since_added(conn: Connection, callback_id: int) -> list[Row[Any]]:
    """What was done with a request after it was written down by hand, notes too: ``action`` and the ``name`` of who
    did it, the newest first.
    """
    asked = select(_A.action, _U.name).select_from(Audit.__table__.outerjoin(User.__table__, _U.id == _A.actor_id))
    asked = asked.where(_A.callback_id == callback_id, *IS_ACT, _A.action != "callback.taken_down")
    return list(conn.execute(asked.order_by(_A.id.desc())))
