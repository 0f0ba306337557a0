"""Let the calls of all people be listed by when they began, without reading those of other days."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

NAME = "ix_call_attempt_begun"


def upgrade() -> None:
    op.create_index(
        NAME,
        "call_attempt",
        ["started_at", "id"],
        unique=False,
        postgresql_where=sa.text("is_attempt"),
        sqlite_where=sa.text("is_attempt = 1"),
    )


def downgrade() -> None:
    op.drop_index(NAME, table_name="call_attempt")
