"""What a manager decides about the figures: that a request marked as spam, test or duplicate too late is no miss."""

from __future__ import annotations

from datetime import datetime

from intake.ledger import audit
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.rules.workflow import ClosedReason
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import change, lock

MARKED = frozenset({ClosedReason.SPAM, ClosedReason.TEST, ClosedReason.DUPLICATE})


def leave_out(site: Site, actor: Actor, reference: str, *, now: datetime) -> None:
    """Agree that it counts for nothing, although it was marked only after it was due. On record, and to be undone.

    RefusedError: not_marked.
    """
    actor.require(Permission.ASSIGN)
    with deed(actor, "callback.left_out", now=now) as conn:
        row = lock(conn, reference)
        if row.closed_reason not in MARKED:
            raise RefusedError("not_marked")
        if row.uncounted_at is not None:
            return
        change(conn, row, uncounted_at=now, uncounted_by_id=actor.person_id)
        audit.record(conn, site, actor, "callback.left_out", callback_id=row.id, now=now)
