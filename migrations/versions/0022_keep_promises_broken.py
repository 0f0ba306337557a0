"""Keep a promise broken that was broken before the visitor called us: a later call of ours, or another time, hid it.

Of whoever called us first, what became of the promise was read from the times. Now it is settled: false if nobody had
called by then, else nothing, whoever is called later. A promise that another one took the place of is on record.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

BROKEN = "reached_at > promised_by_at OR (first_attempt_at IS NULL AND is_promise_kept = false)"
CALLED_LATER = "is_preempted AND is_promise_kept IS NULL AND first_attempt_at IS NOT NULL"
KEYS = {"callback_request": "id", "episode": "callback_id"}
"""By table: the column that names the request."""


def upgrade() -> None:
    for table, key in KEYS.items():
        op.execute(f"UPDATE {table} SET is_promise_kept = CASE WHEN {BROKEN} THEN false END WHERE is_preempted")
        earlier = list(_broken_earlier(table, key))
        if earlier:
            broken = sa.text(f"UPDATE {table} SET is_promise_kept = false WHERE id = :id")
            op.get_bind().execute(broken, [{"id": row_id} for row_id in earlier])


def _broken_earlier(table: str, key: str) -> Iterator[int]:
    """Those who had called us only after a promise that was replaced later than it fell due."""
    entry = sa.table(
        "audit", sa.column("callback_id"), sa.column("at", sa.DateTime(timezone=True)), sa.column("details", sa.JSON)
    )
    moments = (sa.column(name, sa.DateTime(timezone=True)) for name in ("received_at", "reached_at"))
    run = sa.table(table, sa.column("id"), sa.column(key), sa.column("is_preempted", sa.Boolean), *moments)
    asked = sa.select(run.c.id, run.c.received_at, run.c.reached_at, entry.c.at, entry.c.details).where(
        run.c[key] == entry.c.callback_id,
        run.c.is_preempted,
        sa.cast(entry.c.details, sa.Text).contains("promised_before"),
    )
    for row in op.get_bind().execute(asked):
        promised = _utc(datetime.fromisoformat(row.details["promised_before"]))
        if _utc(row.received_at) < promised < min(_utc(row.reached_at), _utc(row.at)):
            yield row.id


def _utc(moment: datetime) -> datetime:
    """SQLite's have no zone."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def downgrade() -> None:
    """Whoever was called after they had called us was judged by that call; what is broken was read as that anyway."""
    for table in KEYS:
        op.execute(f"UPDATE {table} SET is_promise_kept = first_attempt_at <= promised_by_at WHERE {CALLED_LATER}")
