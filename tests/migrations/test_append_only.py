"""What was recorded stays as it was: the database itself refuses to change or delete it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from intake.models import Base
from tests.migrations.conftest import Database, fresh
from tests.migrations.rows import counts, fill, row

TABLES = ("audit", "audit_seal", "call_attempt")


ON_SQLITE = pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("filled", ["postgresql"], indirect=True)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A row in every table; one database for all tests here, since each takes back what it tried."""
    with fresh(request.param, tmp_path_factory.mktemp("filled")) as database:
        database.up()
        with database.engine.begin() as conn:
            fill(conn)
        yield database


def refused(database: Database, statement: str) -> bool:
    """Whether the database refuses it as append-only, and nothing is changed by it."""
    with database.engine.connect() as conn:
        before = counts(conn)
        conn.rollback()
        try:
            conn.execute(text(statement))
        except DBAPIError as error:
            conn.rollback()
            assert counts(conn) == before
            return "append-only" in str(error.orig)
        conn.rollback()
        return False


@pytest.mark.parametrize("table", TABLES)
def test_nothing_recorded_can_be_changed(filled: Database, table: str) -> None:
    assert refused(filled, f"UPDATE {table} SET id = id + 100")


@pytest.mark.parametrize("table", TABLES)
def test_nothing_recorded_can_be_deleted(filled: Database, table: str) -> None:
    assert refused(filled, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_nothing_recorded_can_be_replaced(filled: Database, table: str) -> None:
    columns = ", ".join(column.name for column in Base.metadata.tables[table].columns)
    copied = f"{table} ({columns}) SELECT {columns} FROM {table}"
    if filled.dialect == "sqlite":
        assert refused(filled, f"INSERT OR REPLACE INTO {copied}")
        assert refused(filled, f"REPLACE INTO {copied}")
        assert refused(filled, f"INSERT INTO {copied} WHERE true ON CONFLICT (id) DO UPDATE SET id = 100")
    else:
        assert refused(filled, f"INSERT INTO {copied} ON CONFLICT (id) DO UPDATE SET id = 100")


@ON_POSTGRESQL
@pytest.mark.parametrize("statement", ["TRUNCATE {table} CASCADE", "TRUNCATE callback_request CASCADE"])
@pytest.mark.parametrize("table", TABLES)
def test_nothing_recorded_can_be_truncated(filled: Database, table: str, statement: str) -> None:
    assert refused(filled, statement.format(table=table))


@pytest.mark.parametrize("table", TABLES)
def test_adding_to_the_record_is_free(filled: Database, table: str) -> None:
    with filled.engine.connect() as conn:
        made = Base.metadata.tables[table]
        before = counts(conn)[table]
        conn.execute(insert(made).values(row(conn, made, 2)))
        assert counts(conn)[table] == before + 1
        conn.rollback()


def test_other_tables_may_change(filled: Database) -> None:
    assert not refused(filled, "UPDATE outbox_message SET attempt_count = 2")
    assert not refused(filled, "DELETE FROM throttle")


@ON_SQLITE
def test_without_recursive_triggers_a_replacement_would_slip_through(filled: Database) -> None:
    copied = "audit (id, at, actor_kind, action, details) SELECT id, at, actor_kind, 'forged', details FROM audit"
    with filled.engine.connect() as conn:
        assert conn.exec_driver_sql("PRAGMA recursive_triggers").scalar_one() == 1
    raw = filled.engine.raw_connection()
    try:
        for pragma in ("recursive_triggers", "foreign_keys"):
            raw.cursor().execute(f"PRAGMA {pragma} = OFF")
        raw.cursor().execute("BEGIN")
        raw.cursor().execute(f"INSERT OR REPLACE INTO {copied}")
        assert raw.cursor().execute("SELECT DISTINCT action FROM audit").fetchall() == [("forged",)]
        raw.cursor().execute("ROLLBACK")
    finally:
        raw.invalidate()
