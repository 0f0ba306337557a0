"""Two requests of one person made one, and taken apart again: nothing is dropped, and the earliest clock goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, union, update

from intake.ledger import audit, deeds
from intake.models import CallbackRequest, DuplicateLink
from intake.models.site import Site
from intake.queries.as_told import links_that_tell
from intake.queries.related import share_contact
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.rules import duplicates
from intake.rules.permissions import VISITOR, Actor, Permission
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import clock
from intake.services.claims import ensure_not_on_call
from intake.services.deeds import deed
from intake.services.do_not_call import set_aside
from intake.services.errors import NotFoundError, RefusedError
from intake.services.locking import change, ensure_decided, ensure_open, lock_all

_T = CallbackRequest.__table__
_L = DuplicateLink.__table__.c
_ENDED_AS = ("status", "closed_reason", "closed_at", "next_at", "snoozed_at", "assignee_id", "claimed_at",
             "call_started_at", "lease_until")  # fmt: skip
"""What joining changes on the request that goes on no more."""
_OWN_TIME = ("agreed_until", "window_until")
"""Kept with a link as they are: once they change, a time agreed with the older one itself has been settled, or another
was agreed, and taking apart brings back nothing of before.
"""


def link(site: Site, actor: Actor, reference: str, other: str, *, now: datetime) -> str:
    """Two open requests are one person's: the older goes on, the newer ends as its duplicate. Returns the older's.

    They share a number or an email, as they are now or were before their visitor changed the number.
    Whoever says it, and from whichever of the two, the same one goes on: opposite links at once leave it open.
    RefusedError: same_request; nothing_shared; under_check before somebody decided; on_call while a colleague calls
    about either; number_awaited where the older one waits for the number that the newer one has.
    EndedError when one of them is over; it is not counted twice then, and the other goes on by itself.
    """
    actor.require(Permission.WORK)
    with deed(actor, "callback.linked", now=now) as conn:
        survivor, duplicate = _both(conn, reference, other)
        for row in (survivor, duplicate):
            ensure_open(row)
            ensure_decided(row)
            ensure_not_on_call(row, actor, now)
        if not share_contact(conn, site, survivor, duplicate):
            raise RefusedError("nothing_shared")
        if survivor.last_disposition == Disposition.WRONG_NUMBER != duplicate.last_disposition:
            raise RefusedError("number_awaited")
        join(conn, site, actor, survivor, duplicate, now)
        return str(survivor.reference)


def _both(conn: Connection, reference: str, other: str) -> tuple[Row[Any], Row[Any]]:
    """The two, the older first, locked with whatever is joined to them."""
    both = (reference, other)
    rows = [row for row in lock_joined(conn, _T.c.reference.in_(both)) if row.reference in both]
    if reference == other:
        raise RefusedError("same_request")
    if len(rows) != 2:
        raise NotFoundError
    first, second = sorted(rows, key=lambda row: (row.received_at, row.id))
    return first, second


def lock_joined(conn: Connection, which: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """These requests and whatever ended as the duplicate of one of them, all locked in the order of their ids.

    Found before any of it is locked. What somebody has joined to one of them meanwhile may come earlier in that order:
    then all are let go, and it begins anew. From here on nothing is joined to them that is not locked.
    """
    these = select(_T.c.id).where(which)
    with_theirs = union(these, select(_T.c.id).where(_T.c.duplicate_of_id.in_(these)))
    while True:
        with conn.begin_nested() as attempt:
            found = list(conn.execute(with_theirs).scalars())
            rows = lock_all(conn, found)
            if set(conn.execute(with_theirs).scalars()) <= set(found):
                return rows
            attempt.rollback()


def join(conn: Connection, site: Site, actor: Actor, survivor: Row[Any], duplicate: Row[Any], now: datetime) -> None:
    """Both are open, and locked (``lock_joined``): the survivor takes the earlier clocks and the stricter wish.

    The other ends.
    """
    taken = {**duplicates.inherited(survivor, duplicate), **_missed_with(survivor, duplicate, now)}
    before = {
        "duplicate": _kept(duplicate, _ENDED_AS),
        "survivor": _kept(survivor, taken),
        "after": duplicates.written(taken),
    }
    earlier = (_L.callback_id == duplicate.id, _L.unlinked_at.is_(None))  # it was opened again in another way
    conn.execute(update(DuplicateLink).where(*earlier).values(unlinked_at=now, unlinked_by_id=actor.user_id))
    link = {"callback_id": duplicate.id, "survivor_id": survivor.id, "linked_at": now, "by_id": actor.user_id}
    made = insert(DuplicateLink).values(**link, before=before).returning(DuplicateLink.id)
    link_id = int(conn.execute(made).scalar_one())
    noted = deeds.of(conn)
    if noted is not None:
        noted.item(duplicate.id).joined.append(link_id)
    change(
        conn, duplicate, status=Status.CLOSED, closed_reason=ClosedReason.DUPLICATE, closed_at=now, next_at=None,
        snoozed_at=None, assignee_id=None, claimed_at=None, call_started_at=None, lease_until=None,
        duplicate_of_id=survivor.id,
    )  # fmt: skip
    change(conn, survivor, **taken)
    # Whatever was joined to the one that ends now belongs to the one that goes on.
    for row in _joined_to(conn, duplicate):
        change(conn, row, duplicate_of_id=survivor.id)
    for row, partner in ((duplicate, survivor), (survivor, duplicate)):
        audit.record(
            conn, site, actor, "callback.linked", callback_id=row.id, details={"reference": partner.reference}, now=now
        )


def _missed_with(survivor: Row[Any], duplicate: Row[Any], now: datetime) -> dict[str, Any]:
    """A time agreed with whoever asked twice that was missed is missed of the one that goes on."""
    figures = clock.missed_so_far(duplicate, now)
    is_missed = figures.get("is_agreed_kept", duplicate.is_agreed_kept) is False
    if not is_missed or survivor.is_agreed_kept is False:
        return {}
    return {"is_agreed_kept": False} | {name: getattr(survivor, name) for name in _OWN_TIME}


def unlink(site: Site, actor: Actor, reference: str, *, now: datetime) -> str:
    """This request is no duplicate after all: it waits again, with the clocks it has had all along.

    What the other one took from it is given back, unless it has been changed since. Returns the other's reference.
    RefusedError: not_linked; redacted when there is nothing left to call. A number that asked for silence meanwhile
    leads to "Check" like any other.
    """
    actor.require(Permission.WORK)
    with deed(actor, "callback.unlinked", now=now) as conn:
        joined = _link_of(conn, reference)
        rows = {row.id: row for row in lock_all(conn, (joined.callback_id, joined.survivor_id))}
        row, survivor = rows[joined.callback_id], rows[joined.survivor_id]
        if row.duplicate_of_id is None or row.closed_reason != ClosedReason.DUPLICATE:
            raise RefusedError("not_linked")
        if row.phone_encrypted is None:
            raise RefusedError("redacted")
        own, noted = _own_wishes(conn, survivor), deeds.of(conn)
        if noted is not None:
            noted.leaned_on(survivor)
        _open_again(conn, site, actor, row, joined, now)
        _give_back(conn, survivor, joined.before, own)
        for one, partner in ((row, survivor), (survivor, row)):
            audit.record(
                conn, site, actor, "callback.unlinked", callback_id=one.id,
                details={"reference": partner.reference}, now=now,
            )  # fmt: skip
        return str(survivor.reference)


def stand_alone(conn: Connection, site: Site, row: Row[Any], now: datetime) -> bool:
    """The visitor of a joined request, locked, does something with it: it waits by itself again. Whether it did.

    What the other request took from it stays there, being stricter or earlier: its row is not touched, so that nobody
    learns of it here. False when the other one has ended, and this one with it.
    """
    asked = select(DuplicateLink.__table__)
    joined = conn.execute(asked.where(_L.callback_id == row.id, _L.unlinked_at.is_(None))).first()
    if joined is None or row.phone_encrypted is None or _is_over(conn, row):
        return False
    _open_again(conn, site, VISITOR, row, joined, now)
    audit.record(conn, site, VISITOR, "callback.unlinked", callback_id=row.id, now=now)
    return True


def _is_over(conn: Connection, row: Row[Any]) -> bool:
    survivor = select(_T.c.closed_at).where(_T.c.id == row.duplicate_of_id)
    return row.duplicate_of_id is None or conn.execute(survivor).scalar() is not None


def let_go(conn: Connection, site: Site, survivor: Row[Any], now: datetime) -> None:
    """The visitor takes back the older request (``lock_joined``): whatever was joined to it waits by itself again."""
    for row in _joined_to(conn, survivor):
        stand_alone(conn, site, row, now)


def _joined_to(conn: Connection, survivor: Row[Any]) -> Sequence[Row[Any]]:
    """Whatever ended as the duplicate of this one, which is locked, and they with it."""
    return conn.execute(select(_T).where(_T.c.duplicate_of_id == survivor.id).order_by(_T.c.id)).all()


def _open_again(conn: Connection, site: Site, actor: Actor, row: Row[Any], joined: Row[Any], now: datetime) -> None:
    values = dict(duplicates.back_among_the_open(duplicates.read(joined.before["duplicate"])))
    if is_suppressed(conn, phone_indexes(site, row)):
        values |= set_aside(conn, site, row, now)
    change(conn, row, **values, duplicate_of_id=None)
    done = {"unlinked_at": now, "unlinked_by_id": actor.user_id}
    conn.execute(update(DuplicateLink).where(_L.id == joined.id).values(**done))
    noted = deeds.of(conn)
    if noted is not None:
        noted.item(row.id).parted.append(joined.id)


def _link_of(conn: Connection, reference: str) -> Row[Any]:
    """The link that stands. Read without a lock: whoever unlinks at the same moment is met at the rows."""
    asked = select(DuplicateLink.__table__).join(_T, _T.c.id == _L.callback_id)
    row = conn.execute(asked.where(_T.c.reference == reference, _L.unlinked_at.is_(None))).first()
    if row is None:
        raise RefusedError("not_linked")
    return row


def _give_back(conn: Connection, survivor: Row[Any], before: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """The older one's columns as they were, those that still are as joining made them, while it is open.

    Of its wishes the strictest of whoever is joined to it still holds. ``own``: what its own visitor chose.
    """
    if survivor.closed_at is not None:
        return
    was, made = duplicates.read(before["survivor"]), duplicates.read(before["after"])
    wanted = {name: value for name, value in was.items() if getattr(survivor, name) == made[name]}
    if any(getattr(survivor, name) != made.get(name) for name in _OWN_TIME):
        wanted.pop("is_agreed_kept", None)
    wanted |= wishes(conn, survivor, own)
    unchanged = {name: value for name, value in wanted.items() if value != getattr(survivor, name)}
    if unchanged:
        change(conn, survivor, **unchanged)


def wishes(conn: Connection, row: Row[Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for a locked request when its visitor chooses ``chosen``: never less strict than what is joined to it.

    The choice itself is kept with the links: its own page tells it, and taking apart brings it back.
    """
    own, noted = _own_wishes(conn, row) | dict(chosen), deeds.of(conn)
    joined = {one.id: one for one in conn.execute(select(_T).where(_T.c.duplicate_of_id == row.id))}
    for link in _links_to(conn, row):
        kept = link.before
        if link.callback_id in joined:
            after = duplicates.strictest_wishes(own, [joined.pop(link.callback_id)])
            made = {"survivor": {**kept["survivor"], **own}, "after": {**kept["after"], **after}}
            own = after
        else:  # it left by itself, and what it asked for has been chosen anew by now
            made = {side: _without(kept[side], duplicates.WISHES) for side in ("survivor", "after")}
        if noted is not None:
            noted.item(row.id).told.setdefault(str(link.id), kept)
        conn.execute(update(DuplicateLink).where(_L.id == link.id).values(before={**kept, **made}))
    return duplicates.strictest_wishes(own, joined.values())


