"""Let requests wait for another number without being late: those whose number was wrong are due once they give one.

Those in danger stay due, and no time asked for stands before a call to them any more.
"""

from alembic import op

revision = "0018"
down_revision = "0017"

NEVER = "9000-01-01 00:00:00.000000"
WRONG = "closed_at IS NULL AND status <> 'check' AND last_disposition = 'wrong_number'"
AT_ONCE = "closed_at IS NULL AND due_at <= crisis_at AND snoozed_at IS NULL"


def upgrade() -> None:
    op.execute(f"UPDATE callback_request SET due_at = '{_never()}', next_at = NULL WHERE {WRONG} AND crisis_at IS NULL")
    op.execute(
        f"UPDATE callback_request SET due_at = crisis_at, next_at = NULL WHERE {WRONG} AND crisis_at IS NOT NULL"
    )
    op.execute(f"UPDATE callback_request SET next_at = NULL WHERE {AT_ONCE}")


def downgrade() -> None:
    # They were to be looked at some days after the call; for those still here most of these have gone by.
    at = "COALESCE(last_attempt_at, received_at)"
    op.execute(f"UPDATE callback_request SET due_at = {at}, next_at = {at} WHERE due_at >= '{_never()}'")


def _never() -> str:
    return NEVER + ("+00" if op.get_bind().dialect.name == "postgresql" else "")
