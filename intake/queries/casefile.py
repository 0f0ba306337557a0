"""One request, whole: what the visitor said, what was done, and everything that happened in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Result, Select, exists, func, or_, select

from intake.models import (
    Audit,
    AuditText,
    CallAttempt,
    CallbackRequest,
    ConsentWording,
    Episode,
    Note,
    OutboxMessage,
    SuppressedNumber,
    User,
)
from intake.models.site import Site
from intake.queries.calls import is_undone, made
from intake.queries.notes import is_taken_back
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.queries.worklist import SELECTED, SOURCE, WorklistRow, fields, opened
from intake.rules.workflow import Channel, Voicemail

_C = CallbackRequest.__table__.c
_W = ConsentWording.__table__.c
_LAST = CallAttempt.__table__.alias()
_LAST_ID = (
    select(func.max(CallAttempt.id)).where(CallAttempt.callback_id == _C.id, ~is_undone(CallAttempt.__table__.c.id))
).scalar_subquery()
LOOKS = ("callback.viewed", "callback.reason_viewed")
"""Acts that change nothing: they stand apart, so that however many there are they push nothing out of the story."""
_E = Audit.__table__.c
IS_ACT = (_E.action.not_in(LOOKS), _E.action.not_like("mail.%"))
"""What makes an entry of the record something that was done to a request."""
_S = SuppressedNumber.__table__.c
_OTHER = CallbackRequest.__table__.alias()


def _has_words(of: Any) -> ColumnElement[bool]:
    return or_(of.message_encrypted.is_not(None), of.preferred_note_encrypted.is_not(None))


FIRST_SENT = func.coalesce(
    select(func.min(Episode.received_at)).where(Episode.callback_id == _C.id).scalar_subquery(), _C.received_at
)
"""When a request came first, however often it was opened again."""
_KNOWN = (
    select(func.max(_E.id)).where(_E.callback_id == _C.id, *IS_ACT).scalar_subquery().label("newest_act"),
    exists().where(_E.callback_id == _C.id, _E.action == "visitor.changed_number").label("had_another_number"),
    exists().where(_S.phone_index == _C.phone_index).label("is_barred"),
    select(_OTHER.c.reference).where(_OTHER.c.id == _C.duplicate_of_id).scalar_subquery().label("survivor"),
    FIRST_SENT.label("first_sent_at"),
    exists().where(_OTHER.c.duplicate_of_id == _C.id, _has_words(_OTHER.c)).label("has_more_words"),
)
_EXTRA = (
    "source", "reopened_count", "withdrawn_at", "calendar_id",
    "open_seconds", "all_seconds", "is_met", "is_promise_kept", "is_window_kept", "is_open_arrival", "is_promised",
    "has_legal_hold",
)  # fmt: skip
_SEALED = ("phone_typed", "email", "message", "preferred_note", "source_path")
_SELECTED = (
    *SELECTED, _C.channel, *(_C[name] for name in _EXTRA), *(_C[f"{name}_encrypted"] for name in _SEALED),
    _C.phone_index, _W.version.label("consent_version"), _W.text.label("consent_text"),
    _LAST.c.id.label("last_logged_id"), _LAST.c.by_id.label("last_logged_by_id"),
    _LAST.c.voicemail_rule.label("last_logged_rule"), *_KNOWN,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MoreWords:
    """What the same visitor wrote in a request that was joined to this one."""

    id: int
    reference: str
    at: datetime
    texts: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CaseFile(WorklistRow):
    """A line of the queue and all the rest of it. Personal fields are empty without the right to see them.

    ``newest_act``: the id of the last entry about it, looks and mails left out; 0 if there is none. ``survivor``: the
    reference of the request this one was joined to, "" for none. ``first_sent_at``: when it came first,
    however often it was opened again. ``more_words``: what they wrote in those joined to it, the oldest first;
    ``has_still_more``: of older ones than were asked for.
    """

    source: str
    channel: Channel
    last_logged_id: int | None
    last_logged_by_id: int | None
    last_logged_rule: Voicemail | None
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
    has_legal_hold: bool
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
    newest_act: int
    had_another_number: bool
    survivor: str
    first_sent_at: datetime
    more_words: tuple[MoreWords, ...]
    has_still_more: bool


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


def find(
    conn: Connection, site: Site, reference: str, *, with_contact: bool, is_whole: bool = False
) -> CaseFile | None:
    """The request with this reference, or None. ``is_whole``: with the words of all that were joined to it.

    Else of the newest MOST_JOINED: any number of forms may be sent with one name and number.
    """
    source = SOURCE.outerjoin(ConsentWording.__table__, _W.id == _C.consent_id)
    source = source.outerjoin(_LAST, _LAST.c.id == _LAST_ID)
    row = conn.execute(select(*_SELECTED).select_from(source).where(_C.reference == reference)).first()
    if row is None:
        return None
    values = fields(site, row, with_contact) | {name: getattr(row, name) for name in _EXTRA}
    values |= {name: opened(site, row, name) if with_contact else "" for name in _SEALED}
    values["typed"] = values.pop("phone_typed")
    values["email"] = values["email"] or None
    tries = made(conn, row.id, row.reopened_count)
    most = None if is_whole else MOST_JOINED
    more = _more_words(conn, site, row.id, most) if with_contact and row.has_more_words else []
    return CaseFile(
        **values,
        channel=Channel(row.channel),
        extension=opened(site, row, "phone").partition(";ext=")[2] if with_contact else "",
        last_logged_id=row.last_logged_id,
        last_logged_by_id=row.last_logged_by_id,
        last_logged_rule=Voicemail(row.last_logged_rule) if row.last_logged_rule else None,
        consent_version=row.consent_version,
        consent_text=row.consent_text or "",
        attempts=tries.now,
        earlier_attempts=tries.earlier,
        is_suppressed=row.is_barred or is_suppressed(conn, _other_indexes(site, row)),
        newest_act=row.newest_act or 0,
        had_another_number=bool(row.had_another_number),
        survivor=row.survivor or "",
        first_sent_at=row.first_sent_at,
        more_words=tuple(reversed(more[:most])),
        has_still_more=most is not None and len(more) > most,
    )


MOST_JOINED = 10


def _more_words(conn: Connection, site: Site, callback_id: int, most: int | None) -> list[MoreWords]:
    """The newest first, and one beyond as many as are wanted if there is one."""
    asked = select(
        _C.id, _C.public_id, _C.reference, _C.message_encrypted, _C.preferred_note_encrypted, FIRST_SENT.label("at")
    ).where(_C.duplicate_of_id == callback_id, _has_words(_C))
    asked = asked.order_by(_C.received_at.desc(), _C.id.desc()).limit(None if most is None else most + 1)
    found = []
    for row in conn.execute(asked):
        texts = tuple(text for name in ("preferred_note", "message") if (text := opened(site, row, name)))
        found.append(MoreWords(row.id, row.reference, row.at, texts))
    return found


MOST_LOOKS = 100
MOST_TOLD = 200


def _other_indexes(site: Site, row: Any) -> list[bytes]:
    """The hashes of its number under other live keys than the one it was stored by: mostly none."""
    return [index for index in phone_indexes(site, row) if index != row.phone_index]


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of what happened, newest first. ``before``: the instant the next, older page ends with; None: no more.

    ``until``: the instant this page ends with itself; None for the newest one.
    """

    entries: tuple[TimelineEntry, ...]
    before: datetime | None
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether something that happened then would stand on this page."""
        return (self.before is None or at > self.before) and (self.until is None or at <= self.until)


def timeline(
    conn: Connection, site: Site, callback_id: int, *, with_contact: bool, until: datetime | None = None,
    most: int = MOST_TOLD,
) -> Timeline:  # fmt: skip
    """What happened (looks apart) up to ``until``: entries of the record, notes and mails, some ``most`` of each.

    Where there are more of one kind, all kinds end at the same instant, so that nothing is missing in between, and what
    happened in one instant stands on one page.
    """
    asked = _Asked(conn, callback_id, until, most + 1)
    audits, mails = list(_audits(asked, site, with_contact)), list(_mails(asked))
    notes = list(_notes(asked, site)) if with_contact else []
    cuts = [kind[most].at for kind in (audits, mails, notes) if len(kind) > most]
    before = max(cuts, default=None)
    entries = [*audits, *mails]
    if with_contact:
        entries = _with_notes(entries, {note.details["note"]: note for note in notes})
    shown = [entry for entry in entries if not _is_told_by_its_row(entry)]
    kept = [entry for entry in shown if before is None or entry.at > before]
    if before is not None and not kept:  # more than a page of one kind in the same instant
        return timeline(conn, site, callback_id, with_contact=with_contact, until=until, most=2 * most)
    return Timeline(tuple(sorted(kept, key=lambda entry: entry.at, reverse=True)), before, until)


def looks(conn: Connection, callback_id: int, *, most: int = MOST_LOOKS) -> tuple[TimelineEntry, ...]:
    """Who has looked, newest first; one more than ``most`` says that there are more."""
    a, u = Audit.__table__.c, User.__table__.c
    asked = select(a.at, a.actor_kind, a.action, u.name).select_from(
        Audit.__table__.outerjoin(User.__table__, u.id == a.actor_id)
    )
    asked = asked.where(a.callback_id == callback_id, a.action.in_(LOOKS)).order_by(a.id.desc()).limit(most + 1)
    return tuple(
        TimelineEntry(row.at, "audit", row.actor_kind, row.name or "", row.action, {}, None)
        for row in conn.execute(asked)
    )


def _is_told_by_its_row(entry: TimelineEntry) -> bool:
    """What became of a mail, which its own row tells; one that was withdrawn has none."""
    return entry.action.startswith("mail.") and entry.action != "mail.withdrawn"


def has_mail(conn: Connection, reference: str, public_id: str) -> bool:
    """Whether a mail is about the request with this reference."""
    o = OutboxMessage.__table__.c
    asked = select(o.id).join(CallbackRequest.__table__, _C.id == o.callback_id)
    return conn.execute(asked.where(o.public_id == public_id, _C.reference == reference)).first() is not None


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which entries: of which request, up to when, how many of each kind."""

    conn: Connection
    callback_id: int
    until: datetime | None
    most: int

    def newest(self, statement: Select[Any], callback_id: Any, at: Any, number: Any) -> Result[Any]:
        """Those of one table, newest first."""
        asked = statement.where(callback_id == self.callback_id)
        asked = asked.where(at <= self.until) if self.until else asked
        return self.conn.execute(asked.order_by(at.desc(), number.desc()).limit(self.most))