def sooner(conn: Connection, row: Row[Any], chosen: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """``chosen``, the columns of another time its visitor asks for, with what one joined to it was promised sooner.

    As in joining, and as long as that promise is neither kept nor over. The choice itself is kept with the links.
    """
    links = _links_to(conn, row)
    told = duplicates.as_told(row, [link.before for link in reversed(links)])
    columns = dict(chosen)
    own = {name: told.get(name, getattr(row, name)) for name in duplicates.CLOCKS} | columns
    joined = {one.id: one for one in conn.execute(select(_T).where(_T.c.duplicate_of_id == row.id))}
    for link in links:
        kept, other = link.before, joined.get(link.callback_id)
        taken: Mapping[str, Any] = {}
        if other is not None and row.first_attempt_at is None and other.promised_by_at > now:
            as_open = SimpleNamespace(**{**other._mapping, **duplicates.read(kept["duplicate"])})
            taken = duplicates.inherited(SimpleNamespace(**{**row._mapping, **own}), as_open)
        after = {name: taken[name] for name in duplicates.CLOCKS if name in taken}
        was = {name: own[name] for name in after}
        made = {
            side: _without(kept[side], duplicates.CLOCKS) | duplicates.written(values)
            for side, values in (("survivor", was), ("after", after))
        }
        conn.execute(update(DuplicateLink).where(_L.id == link.id).values(before={**kept, **made}))
        own, columns = own | after, columns | after
    return columns


def _own_wishes(conn: Connection, row: Row[Any]) -> dict[str, Any]:
    told = duplicates.as_told(row, [link.before for link in reversed(_links_to(conn, row))])
    return {name: told.get(name, getattr(row, name)) for name in duplicates.WISHES}


def _links_to(conn: Connection, row: Row[Any]) -> Sequence[Row[Any]]:
    """The links that still say something of this request's own wishes, the oldest first."""
    return conn.execute(links_that_tell(row.id).order_by(_L.id)).all()


def _without(columns: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if name not in names}


def _kept(row: Row[Any], names: Any) -> dict[str, Any]:
    return duplicates.written({name: getattr(row, name) for name in names})
