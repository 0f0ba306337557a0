"""Letting a mail that was given up go out once more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from intake.database import writing
from intake.ledger import audit, outbox
from intake.models import CallbackRequest, OutboxMessage
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.services.errors import NotFoundError, RefusedError

_C = CallbackRequest.__table__.c
_M = OutboxMessage.__table__.c


def send_again(site: Site, actor: Actor, reference: str, public_id: str, *, now: datetime) -> None:
    """From the start of its schedule. NotFoundError unless the mail is about this request; RefusedError("not_dead")
    while it is waiting or after it was sent.
    """
    actor.require(Permission.OUTBOX)
    with writing() as conn:
        asked = select(_M.callback_id, _M.kind, _M.recipient).join(CallbackRequest, _C.id == _M.callback_id)
        row = conn.execute(asked.where(_M.public_id == public_id, _C.reference == reference)).first()
        if row is None:
            raise NotFoundError
        if not outbox.replay(conn, public_id, now=now):
            raise RefusedError("not_dead")
        audit.record(
            conn, site, actor, "callback.mail_resent", callback_id=row.callback_id,
            details={"kind": row.kind, "recipient": row.recipient}, now=now,
        )  # fmt: skip
