"""What staff do to a request besides calling: notes, closing, opening again, and deciding on "Check"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from intake.database import writing
from intake.ledger import audit, deeds, letters, outbox
from intake.models import Episode
from intake.models.site import Site
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.rules.permissions import Actor, Permission
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Status
from intake.services import clock, do_not_call, leases
from intake.services.callbacks import SUPPRESSED
from intake.services.calls import write_note
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import change, ensure_decided, ensure_free, ensure_open, ensure_unchanged, lock

_EPISODE = [column.name for column in Episode.__table__.c if column.name not in ("id", "callback_id", "number")]
NOT_ENDED: dict[str, Any] = {
    "closed_at": None,
    "closed_reason": None,
    "withdrawn_at": None,
    "assignee_id": None,
    "claimed_at": None,
    "call_started_at": None,
    "duplicate_of_id": None,
}
"""Open again. Whoever had claimed it may have gone home: it waits for anybody."""

_FRESH: dict[str, Any] = {
    **NOT_ENDED,
    "attempt_count": 0,
    "last_attempt_at": None,
    "last_disposition": None,
    "unassigned_seconds": None,
    "uncounted_at": None,
    "uncounted_by_id": None,
    **clock.NOT_CALLED,
}
"""A new episode starts with an empty sheet."""


def add_note(site: Site, actor: Actor, reference: str, text: str, *, now: datetime) -> None:
    """Write something down for the next caller; also on a closed request."""
    actor.require(Permission.WORK)
    if not text.strip():
        raise RefusedError("note_empty")
    with writing() as conn:
        row = lock(conn, reference)
        write_note(conn, site, actor, row.id, text.strip(), attempt_id=None, now=now)
        leases.renew(conn, site, actor, row.id, now)
        audit.record(conn, site, actor, "callback.noted", callback_id=row.id, now=now)


def close(
    site: Site, actor: Actor, reference: str, reason: ClosedReason, *, note: str = "",
    expected_version: int | None = None, now: datetime,
) -> None:  # fmt: skip
    """End a request without a call. All clocks stop; an unkept target stays unkept.

    ChangedError, here and below, if it is not what it was on the page this came from (``expected_version``).

    That a number is not to be called without the visitor having said so in a call is a manager's decision. It holds
    for good like one said in a call, so the note that says how they asked is needed (RefusedError: note_needed).
    """
    actor.require(Permission.WORK)
    if reason is ClosedReason.DO_NOT_CALL:
        actor.require(Permission.ASSIGN)
    with deed(actor, "callback.closed", now=now) as conn:
        row = lock(conn, reference)
        ensure_open(row)
        ensure_free(conn, row, actor)
        _ensure_may_decide(row, actor)
        ensure_unchanged(row, expected_version)
        if reason is ClosedReason.DO_NOT_CALL and not is_suppressed(conn, phone_indexes(site, row)):
            if not note.strip():
                raise RefusedError("note_needed")
            do_not_call.suppress(conn, site, actor, row, now)
        if note.strip():
            write_note(conn, site, actor, row.id, note.strip(), attempt_id=None, now=now)
        _end(conn, site, actor, row, reason, "callback.closed", now)


def mark_spam(site: Site, actor: Actor, reference: str, *, expected_version: int | None = None, now: datetime) -> None:
    """Close as spam. It stays stored and can be opened again."""
    actor.require(Permission.WORK)
    with deed(actor, "callback.marked_spam", now=now) as conn:
        mark_spam_one(conn, site, actor, reference, expected_version, now)


def mark_spam_one(
    conn: Connection, site: Site, actor: Actor, reference: str, expected_version: int | None, now: datetime
) -> None:
    """Likewise in the caller's transaction."""
    row = lock(conn, reference)
    ensure_open(row)
    ensure_free(conn, row, actor)
    _ensure_may_decide(row, actor)
    ensure_unchanged(row, expected_version)
    _end(conn, site, actor, row, ClosedReason.SPAM, "callback.marked_spam", now)


def _ensure_may_decide(row: Row[Any], actor: Actor) -> None:
    """A request from a number that asked not to be called is a manager's to decide."""
    if SUPPRESSED in row.spam_reasons.split(",") and not actor.may(Permission.ASSIGN):
        raise RefusedError("manager_decides")


def _end(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], reason: ClosedReason, action: str, now: datetime
) -> None:
    decided = {"check_decided_at": now} if row.status == Status.CHECK else {}
    ended = {"closed_reason": reason, "closed_at": now, "next_at": None, "call_started_at": None}
    change(conn, row, status=Status.CLOSED, **ended, **decided)
    audit.record(conn, site, actor, action, callback_id=row.id, details={"reason": reason}, now=now)


