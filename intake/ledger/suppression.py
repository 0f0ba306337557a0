"""Numbers nobody may call, kept as keyed hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from intake.ledger import deeds
from intake.models import SuppressedNumber

_S = SuppressedNumber.__table__.c


def suppress(
    conn: Connection, phone_index: bytes, *, by_id: int | None, callback_id: int | None = None, now: datetime
) -> None:
    """Keep a number's hash until it is lifted; a second time changes nothing. ``callback_id``: said about that one."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    row = {"phone_index": phone_index, "by_id": by_id, "suppressed_at": now}
    adding = insert(SuppressedNumber).values(row).on_conflict_do_nothing(index_elements=["phone_index"])
    kept = conn.execute(adding.returning(_S.id)).first()
    noted = deeds.of(conn)
    if kept is not None and noted is not None and callback_id is not None:
        noted.item(callback_id).numbers.append(phone_index.hex())


def lift(conn: Connection, phone_indexes: Sequence[bytes], *, callback_id: int) -> None:
    """Forget a number, under every key it may be kept by. ``callback_id``: decided about that one."""
    gone = delete(SuppressedNumber).where(_S.phone_index.in_(phone_indexes))
    rows = conn.execute(gone.returning(_S.phone_index, _S.by_id, _S.suppressed_at)).all()
    noted = deeds.of(conn)
    if noted is not None:
        noted.item(callback_id).lifted += [
            {"number": bytes(row.phone_index).hex(), "by": row.by_id, "at": deeds.written(row.suppressed_at)}
            for row in rows
        ]


def bar_again(conn: Connection, lifted: Iterable[Mapping[str, Any]]) -> None:
    """As they were kept before they were lifted, but where they are kept once more by now."""
    for one in lifted:
        number, at = bytes.fromhex(one["number"]), datetime.fromisoformat(one["at"])
        suppress(conn, number, by_id=one["by"], now=at)
