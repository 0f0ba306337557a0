"""Let the index of who looks after what say also who may be called now, so that the next one is found in it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NAME = "ix_callback_request_open_assignee"
OPEN = sa.text("closed_at IS NULL")
BEFORE = ["assignee_id", "due_at", "id"]
AFTER = [*BEFORE, "calling_key", "next_at", "status", "closed_at"]


def upgrade() -> None:
    _replace(AFTER)


def downgrade() -> None:
    _replace(BEFORE)


def _replace(columns: list[str]) -> None:
    op.drop_index(NAME, table_name="callback_request")
    op.create_index(NAME, "callback_request", columns, unique=False, postgresql_where=OPEN, sqlite_where=OPEN)
