"""Who looks after a request: claim, release, assign, and pressing Call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from intake.database import writing
from intake.ledger import audit, outbox
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import calls, people
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.rules.calling import CallVerdict, may_call
from intake.rules.permissions import Actor, Permission
from intake.rules.workflow import Disposition, Status
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
    seconds_between,
)

LONGEST_CALL = timedelta(hours=2)
"""After this a call that was never logged no longer holds the claim."""
NEVER = "suppressed"
"""The one verdict no reason lifts: somebody asked not to be called again."""


def claim(site: Site, actor: Actor, reference: str, *, now: datetime) -> None:
    """Take a request. Of many at once one wins; TakenError tells the others who. Claiming one's own changes nothing."""
    actor.require(Permission.WORK)
    with writing() as conn:
        row = lock_to_take(conn, reference, actor)
        ensure_open(row)
        ensure_free(conn, row, actor)
        if row.assignee_id is None:
            take(conn, site, actor, row, now)


def take(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], now: datetime, details: Mapping[str, Any] | None = None
) -> None:
    """Give a free request, locked by ``lock_to_take``, to the actor. ``details``: how they came by it."""
    change(conn, row, **held(row, actor.person_id, now))
    audit.record(conn, site, actor, "callback.claimed", callback_id=row.id, details=details, now=now)


def held(row: Row[Any], user_id: int, now: datetime) -> dict[str, Any]:
    """The columns of a request that is this person's from now on, if it was locked together with their account."""
    ensure_may_have(row, user_id)
    values: dict[str, Any] = {"assignee_id": user_id, "claimed_at": now, "call_started_at": None}
    if row.status == Status.NEW:
        values["status"] = Status.ASSIGNED
    if row.unassigned_seconds is None:
        values["unassigned_seconds"] = seconds_between(row.received_at, now)
    return values


def ensure_not_on_call(row: Row[Any], actor: Actor, now: datetime) -> None:
    """A call under way holds the claim, so that it is not taken out of a colleague's hands."""
    is_calling = row.call_started_at is not None and now - row.call_started_at < LONGEST_CALL
    if is_calling and row.assignee_id != actor.user_id:
        raise RefusedError("on_call")


def release(site: Site, actor: Actor, reference: str, *, expected_version: int | None = None, now: datetime) -> None:
    """Give a request back to the queue: one's own, or anybody's with the right to assign, but not during their call.

    ChangedError if it is not what it was on the page this came from (``expected_version``).
    """
    actor.require(Permission.WORK)
    with writing() as conn:
        row = lock(conn, reference)
        ensure_open(row)
        if not actor.may(Permission.ASSIGN):
            ensure_free(conn, row, actor)
        if row.assignee_id is None:
            return
        ensure_unchanged(row, expected_version)
        ensure_not_on_call(row, actor, now)
        give_back(conn, site, actor, row, {"from": row.assignee_id}, now)


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
    status = Status.NEW if row.status == Status.ASSIGNED else Status(row.status)
    change(conn, row, assignee_id=None, claimed_at=None, call_started_at=None, status=status)
    audit.record(conn, site, actor, "callback.released", callback_id=row.id, details=details, now=now)


def assign(
    site: Site, actor: Actor, reference: str, user_id: int, *, expected_version: int | None = None, now: datetime
) -> None:
    """Give a request to a colleague, who is told by mail. NotFoundError if that person cannot work the queue.

    ChangedError if it is not what it was on the page this came from.
    """
    actor.require(Permission.ASSIGN)
    with writing() as conn:
        row = lock_to_give(conn, reference, user_id)
        ensure_open(row)
        ensure_decided(row)
        person = next((person for person in people.working(conn) if person.id == user_id), None)
        if person is None:
            raise NotFoundError
        if row.assignee_id == user_id:
            return
        ensure_unchanged(row, expected_version)
        ensure_not_on_call(row, actor, now)
        change(conn, row, **held(row, user_id, now))
        audit.record(
            conn, site, actor, "callback.assigned", callback_id=row.id,
            details={"from": row.assignee_id, "to": user_id}, now=now,
        )  # fmt: skip
        if user_id != actor.user_id:
            outbox.enqueue(conn, "person.assigned", f"user:{user_id}", callback_id=row.id, now=now)


def start_call(site: Site, actor: Actor, reference: str, *, override_reason: str | None = None, now: datetime) -> None:
    """Press Call: claims a free request and lets the number be seen. From here the attempt's time runs.

    RefusedError names why it may not be called now; with ``override_reason`` it may, and the reason is kept. No reason
    lifts a wish not to be called again, nor the decision whether a request under "Check" is genuine.
    """
    actor.require(Permission.WORK)
    actor.require(Permission.CONTACT)
    with writing() as conn:
        row = lock_to_take(conn, reference, actor)
        ensure_open(row)
        ensure_free(conn, row, actor)
        ensure_decided(row)
        if row.is_free_time and row.free_time_seen_at is None:
            raise RefusedError("time_not_read")
        verdict = verdict_for(conn, site, row, now)
        if not verdict.is_allowed and (not override_reason or verdict.reason == NEVER):
            raise RefusedError(str(verdict.reason))
        if row.assignee_id is None:
            take(conn, site, actor, row, now)
            row = lock(conn, reference)
        change(conn, row, call_started_at=now)
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
    awaited = row.window_from is not None and now < row.window_until
    return may_call(
        now=now,
        office=calendar.hours,
        rules=calendar.calling,
        law=calendar.law,
        key=row.calling_key,
        next_at=row.next_at,
        window=(row.window_from, row.window_until) if awaited else None,
        attempts_24h=sum(1 for at in attempts.all if seconds_between(at, now) < 86400),
        is_suppressed=is_barred,
        received_at=row.received_at,
        is_asap=row.window_from is None and not row.is_free_time and not attempts.now,
    )
