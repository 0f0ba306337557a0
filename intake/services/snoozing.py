"""Putting a request off until a time, and waking it early. What was promised stays promised: no clock is paused.

Nothing has to run for it to come back: lists and the next call ask whether the time has come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from intake.ledger import audit
from intake.models.site import Site
from intake.queries import calls
from intake.rules import snooze as rules
from intake.rules.due import awaited
from intake.rules.permissions import Actor, Permission
from intake.rules.workflow import Disposition
from intake.services import leases
from intake.services.claims import is_calling
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import change, ensure_decided, ensure_free, ensure_open, ensure_unchanged, lock


@dataclass(frozen=True, slots=True)
class Snoozed:
    """Until when, and whether the promise passes meanwhile."""

    until_at: datetime
    is_late: bool


def snooze(
    site: Site, actor: Actor, reference: str, until_at: datetime, *, reason: str, expected_version: int | None = None,
    now: datetime,
) -> Snoozed:  # fmt: skip
    """Put one's own or nobody's request off. TakenError, EndedError, ChangedError as everywhere.

    RefusedError: reason_needed, time_past, too_far, under_check, call_not_logged (say first what came of the call),
    wrong_number (it waits for the visitor), has_window (they are to be called at a time of their own), planned_later
    (the next try is later anyway).
    """
    actor.require(Permission.WORK)
    if not reason.strip():
        raise RefusedError("reason_needed")
    with deed(actor, "callback.snoozed", now=now) as conn:
        row = lock(conn, reference)
        ensure_unchanged_open(conn, row, actor, expected_version)
        return put_off(conn, site, actor, row, until_at, reason, now)


def ensure_unchanged_open(conn: Connection, row: Row[Any], actor: Actor, expected_version: int | None) -> None:
    """It is open, one's own or nobody's, and as the page showed it."""
    ensure_open(row)
    ensure_free(conn, row, actor)
    ensure_unchanged(row, expected_version)


def put_off(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], until_at: datetime, reason: str, now: datetime
) -> Snoozed:
    """Likewise for a row that is locked, open and free to this person."""
    until_at = rules.whole_minute(until_at)
    ensure_decided(row)
    _ensure_may_wait(row, until_at, now)
    change(conn, row, next_at=until_at, snoozed_at=now)
    leases.renew(conn, site, actor, row.id, now)
    audit.record(
        conn, site, actor, "callback.snoozed", callback_id=row.id, details={"snoozed_until": until_at.isoformat()},
        typed=reason.strip() or None, now=now,
    )  # fmt: skip
    has_called = row.first_attempt_at is not None
    return Snoozed(
        until_at, rules.makes_late(until_at, now=now, promised_by_at=row.promised_by_at, has_called=has_called)
    )


def _ensure_may_wait(row: Row[Any], until_at: datetime, now: datetime) -> None:
    if until_at <= now:
        raise RefusedError("time_past")
    if until_at - now > rules.LONGEST:
        raise RefusedError("too_far")
    if is_calling(row, now):
        raise RefusedError("call_not_logged")
    if row.last_disposition == Disposition.WRONG_NUMBER:
        raise RefusedError("wrong_number")
    if awaited(row, now) is not None:
        raise RefusedError("has_window")
    if row.snoozed_at is None and row.next_at is not None and row.next_at >= until_at:
        raise RefusedError("planned_later")


def wake(site: Site, actor: Actor, reference: str, *, expected_version: int | None = None, now: datetime) -> None:
    """Into the queue again before its time. A next try that was planned before the snooze, and is still ahead, holds.

    RefusedError("not_snoozed") once it is awake.
    """
    actor.require(Permission.WORK)
    with deed(actor, "callback.woken", now=now) as conn:
        row = lock(conn, reference)
        ensure_unchanged_open(conn, row, actor, expected_version)
        if row.snoozed_at is None or row.next_at is None or row.next_at <= now:
            raise RefusedError("not_snoozed")
        change(conn, row, next_at=_planned(conn, row, now), snoozed_at=None)
        leases.renew(conn, site, actor, row.id, now)
        audit.record(conn, site, actor, "callback.woken", callback_id=row.id, now=now)


def _planned(conn: Connection, row: Row[Any], now: datetime) -> datetime | None:
    """The next try as the last outcome left it, while it is ahead."""
    logged = calls.standing(conn, row.id, row.reopened_count)
    planned: datetime | None = max(logged, key=lambda one: one.id).next_at if logged else None
    return planned if planned is not None and planned > now else None