def rescue(site: Site, actor: Actor, reference: str, *, expected_version: int | None = None, now: datetime) -> None:
    """A request under "Check" is real: into the queue with the clock it has had all along."""
    actor.require(Permission.WORK)
    with deed(actor, "callback.rescued", now=now) as conn:
        row = lock(conn, reference)
        ensure_open(row)
        ensure_free(conn, row, actor)
        if row.status != Status.CHECK:
            raise RefusedError("not_under_check")
        if is_suppressed(conn, phone_indexes(site, row)):
            raise RefusedError("suppressed")
        ensure_unchanged(row, expected_version)
        promised = {"due_at": clock.call_due_at(conn, site, row)}
        if not row.is_promised:
            promised = promised_after_all(conn, site, row, row.calling_key, now)
        decided = {"check_decided_at": now, "rescued_at": now}
        change(conn, row, **({"status": _status_beyond_check(row)} | promised | decided))
        if row.email_index is not None:
            letters.enqueue(conn, site, "visitor.received", callback_id=row.id, email_index=row.email_index, now=now)
        audit.record(conn, site, actor, "callback.rescued", callback_id=row.id, now=now)
        outbox.enqueue(conn, "team.new", "team", callback_id=row.id, now=now)


def _status_beyond_check(row: Row[Any]) -> Status:
    if row.window_from:
        return Status.SCHEDULED
    if row.attempt_count:
        return Status.ATTEMPTING
    return Status.ASSIGNED if row.assignee_id else Status.NEW


def promised_after_all(conn: Connection, site: Site, row: Row[Any], key: str, now: datetime) -> dict[str, Any]:
    """The columns of a request that was set aside for its number, once nothing stands against calling any more.

    Nobody has promised it anything before, so the promise is made now; what is measured goes on from when they asked.
    """
    is_over = row.window_from is not None and row.window_until <= now
    window = Window(row.window_from, row.window_until) if row.window_from and not is_over else None
    wish = clock.wish_columns(None, False) | {"status": Status.ATTEMPTING if row.attempt_count else Status.NEW}
    return (
        {"status": _status_beyond_check(row)}
        | (wish if is_over else {})
        | clock.promised_anew(conn, site, row, key, now, window=window, is_free_time=row.is_free_time)
        | _callable_again(row)
    )


def _callable_again(row: Row[Any]) -> dict[str, Any]:
    reasons = (reason for reason in row.spam_reasons.split(",") if reason != SUPPRESSED)
    return {"is_promised": True, "spam_reasons": ",".join(reasons)}


def acknowledge_time(
    site: Site, actor: Actor, reference: str, *, agreed_from: datetime | None = None,
    agreed_until: datetime | None = None, expected_version: int | None = None, now: datetime,
) -> None:  # fmt: skip
    """Somebody has read the time a visitor wrote in their own words, and may set it as a window."""
    actor.require(Permission.WORK)
    if agreed_from and (agreed_from < now or (agreed_until and agreed_until <= agreed_from)):
        raise RefusedError("time_past")
    with deed(actor, "callback.time_acknowledged", now=now) as conn:
        row = lock(conn, reference)
        ensure_open(row)
        ensure_free(conn, row, actor)
        ensure_decided(row)
        ensure_unchanged(row, expected_version)
        agreed = clock.agreed_columns(agreed_from, agreed_until) if agreed_from else {}
        change(conn, row, free_time_seen_at=now, **agreed)
        leases.renew(conn, site, actor, row.id, now)
        audit.record(conn, site, actor, "callback.time_acknowledged", callback_id=row.id, now=now)


def reopen(
    site: Site, actor: Actor, reference: str, *, reason: str = "", expected_version: int | None = None, now: datetime
) -> None:
    """Open an ended request again: a new episode with its own promise; the old one's figures are kept apart.

    What the visitor took back is opened only with a reason (they asked again, by phone say), and they are told.
    """
    actor.require(Permission.REOPEN)
    with deed(actor, "callback.reopened", now=now) as conn:
        row = lock(conn, reference)
        if row.closed_at is None:
            raise RefusedError("not_closed")
        ensure_unchanged(row, expected_version)
        if row.phone_encrypted is None:
            raise RefusedError("redacted")
        if row.status == Status.WITHDRAWN and not reason.strip():
            raise RefusedError("reason_needed")
        if is_suppressed(conn, phone_indexes(site, row)):
            raise RefusedError("suppressed")
        begin_again(conn, site, row, status=Status.NEW, now=now)
        typed = reason.strip() or None
        audit.record(conn, site, actor, "callback.reopened", callback_id=row.id, typed=typed, now=now)
        letters.enqueue_for(conn, site, row, "visitor.received", now=now, delay=letters.AT_ONCE)
        outbox.enqueue(conn, "team.new", "team", callback_id=row.id, now=now)


def begin_again(
    conn: Connection, site: Site, row: Row[Any], *, status: Status, window: Window | None = None,
    is_free_time: bool = False, now: datetime,
) -> None:  # fmt: skip
    """A new episode of an ended request, with its own promise; the old one's figures are kept apart."""
    old = {name: getattr(row, name) for name in _EPISODE}
    conn.execute(insert(Episode).values(callback_id=row.id, number=row.reopened_count, **old))
    noted = deeds.of(conn)
    if noted is not None:
        noted.item(row.id).episodes.append(row.reopened_count)
    calendar = clock.calendar_in_force(conn, site, now)
    made = clock.promised(conn, site, calendar, row.calling_key, now, window=window, is_free_time=is_free_time)
    fresh = _FRESH | clock.promise_columns(calendar, made, row.calling_key) | clock.arrival_columns(site, now)
    fresh |= clock.wish_columns(window, is_free_time) | _callable_again(row)
    if status is Status.CHECK:
        fresh |= clock.check_columns(calendar, now)
    change(conn, row, status=status, reopened_count=row.reopened_count + 1, **fresh)
