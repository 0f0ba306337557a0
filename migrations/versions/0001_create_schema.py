"""The first schema: requests, calls, people, calendar, record and outbox; the record is append-only by trigger."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = ("audit", "call_attempt")


def _guard_sqlite(table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _guard_postgresql(table: str) -> None:
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            _guard_sqlite(table)
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        _guard_postgresql(table)


def _unguard() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in APPEND_ONLY:
        for verb in ("update", "delete", "truncate")[: 3 if postgresql else 2]:
            op.execute(f"DROP TRIGGER {table}_refuses_{verb}" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        op.execute("DROP FUNCTION refuse_change()")


def upgrade() -> None:
    op.create_table(
        "consent_wording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_wording")),
    )
    op.create_index("uq_consent_wording_language_version", "consent_wording", ["language", "version"], unique=True)
    op.create_table(
        "mail_channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("down_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_channel")),
    )
    op.create_table(
        "role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.LargeBinary(length=33), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )
    op.create_index("ix_throttle_window_started_at", "throttle", ["window_started_at"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_user_account_fs_uniquifier")),
    )
    op.create_table(
        "calendar_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_calendar_version_created_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_version")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sid_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sign_in_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("sid_hash", name=op.f("uq_sign_in_sid_hash")),
    )
    op.create_index("ix_sign_in_user_id", "sign_in", ["user_id"], unique=False)
    op.create_table(
        "suppressed_number",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(length=33), nullable=False),
        sa.Column("suppressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_suppressed_number_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressed_number")),
        sa.UniqueConstraint("phone_index", name=op.f("uq_suppressed_number_phone_index")),
    )
    op.create_table(
        "user_role",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_user_role_role_id_role")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_user_role_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_role")),
    )
    op.create_table(
        "callback_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("closed_reason", sa.String(length=32), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("for_whom", sa.String(length=16), nullable=True),
        sa.Column("voicemail", sa.String(length=16), nullable=False),
        sa.Column("is_once_only", sa.Boolean(), nullable=False),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("has_legal_hold", sa.Boolean(), nullable=False),
        sa.Column("name_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("phone_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("phone_typed_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("email_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("message_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("preferred_note_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("source_path_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(length=33), nullable=True),
        sa.Column("email_index", sa.LargeBinary(length=33), nullable=True),
        sa.Column("address_index", sa.LargeBinary(length=33), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=True),
        sa.Column("consent_id", sa.Integer(), nullable=True),
        sa.Column("target_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_by_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_open_arrival", sa.Boolean(), nullable=False),
        sa.Column("is_promised", sa.Boolean(), nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_free_time", sa.Boolean(), nullable=False),
        sa.Column("free_time_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calling_key", sa.String(length=400), nullable=False),
        sa.Column("clock_key", sa.String(length=400), nullable=False),
        sa.Column("is_zone_known", sa.Boolean(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt_count", sa.SmallInteger(), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_disposition", sa.String(length=32), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_count", sa.SmallInteger(), nullable=False),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_attempt_by_id", sa.Integer(), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_seconds", sa.Integer(), nullable=True),
        sa.Column("all_seconds", sa.Integer(), nullable=True),
        sa.Column("reach_open_seconds", sa.Integer(), nullable=True),
        sa.Column("reach_all_seconds", sa.Integer(), nullable=True),
        sa.Column("unassigned_seconds", sa.Integer(), nullable=True),
        sa.Column("is_met", sa.Boolean(), nullable=True),
        sa.Column("is_promise_kept", sa.Boolean(), nullable=True),
        sa.Column("is_window_kept", sa.Boolean(), nullable=True),
        sa.Column("is_preempted", sa.Boolean(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("hour_of_week", sa.SmallInteger(), nullable=False),
        sa.Column("is_marked", sa.Boolean(), nullable=False),
        sa.Column("spam_reasons", sa.String(length=200), nullable=False),
        sa.Column("link_version", sa.SmallInteger(), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("idempotency_key", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "closed_reason IN ('appointment', 'information', 'referred', 'not_now', 'wrong_number', 'unreachable', 'do_not_call', 'duplicate', 'spam', 'test', 'withdrawn')",
            name=op.f("ck_callback_request_closed_reason"),
        ),
        sa.CheckConstraint("for_whom IN ('me', 'other', 'client')", name=op.f("ck_callback_request_for_whom")),
        sa.CheckConstraint(
            "status IN ('new', 'assigned', 'attempting', 'scheduled', 'check', 'withdrawn', 'closed')",
            name=op.f("ck_callback_request_status"),
        ),
        sa.CheckConstraint(
            "voicemail IN ('none', 'number_only', 'say_who')", name=op.f("ck_callback_request_voicemail")
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["user_account.id"], name=op.f("fk_callback_request_assignee_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendar_version.id"], name=op.f("fk_callback_request_calendar_id_calendar_version")
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent_wording.id"], name=op.f("fk_callback_request_consent_id_consent_wording")
        ),
        sa.ForeignKeyConstraint(
            ["first_attempt_by_id"],
            ["user_account.id"],
            name=op.f("fk_callback_request_first_attempt_by_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_request")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_callback_request_idempotency_key")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_callback_request_link_hash")),
        sa.UniqueConstraint("public_id", name=op.f("uq_callback_request_public_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_callback_request_reference")),
    )
    op.create_index(
        "ix_callback_request_closed",
        "callback_request",
        ["closed_at", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
        sqlite_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_callback_request_open_assignee",
        "callback_request",
        ["assignee_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_callback_request_open_due",
        "callback_request",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_callback_request_open_status",
        "callback_request",
        ["status", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_callback_request_phone_index", "callback_request", ["phone_index"], unique=False)
    op.create_index("ix_callback_request_received", "callback_request", ["received_at", "id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("callback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("text_digest", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint("actor_kind IN ('visitor', 'person', 'system')", name=op.f("ck_audit_actor_kind")),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_audit_actor_id_user_account")),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback_request.id"], name=op.f("fk_audit_callback_id_callback_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_actor_id", "audit", ["actor_id", "id"], unique=False)
    op.create_index("ix_audit_callback_id", "audit", ["callback_id", "id"], unique=False)
    op.create_table(
        "call_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("callback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("episode", sa.SmallInteger(), nullable=False),
        sa.Column("disposition", sa.String(length=32), nullable=False),
        sa.Column("is_attempt", sa.Boolean(), nullable=False),
        sa.Column("is_reach", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("voicemail_rule", sa.String(length=16), nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("override_reason", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "disposition IN ('spoke_appointment', 'spoke_information', 'spoke_call_again', 'spoke_referred', 'spoke_not_now', 'no_answer', 'left_message', 'busy', 'wrong_number', 'someone_else', 'inbound_reached', 'line_failed', 'do_not_call', 'crisis', 'unreachable')",
            name=op.f("ck_call_attempt_disposition"),
        ),
        sa.CheckConstraint(
            "voicemail_rule IN ('none', 'number_only', 'say_who')", name=op.f("ck_call_attempt_voicemail_rule")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_call_attempt_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback_request.id"], name=op.f("fk_call_attempt_callback_id_callback_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_attempt")),
    )
    op.create_index(
        "ix_call_attempt_callback_id_started_at", "call_attempt", ["callback_id", "started_at"], unique=False
    )
    op.create_table(
        "episode",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("callback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("target_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_by_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_reason", sa.String(length=32), nullable=True),
        sa.Column("calendar_id", sa.Integer(), nullable=True),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_attempt_by_id", sa.Integer(), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_seconds", sa.Integer(), nullable=True),
        sa.Column("all_seconds", sa.Integer(), nullable=True),
        sa.Column("reach_open_seconds", sa.Integer(), nullable=True),
        sa.Column("reach_all_seconds", sa.Integer(), nullable=True),
        sa.Column("unassigned_seconds", sa.Integer(), nullable=True),
        sa.Column("is_met", sa.Boolean(), nullable=True),
        sa.Column("is_promise_kept", sa.Boolean(), nullable=True),
        sa.Column("is_window_kept", sa.Boolean(), nullable=True),
        sa.Column("is_preempted", sa.Boolean(), nullable=False),
        sa.Column("is_open_arrival", sa.Boolean(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("hour_of_week", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendar_version.id"], name=op.f("fk_episode_calendar_id_calendar_version")
        ),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback_request.id"], name=op.f("fk_episode_callback_id_callback_request")
        ),
        sa.ForeignKeyConstraint(
            ["first_attempt_by_id"], ["user_account.id"], name=op.f("fk_episode_first_attempt_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode")),
    )
    op.create_index("uq_episode_callback_id_number", "episode", ["callback_id", "number"], unique=True)
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=32), nullable=False),
        sa.Column("callback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_key", sa.String(length=32), nullable=True),
        sa.Column("attempt_count", sa.SmallInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'leased', 'sent', 'dead')", name=op.f("ck_outbox_message_state")),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback_request.id"], name=op.f("fk_outbox_message_callback_id_callback_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("public_id", name=op.f("uq_outbox_message_public_id")),
    )
    op.create_index("ix_outbox_message_callback_id", "outbox_message", ["callback_id"], unique=False)
    op.create_index(
        "ix_outbox_message_dead",
        "outbox_message",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
        sqlite_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_outbox_message_waiting",
        "outbox_message",
        ["available_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'leased')"),
        sqlite_where=sa.text("state IN ('pending', 'leased')"),
    )
    op.create_table(
        "search_token",
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "callback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback_request.id"], name=op.f("fk_search_token_callback_id_callback_request")
        ),
        sa.PrimaryKeyConstraint("token", "callback_id", name=op.f("pk_search_token")),
    )
    op.create_index("ix_search_token_callback_id", "search_token", ["callback_id"], unique=False)
    op.create_table(
        "audit_text",
        sa.Column(
            "audit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("text_encrypted", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_audit_text_audit_id_audit")),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_text")),
        sa.UniqueConstraint("public_id", name=op.f("uq_audit_text_public_id")),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("callback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_encrypted", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_note_attempt_id_call_attempt")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_note_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback_request.id"], name=op.f("fk_note_callback_id_callback_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sa.UniqueConstraint("public_id", name=op.f("uq_note_public_id")),
    )
    op.create_index("ix_note_callback_id", "note", ["callback_id", "id"], unique=False)
    op.bulk_insert(
        sa.table("role", sa.column("id", sa.Integer), sa.column("name", sa.String)),
        [{"id": number, "name": name} for number, name in enumerate(("staff", "manager", "admin", "auditor"), 1)],
    )
    op.bulk_insert(
        sa.table(
            "consent_wording",
            sa.column("id", sa.Integer),
            sa.column("version", sa.Integer),
            sa.column("language", sa.String),
            sa.column("text", sa.Text),
            sa.column("created_at", sa.DateTime(timezone=True)),
        ),
        [
            {
                "id": 1,
                "version": 1,
                "language": "en",
                "text": "By sending this you ask us to call you at this number about your request.",
                "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            }
        ],
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('consent_wording', 'id'), 1)")
    _guard()


def downgrade() -> None:
    _unguard()
    for table in (
        "note",
        "audit_text",
        "search_token",
        "outbox_message",
        "episode",
        "call_attempt",
        "audit",
        "callback_request",
        "user_role",
        "suppressed_number",
        "sign_in",
        "calendar_version",
        "user_account",
        "throttle",
        "role",
        "mail_channel",
        "consent_wording",
    ):
        op.drop_table(table)
