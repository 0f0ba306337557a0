"""Migrations go up, down and up again with data on both databases, and end where the models are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, inspect, select, table, text

from intake.models import Base
from intake.queries.service import APPEND_ONLY, MARKING
from tests.migrations.conftest import REVISIONS, SCRIPTS, Database
from tests.migrations.rows import counts, fill

GUARDED = {"audit", "call_attempt"}
SEALED = GUARDED | {"audit_seal"}
TRIGGERS = {
    "0001": GUARDED,
    "0002": GUARDED,
    "0003": SEALED,
    "0004": SEALED,
    "0005": SEALED,
    "0006": SEALED,
    "0007": SEALED,
    "0008": SEALED,
    "0009": SEALED,
    "0010": SEALED,
    "0011": SEALED,
    "0012": SEALED,
    "0013": SEALED,
    "0014": SEALED,
    "0015": SEALED,
    "0016": SEALED,
    "0017": SEALED,
    "0018": SEALED,
    "0019": SEALED,
    "0020": SEALED,
    "0021": SEALED,
    "0022": SEALED,
    "0023": SEALED,
    "0024": SEALED,
    "0025": SEALED,
    "0026": SEALED,
    "0027": SEALED,
}
"""Which tables are append-only after each migration. Batch mode drops SQLite's triggers without a word."""


MARKS = {"0019": set(MARKING)}
"""Triggers that mark the days of a report whose counts are old, by the migration they came with."""


def test_the_last_of_them_are_those_that_check_asks_for() -> None:
    assert set(APPEND_ONLY) == TRIGGERS[REVISIONS[-1]]


def triggers(conn: Connection) -> set[str]:
    """The triggers somebody wrote; PostgreSQL's own ones for foreign keys are internal."""
    if conn.dialect.name == "sqlite":
        found = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    else:
        found = conn.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"))
    return set(found.scalars())


def expected_triggers(dialect: str, revision: str) -> set[str]:
    verbs = ("update", "delete") if dialect == "sqlite" else ("update", "delete", "truncate")
    guards = {f"{table}_refuses_{verb}" for table in TRIGGERS[revision] for verb in verbs}
    return guards | {mark for since, marks in MARKS.items() if since <= revision for mark in marks}


def functions(conn: Connection) -> list[str]:
    if conn.dialect.name == "sqlite":
        return []
    schema = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    return list(conn.execute(text(schema)).scalars())


def shape(conn: Connection) -> dict[str, dict[str, Any]]:
    """Everything the database knows of the tables, in an order that can be compared."""
    seen = inspect(conn)
    return {
        name: {
            "columns": {each["name"]: (str(each["type"]), each["nullable"]) for each in seen.get_columns(name)},
            "key": seen.get_pk_constraint(name),
            "foreign": sorted(map(str, seen.get_foreign_keys(name))),
            "unique": sorted(map(str, seen.get_unique_constraints(name))),
            "checks": sorted((str(each["name"]), each["sqltext"]) for each in seen.get_check_constraints(name)),
            "indexes": sorted((str(each["name"]), _index(each)) for each in seen.get_indexes(name)),
        }
        for name in seen.get_table_names()
        if name != "alembic_version"
    }


def _index(index: Any) -> str:
    condition = {name: str(value) for name, value in index.get("dialect_options", {}).items() if name.endswith("where")}
    return f"{index['column_names']} {index['unique']} {condition}"


def test_numbers_follow_one_another() -> None:
    assert [int(revision) for revision in REVISIONS] == list(range(1, len(REVISIONS) + 1))
    assert {len(revision) for revision in REVISIONS} == {4}
    assert len(SCRIPTS.get_heads()) == 1


def test_every_migration_says_which_tables_stay_guarded() -> None:
    assert set(TRIGGERS) == set(REVISIONS)


def test_a_migrated_database_is_shaped_like_one_made_from_the_models(database: Database) -> None:
    with database.engine.connect() as conn:
        Base.metadata.create_all(conn)
        conn.commit()
        made = shape(conn)
        Base.metadata.drop_all(conn)
        conn.commit()
    database.up()
    options = {"compare_type": True, "compare_server_default": True}
    with database.engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts=options), Base.metadata) == []
        assert shape(conn) == made
        _see_a_change(conn)


def _see_a_change(conn: Connection) -> None:
    """Otherwise the comparison would hold for anything."""
    before = shape(conn)
    conn.execute(text("DROP INDEX ix_callback_request_open_due"))
    conn.execute(text("CREATE INDEX ix_callback_request_open_due ON callback_request (due_at, id)"))
    assert shape(conn) != before
    conn.rollback()


def test_guards_stand_after_every_step_up_and_back(database: Database) -> None:
    for revision in REVISIONS:
        database.up(revision)
        with database.engine.connect() as conn:
            assert triggers(conn) == expected_triggers(database.dialect, revision)
    for revision in reversed(REVISIONS[:-1]):
        database.down(revision)
        with database.engine.connect() as conn:
            assert triggers(conn) == expected_triggers(database.dialect, revision)


def test_all_the_way_down_leaves_nothing_and_up_again_holds_data_in_every_table(database: Database) -> None:
    for _ in range(2):
        database.up()
        with database.engine.begin() as conn:
            assert triggers(conn) == expected_triggers(database.dialect, REVISIONS[-1])
            fill(conn)
            assert min(counts(conn).values()) >= 1
        database.down()
        with database.engine.connect() as conn:
            assert inspect(conn).get_table_names() == ["alembic_version"]
            assert triggers(conn) == set()
            assert functions(conn) == []


def test_a_step_back_and_forth_keeps_every_row(database: Database) -> None:
    database.up()
    with database.engine.begin() as conn:
        fill(conn)
    for earlier, revision in reversed(list(pairwise(REVISIONS))):
        before = _rows(database)
        database.down(earlier)
        database.up(revision)
        after = _rows(database)
        # A table that this migration brings is empty again; a row of an older one never goes.
        assert after.keys() == before.keys()
        assert {name: number for name, number in after.items() if number} == {
            name: before[name] for name in after if after[name]
        }
        database.down(earlier)
        assert {name: before[name] for name, number in _rows(database).items() if number != before.get(name)} == {}
    assert min(_rows(database).values()) >= 1


def _rows(database: Database) -> dict[str, int]:
    """How many each table that is there holds."""
    with database.engine.connect() as conn:
        names = inspect(conn).get_table_names()
        return {name: conn.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names}


def test_a_new_database_knows_the_roles_and_the_sentence_and_going_up_twice_changes_nothing(
    database: Database,
) -> None:
    database.up()
    with database.engine.begin() as conn:
        roles = set(conn.execute(text("SELECT name FROM role")).scalars())
        assert roles == {"staff", "manager", "admin", "auditor"}
        assert conn.execute(text("SELECT count(*) FROM consent_wording WHERE language = 'en'")).scalar_one() == 1
        fill(conn)
        before = (shape(conn), counts(conn))
    database.up()
    with database.engine.connect() as conn:
        assert (shape(conn), counts(conn)) == before
