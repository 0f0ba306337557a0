"""Taking back what one has just done: not by forgetting it, but by another deed that is on record like the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from intake.database import writing
from intake.ledger import audit, deeds, outbox
from intake.models import CallbackRequest, DuplicateLink, Episode, SuppressedNumber, UndoneAttempt, UndoStep
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import undo_steps
from intake.queries.calendar import Calendar
from intake.rules.permissions import Actor, Permission
from intake.rules.workflow import ClosedReason, Status
from intake.services.errors import NotFoundError, RefusedError
from intake.services.locking import lock_accounts, lock_all, overwrite

LASTS = deeds.LASTS
"""So long a deed can be taken back."""
_S = UndoStep.__table__.c
_E = Episode.__table__.c
_C = CallbackRequest.__table__.c
_B = SuppressedNumber.__table__.c
_L = DuplicateLink.__table__.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A request that stays as it is, since somebody has changed it after the deed. ``by``: "" for the service."""

    reference: str
    by: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of it. ``sent``: how many mails had gone out already."""

    references: tuple[str, ...]
    kept: tuple[Kept, ...]
    sent: int


def undo(site: Site, actor: Actor, public_id: str, *, now: datetime) -> Undone:
    """Put every request of one's own last deed back as it was; one that was changed since stays, and says by whom.

    Two that were joined, or taken apart, go back together or not at all: one without the other would lose its call.
    NotFoundError if it is no deed of this person. RefusedError: too_late (LASTS), undone (a second time).
    """
    actor.require(Permission.WORK)
    with writing() as conn:
        mine = (_S.public_id == public_id, _S.by_id == actor.person_id)
        step = conn.execute(select(UndoStep.__table__).where(*mine).with_for_update()).first()
        if step is None:
            raise NotFoundError
        if step.undone_at is not None:
            raise RefusedError("undone")
        if not now - step.done_at < LASTS:
            raise RefusedError("too_late")
        conn.execute(update(UndoStep).where(_S.id == step.id).values(undone_at=now))
        return _undo(conn, site, actor, step, now)


def _undo(conn: Connection, site: Site, actor: Actor, step: Row[Any], now: datetime) -> Undone:
    """Accounts are locked before requests, and both in the order of their ids."""
    items = {item["id"]: item for item in step.items}
    working = lock_accounts(conn, _holders(items.values()))
    rows = lock_all(conn, sorted(items))
    calendar, sent = calendars.current(conn, site), 0
    changed = {row.id: row.reference for row in rows if row.version != items[row.id]["version"]}
    kept = tuple(Kept(name, undo_steps.last_to_change(conn, row_id)) for row_id, name in changed.items())
    if kept and any(item.get("joined") or item.get("parted") for item in step.items):
        return Undone((), kept, 0)
    done = []
    for row in rows:
        if row.id in changed:
            continue
        item = items[row.id]
        overwrite(conn, row, _columns(row, item, working, calendar, now))
        sent += _take_back(conn, item, now)
        _link_back(conn, actor, item, now)
        details = {"what": step.action} | ({"attempts": item["attempts"]} if item["attempts"] else {})
        audit.record(conn, site, actor, "callback.undone", callback_id=row.id, details=details, now=now)
        done.append(row.reference)
    return Undone(tuple(done), kept, sent)


def _holders(items: Iterable[Mapping[str, Any]]) -> list[int]:
    """Whoever would have one of these requests again."""
    return sorted({holder for item in items if (holder := item["before"].get("assignee_id")) is not None})


def _columns(
    row: Row[Any], item: Mapping[str, Any], working: Sequence[int], calendar: Calendar, now: datetime
) -> dict[str, Any]:
    """As they were; but somebody who has left gets nothing back, and whoever holds it begins a new lease."""
    columns = deeds.columns(item["before"])
    holder = columns.get("assignee_id")
    if holder is not None and holder not in working:
        columns |= {"assignee_id": None, "claimed_at": None, "call_started_at": None}
        if columns.get("status", row.status) == Status.ASSIGNED:
            columns["status"] = Status.NEW
    holder = columns.get("assignee_id", row.assignee_id)
    next_at = columns.get("next_at", row.next_at)
    return columns | {"lease_until": calendar.calling.lease_until(now, next_at) if holder is not None else None}


def _link_back(conn: Connection, actor: Actor, item: Mapping[str, Any], now: datetime) -> None:
    """What joined it to another ends again, what was ended stands again, and what other links keep is as it was."""
    ended = {"unlinked_at": now, "unlinked_by_id": actor.user_id}
    standing = {"unlinked_at": None, "unlinked_by_id": None}
    changes: list[tuple[int, dict[str, Any]]] = [(link_id, ended) for link_id in item.get("joined", ())]
    changes += [(link_id, standing) for link_id in item.get("parted", ())]
    changes += [(int(link_id), {"before": before}) for link_id, before in item.get("told", {}).items()]
    for link_id, columns in changes:
        conn.execute(update(DuplicateLink).where(_L.id == link_id).values(**columns))


def _take_back(conn: Connection, item: Mapping[str, Any], now: datetime) -> int:
    """What the deed left beside the row. Returns the mails that are out.

    Notes stay: nobody's words are thrown away. So does a number's bar if another request has been closed by it since.
    """
    for attempt_id in item["attempts"]:
        conn.execute(insert(UndoneAttempt).values(attempt_id=attempt_id, undone_at=now))
    if item["episodes"]:
        conn.execute(delete(Episode).where(_E.callback_id == item["id"], _E.number.in_(item["episodes"])))
    if item["numbers"]:
        numbers = [bytes.fromhex(number) for number in item["numbers"]]
        said_again = exists().where(
            _C.phone_index == _B.phone_index, _C.id != item["id"], _C.closed_reason == ClosedReason.DO_NOT_CALL
        )
        conn.execute(delete(SuppressedNumber).where(_B.phone_index.in_(numbers), ~said_again))
    return len(item["mails"]) - outbox.take_back(conn, item["mails"])
