"""Accounts: making them, changing a password, disabling a person. Each ends the sessions it makes wrong."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime

import email_validator
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from intake.database import reading, writing
from intake.ledger import audit, outbox, throttle
from intake.models import Role as RoleRow
from intake.models import User
from intake.models.people import user_role
from intake.models.site import Site
from intake.queries import people as queries
from intake.queries import sign_in as sign_in_queries
from intake.rules.permissions import SYSTEM, Actor, ActorKind, Permission, Role
from intake.services import passwords, sign_in
from intake.services.errors import NotFoundError, ServiceError

_USER = User.__table__.c
_ROLE = RoleRow.__table__.c
_LONGEST_NAME = 100

_WORDS = {
    "email": "This is not an email address.",
    "name": f"Give a name of 1 to {_LONGEST_NAME} characters.",
    "role": "Choose at least one role: " + ", ".join(Role) + ".",
    "exists": "Somebody with this email has an account already.",
    "self": "Nobody can disable their own account.",
    "last_admin": "This is the last administrator. Make somebody else administrator first.",
}


class PeopleError(ServiceError):
    """An account cannot be like this. ``code`` names the rule; the text says it plainly."""

    def __init__(self, code: str) -> None:
        super().__init__(_WORDS[code])
        self.code = code


def create_user(
    site: Site,
    *,
    email: str,
    password: str,
    roles: Sequence[str],
    name: str = "",
    actor: Actor = SYSTEM,
    now: datetime,
) -> int:
    """Make an account and return its id. PeopleError or PasswordError say what is wrong with the values.

    Without a name the part of the email before the @ serves as one.
    """
    require_people(actor)
    email = _clean_email(email)
    name = _clean_name(name or email.partition("@")[0].replace(".", " ").title())
    wanted = _clean_roles(roles)
    passwords.check(password, names=_own_names(site, email, name))
    row = {
        "email": email, "name": name, "password": passwords.hashed(password), "active": True,
        "fs_uniquifier": secrets.token_hex(32), "created_at": now,
    }  # fmt: skip
    try:
        with writing() as conn:
            user_id: int = conn.execute(insert(User).values(row).returning(_USER.id)).scalar_one()
            _give_roles(conn, user_id, wanted)
            details = {"user_id": user_id, "roles": [role.value for role in wanted]}
            audit.record(conn, site, actor, "person.created", details=details, now=now)
    except IntegrityError as error:
        raise PeopleError("exists") from error
    return user_id


def require_people(actor: Actor) -> None:
    """The shell may look after accounts, and whoever holds the right."""
    if actor.kind is not ActorKind.SYSTEM:
        actor.require(Permission.PEOPLE)


def _clean_email(email: str) -> str:
    try:
        checked = email_validator.validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError as error:
        raise PeopleError("email") from error
    return checked.normalized.lower()


def _clean_name(name: str) -> str:
    shown = "".join(char for char in name if not unicodedata.category(char).startswith("C"))
    cleaned = " ".join(unicodedata.normalize("NFC", shown).split())
    if not 0 < len(cleaned) <= _LONGEST_NAME:
        raise PeopleError("name")
    return cleaned


def _clean_roles(roles: Sequence[str]) -> tuple[Role, ...]:
    known = {role.value: role for role in Role}
    if not roles or any(role not in known for role in roles):
        raise PeopleError("role")
    return tuple(known[role] for role in dict.fromkeys(roles))


def _own_names(site: Site, email: str, name: str) -> tuple[str, ...]:
    return email, email.partition("@")[0], name, site.provider_name, site.provider_short_name


def _give_roles(conn: Connection, user_id: int, roles: Sequence[Role]) -> None:
    ids = {row.name: row.id for row in conn.execute(select(_ROLE.id, _ROLE.name))}
    for role in roles:
        if role.value not in ids:
            ids[role.value] = conn.execute(insert(RoleRow).values(name=role.value).returning(_ROLE.id)).scalar_one()
        conn.execute(insert(user_role).values(user_id=user_id, role_id=ids[role.value]))


def change_password(site: Site, actor: Actor, *, current: str, new: str, now: datetime) -> None:
    """Replace one's own password; every session of the person ends, the one in use too.

    ``sign_in.NotMatchedError`` when ``current`` is wrong, ``sign_in.TooManyTriesError`` after many wrong ones,
    PasswordError when ``new`` is not good enough.
    """
    user_id = actor.person_id
    check_current(site, user_id, current, now)
    with reading() as conn:
        person = queries.by_id(conn, user_id)
    if person is None:
        raise NotFoundError
    passwords.check(new, names=_own_names(site, person.email, person.name))
    _keep_password(site, actor, user_id, passwords.hashed(new), now)


def check_current(site: Site, user_id: int, current: str, now: datetime) -> None:
    """A session left open must not serve to guess its password."""
    key = site.keyring.index_of("throttle", f"change|{user_id}")
    with writing() as conn:
        tally = throttle.add(conn, [key], now=now, window=sign_in.WINDOW)[key]
    if tally.count > sign_in.TRIES:
        raise sign_in.TooManyTriesError(tally.since + sign_in.WINDOW)
    with reading() as conn:
        found = sign_in_queries.credentials_of(conn, user_id)
    if not passwords.is_right(current, found.password if found else None):
        raise sign_in.NotMatchedError
    with writing() as conn:
        throttle.clear(conn, key)


def _keep_password(site: Site, actor: Actor, user_id: int, stored: str, now: datetime) -> None:
    with writing() as conn:
        changes = {"password": stored, "fs_uniquifier": secrets.token_hex(32)}
        conn.execute(update(User).where(_USER.id == user_id).values(changes))
        sign_in.end_all(conn, user_id, reason="password", now=now)
        outbox.enqueue(conn, "person.security", f"user:{user_id}", details={"notice": "change_notice"}, now=now)
        audit.record(conn, site, actor, "person.password_changed", details={"user_id": user_id}, now=now)


def disable(site: Site, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Nobody signs in with this account any more, and whoever is signed in is out with their next request."""
    require_people(actor)
    if actor.user_id == user_id:
        raise PeopleError("self")
    with writing() as conn:
        person = queries.by_id(conn, user_id)
        if person is None:
            raise NotFoundError
        _keep_an_administrator(conn, person)
        conn.execute(update(User).where(_USER.id == user_id).values(active=False))
        sign_in.end_all(conn, user_id, reason="disabled", now=now)
        audit.record(conn, site, actor, "person.disabled", details={"user_id": user_id}, now=now)


def _keep_an_administrator(conn: Connection, person: queries.Person) -> None:
    # Two administrators who disable each other at once must not both succeed: the second waits here and sees the first.
    conn.execute(select(_USER.id).where(_USER.active).order_by(_USER.id).with_for_update())
    others = [admin for admin in queries.active_with(conn, Role.ADMIN) if admin.id != person.id]
    if person.is_active and Role.ADMIN in person.roles and not others:
        raise PeopleError("last_admin")


def notify(user_id: int, notice: str, *, now: datetime) -> None:
    """Tell a person by mail that something about their sign-in changed."""
    with writing() as conn:
        outbox.enqueue(conn, "person.security", f"user:{user_id}", details={"notice": notice}, now=now)
