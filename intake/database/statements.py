"""Statements compiled once and handed straight to the driver, for the few that run with every request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, cast

from psycopg import RawCursor
from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError


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
        made = self.made(conn.dialect)
        with driving(conn, made.sql) as cursor:
            cursor.execute(made.sql, made.values(row))
            return cast("tuple[Any, ...] | None", cursor.fetchone())

    def run(self, conn: Connection, *rows: Mapping[str, Any]) -> None:
        """Execute once for each row of values; in ``at_once``, with all the others."""
        gathered = conn.info.get("gathered")
        if gathered is not None:
            gathered.extend((self, row) for row in rows)
            return
        made = self.made(conn.dialect)
        with driving(conn, made.sql) as cursor:
            if len(rows) == 1:
                cursor.execute(made.sql, made.values(rows[0]))
            else:
                cursor.executemany(made.sql, [made.values(row) for row in rows])

    def made(self, dialect: Dialect) -> _Compiled:
        """The statement as this database takes it."""
        made = self._compiled.get(dialect.name)
        if made is None:
            made = self._compiled[dialect.name] = _Compiled(self._statement, self._names, dialect)
        return made


@contextmanager
def at_once(conn: Connection) -> Iterator[None]:
    """Gather what ``Prepared.run`` adds in the block, and send it as one statement where the database is far away.

    On PostgreSQL every statement costs a turn to the server and back, and more on either side than the row it adds.
    Foreign keys are checked at the end, so a row and those that refer to it may go together.
    """
    if conn.dialect.name == "sqlite":
        yield
        return
    gathered: list[tuple[Prepared, Mapping[str, Any]]] = []
    info = conn.info  # kept: a connection that is lost inside the block has none
    info["gathered"] = gathered
    try:
        yield
    finally:
        info.pop("gathered", None)
    _Gathered.of(conn.dialect, tuple(statement for statement, _ in gathered)).run(conn, [row for _, row in gathered])


class driving:
    """A cursor of the driver's own, closed at the end, with SQLAlchemy's errors. A class: it is entered often.

    psycopg's plain cursor reads a long statement anew each time to find its parameters; the raw one does not.
    """

    __slots__ = ("_conn", "_cursor", "_sql")

    def __init__(self, conn: Connection, sql: str) -> None:
        self._conn, self._sql = conn, sql

    def __enter__(self) -> Any:
        if self._conn.dialect.name == "sqlite":
            self._cursor: Any = self._conn.connection.cursor()
        else:
            self._cursor = RawCursor(cast(Any, self._conn.connection.driver_connection))
        return self._cursor

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._cursor.close()
        if isinstance(error, self._conn.dialect.loaded_dbapi.Error):
            raise _said(self._conn, self._sql, error) from error


def _said(conn: Connection, sql: str, error: Exception) -> BaseException:
    """Whatever the driver says, said by SQLAlchemy."""
    base = conn.dialect.loaded_dbapi.Error
    return DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=conn.dialect)


class _Gathered:
    """Several inserts as one statement: each numbers its values on from where the one before it stopped."""

    _known: ClassVar[dict[tuple[Prepared, ...], _Gathered]] = {}

    def __init__(self, parts: Sequence[_Compiled]) -> None:
        self._parts = parts
        added, count = [], 0
        for place, part in enumerate(parts):
            added.append(f"_{place} AS ({part.numbered_from(count)})")
            count += part.size
        self._sql = f"WITH {', '.join(added)} SELECT 1"

    @classmethod
    def of(cls, dialect: Dialect, statements: tuple[Prepared, ...]) -> _Gathered:
        """Made once for each company of statements: there are a handful."""
        if statements not in cls._known:
            cls._known[statements] = cls([statement.made(dialect) for statement in statements])
        return cls._known[statements]

    def run(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute with a row of values for each part."""
        values = [value for part, row in zip(self._parts, rows, strict=True) for value in part.values(row)]
        with driving(conn, self._sql) as cursor:
            cursor.execute(self._sql, values)


_NUMBER = re.compile(r"\$([0-9]+)")
_NUMBERING: Dialect = cast(Any, postgresql.psycopg.dialect)(paramstyle="numeric_dollar")


class _Compiled:
    """The text of one statement for one dialect, and how each value gets into it, in order."""

    def __init__(self, statement: Any, names: Sequence[str], dialect: Dialect) -> None:
        if dialect.name != "sqlite":
            dialect = _NUMBERING
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names) or None)
        self.sql = str(compiled)
        prefetched = {column.name: column.default.arg for column in getattr(compiled, "insert_prefetch", ())}
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if bind.value is not None} | prefetched
        self._slots = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup
        ]

    @property
    def size(self) -> int:
        """How many values it takes."""
        return len(self._slots)

    def numbered_from(self, count: int) -> str:
        """PostgreSQL's text with its values numbered after ``count`` others."""
        return _NUMBER.sub(lambda found: f"${int(found[1]) + count}", self.sql)

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """The parameters as this driver wants them."""
        given = {**self._fixed, **row}
        return [process(given[name]) if process else given[name] for name, process in self._slots]
