"""Add what reports are made of: which promise was made, what came of a wish, how long the uncalled waited; notes, mailings."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

AT = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = "'speed', 'window', 'own_words'"
COLUMNS = (
    ("is_wish_kept", sa.Boolean()), ("reach_tries", sa.SmallInteger()), ("waited_open_seconds", sa.Integer()),
    ("waited_all_seconds", sa.Integer()), ("uncounted_at", AT), ("uncounted_by_id", sa.Integer()),
)  # fmt: skip
ENDED = "closed_at IS NOT NULL"
REPORTED = [
    "received_on", "id", "is_imported", "channel", "promise_kind", "is_promised", "closed_reason", "closed_at",
    "duplicate_of_id", "uncounted_at", "target_at", "promised_by_at", "is_open_arrival", "is_preempted", "is_met",
    "is_promise_kept", "is_wish_kept", "open_seconds", "all_seconds", "reached_at", "reach_tries", "attempt_count",
    "first_attempt_by_id", "unassigned_seconds", "waited_open_seconds", "waited_all_seconds", "hour_of_week", "source",
    "language", "for_whom",
]  # fmt: skip
STANDS = """
    NOT EXISTS (SELECT 1 FROM undone_attempt u WHERE u.attempt_id = a.id)
    AND NOT EXISTS (
        SELECT 1 FROM call_attempt later WHERE later.callback_id = a.callback_id AND later.corrects_id = a.id
        AND NOT EXISTS (SELECT 1 FROM undone_attempt u WHERE u.attempt_id = later.id)
    )
"""
"""An outcome that was neither corrected nor taken back."""


def upgrade() -> None:
    for table in ("callback_request", "episode"):
        # One plain statement on either database: a batch would copy the largest table.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN promise_kind VARCHAR(16) DEFAULT 'speed' NOT NULL "
            f"CONSTRAINT ck_{table}_promise_kind CHECK (promise_kind IN ({KINDS}))"
        )
        for name, kind in COLUMNS:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.add_column("episode", sa.Column("is_promised", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("episode", sa.Column("attempt_count", sa.SmallInteger(), server_default="0", nullable=False))
    _fill("callback_request", "id", "reopened_count")
    _fill("episode", "callback_id", "number")
    op.execute("UPDATE callback_request SET promise_kind = 'own_words' WHERE is_free_time AND promise_kind = 'speed'")
    op.execute(
        "UPDATE callback_request SET promise_kind = 'window' WHERE window_from IS NOT NULL AND attempt_count = 0"
        " AND promise_kind = 'speed'"
    )
    op.execute(
        "UPDATE episode SET attempt_count = (SELECT count(*) FROM call_attempt a WHERE a.callback_id ="
        f" episode.callback_id AND a.episode = episode.number AND a.is_attempt AND {STANDS})"
    )
    _waits("callback_request")
    _waits("episode")
    where = sa.text(ENDED)
    op.create_index(
        "ix_callback_request_reported", "callback_request", REPORTED, postgresql_where=where, sqlite_where=where
    )
    op.create_index("ix_episode_received_on", "episode", ["received_on", "id"])
    _add_tables()


def _fill(table: str, callback_id: str, number: str) -> None:
    """What the calls of an episode tell: which promise the first of them kept, and how many reached somebody."""
    own = f"a.callback_id = {table}.{callback_id} AND a.episode = {table}.{number} AND {STANDS}"
    first = f"(SELECT a.window_from FROM call_attempt a WHERE {own} ORDER BY a.started_at, a.id LIMIT 1) IS NOT NULL"
    op.execute(f"UPDATE {table} SET promise_kind = 'window' WHERE {first}")
    inside = "a.is_attempt AND a.started_at >= a.window_from AND a.started_at < a.window_until"
    op.execute(
        f"UPDATE {table} SET is_wish_kept = EXISTS (SELECT 1 FROM call_attempt a WHERE {own} AND {inside})"
        f" WHERE promise_kind = 'window' AND EXISTS (SELECT 1 FROM call_attempt a WHERE {own}"
        " AND a.is_attempt AND a.started_at >= a.window_from)"
    )
    op.execute(
        f"UPDATE {table} SET reach_tries = (SELECT count(*) FROM call_attempt a WHERE {own} AND a.is_attempt"
        f" AND a.started_at <= {table}.reached_at) WHERE reached_at IS NOT NULL"
    )
    op.execute(
        f"UPDATE {table} SET reach_tries = 0 WHERE reached_at IS NOT NULL AND EXISTS (SELECT 1 FROM call_attempt a"
        f" WHERE {own} AND a.is_reach AND NOT a.is_attempt AND a.started_at = {table}.reached_at)"
    )


def _waits(table: str) -> None:
    """Whoever called us waited until then. How long somebody waited who took it back is not told of those before."""
    op.execute(
        f"UPDATE {table} SET waited_open_seconds = reach_open_seconds, waited_all_seconds = reach_all_seconds"
        " WHERE is_preempted"
    )


def _add_tables() -> None:
    op.create_table(
        "report_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("text", sa.String(120), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("removed_at", AT, nullable=True),
        _user("report_note", "created_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_note")),
    )
    op.create_index("ix_report_note_noted_on", "report_note", ["noted_on", "id"])
    op.create_table(
        "kept_report",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.CheckConstraint("way IN ('csv', 'json', 'week', 'month')", name=op.f("ck_kept_report_way")),
        _user("kept_report", "made_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_report")),
    )
    op.create_index("ix_kept_report_first_on", "kept_report", ["first_on", "last_on", "id"])
    op.create_table(
        "report_mailing",
        sa.Column("user_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("every", sa.String(8), nullable=False),
        sa.Column("since_at", AT, nullable=False),
        sa.Column("made_through_on", sa.Date(), nullable=False),
        sa.CheckConstraint("every IN ('week', 'month')", name=op.f("ck_report_mailing_every")),
        _user("report_mailing", "user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "every", name=op.f("pk_report_mailing")),
    )


def _user(table: str, column: str, **more: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_user_account")
    return sa.ForeignKeyConstraint([column], ["user_account.id"], name=name, **more)


def downgrade() -> None:
    for table in ("report_mailing", "kept_report", "report_note"):
        op.drop_table(table)
    op.drop_index("ix_episode_received_on", table_name="episode")
    op.drop_index("ix_callback_request_reported", table_name="callback_request")
    op.drop_column("episode", "attempt_count")
    op.drop_column("episode", "is_promised")
    for table in ("callback_request", "episode"):
        for name, _ in reversed(COLUMNS):
            op.drop_column(table, name)
        op.drop_column(table, "promise_kind")
