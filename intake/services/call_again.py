"""Lifting the bar on a number, once its owner asks for help again: a manager's decision, with the reason on record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from intake.ledger import audit, deeds, suppression
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.rules.permissions import Actor, Permission
from intake.rules.workflow import Status
from intake.services.callbacks import SUPPRESSED
from intake.services.casework import into_queue, without_bar
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import change, ensure_unchanged, in_hand, lock

_C = CallbackRequest.__table__.c


def lift(
    site: Site, actor: Actor, reference: str, *, reason: str, expected_version: int | None = None, now: datetime
) -> None:
    """The number of this request may be called again; if it waits for that decision, it goes into the queue now.

    What else waits under "Check" for its number is no longer a manager's alone. RefusedError: reason_needed;
    not_suppressed if nobody asked for silence, or the number is gone. Undone, the number is barred as before.
    """
    actor.require(Permission.ASSIGN)
    typed = reason.strip()
    if not typed:
        raise RefusedError("reason_needed")
    with deed(actor, "callback.bar_lifted", now=now) as conn:
        row = lock(conn, reference)
        indexes = phone_indexes(site, row)
        if not is_suppressed(conn, indexes):
            raise RefusedError("not_suppressed")
        ensure_unchanged(row, expected_version)
        noted = deeds.of(conn)
        if noted is not None:
            noted.leaned_on(row)
        suppression.lift(conn, indexes, callback_id=row.id)
        audit.record(conn, site, actor, "callback.bar_lifted", callback_id=row.id, typed=typed, now=now)
        if row.status == Status.CHECK:
            into_queue(conn, site, actor, row, now)
        asked = select(CallbackRequest.__table__).where(_C.phone_index.in_(indexes), _C.closed_at.is_(None))
        for other in conn.execute(in_hand(asked.where(_C.id != row.id), skip_locked=True)).all():
            if SUPPRESSED in other.spam_reasons.split(","):
                change(conn, other, spam_reasons=without_bar(other))
                audit.record(conn, site, actor, "callback.bar_lifted", callback_id=other.id, now=now)
