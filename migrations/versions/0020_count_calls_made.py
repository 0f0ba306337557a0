"""Let the calls a person made in some days be counted without reading all calls, and corrected ones be found."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

NAMES = ("ix_call_attempt_made", "ix_call_attempt_correcting")


def upgrade() -> None:
    op.create_index(
        NAMES[0],
        "call_attempt",
        ["by_id", "started_at", "is_attempt"],
        unique=False,
        postgresql_where=sa.text("is_attempt"),
        sqlite_where=sa.text("is_attempt = 1"),
    )
    op.create_index(
        NAMES[1],
        "call_attempt",
        ["started_at", "corrects_id"],
        unique=False,
        postgresql_where=sa.text("corrects_id IS NOT NULL"),
        sqlite_where=sa.text("corrects_id IS NOT NULL"),
    )


def downgrade() -> None:
    for name in NAMES:
        op.drop_index(name, table_name="call_attempt")
