"""What somebody passed over: for a while it is offered to others only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from intake.ledger import deeds
from intake.models import Skip

_K = Skip.__table__.c


def pass_over(conn: Connection, callback_id: int, user_id: int, *, until_at: datetime, now: datetime) -> None:
    """From now on, in place of what stood before; what holds no more of all that this person passed over goes."""
    before = conn.execute(select(_K.skipped_at, _K.until_at).where(*_of(callback_id, user_id))).first()
    over = (_K.callback_id == callback_id) | (_K.until_at <= now)
    conn.execute(delete(Skip).where(_K.user_id == user_id, over))
    _keep(conn, callback_id, user_id, now, until_at)
    noted = deeds.of(conn)
    if noted is not None:
        stood = [deeds.written(at) for at in before] if before else None
        noted.item(callback_id).skipped = {"at": deeds.written(now), "before": stood}


def take_back(conn: Connection, callback_id: int, user_id: int, skipped: Mapping[str, Any]) -> None:
    """As it was before, unless they have passed it over once more since."""
    mine = (*_of(callback_id, user_id), _K.skipped_at == datetime.fromisoformat(skipped["at"]))
    if conn.execute(delete(Skip).where(*mine)).rowcount and skipped["before"]:
        _keep(conn, callback_id, user_id, *(datetime.fromisoformat(at) for at in skipped["before"]))


def _keep(conn: Connection, callback_id: int, user_id: int, skipped_at: datetime, until_at: datetime) -> None:
    kept = {"callback_id": callback_id, "user_id": user_id, "skipped_at": skipped_at, "until_at": until_at}
    conn.execute(insert(Skip).values(**kept))


def _of(callback_id: int, user_id: int) -> tuple[Any, Any]:
    return (_K.callback_id == callback_id, _K.user_id == user_id)