def _with_notes(entries: list[TimelineEntry], notes: dict[str, TimelineEntry]) -> list[TimelineEntry]:
    """The words of each note in place of the bare entry; those of a hand-off under the hand-off itself."""
    told = [
        replace(entry, text=note.text) if (note := notes.pop(entry.details.get("note", ""), None)) else entry
        for entry in entries
        if entry.action != "callback.noted" or entry.details  # of one on another request, joined to this one
    ]
    return [*told, *notes.values()]


def _audits(asked: _Asked, site: Site, with_contact: bool) -> Iterator[TimelineEntry]:
    """Entries of the record. Words typed about a request may hold its name or number."""
    a, t, u, c = Audit.__table__, AuditText.__table__, User.__table__, CallAttempt.__table__
    source = a.outerjoin(u, u.c.id == a.c.actor_id).outerjoin(t, t.c.audit_id == a.c.id)
    source = source.outerjoin(c, c.c.id == a.c.details["attempt_id"].as_integer())
    told = select(
        a.c.at, a.c.actor_kind, a.c.action, a.c.details, u.c.name, t.c.public_id, t.c.text_encrypted,
        c.c.started_at, c.c.next_at, c.c.override_reason, c.c.voicemail_rule, c.c.by_id,
    ).select_from(source).where(a.c.action.not_in(LOOKS))  # fmt: skip
    for row in asked.newest(told, a.c.callback_id, a.c.at, a.c.id):
        may_read = row.public_id and with_contact
        text = site.keyring.open("audit_text.text", row.public_id, row.text_encrypted) if may_read else None
        call = {"started_at": row.started_at, "next_at": row.next_at, "exception": row.override_reason, "by": row.by_id}
        call |= {"voicemail_rule": row.voicemail_rule}
        details = row.details | (call if row.started_at else {})
        kind = "attempt" if row.started_at else "audit"
        yield TimelineEntry(row.at, kind, row.actor_kind, row.name or "", row.action, details, text)


