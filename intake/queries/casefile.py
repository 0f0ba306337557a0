"""One request, whole: what the visitor said, what was done, and everything that happened in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from intake.models import (
    Audit,
    AuditText,
    CallAttempt,
    CallbackRequest,
    ConsentWording,
    Note,
    OutboxMessage,
    User,
)
from intake.models.site import Site
from intake.queries.calls import made
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.queries.worklist import SELECTED, SOURCE, WorklistRow, fields, opened
from intake.rules.workflow import Channel, Disposition, Status

_C = CallbackRequest.__table__.c
_W = ConsentWording.__table__.c
_EXTRA = (
    "source", "reached_at", "last_attempt_at", "reopened_count", "withdrawn_at", "calendar_id",
    "open_seconds", "all_seconds", "is_met", "is_promise_kept", "is_window_kept", "is_open_arrival", "is_promised",
)  # fmt: skip
_SEALED = ("phone_typed", "email", "message", "preferred_note", "source_path")
_SELECTED = (
    *SELECTED, _C.channel, *(_C[name] for name in _EXTRA), *(_C[f"{name}_encrypted"] for name in _SEALED),
    _C.last_disposition, _C.phone_index, _W.version.label("consent_version"), _W.text.label("consent_text"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseFile(WorklistRow):
    """A line of the queue and all the rest of it. Personal fields are empty without the right to see them."""

    source: str
    channel: Channel
    reached_at: datetime | None
    last_attempt_at: datetime | None
    last_disposition: Disposition | None
    reopened_count: int
    withdrawn_at: datetime | None
    calendar_id: int | None
    open_seconds: int | None
    all_seconds: int | None
    is_met: bool | None
    is_promise_kept: bool | None
    is_window_kept: bool | None
    is_open_arrival: bool
    is_promised: bool
    typed: str
    extension: str
    email: str | None
    message: str
    preferred_note: str
    source_path: str
    consent_version: int | None
    consent_text: str
    attempts: tuple[datetime, ...]
    earlier_attempts: tuple[datetime, ...]
    is_suppressed: bool


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened: an audit entry, an attempt, a note or a mail."""

    at: datetime
    kind: str
    actor_kind: str
    actor_name: str
    action: str
    details: dict[str, Any]
    text: str | None


@dataclass(frozen=True, slots=True)
class SameNumber:
    """Another request from the same number; two people may share a phone."""

    reference: str
    status: Status
    received_at: datetime
    closed_at: datetime | None


def find(conn: Connection, site: Site, reference: str, *, with_contact: bool) -> CaseFile | None:
    """The request with this reference, or None."""
    source = SOURCE.outerjoin(ConsentWording.__table__, _W.id == _C.consent_id)
    row = conn.execute(select(*_SELECTED).select_from(source).where(_C.reference == reference)).first()
    if row is None:
        return None
    values = fields(site, row, with_contact) | {name: getattr(row, name) for name in _EXTRA}
    values |= {name: opened(site, row, name) if with_contact else "" for name in _SEALED}
    values["typed"] = values.pop("phone_typed")
    values["email"] = values["email"] or None
    tries = made(conn, row.id, row.reopened_count)
    return CaseFile(
        **values,
        channel=Channel(row.channel),
        extension=opened(site, row, "phone").partition(";ext=")[2] if with_contact else "",
        last_disposition=Disposition(row.last_disposition) if row.last_disposition else None,
        consent_version=row.consent_version,
        consent_text=row.consent_text or "",
        attempts=tries.now,
        earlier_attempts=tries.earlier,
        is_suppressed=is_suppressed(conn, phone_indexes(site, row)),
    )


def same_number(conn: Connection, site: Site, case: CaseFile, *, most: int = 10) -> tuple[SameNumber, ...]:
    """Other requests from the number, newest first; empty for someone who may not see numbers."""
    if not case.phone_e164:
        return ()
    asked = select(_C.reference, _C.status, _C.received_at, _C.closed_at).where(
        _C.phone_index.in_(site.keyring.indexes_of("phone", case.phone_e164)), _C.id != case.id
    )
    rows = conn.execute(asked.order_by(_C.received_at.desc()).limit(most))
    return tuple(SameNumber(row.reference, Status(row.status), row.received_at, row.closed_at) for row in rows)


