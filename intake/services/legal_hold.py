"""A legal hold: while it stands nothing of the request is deleted, however long ago it ended and whoever asks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from intake.database import writing
from intake.ledger import audit
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.services.errors import RefusedError
from intake.services.locking import lock

_C = CallbackRequest.__table__.c


def place(site: Site, actor: Actor, reference: str, *, reason: str, now: datetime) -> None:
    """Keep all of it from now on. RefusedError: reason_needed; held if it is on hold already."""
    _turn(site, actor, reference, reason, now, on=True)


def lift(site: Site, actor: Actor, reference: str, *, reason: str, now: datetime) -> None:
    """It is kept as long as any other again. RefusedError: reason_needed; not_held."""
    _turn(site, actor, reference, reason, now, on=False)


def _turn(site: Site, actor: Actor, reference: str, reason: str, now: datetime, *, on: bool) -> None:
    """Its version stays: the work on it goes on, and nobody who is writing has to look again."""
    actor.require(Permission.ASSIGN)
    typed = reason.strip()
    if not typed:
        raise RefusedError("reason_needed")
    with writing() as conn:
        row = lock(conn, reference)
        if row.has_legal_hold is on:
            raise RefusedError("held" if on else "not_held")
        conn.execute(update(CallbackRequest).where(_C.id == row.id).values(has_legal_hold=on))
        action = "callback.hold_placed" if on else "callback.hold_lifted"
        audit.record(conn, site, actor, action, callback_id=row.id, typed=typed, now=now)