def _notes(asked: _Asked, site: Site) -> Iterator[TimelineEntry]:
    n, u = Note.__table__.c, User.__table__.c
    told = select(n.public_id, n.written_at, n.text_encrypted, u.name, is_taken_back().label("is_taken_back"))
    told = told.join(User.__table__, u.id == n.by_id)
    for row in asked.newest(told, n.callback_id, n.written_at, n.id):
        text = site.keyring.open("note.text", row.public_id, row.text_encrypted)
        details = {"note": row.public_id, "is_taken_back": row.is_taken_back}
        yield TimelineEntry(row.written_at, "note", "person", row.name, "callback.noted", details, text)


def _mails(asked: _Asked) -> Iterator[TimelineEntry]:
    """As they stand now, at the instant of what became of them."""
    o = OutboxMessage.__table__.c
    at = func.coalesce(o.sent_at, o.dead_at, o.created_at)
    told = select(o.public_id, o.kind, o.recipient, o.state, at.label("at"), o.attempt_count, o.last_error)
    for row in asked.newest(told, o.callback_id, at, o.id):
        details = {"public_id": row.public_id, "state": row.state, "recipient": row.recipient}
        details |= {"tries": row.attempt_count, "error": row.last_error}
        yield TimelineEntry(row.at, "mail", "system", "", row.kind, details, None)
