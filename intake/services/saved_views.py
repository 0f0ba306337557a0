"""Views of the queue kept under a name: saved, renamed, shared with everybody, taken away by whoever made them."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import Connection, Row, delete, insert, select, update

from intake.database import writing
from intake.ledger import audit
from intake.models import SavedView
from intake.models.base import table_of
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.services.errors import NotFoundError, RefusedError

LONGEST_NAME, LONGEST_QUERY, MOST = 60, 400, 20
KNOWN = frozenset({"view", "owner", "status", "channel", "language", "page", "from_day", "to_day"})
"""What an address of the queue may ask for and still be kept: never what was searched for."""
_VALUE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_T = table_of(SavedView)


def save(site: Site, actor: Actor, name: str, query: str, *, is_shared: bool, now: datetime) -> str:
    """Keep what an address asks for under a name; its public id.

    RefusedError: name_needed, name_too_long (LONGEST_NAME), name_taken (by another view of one's own), unknown_query (a
    part of the address that is no filter), too_many (twenty of one's own).
    """
    actor.require(Permission.QUEUE)
    name = _named(name)
    _ensure_known(query)
    public_id = uuid.uuid4().hex
    with writing() as conn:
        if len(_ensure_free(conn, actor, name)) >= MOST:
            raise RefusedError("too_many")
        made: dict[str, Any] = {"public_id": public_id, "owner_id": actor.person_id, "name": name, "query": query}
        conn.execute(insert(_T).values(**made, is_shared=is_shared, created_at=now))
        _record(conn, site, actor, "view.saved", public_id, now)
        if is_shared:
            _record(conn, site, actor, "view.shared", public_id, now)
    return public_id


def rename(site: Site, actor: Actor, public_id: str, name: str, *, now: datetime) -> None:
    """Another name; RefusedError as for ``save``. NotFoundError, here and below, if it is not one's own."""
    _change(site, actor, public_id, "view.renamed", {"name": _named(name)}, now)


def share(site: Site, actor: Actor, public_id: str, *, is_shared: bool, now: datetime) -> None:
    """For everybody to open, or for oneself alone again."""
    _change(site, actor, public_id, "view.shared" if is_shared else "view.unshared", {"is_shared": is_shared}, now)


def remove(site: Site, actor: Actor, public_id: str, *, now: datetime) -> None:
    """Take it away, from everybody it was shared with too."""
    actor.require(Permission.QUEUE)
    with writing() as conn:
        row = _own(conn, actor, public_id)
        conn.execute(delete(_T).where(_T.c.id == row.id))
        _record(conn, site, actor, "view.removed", public_id, now)


def _change(site: Site, actor: Actor, public_id: str, action: str, values: dict[str, Any], now: datetime) -> None:
    actor.require(Permission.QUEUE)
    with writing() as conn:
        row = _own(conn, actor, public_id)
        if all(getattr(row, name) == value for name, value in values.items()):
            return
        if "name" in values:
            _ensure_free(conn, actor, values["name"], besides=row.id)
        conn.execute(update(_T).where(_T.c.id == row.id).values(**values))
        _record(conn, site, actor, action, public_id, now)


def _ensure_free(conn: Connection, actor: Actor, name: str, *, besides: int = 0) -> list[str]:
    """The names this person's views have, none of them like this one whatever its case."""
    mine = select(_T.c.id, _T.c.name).where(_T.c.owner_id == actor.person_id)
    names = [row.name for row in conn.execute(mine) if row.id != besides]
    if name.casefold() in {each.casefold() for each in names}:
        raise RefusedError("name_taken")
    return names


def _own(conn: Connection, actor: Actor, public_id: str) -> Row[Any]:
    asked = select(_T).where(_T.c.public_id == public_id, _T.c.owner_id == actor.person_id)
    row = conn.execute(asked.with_for_update()).first()
    if row is None:
        raise NotFoundError
    return row


def _record(conn: Connection, site: Site, actor: Actor, action: str, public_id: str, now: datetime) -> None:
    audit.record(conn, site, actor, action, details={"public_id": public_id}, now=now)


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise RefusedError("name_needed")
    if len(name) > LONGEST_NAME:
        raise RefusedError("name_too_long")
    return name


def _ensure_known(query: str) -> None:
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(query) > LONGEST_QUERY or any(name not in KNOWN or not _VALUE.fullmatch(text) for name, text in pairs):
        raise RefusedError("unknown_query")
