"""Keep the facts of each counted day beside its counts: a report on a part of the requests was read row by row.

With them a day depends on the language and on whom a request is for as well, so that these leave a mark too. Days kept
so far name another definition and are counted again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

COUNTED = (
    "closed_at", "received_on", "is_imported", "channel", "promise_kind", "is_promised", "closed_reason",
    "duplicate_of_id", "uncounted_at", "target_at", "promised_by_at", "is_open_arrival", "is_preempted", "is_met",
    "is_promise_kept", "is_wish_kept", "open_seconds", "all_seconds", "reached_at", "reach_tries", "attempt_count",
    "first_attempt_by_id", "unassigned_seconds", "waited_open_seconds", "waited_all_seconds", "hour_of_week", "source",
)  # fmt: skip
EARLIER = ("is_imported", "channel", "source")
NEW = ("language", "for_whom")
WAS_ENDED, IS_ENDED = "old.closed_at IS NOT NULL", "new.closed_at IS NOT NULL"
MARKS = {
    "callback_request_marks_update": (
        COUNTED, f"{WAS_ENDED} OR {IS_ENDED}",
        f"SELECT old.received_on WHERE {WAS_ENDED} UNION SELECT new.received_on WHERE {IS_ENDED}",
    ),
    "callback_request_marks_earlier": (
        EARLIER, "new.reopened_count > 0", "SELECT received_on FROM episode WHERE callback_id = new.id",
    ),
}  # fmt: skip
"""By trigger: of which columns, when, and which days are marked."""


def upgrade() -> None:
    op.create_table(
        "report_facts",
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("seconds", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("received_on", name=op.f("pk_report_facts")),
    )
    _watch(NEW)


def _watch(more: tuple[str, ...]) -> None:
    """The functions of PostgreSQL stay: only what calls them changes."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, (columns, when, days) in MARKS.items():
        op.execute(f"DROP TRIGGER {name}" if is_sqlite else f"DROP TRIGGER {name} ON callback_request")
        event = f"AFTER UPDATE OF {', '.join((*columns, *more))} ON callback_request"
        if is_sqlite:
            deed = f"INSERT INTO report_mark (received_on) {days};"
            op.execute(f"CREATE TRIGGER {name} {event} WHEN ({when}) BEGIN {deed} END")
        else:
            op.execute(f"CREATE TRIGGER {name} {event} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    _watch(())
    op.drop_table("report_facts")
