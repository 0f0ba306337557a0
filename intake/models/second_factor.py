"""A person's second factor: the app's secret, recovery codes, and a sign-in that is halfway through."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, BigId, Instant


class SecondFactor(Base):
    """What a person's authenticator app shares with us, sealed. Without ``secret_encrypted`` it is not set up yet.

    ``last_step`` is the time step (30 s since 1970) of the last code that was taken: none up to it works again.
    """

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    secret_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    since: Mapped[datetime | None] = mapped_column(Instant)
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    proposed_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    proposed_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryCode(Base):
    """One way in without the app. Only a keyed digest is stored, and a used one stays used."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_user_id", "user_id"),)

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(33), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInStep(Base):
    """Somebody gave the right password and has still to give a code. It opens nothing, and goes when it is used."""

    __tablename__ = "sign_in_step"
    __table_args__ = (Index("ix_sign_in_step_user_id", "user_id"),)

    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    started_at: Mapped[datetime] = mapped_column(Instant)
