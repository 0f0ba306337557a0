"""Reading, writing, and writing together: where a transaction begins and who waits for whom."""

from __future__ import annotations

import fcntl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from intake.database import engine as limits
from intake.database.engine import committing, db, open_privately

T = TypeVar("T")


@contextmanager
def reading(*, of_one_moment: bool = False) -> Iterator[Connection]:
    """Reads for a page; nothing it does is kept.

    On SQLite they all see one moment. On PostgreSQL each statement sees what was committed when it began, so whatever
    must fit together is asked in one, or ``of_one_moment``.
    """
    with db.engine.connect() as conn:
        if of_one_moment and conn.dialect.name == "postgresql":
            conn.execution_options(isolation_level="REPEATABLE READ")
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
        _turn_files[path] = open(f"{path}-turn", "ab", opener=open_privately)  # noqa: SIM115 - kept open
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
    if not _thread_turn.acquire(timeout=limits.BUSY_SECONDS):
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


def together(work: Callable[[Connection], T], *, is_one_statement: bool = False) -> T:
    """One transaction for ``work``, shared with whoever writes at the same moment; returns when it is durable.

    A commit costs SQLite more than the statements in it, so whoever is at the head of the line also does the work of
    those behind. If anything in such a batch fails, it is undone and every piece runs again in a transaction of its
    own: ``work`` must do nothing but use its connection. A database that is down or locked has failed all of them, and
    is not asked again for each. PostgreSQL gathers commits by itself; there ``is_one_statement`` says that ``work``
    adds all it adds in one ``at_once``, which is a transaction as it stands and needs no BEGIN and no COMMIT. When the
    connection was lost it is asked once more: what it adds must be unique, so that it is never there twice.
    """
    engine = db.engine
    if engine.dialect.name != "sqlite":
        if not is_one_statement:
            with writing() as conn:
                return work(conn)
        return _in_one_statement(committing(engine), work)
    line = _lines.setdefault(str(engine.url.database), _Line())
    job = _Job(work)
    if line.join(job) or line.wait(job):
        line.lead(engine, job)
    return cast(T, job.outcome())


def _in_one_statement(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Do it, and once more on a new connection if this one turns out to be lost.

    That is found out by the work itself: asking each connection beforehand whether it still stands cost a third of the
    turns to the server. The others of the pool were lost with it, most likely, and are let go.
    """
    with engine.connect() as conn:
        kept: Any = conn.connection.driver_connection
        try:
            return work(conn)
        except OperationalError:
            if not kept.closed:
                raise
    engine.dispose()
    with engine.connect() as conn:
        return work(conn)


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
        """True for whoever finds nobody leading, and is to lead; the others stand in line."""
        with self._mutex:
            if self._is_led:
                self._waiting.append(job)
                return False
            self._is_led = True
            return True

    def wait(self, job: _Job) -> bool:
        """Until the job is done, or, True, is to lead. OperationalError if nobody gets to it in time."""
        if not job.woken.wait(limits.BUSY_SECONDS):
            with self._mutex:
                if job in self._waiting:
                    self._waiting.remove(job)
                    raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError("other writers took too long"))
            job.woken.wait()  # somebody has it in hand
        return job.leads

    def lead(self, engine: Engine, job: _Job) -> None:
        """Do one's own work with that of those behind, then let the next one lead."""
        try:
            with _turn(engine):
                _work_off(engine, [job, *self._those_behind()])
        except OperationalError as error:  # no turn came
            job.error = error
        finally:
            self._pass_on()

    def _those_behind(self) -> list[_Job]:
        with self._mutex:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]

    def _pass_on(self) -> None:
        with self._mutex:
            if not self._waiting:
                self._is_led = False
                return
            following = self._waiting.popleft()
        following.leads = True
        following.woken.set()


_lines: dict[str, _Line] = {}
MOST_TOGETHER = 32


def _work_off(engine: Engine, batch: list[_Job]) -> None:
    """Do a batch in one transaction; alone, one by one, if that fails. Never raises: each job keeps its own error."""
    try:
        _in_one(engine, batch)
    except Exception as error:
        for job in batch:
            job.error = error
            if len(batch) > 1 and not _is_down(error):
                _alone(engine, job)
    for job in batch:
        job.woken.set()


def _is_down(error: Exception) -> bool:
    """Whether the next one would fare no better: locked, full, read-only, gone."""
    return isinstance(error, OperationalError)


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
