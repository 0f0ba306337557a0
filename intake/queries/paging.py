"""Whether a message to the on-call webhook still says what is so, asked just before it goes out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from intake.ledger.outbox import HOOK, IS_WAITING, Leased
from intake.models import OutboxMessage
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import silence, taking
from intake.queries.mail import MailedCallback
from intake.rules.alerting import AlertKind

_M = OutboxMessage.__table__.c
_ON_CALL = (AlertKind.ON_CALL, AlertKind.ON_CALL_LATE)


def why_unneeded(
    conn: Connection, site: Site, message: Leased, callback: MailedCallback | None, now: datetime
) -> str | None:
    """Why nobody needs it any more: ended, claimed, morning, newer, over; None if they do.

    A webhook that was away for a night has all of the night's messages waiting for it in the morning.
    """
    kind = message.details["kind"]
    if callback is None:
        return None if kind == "test" or kind in silence.ringing(conn) else "over"
    if not callback.is_open:
        return "ended"
    if message.callback_id is not None and taking.is_taken(conn, message.callback_id):
        return "claimed"
    if kind not in _ON_CALL:
        return None
    if calendars.current(conn, site).hours.elapsed(message.created_at, now):
        return "morning"
    newer = (_M.recipient == HOOK, _M.callback_id == message.callback_id, _M.id > message.id)
    return "newer" if conn.execute(select(_M.id).where(IS_WAITING, *newer).limit(1)).first() else None
