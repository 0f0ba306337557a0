"""The calls already made for a request."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from intake.models import CallAttempt

_A = CallAttempt.__table__.c


def attempt_instants(conn: Connection, callback_id: int) -> tuple[datetime, ...]:
    """When each outbound attempt began, oldest first."""
    made = select(_A.started_at).where(_A.callback_id == callback_id, _A.is_attempt)
    return tuple(conn.execute(made.order_by(_A.started_at)).scalars())
