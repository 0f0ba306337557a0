"""Keep the counts of a day side by side in one number: to add up those of many days was most of a report's time.

Days kept so far name another definition and are counted again, as they are on the way back.
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute("ALTER TABLE report_part RENAME COLUMN sorts TO counts")


def downgrade() -> None:
    op.execute("ALTER TABLE report_part RENAME COLUMN counts TO sorts")
