"""Puts many rows into a database at once: no index and no check stands in the way until all of them are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from intake.database import db

_CHECKS = (
    "SELECT conrelid::regclass::text AS place, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS made"
    " FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(:tables)"
)
_INDEXES = {
    "postgresql": "SELECT indexname AS name, indexdef AS made, tablename AS place FROM pg_indexes"
    " WHERE indexname LIKE 'ix\\_%'",
    "sqlite": "SELECT name, sql AS made, tbl_name AS place FROM sqlite_master WHERE type = 'index'"
    " AND sql IS NOT NULL AND name LIKE 'ix\\_%' ESCAPE '\\'",
}


@contextmanager
def filling(*tables: str) -> Iterator[Connection]:
    """One transaction; what is taken away for it is made again at its end."""
    is_postgresql = db.engine.dialect.name == "postgresql"
    with db.engine.begin() as conn:
        if is_postgresql:
            for name, value in (("statement_timeout", "0"), ("maintenance_work_mem", "'256MB'"), ("timezone", "'UTC'")):
                conn.execute(text(f"SET LOCAL {name} = {value}"))
        else:
            conn.execute(text("PRAGMA cache_size = -400000"))
        later = _without_indexes(conn, tables) + (_without_checks(conn, tables) if is_postgresql else [])
        yield conn
        for statement in later:
            conn.execute(text(statement))
    if is_postgresql:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("VACUUM ANALYZE"))


def store(conn: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows of plain values as the databases write them; true and false are 1 and 0, instants text in UTC."""
    names = ", ".join(columns)
    cursor: Any = conn.connection.cursor()
    if conn.dialect.name == "sqlite":
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
        return
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        copy.write("".join("\t".join(map(_written, row)) + "\n" for row in rows))


def _written(value: Any) -> str:
    if value is None:
        return "\\N"
    return f"\\\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _without_indexes(conn: Connection, tables: Sequence[str]) -> list[str]:
    """Take away the indexes that hold no constraint; returns the statements that make them again."""
    found = [row for row in conn.execute(text(_INDEXES[conn.dialect.name])) if row.place in tables]
    for row in found:
        conn.execute(text(f"DROP INDEX {row.name}"))
    return [row.made for row in found]


def _without_checks(conn: Connection, tables: Sequence[str]) -> list[str]:
    """Likewise what PostgreSQL would look up for every row by itself."""
    found = conn.execute(text(_CHECKS), {"tables": list(tables)}).all()
    for row in found:
        conn.execute(text(f"ALTER TABLE {row.place} DROP CONSTRAINT {row.name}"))
    return [f"ALTER TABLE {row.place} ADD CONSTRAINT {row.name} {row.made}" for row in found]
