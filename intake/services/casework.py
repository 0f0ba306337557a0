"""What staff do to a request besides calling: notes, closing, opening again, and deciding on "Check"."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert

from intake.ledger import audit, deeds, letters, outbox
from intake.models import Episode
from intake.models.site import Site
from intake.queries import calls
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.rules import spam
from intake.rules.crisis import outlasts
from intake.rules.permissions import Actor, Permission
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import clock, danger, do_not_call, leases
from intake.services.callbacks import SUPPRESSED
from intake.services.calls import write_note
from intake.services.claims import is_calling
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import (
    change,
    ensure_decided,
    ensure_free,
    ensure_open,
    ensure_unchanged,
    lock,
    lock_with_older,
)

_EPISODE = [column.name for column in Episode.__table__.c if column.name not in ("id", "callback_id", "number")]
TIME_WITHIN = timedelta(days=90)
"""No time is set for a visitor that lies further ahead."""
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
    "unassigned_seconds": None,
    "uncounted_at": None,
    "uncounted_by_id": None,
    **clock.NOT_CALLED,
}
"""A new episode starts with an empty sheet."""


def add_note(site: Site, actor: Actor, reference: str, text: str, *, now: datetime) -> danger.Heard:
    """Write something down for the next caller; also on a closed request.

    Nothing else of the request is changed, so whatever becomes of it, the note can be taken back. Words of a crisis
    alone put an open one above all others, be it the one it was joined to, and the managers are mailed of them.
    """
    actor.require(Permission.WORK)
    if not text.strip():
        raise RefusedError("note_empty")
    with deed(actor, "callback.noted", now=now) as conn:
        row, older = lock_with_older(conn, reference)
        written = write_note(conn, site, actor, row.id, text.strip(), attempt_id=None, now=now)
        noted = deeds.of(conn)
        if noted is not None:
            noted.item(row.id).note = written
        heard = danger.heard(conn, older or row, text, now)
        if heard.columns:
            change(conn, older or row, **heard.columns)
        leases.renew(conn, site, actor, row.id, now)
        audit.record(conn, site, actor, "callback.noted", callback_id=row.id, now=now)
        if older is not None and heard.is_told:  # whoever calls them reads where the words stand
            about = {"reference": row.reference}
            audit.record(conn, site, actor, "callback.noted", callback_id=older.id, details=about, now=now)
    return heard


def close(
    site: Site, actor: Actor, reference: str, reason: ClosedReason, *, note: str = "",
    expected_version: int | None = None, now: datetime,
) -> bool:  # fmt: skip
    """End a request without a call. All clocks stop; an unkept target stays unkept. True, if the managers are mailed:
    the note sounds like danger.

    ChangedError, here and below, if it is not what it was on the page this came from (``expected_version``).

    That a number is not to be called without the visitor having said so in a call is a manager's decision. It holds
    like one said in a call, until ``call_again.lift``, so the note on how they asked is needed (note_needed).
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
        is_told = danger.tell_of_ended(conn, row, note, now)
        _end(conn, site, actor, row, reason, "callback.closed", now)
    return is_told


def mark_spam(site: Site, actor: Actor, reference: str, *, expected_version: int | None = None, now: datetime) -> None:
    """Close as spam. It stays stored and can be opened again.

    RefusedError: call_not_logged, called (``rules.spam.against_marking``): those ``close`` ends, with a reason.
    """
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
    against = spam.against_marking(is_calling=is_calling(row, now), was_called=calls.was_called(conn, row))
    if against is not None:
        raise RefusedError(against)
    ensure_unchanged(row, expected_version)
    _end(conn, site, actor, row, ClosedReason.SPAM, "callback.marked_spam", now)


def _ensure_may_decide(row: Row[Any], actor: Actor) -> None:
    """A request from a number that asked not to be called is a manager's to decide."""
    if SUPPRESSED in row.spam_reasons.split(",") and not actor.may(Permission.ASSIGN):
        raise RefusedError("manager_decides")


def _end(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], reason: ClosedReason, action: str, now: datetime
) -> None:
    change(conn, row, **ended(row, reason, now))
    audit.record(conn, site, actor, action, callback_id=row.id, details={"reason": reason}, now=now)


def ended(row: Row[Any], reason: ClosedReason, now: datetime) -> dict[str, Any]:
    """The columns of an open request about which nobody calls any more."""
    decided = {"check_decided_at": now} if row.status == Status.CHECK else {}
    closed = {"status": Status.CLOSED, "closed_reason": reason, "closed_at": now}
    return closed | {"next_at": None, "call_started_at": None} | decided


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
        into_queue(conn, site, actor, row, now)