def timeline(
    conn: Connection, site: Site, callback_id: int, *, with_contact: bool, most: int = 200
) -> tuple[TimelineEntry, ...]:
    """Everything that happened, newest first, at most ``most`` of each kind."""
    entries = [*_audits(conn, site, callback_id, most, with_contact), *_mails(conn, callback_id, most)]
    if with_contact:
        entries = _with_notes(entries, {note.details["note"]: note for note in _notes(conn, site, callback_id, most)})
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True))


def _with_notes(entries: list[TimelineEntry], notes: dict[str, TimelineEntry]) -> list[TimelineEntry]:
    """The words of each note in place of the bare entry; those of a hand-off under the hand-off itself."""
    told = [
        replace(entry, text=note.text) if (note := notes.pop(entry.details.get("note", ""), None)) else entry
        for entry in entries
        if entry.action != "callback.noted"
    ]
    return [*told, *notes.values()]


def _audits(conn: Connection, site: Site, callback_id: int, most: int, with_contact: bool) -> Iterator[TimelineEntry]:
    """Entries of the record. Words typed about a request may hold its name or number."""
    a, t, u, c = Audit.__table__, AuditText.__table__, User.__table__, CallAttempt.__table__
    source = a.outerjoin(u, u.c.id == a.c.actor_id).outerjoin(t, t.c.audit_id == a.c.id)
    source = source.outerjoin(c, c.c.id == a.c.details["attempt_id"].as_integer())
    asked = select(
        a.c.at, a.c.actor_kind, a.c.action, a.c.details, u.c.name, t.c.public_id, t.c.text_encrypted,
        c.c.started_at, c.c.next_at, c.c.override_reason, c.c.voicemail_rule, c.c.by_id,
    ).select_from(source)  # fmt: skip
    for row in conn.execute(asked.where(a.c.callback_id == callback_id).order_by(a.c.id.desc()).limit(most)):
        may_read = row.public_id and with_contact
        text = site.keyring.open("audit_text.text", row.public_id, row.text_encrypted) if may_read else None
        call = {"started_at": row.started_at, "next_at": row.next_at, "exception": row.override_reason, "by": row.by_id}
        details = row.details | (call if row.started_at else {})
        kind = "attempt" if row.started_at else "audit"
        if not row.action.startswith("mail."):
            yield TimelineEntry(row.at, kind, row.actor_kind, row.name or "", row.action, details, text)


def _notes(conn: Connection, site: Site, callback_id: int, most: int) -> Iterator[TimelineEntry]:
    n, u = Note.__table__, User.__table__
    asked = select(n.c.public_id, n.c.written_at, n.c.text_encrypted, u.c.name).join(u, u.c.id == n.c.by_id)
    for row in conn.execute(asked.where(n.c.callback_id == callback_id).order_by(n.c.id.desc()).limit(most)):
        text = site.keyring.open("note.text", row.public_id, row.text_encrypted)
        yield TimelineEntry(row.written_at, "note", "person", row.name, "callback.noted", {"note": row.public_id}, text)


def _mails(conn: Connection, callback_id: int, most: int) -> Iterator[TimelineEntry]:
    o = OutboxMessage.__table__.c
    asked = select(
        o.public_id, o.kind, o.recipient, o.state, o.created_at, o.sent_at, o.dead_at, o.attempt_count, o.last_error
    )
    for row in conn.execute(asked.where(o.callback_id == callback_id).order_by(o.id.desc()).limit(most)):
        details = {"public_id": row.public_id, "state": row.state, "recipient": row.recipient}
        details |= {"tries": row.attempt_count, "error": row.last_error}
        at = row.sent_at or row.dead_at or row.created_at
        yield TimelineEntry(at, "mail", "system", "", row.kind, details, None)
