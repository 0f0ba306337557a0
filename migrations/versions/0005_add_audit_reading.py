"""Add what the record is read by: its times, and each person's own entries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_index("ix_audit_actor_id", table_name="audit")
    by_person = sa.text("actor_id IS NOT NULL")
    op.create_index(
        "ix_audit_actor_id", "audit", ["actor_id", "at", "id", "action"],
        postgresql_where=by_person, sqlite_where=by_person,
    )  # fmt: skip
    op.create_index("ix_audit_at", "audit", ["at", "id", "action", "actor_kind"])


def downgrade() -> None:
    op.drop_index("ix_audit_at", table_name="audit")
    op.drop_index("ix_audit_actor_id", table_name="audit")
    op.create_index("ix_audit_actor_id", "audit", ["actor_id", "id"])
