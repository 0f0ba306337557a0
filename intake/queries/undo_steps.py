"""What somebody may still undo, and who has changed a request since."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from intake.models import Audit, UndoStep, User
from intake.queries.casefile import LOOKS

_S = UndoStep.__table__.c
_A = Audit.__table__.c
_U = User.__table__.c


def made_at(conn: Connection, user_id: int, done_at: datetime) -> str | None:
    """The name of the step that this person's deed at this instant left; None if it changed nothing."""
    asked = select(_S.public_id).where(_S.by_id == user_id, _S.done_at == done_at).order_by(_S.id.desc()).limit(1)
    found = conn.execute(asked).scalar()
    return str(found) if found else None


def last_to_change(conn: Connection, callback_id: int) -> str:
    """The name of whoever did something to a request last; "" for the visitor and the service."""
    asked = select(_U.name).select_from(Audit.__table__.outerjoin(User.__table__, _U.id == _A.actor_id))
    asked = asked.where(_A.callback_id == callback_id, _A.action.not_in((*LOOKS, "callback.noted")))
    return str(conn.execute(asked.order_by(_A.id.desc()).limit(1)).scalar() or "")
