"""Keep what came of times agreed after the first promise: on the phone, on the private page, set for own words.

Of a request that is still open it is known by the time that was agreed last. Of those that have ended it is not: there
both columns stay NULL, and no report tells of a time agreed for them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

AT = sa.DateTime(timezone=True)
NEW = ("is_agreed_kept", "agreed_until")
REPORTED = (
    "received_on", "id", "is_imported", "channel", "promise_kind", "is_promised", "closed_reason", "closed_at",
    "duplicate_of_id", "uncounted_at", "target_at", "promised_by_at", "is_open_arrival", "is_preempted", "is_met",
    "is_promise_kept", "is_wish_kept", "open_seconds", "all_seconds", "reached_at", "reach_tries", "attempt_count",
    "first_attempt_by_id", "unassigned_seconds", "waited_open_seconds", "waited_all_seconds", "hour_of_week", "source",
    "language", "for_whom",
)  # fmt: skip
ENDED = "closed_at IS NOT NULL"
MARKING = "callback_request_marks_update"
WAS_ENDED, IS_ENDED = f"old.{ENDED}", f"new.{ENDED}"
DAYS = f"SELECT old.received_on WHERE {WAS_ENDED} UNION SELECT new.received_on WHERE {IS_ENDED}"
AGREED = """
    EXISTS (
        SELECT 1 FROM call_attempt a WHERE a.callback_id = callback_request.id
        AND a.episode = callback_request.reopened_count AND a.next_at = callback_request.window_from
        AND a.disposition IN ('spoke_call_again', 'inbound_reached')
        AND NOT EXISTS (SELECT 1 FROM undone_attempt u WHERE u.attempt_id = a.id)
    ) OR (promise_kind = 'own_words' AND free_time_seen_at IS NOT NULL)
"""
"""The time that is asked for now was agreed in a call, or set for one in the visitor's own words."""


def upgrade() -> None:
    # One plain statement each: a batch would copy the largest tables, and drop the triggers of call_attempt.
    for table in ("callback_request", "episode"):
        op.add_column(table, sa.Column("is_agreed_kept", sa.Boolean(), nullable=True))
        op.add_column(table, sa.Column("agreed_until", AT, nullable=True))
    op.add_column("call_attempt", sa.Column("agreed_until", AT, nullable=True))
    op.execute(
        "UPDATE callback_request SET is_agreed_kept = is_window_kept,"
        " agreed_until = CASE WHEN is_window_kept IS NULL THEN window_until END"
        f" WHERE closed_at IS NULL AND window_from IS NOT NULL AND ({AGREED})"
    )
    _read((*REPORTED[:17], *NEW, *REPORTED[17:]))


def _read(columns: tuple[str, ...]) -> None:
    """The index reports are read from, and the trigger that marks a day as soon as one of these is written."""
    name, table, where = "ix_callback_request_reported", "callback_request", sa.text(ENDED)
    op.drop_index(name, table_name=table)
    op.create_index(name, table, list(columns), unique=False, postgresql_where=where, sqlite_where=where)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(f"DROP TRIGGER {MARKING}" if is_sqlite else f"DROP TRIGGER {MARKING} ON {table}")
    event = f"AFTER UPDATE OF {', '.join(one for one in columns if one != 'id')} ON {table}"
    when = f"WHEN ({WAS_ENDED} OR {IS_ENDED})"
    if is_sqlite:
        op.execute(f"CREATE TRIGGER {MARKING} {event} {when} BEGIN INSERT INTO report_mark (received_on) {DAYS}; END")
    else:
        op.execute(f"CREATE TRIGGER {MARKING} {event} FOR EACH ROW {when} EXECUTE FUNCTION {MARKING}()")


def downgrade() -> None:
    _read(REPORTED)
    op.drop_column("call_attempt", "agreed_until")
    for table in ("callback_request", "episode"):
        for name in reversed(NEW):
            op.drop_column(table, name)
