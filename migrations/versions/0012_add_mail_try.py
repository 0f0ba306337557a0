"""Keep what came of each try to send a mail, and in which words it went out; mails from before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "mail_try",
        sa.Column("id", big_id, autoincrement=True, nullable=False),
        sa.Column("message_id", big_id, nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.String(length=200), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome IN ('sent', 'later', 'dead', 'held')", name=op.f("ck_mail_try_outcome")),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["outbox_message.id"],
            name=op.f("fk_mail_try_message_id_outbox_message"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_try")),
    )
    op.create_index("ix_mail_try_message_id", "mail_try", ["message_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("mail_try")
