"""Whether a sign-in is still live, and what is needed to check a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from intake.models import SecondFactor, SignIn, User
from intake.queries import leases

LOCKED_AFTER = timedelta(minutes=15)
"""A session without a request by hand for this long opens nothing until the password is given again."""

LONGEST_QUIET = timedelta(minutes=60)
"""A session without a request by hand for this long is over (polling does not count)."""

LONGEST_SESSION = timedelta(hours=12)
"""Nobody stays signed in longer than a shift."""

_SIGN_IN = SignIn.__table__.c
_USER = User.__table__.c
_FACTOR = SecondFactor.__table__.c


@dataclass(frozen=True, slots=True)
class LiveSignIn:
    """A session that may go on. ``has_lost``: its person has still to be told of a request they lost (``leases``)."""

    id: int
    user_id: int
    last_seen_at: datetime
    has_second_factor: bool
    has_lost: bool

    def is_locked(self, now: datetime) -> bool:
        """Whether it lay idle for so long that the password is asked for. The row says so, whatever a browser shows."""
        return now - self.last_seen_at >= LOCKED_AFTER


@dataclass(frozen=True, slots=True)
class OwnSignIn:
    """One of a person's live sessions, as they see it themself."""

    id: int
    browser: str | None
    started_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is checked against."""

    user_id: int
    password: str | None = field(repr=False)
    is_active: bool


class Ending(StrEnum):
    """Why a session is over, as the sign-in page tells it."""

    IDLE = "idle"
    TOO_LONG = "too_long"
    WRONG_UNLOCK = "wrong_unlock"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Over:
    """A session that is over. ``is_noted``: its row says so already."""

    user_id: int
    why: Ending
    is_noted: bool


def live(conn: Connection, sid_hash: bytes, *, now: datetime) -> LiveSignIn | None:
    """The session with this digest, unless it was ended, lay idle, is too old, or its person was disabled."""
    query = (
        select(
            _SIGN_IN.id,
            _SIGN_IN.user_id,
            _SIGN_IN.last_seen_at,
            _FACTOR.secret_encrypted.is_not(None).label("has_factor"),
            leases.has_lost(_SIGN_IN.user_id).label("has_lost"),
        )
        .join_from(SignIn.__table__, User.__table__, _USER.id == _SIGN_IN.user_id)
        .outerjoin(SecondFactor.__table__, _FACTOR.user_id == _SIGN_IN.user_id)
        .where(_SIGN_IN.sid_hash == sid_hash, *going_on(now), _USER.active)
    )
    row = conn.execute(query).first()
    if row is None:
        return None
    return LiveSignIn(row.id, row.user_id, row.last_seen_at, bool(row.has_factor), bool(row.has_lost))


def going_on(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What holds for a session that was not ended, did not lie idle, and is not too old."""
    return (
        _SIGN_IN.ended_at.is_(None),
        _SIGN_IN.last_seen_at > now - LONGEST_QUIET,
        _SIGN_IN.started_at > now - LONGEST_SESSION,
    )


def live_of(conn: Connection, user_id: int, *, now: datetime, limit: int = 50) -> tuple[OwnSignIn, ...]:
    """A person's live sessions, the one used last first."""
    query = (
        select(_SIGN_IN.id, _SIGN_IN.browser, _SIGN_IN.started_at, _SIGN_IN.last_seen_at)
        .where(_SIGN_IN.user_id == user_id, *going_on(now))
        .order_by(_SIGN_IN.last_seen_at.desc(), _SIGN_IN.id.desc())
        .limit(limit)
    )
    return tuple(OwnSignIn(*row) for row in conn.execute(query))


def over(conn: Connection, sid_hash: bytes, *, now: datetime) -> Over | None:
    """Why this session is over; None when it was never there or goes on."""
    query = select(
        _SIGN_IN.user_id, _SIGN_IN.started_at, _SIGN_IN.last_seen_at, _SIGN_IN.ended_at, _SIGN_IN.ended_reason
    ).where(_SIGN_IN.sid_hash == sid_hash)
    row = conn.execute(query).first()
    if row is None:
        return None
    if row.ended_at is not None:
        why = Ending(row.ended_reason) if row.ended_reason in set(Ending) else Ending.ENDED
        return Over(row.user_id, why, is_noted=True)
    if row.last_seen_at <= now - LONGEST_QUIET:
        return Over(row.user_id, Ending.IDLE, is_noted=False)
    return Over(row.user_id, Ending.TOO_LONG, is_noted=False) if row.started_at <= now - LONGEST_SESSION else None


_CREDENTIALS = select(_USER.id, _USER.password, _USER.active)


def credentials(conn: Connection, email: str) -> Credentials | None:
    """The account with this email, whatever its case."""
    return _first(conn, _CREDENTIALS.where(_USER.email == email.lower()))


def credentials_of(conn: Connection, user_id: int) -> Credentials | None:
    """The account with this id."""
    return _first(conn, _CREDENTIALS.where(_USER.id == user_id))


def held_credentials_of(conn: Connection, user_id: int) -> Credentials | None:
    """Likewise; nobody changes the account until the transaction is over."""
    return _first(conn, _CREDENTIALS.where(_USER.id == user_id).with_for_update(key_share=True))


def _first(conn: Connection, asked: Select[Any]) -> Credentials | None:
    row = conn.execute(asked).first()
    return Credentials(*row) if row else None
