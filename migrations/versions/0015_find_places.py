"""Let the places where somebody waits be found one by one, and tell PostgreSQL that what is open is mostly nobody's.

Left to itself its planner multiplies how rare an open request is by how rare one without an owner is, takes the two
together for next to nothing, and sorts thousands where ten in order would do.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

NAME = "ix_callback_request_open_place"
OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_index(
        NAME, "callback_request", ["calling_key", "closed_at"], unique=False, postgresql_where=OPEN, sqlite_where=OPEN
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE STATISTICS st_callback_request_open (mcv) ON assignee_id, closed_at FROM callback_request")
        op.execute("ANALYZE callback_request")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP STATISTICS st_callback_request_open")
    op.drop_index(NAME, table_name="callback_request")
