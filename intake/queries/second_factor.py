"""Second factors: who has one, what a code is checked against, and sign-ins that are halfway through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from intake.models import RecoveryCode, SecondFactor, SignInStep, User

LONGEST_STEP = timedelta(minutes=10)
"""So long after the password the code may come, and so long after it was proposed a new secret may be confirmed."""

_FACTOR = SecondFactor.__table__.c
_CODE = RecoveryCode.__table__.c
_STEP = SignInStep.__table__.c
_USER = User.__table__.c


@dataclass(frozen=True, slots=True)
class Factor:
    """One person's second factor, sealed. ``since`` is None while it is not set up."""

    since: datetime | None
    secret_encrypted: bytes | None = field(repr=False)
    last_step: int | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class Halfway:
    """Whose password was right, and what their code is checked against."""

    user_id: int
    email: str
    secret_encrypted: bytes = field(repr=False)
    last_step: int | None


def factor_of(conn: Connection, user_id: int) -> Factor | None:
    """This person's second factor; None if there never was one."""
    left = select(func.count()).where(_CODE.user_id == user_id, _CODE.used_at.is_(None)).scalar_subquery()
    query = select(_FACTOR.since, _FACTOR.secret_encrypted, _FACTOR.last_step, left.label("left"))
    row = conn.execute(query.where(_FACTOR.user_id == user_id)).first()
    return Factor(row.since, row.secret_encrypted, row.last_step, int(row.left)) if row else None


def proposed(conn: Connection, user_id: int, *, now: datetime) -> bytes | None:
    """The sealed secret that waits to be confirmed."""
    query = select(_FACTOR.proposed_encrypted).where(
        _FACTOR.user_id == user_id, _FACTOR.proposed_at > now - LONGEST_STEP
    )
    row = conn.execute(query).first()
    return row.proposed_encrypted if row else None


def halfway(conn: Connection, key_hash: bytes, *, now: datetime) -> Halfway | None:
    """The sign-in with this digest, unless it is too old, was used, or its person has left or has no factor now."""
    query = (
        select(_STEP.user_id, _USER.email, _FACTOR.secret_encrypted, _FACTOR.last_step)
        .join_from(SignInStep.__table__, User.__table__, _USER.id == _STEP.user_id)
        .join(SecondFactor.__table__, _FACTOR.user_id == _STEP.user_id)
        .where(
            _STEP.key_hash == key_hash,
            _STEP.started_at > now - LONGEST_STEP,
            _USER.active,
            _FACTOR.secret_encrypted.is_not(None),
        )
    )
    row = conn.execute(query).first()
    return Halfway(row.user_id, row.email, row.secret_encrypted, row.last_step) if row else None


def codes_left(conn: Connection, user_id: int) -> int:
    """How many recovery codes still work."""
    query = select(func.count()).where(_CODE.user_id == user_id, _CODE.used_at.is_(None))
    return int(conn.execute(query).scalar_one())
