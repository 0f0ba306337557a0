"""Who looks after a request: claim, release, assign, and pressing Call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.dialects import postgresql, sqlite

from intake.database import writing
from intake.ledger import audit, outbox
from intake.models import Lapse
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import calls, people, taking
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.rules.calling import CallVerdict, may_call
from intake.rules.due import awaited, is_unread
from intake.rules.limits import LONGEST_CALL
from intake.rules.permissions import SYSTEM, Actor, Permission
from intake.rules.workflow import Disposition, Status
from intake.services.deeds import deed
from intake.services.errors import NotFoundError, RefusedError
from intake.services.locking import (
    change,
    ensure_decided,
    ensure_free,
    ensure_may_have,
    ensure_open,
    ensure_unchanged,
    lock,
    lock_held_by,
    lock_to_give,
    lock_to_take,
    overwrite,
    seconds_between,
)

NEVER = "suppressed"
"""The one verdict no reason lifts: somebody asked not to be called again."""


def claim(site: Site, actor: Actor, reference: str, *, now: datetime) -> None:
    """Take a request. Of many at once one wins; TakenError tells the others who.

    Claiming one's own changes nothing, but that what a rule gave them is then theirs by what they did.
    RefusedError under "Check".
    """
    actor.require(Permission.WORK)
    with deed(actor, "callback.claimed", now=now) as conn:
        claim_one(conn, site, actor, reference, now)


def claim_one(conn: Connection, site: Site, actor: Actor, reference: str, now: datetime) -> None:
    """Likewise in the caller's transaction."""
    row = _to_take(conn, site, reference, actor, now)
    if not taking.is_taken(conn, row.id):
        take(conn, site, actor, row, now)


def _to_take(conn: Connection, site: Site, reference: str, actor: Actor, now: datetime) -> Row[Any]:
    """An open request that is the actor's or nobody's; a colleague's lapsed claim ends here, if nobody saw it yet.

    What lies under "Check" is nobody's to take: its number is seen by whoever takes it, and may be a barred one.
    """
    row = lock_to_take(conn, reference, actor)
    ensure_open(row)
    ensure_decided(row)
    if has_lapsed(row, now) and row.assignee_id != actor.user_id:
        lapse(conn, site, row, now)
        row = lock_to_take(conn, reference, actor)
    ensure_free(conn, row, actor)
    return row


def take(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], now: datetime, details: Mapping[str, Any] | None = None
) -> None:
    """Give a free request, locked by ``lock_to_take``, to the actor. ``details``: how they came by it."""
    change(conn, row, **held(conn, site, row, actor.person_id, now))
    audit.record(conn, site, actor, "callback.claimed", callback_id=row.id, details=details, now=now)


def held(conn: Connection, site: Site, row: Row[Any], user_id: int, now: datetime) -> dict[str, Any]:
    """The columns of a request that is this person's from now on, if it was locked together with their account."""
    ensure_may_have(row, user_id)
    lease_until = calendars.current(conn, site).calling.lease_until(now, row.next_at)
    values: dict[str, Any] = {
        "assignee_id": user_id, "claimed_at": now, "call_started_at": None, "lease_until": lease_until,
    }  # fmt: skip
    if row.status == Status.NEW:
        values["status"] = Status.ASSIGNED
    if row.unassigned_seconds is None:
        values["unassigned_seconds"] = seconds_between(row.received_at, now)
    return values


def has_lapsed(row: Row[Any], now: datetime) -> bool:
    """Whether its holder has done nothing for as long as a claim lasts, and is on no call either."""
    is_over = row.assignee_id is not None and row.lease_until is not None and row.lease_until <= now
    return is_over and not is_calling(row, now)


def is_calling(row: Any, now: datetime) -> bool:
    """Call was pressed, and what came of it is not logged yet; nobody is on the phone for longer than LONGEST_CALL."""
    return row.call_started_at is not None and now - row.call_started_at < LONGEST_CALL


def ensure_not_on_call(row: Row[Any], actor: Actor, now: datetime) -> None:
    """A call under way holds the claim, so that it is not taken out of a colleague's hands."""
    if is_calling(row, now) and row.assignee_id != actor.user_id:
        raise RefusedError("on_call")


def release(site: Site, actor: Actor, reference: str, *, expected_version: int | None = None, now: datetime) -> None:
    """Give a request back to the queue: one's own, or anybody's with the right to assign, but not during their call.

    A colleague who had it reads so on their next page. ChangedError if it is not what it was on the page this came
    from (``expected_version``).
    """
    actor.require(Permission.WORK)
    with deed(actor, "callback.released", now=now) as conn:
        release_one(conn, site, actor, reference, expected_version, now)


def release_one(
    conn: Connection, site: Site, actor: Actor, reference: str, expected_version: int | None, now: datetime
) -> Row[Any] | None:
    """Likewise in the caller's transaction. As it was; None if nobody has it."""
    row = lock(conn, reference)
    ensure_open(row)
    if not actor.may(Permission.ASSIGN):
        ensure_free(conn, row, actor)
    if row.assignee_id is None:
        return None
    ensure_unchanged(row, expected_version)
    ensure_not_on_call(row, actor, now)
    give_back(conn, site, actor, row, {"from": row.assignee_id}, now)
    tell_holder(conn, row, now, besides=actor)
    return row


def give_back_all(conn: Connection, site: Site, actor: Actor, user_id: int, *, reason: str, now: datetime) -> int:
    """Every open request of a person who is disabled or works the queue no more (``reason``), back to the queue.

    Returns how many. Their call holds nothing.
    """
    rows = lock_held_by(conn, user_id)
    for row in rows:
        give_back(conn, site, actor, row, {"from": user_id, "reason": reason}, now)
    return len(rows)


