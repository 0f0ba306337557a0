"""Numbers nobody may call again, kept as keyed hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from intake.models import SuppressedNumber

_S = SuppressedNumber.__table__.c


def suppress(conn: Connection, phone_index: bytes, *, by_id: int | None, now: datetime) -> None:
    """Keep a number's hash for good; a second time changes nothing."""
    if conn.execute(select(_S.id).where(_S.phone_index == phone_index)).first() is None:
        conn.execute(insert(SuppressedNumber).values(phone_index=phone_index, by_id=by_id, suppressed_at=now))
