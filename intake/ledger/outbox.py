"""Mails to be sent, as rows in the caller's transaction: written with the deed, leased by a worker, marked when done.

A row never holds an address or anything personal: the worker finds both when it sends.
A lease is a promise to be done by ``leased_until``; a worker that dies simply lets it run out, and a mark made with a
lease somebody else has taken over changes nothing. What killed a worker may be the message: it then comes alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, RowMapping, Select, bindparam, delete, insert, select, update

from intake.database import Prepared
from intake.ledger import deeds, tries
from intake.models.base import table_of
from intake.models.records import OutboxMessage, OutboxState, TryOutcome

SCHEDULE_SECONDS = (0, 5, 30, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000)
"""Waiting time before each attempt (Standard Webhooks, with one more at 20 h); after the last the message is dead."""
MAX_ATTEMPTS = len(SCHEDULE_SECONDS)
JITTER = 0.1
"""A retry comes up to this share later, so that a thousand messages do not come back in the same second."""
LONGEST_ERROR = 200
HOOK = "hook"
"""The recipient of what goes to the on-call webhook: a lane of its own, which holds up no mail."""

_rows = OutboxMessage.__table__.c
_ADD = Prepared(
    insert(table_of(OutboxMessage)),
    "public_id", "kind", "recipient", "callback_id", "details", "state", "created_at", "available_at", "attempt_count",
)  # fmt: skip
# Written into the statement: with bound values neither database sees that its partial index holds just these rows.
_UNSENT: BindParameter[list[str]] = bindparam(
    "unsent", [OutboxState.PENDING.value, OutboxState.LEASED.value], expanding=True, literal_execute=True
)
IS_WAITING = _rows.state.in_(_UNSENT)
"""The condition of the index on messages that are still to go out."""
IS_DEAD = _rows.state == bindparam("dead", OutboxState.DEAD.value, literal_execute=True)
"""The condition of the index on messages that were given up."""


@dataclass(frozen=True, slots=True)
class Leased:
    """One message in a worker's hands. ``attempt`` counts from 1 and includes the one about to be made."""

    id: int
    public_id: str
    kind: str
    recipient: str
    callback_id: int | None
    details: Mapping[str, Any]
    created_at: datetime
    attempt: int
    lease_key: str
    leased_until: datetime

    @property
    def is_used_up(self) -> bool:
        """The last attempt was begun and never marked: its worker was lost, and there is none left to make."""
        return self.attempt > MAX_ATTEMPTS


def enqueue(
    conn: Connection,
    kind: str,
    recipient: str,
    *,
    callback_id: int | None = None,
    details: Mapping[str, Any] | None = None,
    now: datetime,
    available_at: datetime | None = None,
    public_id: str = "",
) -> str:
    """Add a mail; returns its name. What a deed sets off waits until the deed cannot be undone any more.

    ``recipient`` is "team", "visitor", "managers", "user:<id>" or HOOK, never an address.

    ``public_id``: 32 hexadecimal digits nobody can guess, where the name must be known elsewhere; else a fresh one.
    """
    public_id = public_id or uuid.uuid4().hex
    available_at, noted = available_at or now, deeds.of(conn)
    if noted is not None and callback_id is not None:
        noted.item(callback_id).mails.append(public_id)
        available_at = available_at if kind in deeds.AT_ONCE else max(available_at, noted.until)
    row = {
        "public_id": public_id,
        "kind": kind,
        "recipient": recipient,
        "callback_id": callback_id,
        "details": dict(details or {}),
        "state": OutboxState.PENDING,
        "created_at": now,
        "available_at": available_at,
        "attempt_count": 0,
    }
    _ADD.run(conn, row)
    return public_id


def take_back(conn: Connection, public_ids: Sequence[str]) -> int:
    """Forget mails that nobody has begun to send. Returns how many of them those were."""
    if not public_ids:
        return 0
    untouched = (_rows.state == OutboxState.PENDING, _rows.attempt_count == 0)
    return conn.execute(delete(OutboxMessage).where(_rows.public_id.in_(public_ids), *untouched)).rowcount


def rewrite(conn: Connection, public_id: str, *, kind: str, callback_id: int, details: Mapping[str, Any]) -> bool:
    """Let a mail that nobody has begun to send say something else; False if it is too late for that."""
    mine = (_rows.public_id == public_id, _rows.state == OutboxState.PENDING, _rows.attempt_count == 0)
    other = {"kind": kind, "callback_id": callback_id, "details": dict(details)}
    return conn.execute(update(OutboxMessage).where(*mine).values(**other)).rowcount == 1


