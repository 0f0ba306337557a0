"""A claim lasts while its holder does something: renewing it, and giving back what has lain untouched for too long.

Nothing here waits for a worker: whoever opens the queue or a request, or asks for the next one, gives back what has
lapsed by then. A worker that runs does the same a little earlier.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from intake.database import reading, writing
from intake.models import CallbackRequest, Lapse
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import leases as queries
from intake.queries.leases import Lost
from intake.rules.limits import LONGEST_CALL, CallingRules
from intake.rules.permissions import Actor
from intake.services.claims import lapse
from intake.services.locking import in_hand

AT_A_TIME = 20
MOVED_BY = timedelta(minutes=1)
"""A lease is written again only if it moves by more: reading a page twice in a minute costs one write."""

_T = CallbackRequest.__table__
_C = _T.c
_L = Lapse.__table__.c


def renew(conn: Connection, site: Site, actor: Actor, callback_id: int, now: datetime) -> None:
    """The holder has done something. No new version: what anybody reads on the page stays as it is.

    Whatever else the transaction locks of this request it locks before; nothing happens for somebody who does not
    hold it.
    """
    mine = _held_by(actor, callback_id)
    row = conn.execute(select(_C.next_at, _C.lease_until).where(*mine)).first()
    if row is not None:
        _extend(conn, mine, row, calendars.current(conn, site).calling, now)


def renew_shown(conn: Connection, actor: Actor, shown: Any, calling: CallingRules, now: datetime) -> None:
    """Likewise for a page that has just read the request (``shown``, by its columns) and the rules in force.

    If it has changed since, whoever changed it has seen to that.
    """
    if shown.assignee_id == actor.user_id and shown.closed_at is None:
        _extend(conn, [*_held_by(actor, shown.id), _C.version == shown.version], shown, calling, now)


def _held_by(actor: Actor, callback_id: int) -> list[ColumnElement[bool]]:
    return [_C.id == callback_id, _C.assignee_id == actor.user_id, _C.closed_at.is_(None)]


def _extend(conn: Connection, which: list[ColumnElement[bool]], row: Any, calling: CallingRules, now: datetime) -> None:
    until = calling.lease_until(now, row.next_at)
    if row.lease_until is None or abs(until - row.lease_until) > MOVED_BY:
        conn.execute(update(CallbackRequest).where(*which).values(lease_until=until))


def give_back_idle(conn: Connection, site: Site, now: datetime, *, limit: int = AT_A_TIME) -> int:
    """What has lapsed, the longest idle first, a few at a time; rows that somebody has in hand are passed over.

    Returns how many. In a transaction that locks nothing else, since these are in no order of ids.
    """
    lapsed = select(_T).where(*queries.has_lapsed(now, LONGEST_CALL)).order_by(_C.lease_until, _C.id)
    rows = conn.execute(in_hand(lapsed.limit(limit), skip_locked=True)).all()
    for row in rows:
        lapse(conn, site, row, now)
    return len(rows)


def return_idle(site: Site, *, now: datetime) -> int:
    """Likewise in a transaction of its own, which is begun only if there is something to give back."""
    with reading() as conn:
        if not queries.is_any_lapsed(conn, now, LONGEST_CALL):
            return 0
    with writing() as conn:
        return give_back_idle(conn, site, now)


def look_after(site: Site, actor: Actor, *, now: datetime) -> tuple[Lost, ...]:
    """What a page does before it shows anything: give back what has lapsed, and say what its reader has lost.

    Returns what they have not been told of yet, and do not have again; it counts as told from here on, and what is
    beyond a page's measure is left for the next one. One read, mostly.
    """
    with reading() as conn:
        if not queries.is_any(conn, actor.person_id, now, LONGEST_CALL):
            return ()
    with writing() as conn:
        give_back_idle(conn, site, now)
        lost = queries.lost_by(conn, actor.person_id)
        told = _L.callback_id.in_([one.id for one in lost])
        conn.execute(delete(Lapse).where(_L.user_id == actor.person_id, told))
    return tuple(one for one in lost if not one.is_theirs)
