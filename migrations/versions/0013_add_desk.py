"""Add what working the queue together needs: leases, snoozing, presence, undo, alerts, joined requests, versioned rules."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

LEASE = timedelta(minutes=30)
AT = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = {
    "callback_request": (
        ("lease_until", AT), ("snoozed_at", AT), ("duplicate_of_id", BIG), ("rescued_at", AT),
        ("check_decided_at", AT), ("crisis_at", AT),
    ),
    "user_account": (("on_shift_since", AT), ("preferences", sa.JSON())),
    "calendar_version": (("law", sa.JSON()),),
}  # fmt: skip
ASKED = ("assignee_id", "status", "channel", "language", "source")
INDEXES = (
    ("ix_callback_request_email_index", ["email_index"], "email_index IS NOT NULL"),
    ("ix_callback_request_lease", ["lease_until", "id"], "closed_at IS NULL AND lease_until IS NOT NULL"),
    ("ix_callback_request_joined", ["duplicate_of_id"], "duplicate_of_id IS NOT NULL"),
    ("ix_callback_request_decided", ["check_decided_at", "rescued_at"], "check_decided_at IS NOT NULL"),
    ("ix_callback_request_snoozed", ["next_at", "id"], "closed_at IS NULL AND snoozed_at IS NOT NULL"),
    *((f"ix_callback_request_ended_{name}", [name, "received_at", "id"], "closed_at IS NOT NULL") for name in ASKED),
    ("ix_callback_request_ended_received", ["received_at", "id", *ASKED, "closed_at"], "closed_at IS NOT NULL"),
)
OPEN_DUE = "ix_callback_request_open_due"
OPEN_DUE_WIDE = ["due_at", "id", *ASKED, "received_at", "next_at", "snoozed_at", "closed_at"]
"""With what filters ask about, so that a rare answer among many open requests is found without reading them."""


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    for name, on, condition in INDEXES:
        _index(name, on, condition)
    op.drop_index(OPEN_DUE, table_name="callback_request")
    _index(OPEN_DUE, OPEN_DUE_WIDE, "closed_at IS NULL")
    _add_rules()
    _add_presence()
    _add_leases()
    _add_undo()
    _add_saved_views()
    _add_links()
    _add_alerts()


def downgrade() -> None:
    for table in (
        "alarm",
        "alert",
        "duplicate_link",
        "saved_view",
        "undone_attempt",
        "undo_step",
        "lapse",
        "skip",
        "presence",
        "rule_version",
    ):
        op.drop_table(table)
    for name, _, _ in INDEXES:
        op.drop_index(name, table_name="callback_request")
    op.drop_index(OPEN_DUE, table_name="callback_request")
    _index(OPEN_DUE, ["due_at", "id"], "closed_at IS NULL")
    for table, columns in COLUMNS.items():
        for name, _ in reversed(columns):
            op.drop_column(table, name)


def _index(name: str, on: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "callback_request", on, unique=False, postgresql_where=where, sqlite_where=where)


def _add_rules() -> None:
    op.create_table(
        "rule_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        _user("rule_version", "created_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_version")),
    )
    op.create_index("ix_rule_version_kind", "rule_version", ["kind", "id"])


def _add_presence() -> None:
    for table, at in (("presence", ("seen_at",)), ("skip", ("skipped_at", "until_at"))):
        op.create_table(
            table,
            sa.Column("callback_id", BIG, nullable=False, autoincrement=False),
            sa.Column("user_id", sa.Integer(), nullable=False),
            *(sa.Column(name, AT, nullable=False) for name in at),
            _request(table, "callback_id", ondelete="CASCADE"),
            _user(table, "user_id", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("callback_id", "user_id", name=op.f(f"pk_{table}")),
        )
    op.create_index("ix_presence_seen_at", "presence", ["seen_at"])


def _add_leases() -> None:
    """Whoever holds a request when this arrives has as long as a new claim lasts, or until the time they wait for."""
    op.create_table(
        "lapse",
        sa.Column("callback_id", BIG, nullable=False, autoincrement=False),
        sa.Column("user_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("lapsed_at", AT, nullable=False),
        _request("lapse", "callback_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("callback_id", "user_id", name=op.f("pk_lapse")),
    )
    op.create_index("ix_lapse_user_id", "lapse", ["user_id"])
    names = ("assignee_id", "closed_at", "next_at", "lease_until")
    callback = sa.table("callback_request", *(sa.column(name, AT if name.endswith(("_at", "until")) else sa.Integer())
                                              for name in names))  # fmt: skip
    until, c = datetime.now(UTC) + LEASE, callback.c
    is_held = sa.and_(c.closed_at.is_(None), c.assignee_id.is_not(None))
    op.execute(callback.update().where(is_held).values(lease_until=until))
    op.execute(callback.update().where(is_held, c.next_at > until).values(lease_until=c.next_at))


def _add_undo() -> None:
    op.create_table(
        "undo_step",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(48), nullable=False),
        sa.Column("done_at", AT, nullable=False),
        sa.Column("undone_at", AT, nullable=True),
        sa.Column("items", sa.JSON(), nullable=False),
        _user("undo_step", "by_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_step")),
        sa.UniqueConstraint("public_id", name=op.f("uq_undo_step_public_id")),
    )
    op.create_index("ix_undo_step_by_id", "undo_step", ["by_id", "done_at"])
    op.create_table(
        "undone_attempt",
        sa.Column("attempt_id", BIG, nullable=False, autoincrement=False),
        sa.Column("undone_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["call_attempt.id"], name=op.f("fk_undone_attempt_attempt_id_call_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_undone_attempt")),
    )


def _add_saved_views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.String(400), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        _user("saved_view", "owner_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("public_id", name=op.f("uq_saved_view_public_id")),
    )
    op.create_index("ix_saved_view_owner_id", "saved_view", ["owner_id"])


def _add_links() -> None:
    op.create_table(
        "duplicate_link",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("callback_id", BIG, nullable=False),
        sa.Column("survivor_id", BIG, nullable=False),
        sa.Column("linked_at", AT, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("unlinked_at", AT, nullable=True),
        sa.Column("unlinked_by_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        _request("duplicate_link", "callback_id"),
        _request("duplicate_link", "survivor_id"),
        _user("duplicate_link", "by_id"),
        _user("duplicate_link", "unlinked_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_link")),
    )
    linked = sa.text("unlinked_at IS NULL")
    op.create_index(
        "uq_duplicate_link_callback_id", "duplicate_link", ["callback_id"], unique=True, postgresql_where=linked,
        sqlite_where=linked,
    )  # fmt: skip
    op.create_index("ix_duplicate_link_survivor_id", "duplicate_link", ["survivor_id"])


def _add_alerts() -> None:
    op.create_table(
        "alarm",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("since_at", AT, nullable=False),
        sa.Column("raised_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_alarm")),
    )
    op.create_table(
        "alert",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("callback_id", BIG, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("recipient", sa.String(32), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("raised_at", AT, nullable=False),
        sa.Column("told_at", AT, nullable=True),
        sa.Column("settled_at", AT, nullable=True),
        _request("alert", "callback_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    occasion = ["callback_id", "due_at", "kind", "recipient", "number"]
    op.create_index("uq_alert_occasion", "alert", occasion, unique=True)
    op.create_index("ix_alert_told", "alert", ["recipient", "told_at"])
    unsettled = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_alert_unsettled", "alert", ["recipient", "raised_at", "id"], unique=False, postgresql_where=unsettled,
        sqlite_where=unsettled,
    )  # fmt: skip


def _user(table: str, column: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_user_account")
    return sa.ForeignKeyConstraint([column], ["user_account.id"], name=name, ondelete=ondelete)


def _request(table: str, column: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_callback_request")
    return sa.ForeignKeyConstraint([column], ["callback_request.id"], name=name, ondelete=ondelete)