def is_waiting(conn: Connection, kind: str, callback_id: int | None = None) -> bool:
    """Whether a message of this kind, about this request if one is named, was written and not yet taken up."""
    found = select(_rows.id).where(IS_WAITING, _rows.state == OutboxState.PENDING, _rows.kind == kind).limit(1)
    found = found.where(_rows.callback_id == callback_id) if callback_id is not None else found
    return conn.execute(found).first() is not None


def was_told(conn: Connection, kind: str, callback_id: int, *, since: datetime) -> bool:
    """Whether a message of this kind about this request was written after ``since``."""
    about = (_rows.callback_id == callback_id, _rows.kind == kind, _rows.created_at > since)
    return conn.execute(select(_rows.id).where(*about).limit(1)).first() is not None


def is_due(conn: Connection, now: datetime, *, is_hook: bool = False) -> bool:
    """Whether a worker would find anything; a read, so that an idle worker never takes SQLite's write lock."""
    return conn.execute(_due(now, is_hook).limit(1)).first() is not None


def _due(now: datetime, is_hook: bool) -> Any:
    """Waiting messages and those whose worker is gone: a lease sets ``available_at`` to its own end."""
    lane = _rows.recipient == HOOK if is_hook else _rows.recipient != HOOK
    due = select(_rows.id, _rows.state).where(IS_WAITING, _rows.available_at <= now, lane)
    return due.order_by(_rows.available_at, _rows.id)


def claim(
    conn: Connection, *, now: datetime, lease_key: str, lease_seconds: int, limit: int, is_hook: bool = False
) -> list[Leased]:
    """Take up to ``limit`` due mails (or messages to the webhook) for ``lease_seconds``.

    On PostgreSQL rows another worker holds are passed over.

    An attempt counts from here, so that a message whose worker dies each time does not come back for ever: beyond the
    last attempt it ``is_used_up``, and whoever claims it marks it dead instead of sending it.
    """
    until = now + timedelta(seconds=lease_seconds)
    taken = conn.execute(_due(now, is_hook).limit(limit).with_for_update(skip_locked=True)).all()
    ids = _together(taken)
    if not ids:
        return []
    held = {"state": OutboxState.LEASED, "lease_key": lease_key, "leased_until": until, "available_at": until}
    conn.execute(update(OutboxMessage).where(_rows.id.in_(ids)).values(**held, attempt_count=_rows.attempt_count + 1))
    rows = conn.execute(select(OutboxMessage.__table__).where(_rows.id.in_(ids))).mappings()
    by_id = {row["id"]: _leased(row) for row in rows}
    return [by_id[message_id] for message_id in ids]


def _together(due: Sequence[Row[Any]]) -> list[int]:
    """What may share a batch: a message whose worker was lost comes alone, so that it takes no others down with it."""
    if due and due[0].state == OutboxState.LEASED:
        return [due[0].id]
    return [row.id for row in takewhile(lambda row: row.state == OutboxState.PENDING, due)]


def _leased(row: RowMapping) -> Leased:
    return Leased(
        id=row["id"],
        public_id=row["public_id"],
        kind=row["kind"],
        recipient=row["recipient"],
        callback_id=row["callback_id"],
        details=row["details"],
        created_at=row["created_at"],
        attempt=row["attempt_count"],
        lease_key=row["lease_key"],
        leased_until=row["leased_until"],
    )


def _mark(conn: Connection, message: Leased, **values: Any) -> bool:
    """Change the row if the lease is still this worker's; returns whether it was."""
    mine = (_rows.id == message.id, _rows.state == OutboxState.LEASED, _rows.lease_key == message.lease_key)
    done = conn.execute(update(OutboxMessage).where(*mine).values(lease_key=None, leased_until=None, **values))
    return done.rowcount == 1


def mark_sent(conn: Connection, message: Leased, *, answer: str = "", words: str = "", now: datetime) -> bool:
    """The server took it, saying ``answer``; ``words`` are what went out. False when the lease was lost: then somebody
    else marks, and keeps this try.
    """
    if not _mark(conn, message, state=OutboxState.SENT, sent_at=now, last_error=None):
        return False
    tries.note(conn, message.id, message.attempt, TryOutcome.SENT, answer=answer, words=words, now=now)
    return True


