"""Numbers nobody may call again, kept as keyed hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from intake.ledger import deeds
from intake.models import SuppressedNumber


def suppress(
    conn: Connection, phone_index: bytes, *, by_id: int | None, callback_id: int | None = None, now: datetime
) -> None:
    """Keep a number's hash for good; a second time changes nothing. ``callback_id``: the request it was said about."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    row = {"phone_index": phone_index, "by_id": by_id, "suppressed_at": now}
    adding = insert(SuppressedNumber).values(row).on_conflict_do_nothing(index_elements=["phone_index"])
    kept = conn.execute(adding.returning(SuppressedNumber.__table__.c.id)).first()
    noted = deeds.of(conn)
    if kept is not None and noted is not None and callback_id is not None:
        noted.item(callback_id).numbers.append(phone_index.hex())
