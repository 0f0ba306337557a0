"""A request that somebody holds goes on to somebody else: taken over with a reason, or handed off with a note."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from intake.ledger import audit, outbox
from intake.models.site import Site
from intake.queries import people
from intake.rules.permissions import Actor, Permission
from intake.services import danger
from intake.services.calls import write_note
from intake.services.claims import ensure_not_on_call, held, is_calling, take, tell_holder
from intake.services.deeds import deed
from intake.services.errors import NotFoundError, RefusedError, TakenError
from intake.services.locking import (
    change,
    ensure_decided,
    ensure_free,
    ensure_open,
    ensure_unchanged,
    lock_to_give,
    lock_to_take,
    person_name,
)


def take_over(site: Site, actor: Actor, reference: str, *, holder_id: int, reason: str, now: datetime) -> None:
    """Take a request out of a colleague's hands, who is told by mail and on their next page; the reason is kept.

    ``holder_id``: whose it was on the page this came from. TakenError if it is a third person's by now. RefusedError
    without a reason, during that colleague's call, or under "Check".
    """
    actor.require(Permission.WORK)
    with deed(actor, "callback.taken_over", now=now) as conn:
        row = lock_to_take(conn, reference, actor)
        ensure_open(row)
        if row.assignee_id == actor.user_id:
            return
        ensure_decided(row)
        if not reason.strip():
            raise RefusedError("reason_needed")
        if row.assignee_id is None:
            take(conn, site, actor, row, now)
            return
        if row.assignee_id != holder_id:
            raise TakenError(person_name(conn, row.assignee_id), row.claimed_at)
        ensure_not_on_call(row, actor, now)
        change(conn, row, **held(conn, site, row, actor.person_id, now))
        audit.record(
            conn, site, actor, "callback.taken_over", callback_id=row.id,
            details={"from": holder_id, "to": actor.person_id}, typed=reason.strip(), now=now,
        )  # fmt: skip
        tell_holder(conn, row, now, besides=actor)
        outbox.enqueue(conn, "person.taken_over", f"user:{holder_id}", callback_id=row.id, now=now)


def hand_off(
    site: Site, actor: Actor, reference: str, user_id: int, *, note: str, expected_version: int | None = None,
    now: datetime,
) -> None:  # fmt: skip
    """Give one's own request to a colleague who may call, with a note; they are told by mail.

    NotFoundError if that person cannot call. RefusedError without a note, and while one's own call is still to be
    logged. ChangedError if it is not what it was on the page this came from.
    """
    actor.require(Permission.WORK)
    if not note.strip():
        raise RefusedError("note_needed")
    with deed(actor, "callback.handed_off", now=now) as conn:
        row = lock_to_give(conn, reference, user_id)
        ensure_open(row)
        ensure_decided(row)
        ensure_free(conn, row, actor)
        ensure_unchanged(row, expected_version)
        if row.assignee_id is None:
            raise RefusedError("not_claimed")
        _ensure_logged(row, now)
        if user_id == actor.user_id or user_id not in {person.id for person in people.calling(conn)}:
            raise NotFoundError
        _hand(conn, site, actor, row, user_id, note.strip(), now)


def _ensure_logged(row: Row[Any], now: datetime) -> None:
    """A call that somebody made must not be lost on the way to the next person."""
    if is_calling(row, now):
        raise RefusedError("call_not_logged")


def _hand(conn: Connection, site: Site, actor: Actor, row: Row[Any], user_id: int, note: str, now: datetime) -> None:
    change(conn, row, **held(conn, site, row, user_id, now), **danger.heard(conn, row, note, now).columns)
    written = write_note(conn, site, actor, row.id, note, attempt_id=None, now=now)
    audit.record(
        conn, site, actor, "callback.handed_off", callback_id=row.id,
        details={"from": row.assignee_id, "to": user_id, "note": written}, now=now,
    )  # fmt: skip
    outbox.enqueue(conn, "person.assigned", f"user:{user_id}", callback_id=row.id, now=now)
