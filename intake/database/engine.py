"""The engine of each database: its limits, its privacy, and how it begins a transaction."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, create_engine, event, make_url

from intake.database.statements import driving
from intake.models import Base

db = SQLAlchemy(metadata=Base.metadata)

BUSY_SECONDS = 10
"""How long a write waits for a lock, on either database; then the page says that it was not sent."""
STATEMENT_SECONDS = 30


_TWIN = {
    "pool_pre_ping": False,  # a turn to the server and back with every request: ``together`` asks again instead
    "skip_autocommit_rollback": True,
    "max_overflow": 0,  # a thread of the web server holds one at a time, and there are eight of them
}
"""Where the engine that accepts requests differs from the other one."""


def engine_options(url: str) -> dict[str, Any]:
    """What ``create_engine`` needs for this address. Parameters are hidden: an error's text must hold no name."""
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {"timeout": BUSY_SECONDS, "isolation_level": None}}
    limits = f"-c lock_timeout={BUSY_SECONDS}s -c statement_timeout={STATEMENT_SECONDS}s"
    given = make_url(url).query.get("options", "")  # the address's own come last, so that they win
    options = " ".join([limits, *([given] if isinstance(given, str) else given)]).strip()
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_size": 8,
        "max_overflow": 8,
        "connect_args": {"connect_timeout": 5, "options": options},
    }


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    sql = "BEGIN IMMEDIATE" if conn.get_execution_options().get("immediate") else "BEGIN"
    with driving(conn, sql) as cursor:
        cursor.execute(sql)


def open_privately(path: str, flags: int) -> int:
    """An opener for files that are their owner's alone."""
    return os.open(path, flags, 0o600)


def _keep_private(path: str | None) -> None:
    """The file is its owner's alone, whatever the umask and the folder; SQLite gives -wal and -shm the same mode.

    A file that exists is never opened here: closing it again would let go of every lock SQLite holds on it in this
    process. A folder that cannot be written to is told by the first connection.
    """
    if not path or path == ":memory:" or path.startswith("file:"):
        return
    with contextlib.suppress(OSError):
        os.close(open_privately(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    for name in (path, f"{path}-wal", f"{path}-shm", f"{path}-turn"):
        with contextlib.suppress(OSError):
            Path(name).chmod(0o600)


def prepare_engine(engine: Engine) -> None:
    """Attach the listeners an engine needs; called once when the app is made."""
    if engine.dialect.name == "sqlite":
        _keep_private(engine.url.database)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return
    options = engine_options(engine.url.render_as_string(hide_password=False)) | _TWIN
    twin = _twins[engine] = create_engine(engine.url, isolation_level="AUTOCOMMIT", **options)
    event.listen(engine, "engine_disposed", lambda _engine: twin.dispose())


_twins: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


def committing(engine: Engine) -> Engine:
    """PostgreSQL's other engine, on which every statement is a transaction of its own.

    With connections of its own: switching one there and back costs as much as the statement.
    """
    return _twins[engine]
