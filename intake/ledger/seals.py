"""Seals over the record: what exactly a seal proves, byte for byte, and the rows that hold one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, literal_column, select, text

from intake.ledger.audit import AUDIT_LOCK
from intake.models import Audit, AuditSeal
from intake.models.base import table_of
from intake.models.keyring import Proof
from intake.models.site import Site

LOCK_MILLISECONDS = 200
"""How long the sealer waits for writers to finish. Those who come after it stand behind it for as long at most."""

_S, _A = AuditSeal.__table__.c, Audit.__table__.c
_SEALED = ("id", "at", "actor_kind", "actor_id", "action", "callback_id", "details", "text_digest")
_AS_STORED: list[ColumnElement[Any]] = [literal_column(name) for name in _SEALED]


@dataclass(frozen=True, slots=True)
class Seal:
    """One row of ``audit_seal``; ``entries`` counts from the beginning of the record."""

    id: int
    through_id: int
    entries: int
    previous_hash: bytes
    hash: bytes
    sealed_at: datetime


BEGINNING = Seal(0, -(2**63), 0, b"", bytes(32), datetime(1970, 1, 1, tzinfo=UTC))
"""What the first seal stands on."""


def newest(conn: Connection) -> Seal:
    """The last seal, or BEGINNING."""
    return next(iter(seals(conn, newest_first=True, most=1)), BEGINNING)


def before_last(conn: Connection, most: int) -> Seal:
    """The newest seal behind which ``most`` sealed entries lie; BEGINNING if there are not so many."""
    wanted = newest(conn).entries - most
    asked = select(AuditSeal.__table__).where(_S.entries <= wanted).order_by(_S.id.desc()).limit(1)
    row = conn.execute(asked).first() if wanted > 0 else None
    return Seal(**row._mapping) if row else BEGINNING


def with_id(conn: Connection, seal_id: int) -> Seal | None:
    """The seal with this number; 0 is BEGINNING."""
    if seal_id == BEGINNING.id:
        return BEGINNING
    return next(iter(seals(conn, after=seal_id - 1, through=seal_id, most=1)), None)


def seals(
    conn: Connection, *, after: int = 0, through: int | None = None, most: int, newest_first: bool = False
) -> list[Seal]:
    """Seals in order of their number, those behind ``after``."""
    asked = select(AuditSeal.__table__).where(_S.id > after)
    asked = asked if through is None else asked.where(_S.id <= through)
    order = _S.id.desc() if newest_first else _S.id
    return [Seal(**row._mapping) for row in conn.execute(asked.order_by(order).limit(most))]


def final_id(conn: Connection) -> int | None:
    """Every id up to this one is either stored or never will be. Commit at once: on PostgreSQL writers wait meanwhile.

    Writers hold the lock shared until they commit, and take it before their entry gets its number. Whoever has it
    alone therefore sees every entry with a lower number; a missing one was rolled back. On SQLite the caller's BEGIN
    IMMEDIATE is that lock. OperationalError if the writers did not finish in time.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"))
        conn.execute(select(func.pg_advisory_xact_lock(AUDIT_LOCK)))
    return conn.execute(select(func.max(_A.id))).scalar()


def entries(conn: Connection, *, after: int, through: int, most: int) -> Sequence[Row[Any]]:
    """Entries in order, each value as the driver gives it, so that even one that was made unreadable can be read."""
    asked = select(*_AS_STORED).select_from(table_of(Audit)).where(_A.id > after, _A.id <= through)
    return conn.execute(asked.order_by(_A.id).limit(most)).all()


def add(conn: Connection, seal: Seal) -> None:
    """Keep a seal. IntegrityError if another one stands on the same seal already."""
    conn.execute(insert(table_of(AuditSeal)), {name: getattr(seal, name) for name in Seal.__slots__})


def headed(site: Site, *, id: int, through_id: int, entries: int, previous_hash: bytes, sealed_at: datetime) -> Proof:
    """The proof of a seal before the first entry went in: what the seal says of itself comes first."""
    proof = site.keyring.record_proof()
    for part in (previous_hash, str(id), str(through_id), str(entries), sealed_at):
        proof.add(_plain(part))
    return proof


def proven(site: Site, rows: Iterable[Row[Any]], **head: Any) -> bytes:
    """The hash of a seal over these entries."""
    proof = headed(site, **head)
    for row in rows:
        proof.add(encoded(row))
    return proof.finish()


def encoded(row: Sequence[Any]) -> bytes:
    """One entry as bytes that no other entry has: each column marked as empty or not, and prefixed with its length.

    The same entry gives the same bytes on both databases: instants in UTC to the microsecond, details as JSON with
    sorted keys. What cannot be read as it should goes in as it stands, and then fits no seal.
    """
    id, at, actor_kind, actor_id, action, callback_id, details, text_digest = row
    values = (id, _instant(at), actor_kind, actor_id, action, callback_id, _json(details), text_digest)
    return b"".join(_cell(value) for value in values)


def _cell(value: Any) -> bytes:
    if value is None:
        return b"\0"
    plain = _plain(value)
    return b"\1" + len(plain).to_bytes(4, "big") + plain


def _plain(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return (_spelled(value) if isinstance(value, datetime) else str(value)).encode("utf-8", "surrogatepass")


def _spelled(at: datetime) -> str:
    utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _instant(at: Any) -> Any:
    """SQLite hands out text, PostgreSQL a datetime."""
    try:
        return datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return at


def _json(details: Any) -> Any:
    try:
        value = json.loads(details) if isinstance(details, str) else details
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    except ValueError:
        return details
