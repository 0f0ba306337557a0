"""What is kept beside the requests: calendar and wording versions, the audit trail, the outbox and its channel."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, BigId, Instant, big_id, one_of
from intake.rules.permissions import ActorKind


class OutboxState(StrEnum):
    """Where a message stands on its way out."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"


class TryOutcome(StrEnum):
    """What came of one try to send a message. HELD: the server takes nothing at all, and no try is used up."""

    SENT = "sent"
    LATER = "later"
    DEAD = "dead"
    HELD = "held"


class CalendarVersion(Base):
    """Opening hours, target, calling rules and law from an instant on. Never edited: a change is a new row.

    ``law``: the rows of the table of states that are not as we began; None if all are.
    """

    __tablename__ = "calendar_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    hours: Mapped[dict[str, Any]] = mapped_column(JSON)
    target: Mapped[dict[str, Any]] = mapped_column(JSON)
    calling: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    law: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ConsentWording(Base):
    """A sentence visitors agreed to, word for word."""

    __tablename__ = "consent_wording"
    __table_args__ = (Index("uq_consent_wording_language_version", "language", "version", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    language: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


_BY_PERSON = text("actor_id IS NOT NULL")
IS_ABOUT_PEOPLE = text("substr(action, 1, 7) = 'person.'")
"""Entries about accounts. The index on them is partial, so that storing a request pays nothing for it."""


class Audit(Base):
    """Who did what, when, to which request. Append-only by trigger; holds ids and enum names, nothing personal."""

    __tablename__ = "audit"
    __table_args__ = (
        one_of("actor_kind", ActorKind),
        Index("ix_audit_callback_id", "callback_id", "id"),
        # A visitor's request has no actor: it pays for one of the two only.
        Index(
            "ix_audit_actor_id", "actor_id", "at", "id", "action", postgresql_where=_BY_PERSON, sqlite_where=_BY_PERSON
        ),
        Index("ix_audit_at", "at", "id", "action", "actor_kind"),
        Index("ix_audit_people", "id", postgresql_where=IS_ABOUT_PEOPLE, sqlite_where=IS_ABOUT_PEOPLE),
    )

    id: Mapped[BigId]
    at: Mapped[datetime] = mapped_column(Instant)
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    action: Mapped[str] = mapped_column(String(48))
    callback_id: Mapped[int | None] = mapped_column(big_id, ForeignKey("callback_request.id"))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    text_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class AuditSeal(Base):
    """Proof of the entries up to ``through_id``, chained on the seal before it. Append-only by trigger.

    ``id`` counts 1, 2, 3 … without gaps; ``entries`` is how many entries lie up to here, from the first one on.
    """

    __tablename__ = "audit_seal"

    id: Mapped[int] = mapped_column(big_id, primary_key=True, autoincrement=False)
    through_id: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime] = mapped_column(Instant)


class AuditText(Base):
    """Words typed for an audit entry: encrypted, redactable; the entry keeps HMAC(salt ‖ text)."""

    __tablename__ = "audit_text"

    audit_id: Mapped[int] = mapped_column(big_id, ForeignKey("audit.id"), primary_key=True, autoincrement=False)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    text_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)


_WAITING = text("state IN ('pending', 'leased')")
_DEAD = text("state = 'dead'")


class OutboxMessage(Base):
    """A mail to be sent: what about and to whom in words, never an address and nothing personal."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        one_of("state", OutboxState),
        Index("ix_outbox_message_waiting", "available_at", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),
        Index("ix_outbox_message_callback_id", "callback_id"),
        Index("ix_outbox_message_dead", "id", postgresql_where=_DEAD, sqlite_where=_DEAD),
    )

    id: Mapped[BigId]
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    recipient: Mapped[str] = mapped_column(String(32))
    callback_id: Mapped[int | None] = mapped_column(big_id, ForeignKey("callback_request.id"))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)
    available_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    lease_key: Mapped[str | None] = mapped_column(String(32))
    attempt_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    dead_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(200))


class MailTry(Base):
    """One try to send a message: what the server answered, what comes next, and the words of one that went out.

    ``words`` are subject and text without private links; ``answer`` is without addresses.
    """

    __tablename__ = "mail_try"
    __table_args__ = (one_of("outcome", TryOutcome), Index("ix_mail_try_message_id", "message_id", "id"))

    id: Mapped[BigId]
    message_id: Mapped[int] = mapped_column(big_id, ForeignKey("outbox_message.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(SmallInteger)
    tried_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str | None] = mapped_column(String(200))
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    words: Mapped[str | None] = mapped_column(Text)


class MailChannel(Base):
    """Whether the mail server answers. One row; a server that is down uses up no message's attempts."""

    __tablename__ = "mail_channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    down_since: Mapped[datetime | None] = mapped_column(Instant)
    next_probe_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(200))
