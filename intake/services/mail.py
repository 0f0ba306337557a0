"""Letting mails that were given up go out once more, and a mail to oneself that shows whether any arrive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from intake.database import writing
from intake.ledger import audit, outbox
from intake.models import CallbackRequest, OutboxMessage
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.services import leases
from intake.services.errors import NotFoundError, RefusedError

MOST_AT_ONCE = 500
TEST = "person.test"
HOOK_TEST = "hook.test"
_C = CallbackRequest.__table__.c
_M = OutboxMessage.__table__.c
_WHAT: Select[Any] = select(_M.callback_id, _M.kind, _M.recipient)


def send_again(site: Site, actor: Actor, reference: str, public_id: str, *, now: datetime) -> None:
    """From the start of its schedule. NotFoundError unless the mail is about this request; RefusedError("not_dead")
    while it is waiting or after it was sent.
    """
    actor.require(Permission.OUTBOX)
    with writing() as conn:
        asked = _WHAT.join(CallbackRequest, _C.id == _M.callback_id)
        row = conn.execute(asked.where(_M.public_id == public_id, _C.reference == reference)).first()
        if row is None:
            raise NotFoundError
        if not outbox.replay(conn, public_id, now=now):
            raise RefusedError("not_dead")
        leases.renew(conn, site, actor, row.callback_id, now)
        _record(conn, site, actor, row, now)


def send_any_again(site: Site, actor: Actor, public_id: str, *, now: datetime) -> None:
    """A dead mail from the start of its schedule, one that waits for its next try at once, about a request or not.

    NotFoundError if there is none of this name; RefusedError("not_dead") while it is on its way or after it was sent.
    """
    actor.require(Permission.OUTBOX)
    with writing() as conn:
        row = conn.execute(_WHAT.where(_M.public_id == public_id)).first()
        if row is None:
            raise NotFoundError
        if not (outbox.replay(conn, public_id, now=now) or outbox.hasten(conn, public_id, now=now)):
            raise RefusedError("not_dead")
        _record(conn, site, actor, row, now)


def send_all_again(site: Site, actor: Actor, *, kind: str = "", now: datetime) -> int:
    """All dead mails, or those of one kind, the oldest first and at most MOST_AT_ONCE. Returns how many."""
    actor.require(Permission.OUTBOX)
    with writing() as conn:
        rows = outbox.replay_many(conn, kind=kind, limit=MOST_AT_ONCE, now=now)
        for row in rows:
            _record(conn, site, actor, row, now)
    return len(rows)


def send_test(site: Site, actor: Actor, *, now: datetime) -> str:
    """A mail to oneself, by the way all mails go. Returns its name; RefusedError("test_waiting") while one is under
    way.
    """
    actor.require(Permission.OUTBOX)
    recipient = f"user:{actor.person_id}"
    with writing() as conn:
        waits = select(_M.id).where(outbox.IS_WAITING, _M.kind == TEST, _M.recipient == recipient)
        if conn.execute(waits.limit(1)).first():
            raise RefusedError("test_waiting")
        public_id = outbox.enqueue(conn, TEST, recipient, now=now)
        audit.record(conn, site, actor, "mail.test_asked", now=now)
    return public_id


def send_hook_test(site: Site, actor: Actor, *, now: datetime) -> str:
    """A message to the on-call webhook, by the way all of them go. Returns its name.

    RefusedError: no_webhook, or test_waiting while one is under way.
    """
    actor.require(Permission.OUTBOX)
    if not site.webhook_url:
        raise RefusedError("no_webhook")
    with writing() as conn:
        waits = select(_M.id).where(outbox.IS_WAITING, _M.kind == HOOK_TEST, _M.attempt_count == 0)
        if conn.execute(waits.limit(1)).first():
            raise RefusedError("test_waiting")
        public_id = outbox.enqueue(conn, HOOK_TEST, outbox.HOOK, details={"kind": "test"}, now=now)
        audit.record(conn, site, actor, "mail.hook_test_asked", now=now)
    return public_id


def _record(conn: Connection, site: Site, actor: Actor, row: Row[Any], now: datetime) -> None:
    """In the request's own story, if the mail is about one."""
    action = "callback.mail_resent" if row.callback_id else "mail.resent"
    details = {"kind": row.kind, "recipient": row.recipient}
    audit.record(conn, site, actor, action, callback_id=row.callback_id, details=details, now=now)
