"""Let an outcome say which earlier one it corrects."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # Never in batch mode: that would drop the triggers which keep the table append-only.
    op.add_column("call_attempt", sa.Column("corrects_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))


def downgrade() -> None:
    op.drop_column("call_attempt", "corrects_id")
