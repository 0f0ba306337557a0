"""Add the seals of the record, append-only like the record itself."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SQLITE, POSTGRESQL = ("update", "delete"), ("update", "delete", "truncate")


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in SQLITE:
            op.execute(
                f"CREATE TRIGGER audit_seal_refuses_{verb} BEFORE {verb.upper()} ON audit_seal "
                "BEGIN SELECT RAISE(ABORT, 'audit_seal is append-only'); END"
            )
        return
    for verb in POSTGRESQL:
        each = "STATEMENT" if verb == "truncate" else "ROW"
        op.execute(
            f"CREATE TRIGGER audit_seal_refuses_{verb} BEFORE {verb.upper()} ON audit_seal "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("through_id", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_audit_seal_previous_hash")),
    )
    _guard()


def downgrade() -> None:
    op.drop_table("audit_seal")
