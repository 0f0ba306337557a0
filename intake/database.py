"""The database, and how a transaction begins on SQLite and on PostgreSQL.

Reads run in ``reading()``, writes in ``writing()``; only ``services`` and ``delivery`` write.
On SQLite a write takes its lock at once (BEGIN IMMEDIATE): a read that upgrades later fails with "locked"
whatever the timeout, since its snapshot may be stale by then.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable, event, make_url
from sqlalchemy.exc import OperationalError

from intake.models import Base

db = SQLAlchemy(metadata=Base.metadata)

BUSY_SECONDS = 10
"""How long a write waits for a lock, on either database; then the page says that it was not sent."""
STATEMENT_SECONDS = 30


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


@contextmanager
def reading() -> Iterator[Connection]:
    """One consistent view for a page; nothing it does is kept."""
    with db.engine.connect() as conn:
        yield conn
        conn.rollback()


@contextmanager
def writing() -> Iterator[Connection]:
    """One transaction: everything in the block is stored, or nothing is."""
    with _turn(db.engine), db.engine.connect().execution_options(immediate=True) as conn, conn.begin():
        yield conn


_thread_turn = threading.Lock()
_turn_files: dict[str, IO[bytes]] = {}


def _turn_file(path: str) -> IO[bytes]:
    """The file whose lock is the place at the head of the line; one is kept open, for the database in use."""
    if path not in _turn_files:
        while _turn_files:
            _turn_files.popitem()[1].close()
        _turn_files[path] = open(f"{path}-turn", "ab", opener=_open_privately)  # noqa: SIM115 - kept open
    return _turn_files[path]


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """SQLite's writers stand in line here: first the threads of this process, then the processes of this machine.

    Left alone they sleep and ask again, and under load somebody is asked to wait for seconds (measured: p99 337 ms
    without the line, 59 ms with it). The system lets go of the file's lock when a process dies.
    """
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    if not path or path == ":memory:":
        yield
        return
    if not _thread_turn.acquire(timeout=BUSY_SECONDS):
        raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError("other writers took too long"))
    try:
        file = _turn_file(path)
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
    finally:
        _thread_turn.release()


class Prepared:
    """A statement compiled once, for the few that run with every request.

    SQLAlchemy's own path costs several times what the database does for a small statement. Values pass the bind
    processing of their column types, errors and events are the usual ones; what comes back is as the driver gives it,
    so it is for ids, numbers and texts only.
    """

    def __init__(self, statement: Executable, *names: str) -> None:
        self._statement, self._names = statement, names
        self._compiled: dict[str, _Compiled] = {}

    def run(self, conn: Connection, *rows: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute with one row of values, or once for each of several."""
        made = self._compiled.get(conn.dialect.name)
        if made is None:
            made = self._compiled[conn.dialect.name] = _Compiled(self._statement, self._names, conn.dialect)
        values: Any = [made.values(row) for row in rows]
        return conn.exec_driver_sql(made.sql, values if len(values) > 1 else values[0])


class _Compiled:
    """The text of one statement for one dialect, and how each value gets into it."""

    def __init__(self, statement: Any, names: Sequence[str], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names) or None)
        self.sql = str(compiled)
        self._order = compiled.positiontup
        prefetched = {column.name: column.default.arg for column in getattr(compiled, "insert_prefetch", ())}
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if bind.value is not None} | prefetched
        self._process = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
        }

    def values(self, row: Mapping[str, Any]) -> Any:
        """The parameters as this driver wants them: in order, or by name."""
        given = {**self._fixed, **row}
        ready = {name: process(given[name]) if process else given[name] for name, process in self._process.items()}
        return tuple(ready[name] for name in self._order) if self._order else ready


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    immediate = conn.get_execution_options().get("immediate")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _open_privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _keep_private(path: str | None) -> None:
    """The file is its owner's alone, whatever the umask and the folder; SQLite gives -wal and -shm the same mode.

    A file that exists is never opened here: closing it again would let go of every lock SQLite holds on it in this
    process. A folder that cannot be written to is told by the first connection.
    """
    if not path or path == ":memory:" or path.startswith("file:"):
        return
    with contextlib.suppress(OSError):
        os.close(_open_privately(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    for name in (path, f"{path}-wal", f"{path}-shm", f"{path}-turn"):
        with contextlib.suppress(OSError):
            Path(name).chmod(0o600)


def prepare_engine(engine: Engine) -> None:
    """Attach the listeners an engine needs; called once when the app is made."""
    if engine.dialect.name == "sqlite":
        _keep_private(engine.url.database)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
