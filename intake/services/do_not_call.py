"""Never calling a number again, however that was asked: in a call, in writing, on our answering machine."""

from __future__ import annotations

from collections.abc import Collection
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
from intake.services.locking import change, in_hand


def suppress(conn: Connection, site: Site, actor: Actor, row: Row[Any], now: datetime) -> None:
    """Keep the hash of a request's number until a manager lifts it, and set aside whatever else waits for it."""
    for index in phone_indexes(site, row)[:1]:
        suppression.suppress(conn, index, by_id=actor.user_id, callback_id=row.id, now=now)
    set_others_aside(conn, site, actor, row, besides=(row.id,), now=now)


def set_others_aside(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], *, besides: Collection[int], now: datetime
) -> None:
    """Whatever waits for the number of this request.

    Requests somebody is changing at this moment are passed over: a call checks the number again anyway.
    """
    c = CallbackRequest.__table__.c
    same = (c.phone_index.in_(phone_indexes(site, row)), c.closed_at.is_(None), c.id.not_in(besides))
    others = select(CallbackRequest.__table__).where(*same)
    for other in conn.execute(in_hand(others, skip_locked=True)).all():
        change(conn, other, **set_aside(conn, site, other, now))
        audit.record(conn, site, actor, "callback.set_aside", callback_id=other.id, now=now)


def set_aside(conn: Connection, site: Site, row: Any, now: datetime) -> dict[str, Any]:
    """The columns of an open request whose number may not be called: a manager decides about it, with a clock.

    It is promised nothing from now on; what was missed by then stays missed, should it be promised again.
    """
    reasons = [*filter(None, row.spam_reasons.split(",")), SUPPRESSED]
    is_there = row.status == Status.CHECK
    columns = clock.missed_so_far(row, now)
    columns |= {} if is_there else clock.check_columns(calendars.current(conn, site), now)
    return columns | {
        "status": Status.CHECK,
        "is_promised": False,
        "spam_reasons": ",".join(dict.fromkeys(reasons)),
        "assignee_id": None,
        "claimed_at": None,
        "call_started_at": None,
    }
