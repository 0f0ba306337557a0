"""Never calling a number again, however that was asked: in a call, in writing, on our answering machine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from intake.ledger import audit, suppression
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries.suppression import phone_indexes
from intake.rules.permissions import Actor
from intake.rules.workflow import Status
from intake.services import clock
from intake.services.callbacks import SUPPRESSED
from intake.services.locking import change


def suppress(conn: Connection, site: Site, actor: Actor, row: Row[Any], now: datetime) -> None:
    """Keep the hash of a request's number for good, and set aside whatever else waits for it.

    Requests somebody is changing at this moment are passed over: a call checks the number again anyway.
    """
    indexes = phone_indexes(site, row)
    for index in indexes[:1]:
        suppression.suppress(conn, index, by_id=actor.user_id, callback_id=row.id, now=now)
    c = CallbackRequest.__table__.c
    others = select(CallbackRequest.__table__).where(c.phone_index.in_(indexes), c.closed_at.is_(None), c.id != row.id)
    for other in conn.execute(others.with_for_update(skip_locked=True)).all():
        change(conn, other, **set_aside(conn, site, other, now))
        audit.record(conn, site, actor, "callback.set_aside", callback_id=other.id, now=now)


def set_aside(conn: Connection, site: Site, row: Any, now: datetime) -> dict[str, Any]:
    """The columns of an open request whose number may not be called: a manager decides about it, with a clock."""
    reasons = [*filter(None, row.spam_reasons.split(",")), SUPPRESSED]
    is_there = row.status == Status.CHECK
    decision = {} if is_there else clock.check_columns(calendars.current(conn, site), now, row.crisis_at)
    return decision | {
        "status": Status.CHECK,
        "is_promised": False,
        "spam_reasons": ",".join(dict.fromkeys(reasons)),
        "assignee_id": None,
        "claimed_at": None,
        "call_started_at": None,
    }
