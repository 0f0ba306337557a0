"""The database, and how a transaction begins on SQLite and on PostgreSQL.

Reads run in ``reading()``, writes in ``writing()``; only ``services`` and ``delivery`` write.
On SQLite a write takes its lock at once (BEGIN IMMEDIATE): a read that upgrades later fails with "locked"
whatever the timeout, since its snapshot may be stale by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event

from intake.models import Base

db = SQLAlchemy(metadata=Base.metadata)

BUSY_SECONDS = 10


def engine_options(url: str) -> dict[str, Any]:
    """What ``create_engine`` needs for this address."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": BUSY_SECONDS, "isolation_level": None}}
    return {"pool_pre_ping": True, "pool_size": 8, "max_overflow": 8, "connect_args": {"connect_timeout": 5}}


@contextmanager
def reading() -> Iterator[Connection]:
    """One consistent view for a page; nothing it does is kept."""
    with db.engine.connect() as conn:
        yield conn
        conn.rollback()


@contextmanager
def writing() -> Iterator[Connection]:
    """One transaction: everything in the block is stored, or nothing is."""
    with db.engine.connect().execution_options(immediate=True) as conn, conn.begin():
        yield conn


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    immediate = conn.get_execution_options().get("immediate")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def prepare_engine(engine: Engine) -> None:
    """Attach the listeners an engine needs; called once when the app is made."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
