"""Add how a request reached us; what is there came by the form."""

from alembic import op

revision = "0007"
down_revision = "0006"

CHANNELS = ("web", "voicemail", "phone", "referral", "answering_service", "walk_in", "other")


def upgrade() -> None:
    # One plain statement on either database: a batch would copy the largest table.
    allowed = ", ".join(f"'{channel}'" for channel in CHANNELS)
    op.execute(
        "ALTER TABLE callback_request ADD COLUMN channel VARCHAR(24) DEFAULT 'web' NOT NULL "
        f"CONSTRAINT ck_callback_request_channel CHECK (channel IN ({allowed}))"
    )


def downgrade() -> None:
    op.drop_column("callback_request", "channel")
