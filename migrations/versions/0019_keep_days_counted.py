"""Keep days counted for reports: a year of them was read row by row eight times over for each look at the page."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTED = (
    "closed_at", "received_on", "is_imported", "channel", "promise_kind", "is_promised", "closed_reason",
    "duplicate_of_id", "uncounted_at", "target_at", "promised_by_at", "is_open_arrival", "is_preempted", "is_met",
    "is_promise_kept", "is_wish_kept", "open_seconds", "all_seconds", "reached_at", "reach_tries", "attempt_count",
    "first_attempt_by_id", "unassigned_seconds", "waited_open_seconds", "waited_all_seconds", "hour_of_week", "source",
)  # fmt: skip
"""What a report reads of a request that has ended, but for its language and whom it is for: those are not kept."""
WAS_ENDED, IS_ENDED = "old.closed_at IS NOT NULL", "new.closed_at IS NOT NULL"
EPISODES = "SELECT received_on FROM episode WHERE callback_id = new.id"
MARKS = {
    "callback_request_marks_insert": ("callback_request", "INSERT", IS_ENDED, "SELECT new.received_on"),
    "callback_request_marks_delete": ("callback_request", "DELETE", WAS_ENDED, "SELECT old.received_on"),
    "callback_request_marks_update": (
        "callback_request", f"UPDATE OF {', '.join(COUNTED)}", f"{WAS_ENDED} OR {IS_ENDED}",
        f"SELECT old.received_on WHERE {WAS_ENDED} UNION SELECT new.received_on WHERE {IS_ENDED}",
    ),
    "callback_request_marks_earlier": (
        "callback_request", "UPDATE OF is_imported, channel, source", "new.reopened_count > 0", EPISODES,
    ),
    "episode_marks_insert": ("episode", "INSERT", "", "SELECT new.received_on"),
    "episode_marks_delete": ("episode", "DELETE", "", "SELECT old.received_on"),
    "episode_marks_update": ("episode", "UPDATE", "", "SELECT old.received_on UNION SELECT new.received_on"),
}  # fmt: skip
"""By trigger: its table, the event, when, and which days are marked."""


def upgrade() -> None:
    op.create_table(
        "report_day",
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("definition", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hours", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("received_on", name=op.f("pk_report_day")),
    )
    op.create_table(
        "report_part",
        sa.Column("part", sa.String(8), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("sorts", sa.LargeBinary(), nullable=False),
        sa.Column("waits_open", sa.LargeBinary(), nullable=False),
        sa.Column("waits_all", sa.LargeBinary(), nullable=False),
        sa.Column("unassigned_seconds", sa.BigInteger(), nullable=False),
        sa.Column("called_seconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("part IN ('arrival', 'source', 'person')", name=op.f("ck_report_part_part")),
        sa.PrimaryKeyConstraint("part", "received_on", "key", name=op.f("pk_report_part")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report_mark",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_mark")),
    )
    op.create_index("ix_report_mark_received_on", "report_mark", ["received_on", "id"])
    for name, (table, event, when, days) in MARKS.items():
        _mark(name, table, event, when, days)


def _mark(name: str, table: str, event: str, when: str, days: str) -> None:
    condition = f"WHEN ({when}) " if when else ""
    deed = f"INSERT INTO report_mark (received_on) {days};"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} {condition}BEGIN {deed} END")
        return
    body = f"BEGIN {deed} RETURN NULL; END"
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {condition}EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, (table, *_) in MARKS.items():
        op.execute(f"DROP TRIGGER {name}" if is_sqlite else f"DROP TRIGGER {name} ON {table}")
        if not is_sqlite:
            op.execute(f"DROP FUNCTION {name}()")
    for table in ("report_mark", "report_part", "report_day"):
        op.drop_table(table)
