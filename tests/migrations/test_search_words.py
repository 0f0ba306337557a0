"""The search words lose their foreign key on the way up and get it back on the way down, with the table as it was."""

from __future__ import annotations

from sqlalchemy import Connection, text

from tests.migrations.conftest import Database


def made(conn: Connection) -> str | None:
    """How SQLite says the table was made; PostgreSQL's is compared by its columns and keys elsewhere."""
    if conn.dialect.name != "sqlite":
        return None
    return str(conn.execute(text("SELECT sql FROM sqlite_master WHERE name = 'search_token'")).scalar())


def test_the_way_down_drops_words_without_a_request_and_restores_the_table(database: Database) -> None:
    database.up("0001")
    with database.engine.connect() as conn:
        before = made(conn)
    database.up("0002")
    with database.engine.begin() as conn:
        conn.execute(text("INSERT INTO search_token (token, callback_id) VALUES (7, 4711)"))
    database.down("0001")
    with database.engine.connect() as conn:
        after = made(conn)
        assert conn.execute(text("SELECT count(*) FROM search_token")).scalar() == 0
    assert (before is None) == (after is None)
    assert "WITHOUT ROWID" not in (before or "") + (after or "")
