"""The record of who did what: one plain row, inserted in the caller's own transaction."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Insert, bindparam, func, insert, select

from intake.database import Prepared
from intake.models import Audit, AuditText
from intake.models.base import table_of
from intake.models.site import Site
from intake.rules.permissions import Actor

AUDIT_LOCK = 0x696E746B
"""The PostgreSQL advisory lock that writers share and whoever seals the record takes alone."""

_COLUMNS = ("at", "actor_kind", "actor_id", "action", "callback_id", "details", "text_digest")
_A = Audit.__table__.c


def _adding(dialect: str) -> Insert:
    """One entry. On PostgreSQL the shared lock is taken by the same statement, before the entry gets its number."""
    if dialect != "postgresql":
        return insert(table_of(Audit))
    held = select(func.pg_advisory_xact_lock_shared(AUDIT_LOCK)).subquery("held")
    entry = select(*(bindparam(name, type_=_A[name].type) for name in _COLUMNS)).select_from(held)
    return insert(table_of(Audit)).from_select(_COLUMNS, entry)


# Statements are made once: building one costs more than running it.
_ADD = {dialect: Prepared(_adding(dialect), *_COLUMNS) for dialect in ("sqlite", "postgresql")}
_ADD_RETURNING = {
    dialect: Prepared(_adding(dialect).returning(_A.id), *_COLUMNS) for dialect in ("sqlite", "postgresql")
}
_ADD_TEXT = insert(table_of(AuditText))


def record(
    conn: Connection,
    site: Site,
    actor: Actor,
    action: str,
    *,
    callback_id: int | None = None,
    details: Mapping[str, Any] | None = None,
    typed: str | None = None,
    now: datetime,
) -> None:
    """Add one entry. ``details`` holds ids and enum names only; typed words go to ``typed``.

    Typed words lie encrypted in ``audit_text``, so that they can be redacted and the entry still stands.
    """
    salt = os.urandom(16) if typed else None
    row = {
        "at": now,
        "actor_kind": actor.kind.value,
        "actor_id": actor.user_id,
        "action": action,
        "callback_id": callback_id,
        "details": dict(details or {}),
        "text_digest": site.keyring.text_digest(salt, typed) if salt and typed else None,
    }
    if not (salt and typed):
        _ADD[conn.dialect.name].run(conn, row)
        return
    added = _ADD_RETURNING[conn.dialect.name].one(conn, row)
    _keep_text(conn, site, cast("tuple[int]", added)[0], salt, typed)


def _keep_text(conn: Connection, site: Site, audit_id: int, salt: bytes, typed: str) -> None:
    public_id = uuid.uuid4().hex
    sealed = site.keyring.seal("audit_text.text", public_id, typed)
    conn.execute(_ADD_TEXT, {"audit_id": audit_id, "public_id": public_id, "salt": salt, "text_encrypted": sealed})