def give_back(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], details: Mapping[str, Any], now: datetime
) -> None:
    """A locked request to the queue again; ``details``: whose it was, and why."""
    change(conn, row, **_nobodys(row))
    audit.record(conn, site, actor, "callback.released", callback_id=row.id, details=details, now=now)


def _nobodys(row: Row[Any]) -> dict[str, Any]:
    status = Status.NEW if row.status == Status.ASSIGNED else Status(row.status)
    return {"assignee_id": None, "claimed_at": None, "call_started_at": None, "status": status}


def lapse(conn: Connection, site: Site, row: Row[Any], now: datetime) -> None:
    """Back to the queue from somebody who has done nothing for too long; their next page tells them.

    Nobody did it, so nobody can take it back with what they do in the same transaction.
    """
    overwrite(conn, row, _nobodys(row) | {"lease_until": None})
    tell_holder(conn, row, now)
    minutes = calendars.current(conn, site).calling.lease_minutes
    details = {"from": row.assignee_id, "minutes": minutes}
    audit.record(conn, site, SYSTEM, "callback.lapsed", callback_id=row.id, details=details, now=now)


def tell_holder(conn: Connection, row: Row[Any], now: datetime, *, besides: Actor = SYSTEM) -> None:
    """Whoever has this locked request loses it without their doing, so their next page tells them.

    Nothing for one that nobody has, or that the actor (``besides``) has themself.
    """
    if row.assignee_id in (None, besides.user_id):
        return
    keep = (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(Lapse)
    told = keep.values(callback_id=row.id, user_id=row.assignee_id, lapsed_at=now)
    again = {"lapsed_at": now}
    conn.execute(told.on_conflict_do_update(index_elements=["callback_id", "user_id"], set_=again))


def assign(
    site: Site, actor: Actor, reference: str, user_id: int, *, expected_version: int | None = None, now: datetime
) -> None:
    """Give a request to a colleague, who is told by mail; whoever had it before reads so on their next page.

    NotFoundError if that person cannot work the queue.

    ChangedError if it is not what it was on the page this came from.
    """
    actor.require(Permission.ASSIGN)
    with deed(actor, "callback.assigned", now=now) as conn:
        given = assign_one(conn, site, actor, reference, user_id, expected_version, now)
        if given is not None and user_id != actor.user_id:
            outbox.enqueue(conn, "person.assigned", f"user:{user_id}", callback_id=given.id, now=now)


def assign_one(
    conn: Connection, site: Site, actor: Actor, reference: str, user_id: int, expected_version: int | None,
    now: datetime,
) -> Row[Any] | None:  # fmt: skip
    """Likewise in the caller's transaction, which tells the colleague. As it was; None if it is theirs already."""
    row = lock_to_give(conn, reference, user_id)
    ensure_open(row)
    ensure_decided(row)
    person = next((person for person in people.working(conn) if person.id == user_id), None)
    if person is None:
        raise NotFoundError
    if row.assignee_id == user_id:
        return None
    ensure_unchanged(row, expected_version)
    ensure_not_on_call(row, actor, now)
    change(conn, row, **held(conn, site, row, user_id, now))
    audit.record(
        conn, site, actor, "callback.assigned", callback_id=row.id,
        details={"from": row.assignee_id, "to": user_id}, now=now,
    )  # fmt: skip
    tell_holder(conn, row, now, besides=actor)
    return row


def start_call(site: Site, actor: Actor, reference: str, *, override_reason: str | None = None, now: datetime) -> None:
    """Press Call: claims a free request and lets the number be seen. From here the attempt's time runs.

    RefusedError names why it may not be called now; with ``override_reason`` it may, and the reason is kept. No reason
    lifts a wish not to be called again, nor the decision whether a request under "Check" is genuine.
    """
    actor.require(Permission.WORK)
    actor.require(Permission.CONTACT)
    with writing() as conn:
        row = _to_take(conn, site, reference, actor, now)
        if is_unread(row):
            raise RefusedError("time_not_read")
        verdict = verdict_for(conn, site, row, now)
        if not verdict.is_allowed and (not override_reason or verdict.reason == NEVER):
            raise RefusedError(str(verdict.reason))
        if row.assignee_id is None:
            take(conn, site, actor, row, now)
            row = lock(conn, reference)
        lease_until = calendars.current(conn, site).calling.lease_until(now, row.next_at)
        change(conn, row, call_started_at=now, lease_until=lease_until)
        audit.record(
            conn, site, actor, "callback.call_started", callback_id=row.id,
            details={"exception": verdict.reason} if verdict.reason else {}, typed=override_reason, now=now,
        )  # fmt: skip


def verdict_for(conn: Connection, site: Site, row: Row[Any], now: datetime) -> CallVerdict:
    """Whether a request may be called now, as rules.calling judges it."""
    is_barred = is_suppressed(conn, phone_indexes(site, row))
    if row.last_disposition == Disposition.WRONG_NUMBER and not is_barred:
        return CallVerdict(False, "wrong_number", None)
    attempts = calls.made(conn, row.id, row.reopened_count)
    calendar = calendars.current(conn, site)
    return may_call(
        now=now,
        office=calendar.hours,
        rules=calendar.calling,
        law=calendar.law,
        key=row.calling_key,
        next_at=row.next_at,
        window=awaited(row, now),
        attempts_24h=sum(1 for at in attempts.all if seconds_between(at, now) < 86400),
        is_suppressed=is_barred,
        received_at=row.received_at,
        is_asap=row.window_from is None and not row.is_free_time and not attempts.now,
    )
