"""Let those who wait for their first call be found among the open requests without reading all of these."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

NAME = "ix_callback_request_waiting"
WAITS = sa.text("closed_at IS NULL AND all_seconds IS NULL")


def upgrade() -> None:
    op.create_index(
        NAME, "callback_request", ["received_on", "id"], unique=False, postgresql_where=WAITS, sqlite_where=WAITS
    )


def downgrade() -> None:
    op.drop_index(NAME, table_name="callback_request")
