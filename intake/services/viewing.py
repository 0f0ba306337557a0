"""Looking is on record too: an opened page, a search, a shown list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from intake.database import writing
from intake.ledger import audit
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.services.errors import NotFoundError

_C = CallbackRequest.__table__.c


def record(site: Site, actor: Actor, reference: str, *, now: datetime) -> None:
    """One entry for one opened request page."""
    actor.require(Permission.QUEUE)
    with writing() as conn:
        callback_id = conn.execute(select(_C.id).where(_C.reference == reference)).scalar()
        if callback_id is None:
            raise NotFoundError
        audit.record(conn, site, actor, "callback.viewed", callback_id=callback_id, now=now)


def searched(site: Site, actor: Actor, *, now: datetime) -> None:
    """One entry for one search; the words themselves are not kept."""
    actor.require(Permission.QUEUE)
    with writing() as conn:
        audit.record(conn, site, actor, "queue.searched", now=now)
