"""Lighten the receipt of a request: count who is ahead from an index alone, check no search word against its request."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

OPEN = sa.text("closed_at IS NULL")
INDEX = "ix_callback_request_open_status"
CONSTRAINT = "fk_search_token_callback_id_callback_request"


def _index(*columns: str) -> None:
    op.drop_index(INDEX, table_name="callback_request")
    op.create_index(INDEX, "callback_request", [*columns], postgresql_where=OPEN, sqlite_where=OPEN)


def upgrade() -> None:
    _index("status", "due_at", "id", "closed_at")
    # The key is the row: on SQLite without a second tree that holds the same two numbers.
    with op.batch_alter_table("search_token", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.drop_constraint(CONSTRAINT, type_="foreignkey")


def downgrade() -> None:
    # Nothing kept a word to its request meanwhile; one without finds nothing and would stop the key.
    op.execute("DELETE FROM search_token WHERE callback_id NOT IN (SELECT id FROM callback_request)")
    with op.batch_alter_table("search_token", table_kwargs={"sqlite_with_rowid": True}) as table:
        table.create_foreign_key(CONSTRAINT, "callback_request", ["callback_id"], ["id"])
    _index("status", "due_at", "id")
