"""Let the requests under a legal hold be found without reading all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

NAME = "ix_callback_request_on_hold"


def upgrade() -> None:
    op.create_index(
        NAME,
        "callback_request",
        ["id"],
        unique=False,
        postgresql_where=sa.text("has_legal_hold"),
        sqlite_where=sa.text("has_legal_hold = 1"),
    )


def downgrade() -> None:
    op.drop_index(NAME, table_name="callback_request")
