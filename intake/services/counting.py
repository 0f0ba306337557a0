"""What a manager decides about the figures: that a request marked as spam, test or duplicate too late is no miss."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from intake.ledger import audit
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.rules.workflow import ClosedReason
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import change, lock_all

MARKED = frozenset({ClosedReason.SPAM, ClosedReason.TEST, ClosedReason.DUPLICATE})
MOST = 50
"""At once."""
_ACTION = "callback.left_out"
_C = CallbackRequest.__table__.c


def leave_out(site: Site, actor: Actor, references: Sequence[str], *, now: datetime) -> tuple[str, ...]:
    """Agree that these count for nothing, although they were marked only after they were due.

    On record, and to be undone together; those left out now, the rest stays as it is.

    RefusedError: nothing_picked, too_many.
    """
    actor.require(Permission.ASSIGN)
    if not references:
        raise RefusedError("nothing_picked")
    if len(references) > MOST:
        raise RefusedError("too_many")
    with deed(actor, _ACTION, now=now) as conn:
        ids = list(conn.execute(select(_C.id).where(_C.reference.in_(references))).scalars())
        rows = [row for row in lock_all(conn, ids) if row.closed_reason in MARKED]
        return tuple(row.reference for row in rows if _leave_out(conn, site, actor, row, now))


def _leave_out(conn: Connection, site: Site, actor: Actor, row: Row[Any], now: datetime) -> bool:
    if row.uncounted_at is not None:
        return False
    change(conn, row, uncounted_at=now, uncounted_by_id=actor.person_id)
    audit.record(conn, site, actor, _ACTION, callback_id=row.id, now=now)
    return True
