"""Opening the dossier of a request: who had it made and what for is on record before a line of it is read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from intake.database import writing
from intake.ledger import audit
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.services.errors import NotFoundError, RefusedError

_C = CallbackRequest.__table__.c


def put_on_record(site: Site, actor: Actor, reference: str, *, purpose: str, now: datetime) -> None:
    """One entry about the request, and about those joined to it, with the purpose in the actor's words.

    RefusedError: purpose_needed. NotFoundError if there is no such request.
    """
    actor.require(Permission.REPORTS)
    typed = purpose.strip()
    if not typed:
        raise RefusedError("purpose_needed")
    with writing() as conn:
        callback_id = conn.execute(select(_C.id).where(_C.reference == reference)).scalar()
        if callback_id is None:
            raise NotFoundError
        joined = conn.execute(select(_C.id).where(_C.duplicate_of_id == callback_id).order_by(_C.id)).scalars()
        for one in (callback_id, *joined):
            audit.record(conn, site, actor, "callback.dossier_read", callback_id=one, typed=typed, now=now)
