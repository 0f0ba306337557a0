"""Whether a number asked never to be called again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from intake.models import SuppressedNumber
from intake.models.site import Site

_S = SuppressedNumber.__table__.c


def phone_indexes(site: Site, row: Any) -> list[bytes]:
    """The keyed hashes, under every live key, of a stored request's number; none once it is redacted."""
    dialled = site.keyring.open("callback_request.phone", row.public_id, row.phone_encrypted)
    return site.keyring.indexes_of("phone", dialled.partition(";")[0]) if dialled else []


def count(conn: Connection) -> int:
    """How many numbers asked never to be called again."""
    return int(conn.execute(select(func.count()).select_from(SuppressedNumber)).scalar_one())


def is_suppressed(conn: Connection, phone_indexes: list[bytes]) -> bool:
    """Whether somebody asked us never to call this number; ``phone_indexes``: its hashes under every live key."""
    if not phone_indexes:
        return False
    return conn.execute(select(_S.id).where(_S.phone_index.in_(phone_indexes)).limit(1)).first() is not None
