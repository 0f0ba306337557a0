"""People who sign in, their roles, their live sign-ins and the counters that slow guessing down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security import RoleMixin, UserMixin
from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from intake.models.base import Base, BigId, Instant
from intake.rules.permissions import Actor, ActorKind, Permission, permissions_of
from intake.rules.preferences import Preferences, from_document

user_role = Table(
    "user_role",
    Base.metadata,
    Column("user_id", ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id"), primary_key=True),
)


class Role(Base, RoleMixin):
    """A name for a set of rights; the rights themselves are in ``rules.permissions``."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(16), unique=True)


class User(Base, UserMixin):
    """A named account. Nobody shares one."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    on_shift_since: Mapped[datetime | None] = mapped_column(Instant)
    # How this person likes to work (rules.preferences); NULL is the standard.
    preferences: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    roles: Mapped[list[Role]] = relationship(secondary=user_role, lazy="selectin")  # type: ignore[assignment]

    @property
    def permissions(self) -> frozenset[Permission]:
        """Every right this person holds."""
        return permissions_of(role.name for role in self.roles)

    @property
    def actor(self) -> Actor:
        """This person as services and the record know them."""
        return Actor(ActorKind.PERSON, self.id, self.name, self.permissions)

    @property
    def prefers(self) -> Preferences:
        """How this person likes to work."""
        return from_document(self.preferences)


class SignIn(Base):
    """One live session. Only its digest is stored; ending the row ends the session on the server.

    ``browser`` is a coarse label (``rules.browser``), never what the browser says of itself.
    """

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_user_id", "user_id"),)

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    sid_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    browser: Mapped[str | None] = mapped_column(String(32))
    started_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_reason: Mapped[str | None] = mapped_column(String(16))


class Invitation(Base):
    """A link by which a person chooses a password, the first one or a new one. Only its digest is stored.

    It works once and until ``expires_at``; of several only the newest, since making one revokes those before it.
    """

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_user_id", "user_id"),)

    id: Mapped[BigId]
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class Throttle(Base):
    """How often something was tried in a window. Keys are keyed hashes, never addresses."""

    __tablename__ = "throttle"
    __table_args__ = (Index("ix_throttle_window_started_at", "window_started_at"),)

    key: Mapped[bytes] = mapped_column(LargeBinary(33), primary_key=True)
    window_started_at: Mapped[datetime] = mapped_column(Instant)
    count: Mapped[int] = mapped_column(Integer, default=0)