def into_queue(conn: Connection, site: Site, actor: Actor, row: Row[Any], now: datetime) -> None:
    """A locked request from under "Check" to those that wait for a call; a promise is made if there was none."""
    promised = {"due_at": clock.call_due_at(conn, site, row)}
    if not row.is_promised:
        promised = promised_after_all(conn, site, row, row.calling_key, now)
    decided = {"check_decided_at": now, "rescued_at": now}
    change(conn, row, **({"status": _status_beyond_check(row)} | promised | decided))
    if row.email_index is not None:
        kind = confirmation(row.last_disposition)
        letters.enqueue(conn, site, kind, callback_id=row.id, email_index=row.email_index, now=now)
    audit.record(conn, site, actor, "callback.rescued", callback_id=row.id, now=now)
    outbox.enqueue(conn, "team.new", "team", callback_id=row.id, now=now)


def confirmation(last: str | None) -> str:
    """The mail to a visitor whose request waits again: for a call, or for the number without which none can be made."""
    return "visitor.wrong_number" if last == Disposition.WRONG_NUMBER else "visitor.received"


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
    status = Status.ATTEMPTING if row.attempt_count else Status.NEW
    wish = clock.wish_columns(None, False) | {"agreed_until": None, "status": status}
    return (
        {"status": _status_beyond_check(row)}
        | (wish if is_over else {})
        | clock.promised_anew(conn, site, row, key, now, window=window, is_free_time=row.is_free_time)
        | _callable_again(row)
    )


def _callable_again(row: Row[Any]) -> dict[str, Any]:
    return {"is_promised": True, "spam_reasons": without_bar(row)}


def without_bar(row: Row[Any]) -> str:
    """The other signs kept with a request whose number asked for silence."""
    return ",".join(reason for reason in row.spam_reasons.split(",") if reason != SUPPRESSED)


def acknowledge_time(
    site: Site, actor: Actor, reference: str, *, agreed_from: datetime | None = None,
    agreed_until: datetime | None = None, expected_version: int | None = None, now: datetime,
) -> None:  # fmt: skip
    """Somebody has read the time a visitor wrote in their own words, and may set it as a window: they are told.

    RefusedError: time_past, too_far (TIME_WITHIN), no_time_named where nothing of theirs waits to be read, wrong_number
    (a time nobody could keep).
    """
    actor.require(Permission.WORK)
    if agreed_from and (agreed_from < now or (agreed_until and agreed_until <= agreed_from)):
        raise RefusedError("time_past")
    if agreed_from and max(agreed_from, agreed_until or agreed_from) > now + TIME_WITHIN:
        raise RefusedError("too_far")
    with deed(actor, "callback.time_acknowledged", now=now) as conn:
        row = lock(conn, reference)
        ensure_open(row)
        ensure_free(conn, row, actor)
        ensure_decided(row)
        ensure_unchanged(row, expected_version)
        if agreed_from and row.last_disposition == Disposition.WRONG_NUMBER:
            raise RefusedError("wrong_number")
        if not row.is_free_time or row.free_time_seen_at is not None:
            raise RefusedError("no_time_named")
        agreed = clock.time_set_columns(row, agreed_from, agreed_until, now) if agreed_from else {}
        change(conn, row, free_time_seen_at=now, **agreed)
        leases.renew(conn, site, actor, row.id, now)
        audit.record(
            conn, site, actor, "callback.time_acknowledged", callback_id=row.id,
            details=clock.replaced_promise(row, agreed), now=now,
        )  # fmt: skip
        if agreed:
            letters.enqueue_for(conn, site, row, "visitor.time_set", now=now, delay=letters.AT_ONCE)


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
    is_free_time: bool = False, last: Disposition | None = None, now: datetime,
) -> None:  # fmt: skip
    """A new episode of an ended request, with its own promise; the old one's figures are kept apart.

    ``last``: what is still to be known of the calls before, as that the number is wrong.
    """
    old = {name: getattr(row, name) for name in _EPISODE}
    conn.execute(insert(Episode).values(callback_id=row.id, number=row.reopened_count, **old))
    noted = deeds.of(conn)
    if noted is not None:
        noted.item(row.id).episodes.append(row.reopened_count)
    calendar = clock.calendar_in_force(conn, site, now)
    made = clock.promised(conn, site, calendar, row.calling_key, now, window=window, is_free_time=is_free_time)
    fresh = _FRESH | clock.promise_columns(calendar, made, row.calling_key) | clock.arrival_columns(site, now)
    fresh |= clock.wish_columns(window, is_free_time) | _callable_again(row)
    fresh |= {"crisis_at": now if outlasts(row, calls.said(conn, row)) else None, "last_disposition": last}
    if status is Status.CHECK:
        fresh |= clock.check_columns(calendar, now)
    change(conn, row, status=status, reopened_count=row.reopened_count + 1, **fresh)
