"""Forgetting people whose time is over: what they said goes, the figures and the record of what was done stay.

A row cannot be deleted, since the record and the calls point at it and refuse to change. It is emptied instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from intake.database import db, reading, writing
from intake.ledger import audit, deeds
from intake.models import Alert, Audit, AuditText, CallbackRequest, MailTry, Note, OutboxMessage, Presence, SearchToken
from intake.models.site import Site
from intake.queries import retention as expiry
from intake.queries.sign_in import LONGEST_SESSION
from intake.rules.permissions import SYSTEM
from intake.rules.retention import Retention
from intake.services.errors import RefusedError
from intake.services.locking import in_hand, lock

BATCH = 100
_C = CallbackRequest.__table__.c
GONE = {column.name: None for column in _C if column.name.endswith(("_encrypted", "_index"))} | {
    "crisis_at": None,
    "due_at": _C.target_at,
}
"""Everything a request holds of a person, and what might tell of a crisis.

A number not to be called is kept elsewhere, as a hash."""
_NO_WORDS = {"text_encrypted": None, "salt": None}
"""Without its salt the digest that the record keeps cannot be used to test a guess."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What one transaction took."""

    requests: int = 0
    texts: int = 0
    tries: int = 0
    """To send a mail about no request; those of a request go with it."""


def purge(site: Site, retention: Retention, *, now: datetime, batch: int = BATCH) -> Iterator[Purged]:
    """Redact what has expired, one yield for each transaction that was committed.

    Stopped or killed anywhere, whole batches are done and the rest is untouched; the next run goes on from there.
    """
    _forget_who_was_there(now)
    _forget_steps(now - deeds.KEPT)
    last = 0
    while ids := _next(retention, now, last, batch):
        yield Purged(requests=_redact(site, retention, ids, now))
        last = ids[-1]
    while texts := _old_texts(retention, now, batch):
        yield Purged(texts=_forget_words(site, retention, texts, now))
    while old := _old_tries(retention, now, batch):
        yield Purged(tries=_forget_tries(old))


def tidy_up() -> None:
    """Take what was overwritten out of SQLite's journal as well; PostgreSQL's vacuum does so by itself."""
    if db.engine.dialect.name == "sqlite":
        raw = db.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()


def _next(retention: Retention, now: datetime, after: int, batch: int) -> list[int]:
    with reading() as conn:
        return expiry.expired(conn, retention, now=now, after=after, limit=batch)


def _old_texts(retention: Retention, now: datetime, batch: int) -> list[int]:
    with reading() as conn:
        return expiry.old_texts(conn, retention, now=now, limit=batch)


def _old_tries(retention: Retention, now: datetime, batch: int) -> list[int]:
    with reading() as conn:
        return expiry.old_tries(conn, retention, now=now, limit=batch)


def _redact(site: Site, retention: Retention, ids: list[int], now: datetime) -> int:
    """Locked first and asked again: somebody may have opened one or put it on hold meanwhile."""
    with writing() as conn:
        _overwrite(conn)
        asked = select(_C.id).where(_C.id.in_(ids), expiry.has_expired(retention, now)).order_by(_C.id)
        still = list(conn.execute(in_hand(asked)).scalars())
        _empty(conn, site, still, now)
    return len(still)


def forget(site: Site, reference: str, *, now: datetime) -> None:
    """Empty one ended request now, because its person asked for it.

    NotFoundError if there is none; RefusedError: still_open (close it first), on_hold. A second time changes nothing.
    """
    with writing() as conn:
        row = lock(conn, reference)
        if row.closed_at is None:
            raise RefusedError("still_open")
        if row.has_legal_hold:
            raise RefusedError("on_hold")
        _overwrite(conn)
        _empty(conn, site, [row.id], now)
    _forget_steps(now - deeds.LASTS)


def _empty(conn: Connection, site: Site, ids: list[int], now: datetime) -> None:
    about = select(Audit.id).where(Audit.callback_id.in_(ids))
    conn.execute(update(AuditText).where(AuditText.audit_id.in_(about)).values(_NO_WORDS))
    conn.execute(update(Note).where(Note.callback_id.in_(ids)).values(text_encrypted=None))
    conn.execute(delete(SearchToken).where(SearchToken.callback_id.in_(ids)))
    conn.execute(delete(Alert).where(Alert.__table__.c.callback_id.in_(ids)))
    mails = select(OutboxMessage.id).where(OutboxMessage.callback_id.in_(ids))
    conn.execute(delete(MailTry).where(MailTry.message_id.in_(mails)))
    conn.execute(update(CallbackRequest).where(_C.id.in_(ids)).values(version=_C.version + 1, **GONE))
    for callback_id in ids:
        audit.record(conn, site, SYSTEM, "callback.redacted", callback_id=callback_id, now=now)


def _forget_words(site: Site, retention: Retention, ids: list[int], now: datetime) -> int:
    """Their requests are locked first, and asked again: somebody may have put one on hold meanwhile."""
    with writing() as conn:
        _overwrite(conn)
        about = select(Audit.callback_id).where(Audit.id.in_(ids))
        conn.execute(select(_C.id).where(_C.id.in_(about)).order_by(_C.id).with_for_update(read=True))
        still = expiry.old_texts(conn, retention, now=now, among=ids, limit=len(ids))
        if still:
            conn.execute(update(AuditText).where(AuditText.audit_id.in_(still)).values(_NO_WORDS))
            audit.record(conn, site, SYSTEM, "audit.texts_redacted", details={"count": len(still)}, now=now)
    return len(still)


def _forget_tries(ids: list[int]) -> int:
    with writing() as conn:
        conn.execute(delete(MailTry).where(MailTry.id.in_(ids)))
    return len(ids)


def _forget_who_was_there(now: datetime) -> None:
    """Who has opened which page is kept for as long as that page can still ask what is new."""
    with writing() as conn:
        conn.execute(delete(Presence).where(Presence.__table__.c.seen_at < now - LONGEST_SESSION))


def _forget_steps(before: datetime) -> None:
    """Steps that could have been taken back until then, in a transaction that holds no request."""
    with writing() as conn:
        _overwrite(conn)
        deeds.forget_before(conn, before)


def _overwrite(conn: Connection) -> None:
    """SQLite would leave the old bytes in free pages of the file."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("PRAGMA secure_delete=ON")
