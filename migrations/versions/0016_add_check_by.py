"""Add until when somebody has to decide about a request under "Check": a target of its own, beside the one for calls."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

NAME = "ix_callback_request_decided"
DECIDED = sa.text("check_decided_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("callback_request", sa.Column("check_by_at", sa.DateTime(timezone=True), nullable=True))
    # What waits now was shown to be decided by the time its call was due.
    op.execute("UPDATE callback_request SET check_by_at = due_at WHERE status = 'check' AND closed_at IS NULL")
    _index(["check_decided_at", "rescued_at", "check_by_at"])


def downgrade() -> None:
    _index(["check_decided_at", "rescued_at"])
    # One plain statement on either database: a batch would copy the largest table.
    op.execute("ALTER TABLE callback_request DROP COLUMN check_by_at")


def _index(columns: list[str]) -> None:
    op.drop_index(NAME, table_name="callback_request")
    op.create_index(NAME, "callback_request", columns, postgresql_where=DECIDED, sqlite_where=DECIDED)
