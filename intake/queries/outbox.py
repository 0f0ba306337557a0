"""The outbox as the panel lists it: the mails of one kind or state, newest first, and how sending stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Label, Row, ScalarSelect, Select, func, select

from intake.ledger import mail_channel, outbox
from intake.ledger.mail_channel import ChannelState
from intake.models import Audit, CallbackRequest, OutboxMessage
from intake.models.base import table_of
from intake.models.records import MailChannel, MailTry, OutboxState, TryOutcome
from intake.models.site import Site
from intake.queries.mail import staff_addresses
from intake.rules.mail_domain import masked

PAGE = 50
COUNTED_TO = 1000
LOOKED_THROUGH = 50_000
"""Mails that one page looks through for those it lists: an index on kinds would slow down storing every request."""
LAST_SENT_WITHIN = timedelta(days=7)
"""So far back the last mail that went out is looked for."""

_M, _C, _A, _CH, _Y = (model.__table__.c for model in (OutboxMessage, CallbackRequest, Audit, MailChannel, MailTry))
_TRIES = select(_Y.number, _Y.tried_at, _Y.outcome, _Y.answer, _Y.next_at, _Y.words)


class Shelf(StrEnum):
    """The lists of the outbox, as an address names them."""

    ALL = "all"
    WAITING = "waiting"
    DEAD = "gave-up"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, without an address. ``recipient`` and ``kind`` are codes; ``reference`` is empty for no request."""

    id: int
    public_id: str
    kind: str
    recipient: str
    reference: str
    state: OutboxState
    created_at: datetime
    next_at: datetime
    attempts: int
    sent_at: datetime | None
    dead_at: datetime | None
    reason: str
    callback_id: int | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """One try to send a mail. ``number`` begins anew when it is sent again by hand; ``words`` are what went out."""

    number: int
    tried_at: datetime
    outcome: TryOutcome
    answer: str
    next_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """Mails, newest first. ``older`` is the number before which to look on; None at the end."""

    mails: tuple[Mail, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How sending stands. Counts stop at COUNTED_TO + 1; ``due_since`` is when the first waiting mail may be tried."""

    waiting: int
    dead: int
    sent: int
    due_since: datetime | None
    newest_id: int
    last_sent_at: datetime | None
    channel: ChannelState


def standing(conn: Connection, *, now: datetime) -> Standing:
    """One statement of small reads, whatever the number of mails."""
    first = select(_M.available_at).where(outbox.IS_WAITING).order_by(_M.available_at, _M.id).limit(1)
    sent = select(_A.at).where(_A.action == "mail.sent", _A.at >= now - LAST_SENT_WITHIN)
    row = conn.execute(
        select(
            _count(outbox.IS_WAITING),
            _count(outbox.IS_DEAD),
            _count(_M.state == OutboxState.SENT),
            first.scalar_subquery(),
            select(func.max(_M.id)).scalar_subquery(),
            sent.order_by(_A.at.desc(), _A.id.desc()).limit(1).scalar_subquery(),
            *(
                select(column).limit(1).scalar_subquery()
                for column in (_CH.down_since, _CH.next_probe_at, _CH.last_error)
            ),
        )
    ).one()
    return Standing(int(row[0]), int(row[1]), int(row[2]), row[3], int(row[4] or 0), row[5], ChannelState(*row[6:9]))


def _count(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    some = select(_M.id).where(condition).limit(COUNTED_TO + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def page(conn: Connection, shelf: Shelf, *, kind: str = "", before: int, most: int = PAGE) -> Page:
    """Mails numbered below ``before``. A page may be short and still name an older place: it looks only so far back."""
    floor = max(before - LOOKED_THROUGH, 0) if shelf in (Shelf.ALL, Shelf.SENT) else 0
    asked = _asked(shelf).where(_M.kind == kind) if kind else _asked(shelf)
    rows = conn.execute(_between(asked, shelf, floor, before).limit(most + 1)).all()
    mails = tuple(_mail(row) for row in rows[:most])
    if len(rows) > most:
        return Page(mails, mails[-1].id)
    return Page(mails, floor if floor > 1 else None)


def one(conn: Connection, public_id: str) -> Mail | None:
    """The mail of this name."""
    row = conn.execute(_asked(Shelf.ALL).where(_M.public_id == public_id)).first()
    return _mail(row) if row else None


def tries(conn: Connection, mail: Mail) -> tuple[Try, ...]:
    """What came of it each time, the first one first; none for a mail from before they were kept."""
    rows = conn.execute(_TRIES.where(_Y.message_id == mail.id).order_by(_Y.id))
    return tuple(
        Try(row.number, row.tried_at, TryOutcome(row.outcome), row.answer or "", row.next_at, row.words or "")
        for row in rows
    )


def tries_about(conn: Connection, callback_id: int, *, most: int) -> dict[str, tuple[Try, ...]]:
    """What came of each try to send the mails about a request, by mail; without what they said. The last ``most``."""
    asked = select(_M.public_id, _Y.number, _Y.tried_at, _Y.outcome, _Y.answer, _Y.next_at)
    asked = asked.join(OutboxMessage.__table__, _M.id == _Y.message_id).where(_M.callback_id == callback_id)
    found: dict[str, tuple[Try, ...]] = {}
    for row in reversed(conn.execute(asked.order_by(_Y.id.desc()).limit(most)).all()):
        one = Try(row.number, row.tried_at, TryOutcome(row.outcome), row.answer or "", row.next_at, "")
        found[row.public_id] = (*found.get(row.public_id, ()), one)
    return found


def addresses(conn: Connection, site: Site, mail: Mail) -> tuple[str, ...]:
    """Where it would go now: whole for staff, masked for a visitor; empty when there is no address any more."""
    if mail.recipient == outbox.HOOK:
        return tuple(filter(None, [urlsplit(site.webhook_url).hostname]))
    if mail.recipient != "visitor":
        return staff_addresses(conn, site, mail.recipient)
    row = conn.execute(select(_C.public_id, _C.email_encrypted).where(_C.id == mail.callback_id)).first()
    address = site.keyring.open("callback_request.email", row.public_id, row.email_encrypted) if row else None
    return (masked(address),) if address else ()


def is_held(conn: Connection) -> bool:
    """Whether the mail server takes nothing at the moment."""
    return mail_channel.state(conn).down_since is not None


BADGE_COUNTED_TO = 100
"""A badge says no more."""


def given_up_column() -> Label[Any]:
    """How many mails were given up, as one value named ``given_up``: it reads a few places of a small index."""
    some = select(_M.id).where(outbox.IS_DEAD).limit(BADGE_COUNTED_TO).subquery()
    return select(func.count()).select_from(some).scalar_subquery().label("given_up")


def given_up(conn: Connection) -> int:
    """The same for a page that asks nothing else."""
    return int(conn.execute(select(given_up_column())).scalar_one())


def _asked(shelf: Shelf) -> Select[Any]:
    asked = select(
        _M.id, _M.public_id, _M.kind, _M.recipient, _C.reference, _M.state, _M.created_at, _M.available_at,
        _M.attempt_count, _M.sent_at, _M.dead_at, _M.last_error, _M.callback_id,
    ).select_from(table_of(OutboxMessage).outerjoin(table_of(CallbackRequest), _C.id == _M.callback_id))  # fmt: skip
    conditions = {
        Shelf.WAITING: outbox.IS_WAITING,
        Shelf.DEAD: outbox.IS_DEAD,
        Shelf.SENT: _M.state == OutboxState.SENT,
    }
    return asked.where(conditions[shelf]) if shelf in conditions else asked


def _between(asked: Select[Any], shelf: Shelf, floor: int, before: int) -> Select[Any]:
    """Newest first. Few mails wait among many: adding 0 keeps databases from walking all of them by number."""
    number = _M.id + 0 if shelf is Shelf.WAITING else _M.id
    return asked.where(number >= floor, number < before).order_by(number.desc())


def _mail(row: Row[Any]) -> Mail:
    return Mail(
        row.id, row.public_id, row.kind, row.recipient, row.reference or "", OutboxState(row.state), row.created_at,
        row.available_at, row.attempt_count, row.sent_at, row.dead_at, row.last_error or "", row.callback_id,
    )  # fmt: skip
