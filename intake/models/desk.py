"""What working the queue together leaves behind: who looks, who skipped, what can be undone, what was told to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, BigId, Instant, big_id

_LINKED = text("unlinked_at IS NULL")
_UNSETTLED = text("settled_at IS NULL")


class RuleVersion(Base):
    """Rules of one kind (alerts, routing, script) from an instant on. Never edited: a change is a new row."""

    __tablename__ = "rule_version"
    __table_args__ = (Index("ix_rule_version_kind", "kind", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class Presence(Base):
    """Somebody has a request before their eyes. A row that is not renewed says nothing any more."""

    __tablename__ = "presence"
    __table_args__ = (Index("ix_presence_seen_at", "seen_at"),)

    callback_id: Mapped[int] = mapped_column(
        big_id, ForeignKey("callback_request.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class Skip(Base):
    """A request that somebody passed over, with a reason in the record: not offered to them until ``until_at``."""

    __tablename__ = "skip"

    callback_id: Mapped[int] = mapped_column(
        big_id, ForeignKey("callback_request.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    skipped_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime] = mapped_column(Instant)


class Lapse(Base):
    """A claim that ended without its holder's doing: it lapsed, or somebody took it away. Gone once they are told."""

    __tablename__ = "lapse"
    __table_args__ = (Index("ix_lapse_user_id", "user_id"),)

    callback_id: Mapped[int] = mapped_column(
        big_id, ForeignKey("callback_request.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # No foreign key: it would lock the account after the request, and who disables that person locks it before.
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lapsed_at: Mapped[datetime] = mapped_column(Instant)


class UndoStep(Base):
    """What somebody has just done, to one request or to several, and what it was before.

    ``items``: for each request its id, the version the deed led to, the columns as they were, and what was written
    beside it (``ledger.deeds.Item``). Of a person nothing but the keyed hash of a number that was barred or let go.
    """

    __tablename__ = "undo_step"
    __table_args__ = (Index("ix_undo_step_by_id", "by_id", "done_at"),)

    id: Mapped[BigId]
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(String(48))
    done_at: Mapped[datetime] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class UndoneAttempt(Base):
    """An outcome that was taken back as soon as it was logged. The attempt itself cannot change, so this stands beside.

    Whatever counts attempts leaves these out (``queries.calls.stands``).
    """

    __tablename__ = "undone_attempt"

    attempt_id: Mapped[int] = mapped_column(
        big_id, ForeignKey("call_attempt.id"), primary_key=True, autoincrement=False
    )
    undone_at: Mapped[datetime] = mapped_column(Instant)


class SavedView(Base):
    """A view of the queue under a name: what its address asks for. Shared ones are everybody's to open."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_owner_id", "owner_id"),)

    id: Mapped[BigId]
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(400))
    is_shared: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)


class DuplicateLink(Base):
    """Two requests of one person: ``callback_id`` waits no more, ``survivor_id`` stands for both, until unlinked.

    ``before``: the columns of both that the link changed, as they were. ``by_id`` is None where it was done by itself.
    """

    __tablename__ = "duplicate_link"
    __table_args__ = (
        Index(
            "uq_duplicate_link_callback_id",
            "callback_id",
            unique=True,
            postgresql_where=_LINKED,
            sqlite_where=_LINKED,
        ),
        Index("ix_duplicate_link_survivor_id", "survivor_id"),
    )

    id: Mapped[BigId]
    callback_id: Mapped[int] = mapped_column(big_id, ForeignKey("callback_request.id"))
    survivor_id: Mapped[int] = mapped_column(big_id, ForeignKey("callback_request.id"))
    linked_at: Mapped[datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    unlinked_at: Mapped[datetime | None] = mapped_column(Instant)
    unlinked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)


class Alert(Base):
    """Something somebody must be told: raised once for each occasion, told in a digest, settled by an attempt.

    ``due_at``: the promise it is about, so that a new one has alerts of its own. ``recipient`` as in the outbox
    ("user:5", "team"); ``number`` counts repetitions from 1.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index("uq_alert_occasion", "callback_id", "due_at", "kind", "recipient", "number", unique=True),
        Index("ix_alert_told", "recipient", "told_at"),
        Index(
            "ix_alert_unsettled",
            "recipient",
            "raised_at",
            "id",
            postgresql_where=_UNSETTLED,
            sqlite_where=_UNSETTLED,
        ),
    )

    id: Mapped[BigId]
    callback_id: Mapped[int] = mapped_column(big_id, ForeignKey("callback_request.id"))
    due_at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(24))
    recipient: Mapped[str] = mapped_column(String(32))
    number: Mapped[int] = mapped_column(SmallInteger, default=1)
    raised_at: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)


class Alarm(Base):
    """Something is not as it should be: no request for far too long, or messages that do not go out. Gone once over."""

    __tablename__ = "alarm"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    since_at: Mapped[datetime] = mapped_column(Instant)
    raised_at: Mapped[datetime] = mapped_column(Instant)
