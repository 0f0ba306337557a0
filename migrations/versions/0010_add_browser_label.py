"""Add to each session which browser it is, as a coarse label; sessions from before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("sign_in", sa.Column("browser", sa.String(32), nullable=True))


def downgrade() -> None:
    op.drop_column("sign_in", "browser")