def mark_dead(conn: Connection, message: Leased, *, error: str, now: datetime) -> bool:
    """It will never go out by itself; the panel shows it with its reason."""
    if not _mark(conn, message, state=OutboxState.DEAD, dead_at=now, last_error=error[:LONGEST_ERROR]):
        return False
    tries.note(conn, message.id, min(message.attempt, MAX_ATTEMPTS), TryOutcome.DEAD, answer=error, now=now)
    return True


def mark_failed(conn: Connection, message: Leased, *, error: str, now: datetime, spread: float) -> bool | None:
    """Wait for the next attempt of the schedule, or give up after the last.

    ``spread`` is a random number from 0 to 1. True: waits for the next attempt; False: dead; None: the lease was lost.
    """
    if message.attempt >= MAX_ATTEMPTS:
        return False if mark_dead(conn, message, error=error, now=now) else None
    again = now + timedelta(seconds=retry_seconds(message.attempt, spread))
    waits = {"state": OutboxState.PENDING, "available_at": again, "last_error": error[:LONGEST_ERROR]}
    if not _mark(conn, message, **waits):
        return None
    tries.note(conn, message.id, message.attempt, TryOutcome.LATER, answer=error, next_at=again, now=now)
    return True


def retry_seconds(attempt: int, spread: float) -> float:
    """How long to wait after the failure of attempt 1, 2, …"""
    return SCHEDULE_SECONDS[attempt] * (1 + JITTER * spread)


def defer(conn: Connection, message: Leased, *, now: datetime) -> bool:
    """Hand it back untried: nobody asked the server about this message, so no attempt is used up."""
    back = {"state": OutboxState.PENDING, "available_at": now, "attempt_count": _rows.attempt_count - 1}
    return _mark(conn, message, **back)


def has_newer(conn: Connection, message: Leased) -> bool:
    """Whether another one of this kind, to the same person and written later, waits as well."""
    newer = (_rows.kind == message.kind, _rows.recipient == message.recipient, _rows.id > message.id)
    return conn.execute(select(_rows.id).where(IS_WAITING, *newer).limit(1)).first() is not None


def withdraw(conn: Connection, message: Leased) -> bool:
    """Forget a message in hand that says what is no longer so; whoever withdraws it puts that on record."""
    mine = (_rows.id == message.id, _rows.state == OutboxState.LEASED, _rows.lease_key == message.lease_key)
    if conn.execute(select(_rows.id).where(*mine).with_for_update()).first() is None:
        return False
    tries.forget(conn, message.id)
    conn.execute(delete(OutboxMessage).where(*mine))
    return True


def hold(conn: Connection, message: Leased, *, error: str, now: datetime) -> bool:
    """Hand it back because the server takes nothing at all; why is kept once for each silence."""
    if not defer(conn, message, now=now):
        return False
    tries.hold(conn, message.id, message.attempt, answer=error, now=now)
    return True


def replay(conn: Connection, public_id: str, *, now: datetime) -> bool:
    """Let a dead message go out again from the start of the schedule, under its old Message-ID."""
    dead = (_rows.public_id == public_id, _rows.state == OutboxState.DEAD)
    return conn.execute(update(OutboxMessage).where(*dead).values(**_afresh(now))).rowcount == 1


def replay_many(conn: Connection, *, kind: str, limit: int, now: datetime) -> Sequence[Row[Any]]:
    """Let dead messages go out again, of one kind or of all (""), the oldest first; returns their rows.

    On PostgreSQL rows that another is replaying are passed over, so that each is counted by one person.
    """
    dead: Select[Any] = select(_rows.id, _rows.callback_id, _rows.kind, _rows.recipient).where(IS_DEAD)
    dead = dead.where(_rows.kind == kind) if kind else dead
    rows = conn.execute(dead.order_by(_rows.id).limit(limit).with_for_update(skip_locked=True)).all()
    if rows:
        mine = _rows.id.in_([row.id for row in rows])
        conn.execute(update(OutboxMessage).where(mine).values(**_afresh(now)))
    return rows


def hasten(conn: Connection, public_id: str, *, now: datetime) -> bool:
    """Let a message that failed and waits for its next attempt be tried at once."""
    waits = (_rows.public_id == public_id, _rows.state == OutboxState.PENDING, _rows.attempt_count > 0)
    later = update(OutboxMessage).where(*waits, _rows.available_at > now)
    return conn.execute(later.values(available_at=now)).rowcount == 1


def _afresh(now: datetime) -> dict[str, Any]:
    """A row as on its first day."""
    return {
        "state": OutboxState.PENDING, "available_at": now, "attempt_count": 0, "dead_at": None, "last_error": None,
    }  # fmt: skip
