"""What a link to choose a password opens, and what became of the mail that brings it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from intake.ledger import mail_channel
from intake.models import Invitation, User
from intake.models.keyring import link_hash
from intake.queries import outbox

_LINK = Invitation.__table__.c
_USER = User.__table__.c


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """A link that may be used. ``invited_by`` is "" when nobody signed in made it; ``is_first``: no password yet."""

    id: int
    user_id: int
    name: str
    email: str
    is_first: bool
    invited_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationMail:
    """The mail with a link. ``is_held``: the mail server does not answer, so nothing goes out."""

    mail: outbox.Mail
    is_held: bool


def find(conn: Connection, token: str, *, now: datetime) -> OpenInvitation | None:
    """The link with this secret; None if it is wrong, used, revoked, too old, or its person is disabled."""
    inviter = User.__table__.alias("inviter")
    source = (
        Invitation.__table__.join(User.__table__, _USER.id == _LINK.user_id)
        .outerjoin(inviter, inviter.c.id == _LINK.invited_by_id)
    )  # fmt: skip
    query = (
        select(
            _LINK.id, _LINK.user_id, _USER.name, _USER.email, _USER.password.is_(None).label("is_first"),
            inviter.c.name.label("invited_by"), _LINK.expires_at,
        )
        .select_from(source)
        .where(
            _LINK.token_hash == link_hash(token), _LINK.used_at.is_(None), _LINK.revoked_at.is_(None),
            _LINK.expires_at > now, _USER.active,
        )
    )  # fmt: skip
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    return OpenInvitation(**{**row, "is_first": bool(row["is_first"]), "invited_by": row["invited_by"] or ""})


def newest_open(conn: Connection, user_id: int, *, now: datetime) -> str | None:
    """The public id of the newest link of a person that may still be used, from which the link itself is made."""
    is_open = (_LINK.user_id == user_id, _LINK.used_at.is_(None), _LINK.revoked_at.is_(None), _LINK.expires_at > now)
    return conn.execute(select(_LINK.public_id).where(*is_open).order_by(_LINK.id.desc()).limit(1)).scalar()


def mail_name(public_id: str) -> str:
    """What the mail with this link is called in the outbox: found without a search, and it tells nobody the id."""
    return hashlib.sha256(f"invitation {public_id}".encode()).hexdigest()[:32]


def mail_of(conn: Connection, user_id: int) -> InvitationMail | None:
    """The mail with the newest link that was neither used nor replaced, run out or not; None if there is none."""
    unused = (_LINK.user_id == user_id, _LINK.used_at.is_(None), _LINK.revoked_at.is_(None))
    public_id = conn.execute(select(_LINK.public_id).where(*unused).order_by(_LINK.id.desc()).limit(1)).scalar()
    mail = outbox.one(conn, mail_name(public_id)) if public_id else None
    return InvitationMail(mail, mail_channel.state(conn).down_since is not None) if mail else None
