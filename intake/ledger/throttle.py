"""Counters that slow guessing down: tries within a window, under keyed hashes, shared by all processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from intake.database import Prepared
from intake.models import Throttle
from intake.models.base import table_of

_ROW = Throttle.__table__.c


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tries fell into the window that began at ``since``, this one included."""

    count: int
    since: datetime


def add(conn: Connection, keys: Iterable[bytes], *, now: datetime, window: timedelta) -> dict[bytes, Tally]:
    """Count one try under each key. A window that has passed starts again at one.

    Keys are taken in one order, so that two processes never wait for each other's second row.
    """
    return {key: _add_one(conn, key, now, now - window) for key in sorted(set(keys))}


def count(conn: Connection, key: bytes, *, now: datetime, window: timedelta) -> int:
    """Likewise for one key, where only the number counts: asked with every letter to a visitor."""
    added = _COUNT[conn.dialect.name].one(conn, {"key": key, "now": now, "cut": now - window})
    return int(added[0]) if added else 0


def _add_one(conn: Connection, key: bytes, now: datetime, cut: datetime) -> Tally:
    counting = _counting(conn.dialect.name, key, now, cut).returning(_ROW.count, _ROW.window_started_at)
    row = conn.execute(counting).one()
    return Tally(int(row[0]), row[1])


def _counting(dialect: str, key: Any, now: Any, cut: Any) -> Any:
    is_over = _ROW.window_started_at <= cut
    changes = {
        "count": case((is_over, 1), else_=_ROW.count + 1),
        "window_started_at": case((is_over, now), else_=_ROW.window_started_at),
    }
    return _upsert(dialect, key, now, changes)


def _upsert(dialect: str, key: Any, now: Any, changes: dict[str, Any]) -> Any:
    make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = make(table_of(Throttle)).values(key=key, window_started_at=now, count=1)
    return row.on_conflict_do_update(index_elements=[_ROW.key], set_=changes)


_NAMED = (
    bindparam("key", type_=_ROW.key.type),
    bindparam("now", type_=_ROW.window_started_at.type),
    bindparam("cut", type_=_ROW.window_started_at.type),
)
_COUNT = {dialect: Prepared(_counting(dialect, *_NAMED).returning(_ROW.count)) for dialect in ("sqlite", "postgresql")}


def hold(conn: Connection, keys: Iterable[bytes]) -> None:
    """Lock these rows in the order in which tries are counted, before they are changed in any other."""
    asked = select(_ROW.key).where(_ROW.key.in_(list(keys))).order_by(_ROW.key)
    conn.execute(asked.with_for_update()).all()


def take_back(conn: Connection, keys: Iterable[bytes]) -> None:
    """Uncount one try: it turned out to be right."""
    for key in sorted(set(keys)):
        conn.execute(update(Throttle).where(_ROW.key == key, _ROW.count > 0).values(count=_ROW.count - 1))


def clear(conn: Connection, key: bytes) -> None:
    """Forget every try under this key."""
    conn.execute(delete(Throttle).where(_ROW.key == key))


def remember(conn: Connection, key: bytes, *, now: datetime) -> None:
    """Note that something went well under this key at this moment."""
    conn.execute(_upsert(conn.dialect.name, key, now, {"window_started_at": now}))


def is_remembered(conn: Connection, key: bytes, *, since: datetime) -> bool:
    """Whether ``remember`` was called for this key since then."""
    found = conn.execute(select(_ROW.key).where(_ROW.key == key, _ROW.window_started_at > since))
    return found.first() is not None


def forget_before(conn: Connection, instant: datetime) -> None:
    """Drop the rows that no longer say anything."""
    conn.execute(delete(Throttle).where(_ROW.window_started_at <= instant))
