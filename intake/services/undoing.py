"""Taking back what one has just done: not by forgetting it, but by another deed that is on record like the first."""

from __future__ import annotations

import secrets
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from intake.database import writing
from intake.ledger import audit, deeds, outbox, skips, suppression
from intake.models import DuplicateLink, Episode, SuppressedNumber, UndoneAttempt, UndoStep
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import notes, undo_steps
from intake.queries.calendar import Calendar
from intake.queries.suppression import is_said_of_another
from intake.rules.permissions import Actor, Permission
from intake.rules.workflow import ClosedReason, Status
from intake.services import bulk, casework, danger, do_not_call
from intake.services.errors import NotFoundError, RefusedError
from intake.services.locking import change, lock_accounts, lock_all, overwrite

LASTS = deeds.LASTS
"""So long a deed can be taken back."""
_S = UndoStep.__table__.c
_E = Episode.__table__.c
_B = SuppressedNumber.__table__.c
_L = DuplicateLink.__table__.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A request that stays as it is, since somebody has changed it after the deed. ``by``: "" for the service."""

    reference: str
    by: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of it. ``sent``: how many mails had gone out already; ``what``: the deed, as the record spells it.

    ``heard``: of whom what was written sounds like danger still.
    """

    references: tuple[str, ...]
    kept: tuple[Kept, ...]
    sent: int
    what: str = field(default="", compare=False)
    heard: tuple[danger.Heard, ...] = ()


def undo(site: Site, actor: Actor, public_id: str, *, now: datetime) -> Undone:
    """Put every request of one's own last deed back as it was; one that was changed since stays, and says by whom.

    One that was added by it ends as entered by mistake, and counts in no figure.

    Two that were joined, or taken apart, go back together or not at all: one without the other would lose its call.
    Likewise all that a lifted bar had set aside, with the bar.
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
    calendar = calendars.current(conn, site)
    changed = {row.id: stays for row in rows if (stays := _kept(conn, row, items[row.id], step.done_at)) is not None}
    kept = tuple(changed.values())
    if kept and any(item.get("joined") or item.get("parted") or item.get("lifted") for item in step.items):
        return Undone((), kept, 0)
    done = []
    for row in rows:
        if row.id in changed:
            continue
        item = items[row.id]
        if item.get("is_new"):
            # Whoever sends the same form again after all means it: that is another request, and no repetition.
            change(conn, row, **casework.ended(row, ClosedReason.TEST, now), idempotency_key=secrets.token_bytes(32))
        elif item["version"]:
            overwrite(conn, row, _columns(row, item, working, calendar, now))
        _take_back(conn, actor, item, now)
        if item.get("lifted"):
            suppression.bar_again(conn, item["lifted"])
            do_not_call.set_others_aside(conn, site, actor, row, besides=items.keys(), now=now)
        _link_back(conn, actor, item, now)
        gone = {"attempts": item["attempts"], "struck_note": item.get("note")}
        details = {"what": step.action} | {name: value for name, value in gone.items() if value}
        audit.record(conn, site, actor, "callback.undone", callback_id=row.id, details=details, now=now)
        done.append(row.reference)
    sent = _mails_back(conn, step.items, changed)
    heard = [_heard_still(conn, site, step, row.id, now) for row in rows if row.id not in changed]
    return Undone(tuple(done), kept, sent, step.action, tuple(one for one in heard if one and one.is_told))


def _heard_still(conn: Connection, site: Site, step: Row[Any], callback_id: int, now: datetime) -> danger.Heard | None:
    """A note that came with an outcome or a closing stands: of words of danger in it nobody loses sight."""
    words = notes.written_with(conn, site, callback_id, step.by_id, step.done_at)
    if not words:
        return None
    row = lock_all(conn, [callback_id])[0]
    heard = danger.still_heard(conn, row, words, now)
    if heard.columns:
        change(conn, row, **heard.columns)
    return heard


def _kept(conn: Connection, row: Row[Any], item: Mapping[str, Any], done_at: datetime) -> Kept | None:
    """Nothing if it is still as the deed left it.

    One that was added is, as long as nobody has done anything with it, be it a note: that a rule gave it to somebody,
    who has not touched it yet, is nothing.
    """
    if not item.get("is_new"):
        is_same = item["version"] in (0, row.version)
        return None if is_same else Kept(row.reference, undo_steps.last_to_change(conn, row.id, done_at))
    acts = undo_steps.acts_since_added(conn, row.id)
    given = sum(act.action == "callback.routed" for act in acts)
    if given == len(acts) and row.version == item["version"] + given:
        return None
    return Kept(row.reference, next((act.name for act in acts if act.name), ""))


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


def _mails_back(conn: Connection, items: Iterable[Mapping[str, Any]], kept: Container[int]) -> int:
    """Mails of what was taken back; one about several goes on telling of those that stay. Returns how many are out."""
    gone, still = set[str](), dict[str, list[int]]()
    for item in items:
        for mail in item["mails"]:
            still.setdefault(mail, []).append(item["id"]) if item["id"] in kept else gone.add(mail)
    shared = sorted(gone & still.keys())
    told = sum(bulk.tell_of_fewer(conn, mail, still[mail]) for mail in shared)
    return len(gone) - told - outbox.take_back(conn, sorted(gone - still.keys()))


def _take_back(conn: Connection, actor: Actor, item: Mapping[str, Any], now: datetime) -> None:
    """What the deed left beside the row, mails apart.

    Nobody's words are thrown away: a note that was all of the deed is struck through by the entry that says so, and one
    that came with an outcome or a closing stands. A number's bar stays if another request has been closed by it since.
    """
    for attempt_id in item["attempts"]:
        conn.execute(insert(UndoneAttempt).values(attempt_id=attempt_id, undone_at=now))
    if item["episodes"]:
        conn.execute(delete(Episode).where(_E.callback_id == item["id"], _E.number.in_(item["episodes"])))
    if item.get("skipped"):
        skips.take_back(conn, item["id"], actor.person_id, item["skipped"])
    if item["numbers"]:
        numbers = [bytes.fromhex(number) for number in item["numbers"]]
        conn.execute(delete(SuppressedNumber).where(_B.phone_index.in_(numbers), ~is_said_of_another(item["id"])))
