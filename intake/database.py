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
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Dialect, Engine, Executable, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from intake.models import Base

T = TypeVar("T")
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
        file = _head_of_line(path)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
    finally:
        _thread_turn.release()


def _head_of_line(path: str) -> IO[bytes]:
    """Wait for the other processes. A folder that cannot be written to is said as the database's failure it is."""
    try:
        file = _turn_file(path)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error
    return file


def together(work: Callable[[Connection], T]) -> T:
    """One transaction for ``work``, shared with whoever writes at the same moment; returns when it is durable.

    A commit costs SQLite more than the statements in it, so whoever is at the head of the line also does the work of
    those behind. If anything in such a batch fails, it is undone and every piece runs again in a transaction of its
    own: ``work`` must do nothing but use its connection. PostgreSQL does as much by itself.
    """
    if db.engine.dialect.name != "sqlite":
        with writing() as conn:
            return work(conn)
    line = _lines.setdefault(str(db.engine.url.database), _Line())
    job = _Job(work)
    if line.join(job) or line.wait(job):
        line.lead(db.engine, job)
    return cast(T, job.outcome())


class _Job:
    """A piece of work and what came of it. ``woken`` is set when it is done, or when it is its turn to lead."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.woken = threading.Event()
        self.leads = False
        self.value: Any = None
        self.error: Exception | None = None

    def outcome(self) -> Any:
        """The value, or the error raised here as it would have been alone."""
        if self.error is not None:
            raise self.error
        return self.value


class _Line:
    """Those of this process who write together: one leads, the others wait to be told what came of theirs."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._is_led = False

    def join(self, job: _Job) -> bool:
        """Stand in line; True for whoever finds nobody leading."""
        with self._mutex:
            self._waiting.append(job)
            leads, self._is_led = not self._is_led, True
            return leads

    def wait(self, job: _Job) -> bool:
        """Until the job is done, or, True, is to lead. OperationalError if nobody gets to it in time."""
        if not job.woken.wait(BUSY_SECONDS):
            with self._mutex:
                if not job.leads and job in self._waiting:
                    self._waiting.remove(job)
                    raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError("other writers took too long"))
            job.woken.wait()  # somebody has it in hand
        return job.leads

    def lead(self, engine: Engine, job: _Job) -> None:
        """Do one's own work with that of those behind, then let the next one lead."""
        try:
            with _turn(engine):
                _work_off(engine, self._batch())
        except OperationalError as error:  # no turn came
            job.error = error
        finally:
            self._pass_on(job)

    def _batch(self) -> list[_Job]:
        with self._mutex:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]

    def _pass_on(self, job: _Job) -> None:
        with self._mutex, contextlib.suppress(ValueError):
            self._waiting.remove(job)
        with self._mutex:
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].woken.set()


_lines: dict[str, _Line] = {}
MOST_TOGETHER = 32


def _work_off(engine: Engine, batch: list[_Job]) -> None:
    """Do a batch in one transaction; alone, one by one, if that fails. Never raises: each job keeps its own error."""
    try:
        _in_one(engine, batch)
    except Exception as error:
        for job in batch:
            job.error = error
            if len(batch) > 1:
                _alone(engine, job)
    for job in batch:
        job.woken.set()


def _alone(engine: Engine, job: _Job) -> None:
    job.error = None
    try:
        _in_one(engine, [job])
    except Exception as error:
        job.error = error


def _in_one(engine: Engine, batch: list[_Job]) -> None:
    with engine.connect().execution_options(immediate=True) as conn, conn.begin():
        for job in batch:
            job.value = job.work(conn)


class Prepared:
    """A statement compiled once, for the few that run with every request.

    SQLAlchemy's own path costs several times what the database does for a small statement. Values pass the bind
    processing of their column types and errors are the usual ones; what comes back is as the driver gives it, so it
    is for ids, numbers and texts only. Events of single statements are not sent.
    """

    def __init__(self, statement: Executable, *names: str) -> None:
        self._statement, self._names = statement, names
        self._compiled: dict[str, _Compiled] = {}

    def one(self, conn: Connection, row: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Execute with these values; the first row of what comes back."""
        made = self._made(conn.dialect)
        with _driver_errors(conn, made.sql), contextlib.closing(conn.connection.cursor()) as cursor:
            cursor.execute(made.sql, made.values(row))
            return cast("tuple[Any, ...] | None", cursor.fetchone())

    def run(self, conn: Connection, *rows: Mapping[str, Any]) -> None:
        """Execute once for each row of values."""
        made = self._made(conn.dialect)
        with _driver_errors(conn, made.sql), contextlib.closing(conn.connection.cursor()) as cursor:
            if len(rows) == 1:
                cursor.execute(made.sql, made.values(rows[0]))
            else:
                cursor.executemany(made.sql, [made.values(row) for row in rows])

    def _made(self, dialect: Dialect) -> _Compiled:
        made = self._compiled.get(dialect.name)
        if made is None:
            made = self._compiled[dialect.name] = _Compiled(self._statement, self._names, dialect)
        return made


@contextmanager
def at_once(conn: Connection) -> Iterator[None]:
    """Send the prepared statements in the block without waiting for each one's answer (PostgreSQL's pipeline)."""
    if conn.dialect.name == "sqlite":
        yield
        return
    driver: Any = conn.connection.driver_connection
    with _driver_errors(conn, "pipeline"), driver.pipeline():
        yield


@contextmanager
def _driver_errors(conn: Connection, sql: str) -> Iterator[None]:
    """Whatever the driver says, said by SQLAlchemy."""
    base = conn.dialect.loaded_dbapi.Error
    try:
        yield
    except base as error:
        raise DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=conn.dialect) from error


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
    with _driver_errors(conn, "BEGIN"):
        conn.connection.dbapi_connection.execute("BEGIN IMMEDIATE" if immediate else "BEGIN")  # type: ignore[union-attr]


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
