"""Mail to the visitor: several changes make one letter, and nobody can have us flood somebody else's mailbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from intake.ledger import outbox, throttle
from intake.models.records import OutboxMessage, OutboxState
from intake.models.site import Site
from intake.rules.workflow import Status

AT_ONCE = timedelta(0)
A_MOMENT = timedelta(minutes=1)
"""Changes made one after the other on the private link go out together: a mail says what is true when it is sent."""
WINDOW, MOST = timedelta(hours=1), 6
"""Letters to one address in one window; the request itself is always kept."""

_O = OutboxMessage.__table__.c


def enqueue(
    conn: Connection, site: Site, kind: str, *, callback_id: int, email_index: bytes, now: datetime,
    delay: timedelta = AT_ONCE,
) -> None:  # fmt: skip
    """Add a letter to the visitor, unless the same one still waits or their address has had enough for now."""
    waiting = select(_O.id).where(_O.callback_id == callback_id, _O.kind == kind, _O.state == OutboxState.PENDING.value)
    if conn.execute(waiting.limit(1)).first() is None:
        enqueue_first(conn, site, kind, callback_id=callback_id, email_index=email_index, now=now, delay=delay)


def enqueue_first(
    conn: Connection, site: Site, kind: str, *, callback_id: int, email_index: bytes, now: datetime,
    delay: timedelta = AT_ONCE,
) -> None:  # fmt: skip
    """Likewise for a request that is just being stored: no letter of its own can be waiting yet."""
    key = site.keyring.index_of("letters", email_index.hex())
    if throttle.count(conn, key, now=now, window=WINDOW) <= MOST:
        outbox.enqueue(conn, kind, "visitor", callback_id=callback_id, now=now, available_at=now + delay)


def enqueue_for(conn: Connection, site: Site, row: Row[Any], kind: str, *, now: datetime, delay: timedelta) -> None:
    """Likewise for a stored request; nothing for one without an address, or one nobody has found genuine yet."""
    if row.email_index is not None and row.status != Status.CHECK:
        enqueue(conn, site, kind, callback_id=row.id, email_index=row.email_index, now=now, delay=delay)
