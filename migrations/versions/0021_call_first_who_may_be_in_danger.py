"""Let who may be in danger come before whoever is late: those due at once are due 400 years before that was known.

The calendar repeats itself after 400 years, so every date has its like then. What was told about them stays told.
"""

from alembic import op

revision = "0021"
down_revision = "0020"

AT_ONCE = "closed_at IS NULL AND due_at <= crisis_at"


def upgrade() -> None:
    of_theirs = f"SELECT {_moved('crisis_at', -400)} FROM callback_request AS c WHERE c.id = callback_id"
    same = "SELECT id FROM callback_request AS c WHERE c.id = callback_id AND c.due_at = alert.due_at"
    op.execute(f"UPDATE alert SET due_at = ({of_theirs}) WHERE kind <> 'again' AND EXISTS ({same} AND {AT_ONCE})")
    op.execute(f"UPDATE callback_request SET due_at = {_moved('crisis_at', -400)} WHERE {AT_ONCE}")


def downgrade() -> None:
    for table in ("callback_request", "alert"):
        op.execute(f"UPDATE {table} SET due_at = {_moved('due_at', 400)} WHERE due_at < '2000-01-01'")


def _moved(column: str, years: int) -> str:
    if op.get_bind().dialect.name == "postgresql":
        return f"(({column} AT TIME ZONE 'UTC' + INTERVAL '{years} years') AT TIME ZONE 'UTC')"
    return f"printf('%04d', substr({column}, 1, 4) + {years}) || substr({column}, 5)"
