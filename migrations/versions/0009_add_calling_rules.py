"""Add the house's own calling rules to each version of the calendar; none means the widest there are."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("calendar_version", sa.Column("calling", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("calendar_version", "calling")
