"""The link by which a person chooses a password, the first one or a new one: made, sent, used once, revoked."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from intake.database import reading, writing
from intake.ledger import audit, outbox
from intake.models import Invitation, User
from intake.models.keyring import link_hash
from intake.models.site import Site
from intake.queries import invitations as queries
from intake.rules.permissions import Actor, ActorKind
from intake.services import accounts, passwords, sign_in
from intake.services.accounts import PeopleError
from intake.services.errors import NotFoundError

GOOD_FOR = timedelta(hours=72)
"""A link sent on a Friday evening still opens on Monday."""

_USER = User.__table__.c
_LINK = Invitation.__table__.c


def invite(site: Site, actor: Actor, *, email: str, name: str, roles: Sequence[str], now: datetime) -> int:
    """Make an account without a password, send its link by mail, and return its id. PeopleError says what is wrong."""
    accounts.require_people(actor)
    email, name, wanted = accounts.clean_email(email), accounts.clean_name(name), accounts.clean_roles(roles)
    row = {"email": email, "name": name, "active": True, "fs_uniquifier": secrets.token_hex(32), "created_at": now}
    try:
        with writing() as conn:
            user_id: int = conn.execute(insert(User).values(row).returning(_USER.id)).scalar_one()
            accounts.set_roles(conn, user_id, wanted)
            _send(conn, site, actor, user_id, is_first=True, now=now)
            details = {"user_id": user_id, "roles": [role.value for role in wanted]}
            audit.record(conn, site, actor, "person.invited", details=details, now=now)
    except IntegrityError as error:
        raise PeopleError("exists") from error
    return user_id


def send_link(site: Site, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Send a new link and make those before it worthless. The old password, if there is one, works until it is used."""
    accounts.require_people(actor)
    with writing() as conn:
        person = accounts.lock(conn, user_id)
        if not person.is_active:
            raise PeopleError("disabled")
        revoke(conn, user_id, now=now)
        _send(conn, site, actor, user_id, is_first=not person.has_password, now=now)
        audit.record(conn, site, actor, "person.link_sent", details={"user_id": user_id}, now=now)


def _send(conn: Connection, site: Site, actor: Actor, user_id: int, *, is_first: bool, now: datetime) -> None:
    """The secret itself is kept nowhere: whoever words the mail makes it again from the link's id."""
    public_id, until = uuid.uuid4().hex, now + GOOD_FOR
    row = {
        "public_id": public_id, "user_id": user_id, "invited_by_id": actor.user_id,
        "token_hash": link_hash(site.keyring.invitation_token(public_id)), "created_at": now, "expires_at": until,
    }  # fmt: skip
    conn.execute(insert(Invitation).values(row))
    details = {"invitation": public_id, "is_first": is_first, "until": until.isoformat()}
    name = queries.mail_name(public_id)
    outbox.enqueue(conn, "person.invite", f"user:{user_id}", details=details, now=now, public_id=name)


def revoke(conn: Connection, user_id: int, *, now: datetime) -> None:
    """Make every open link of a person worthless, inside the caller's transaction."""
    is_open = (_LINK.user_id == user_id, _LINK.used_at.is_(None), _LINK.revoked_at.is_(None))
    conn.execute(update(Invitation).where(*is_open).values(revoked_at=now))


def choose_password(site: Site, token: str, password: str, *, now: datetime) -> None:
    """Use a link: from now on this is the person's password, and whoever was signed in with the old one is out.

    NotFoundError when the link opens nothing (any more), PasswordError when the password is not good enough.
    """
    with reading() as conn:
        link = queries.find(conn, token, now=now)
    if link is None:
        raise NotFoundError
    passwords.check(password, names=accounts.own_names(site, link.email, link.name))
    stored = passwords.hashed(password)
    with writing() as conn:
        accounts.lock(conn, link.user_id)
        link = queries.find(conn, token, now=now)
        if link is None:  # used, revoked or disabled while the password was being made
            raise NotFoundError
        conn.execute(update(Invitation).where(_LINK.id == link.id).values(used_at=now))
        _keep(conn, site, link, stored, now)


def _keep(conn: Connection, site: Site, link: queries.OpenInvitation, stored: str, now: datetime) -> None:
    changes = {"password": stored, "fs_uniquifier": secrets.token_hex(32)}
    conn.execute(update(User).where(_USER.id == link.user_id).values(changes))
    ended = sign_in.end_all(conn, link.user_id, reason="password", now=now)
    themself = Actor(ActorKind.PERSON, link.user_id, link.name)
    details = {"user_id": link.user_id, "sign_ins": ended, "is_first": link.is_first}
    audit.record(conn, site, themself, "person.password_chosen", details=details, now=now)
    if not link.is_first:
        notice = {"notice": "reset_notice"}
        outbox.enqueue(conn, "person.security", f"user:{link.user_id}", details=notice, now=now)
