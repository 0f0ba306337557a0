"""Accounts: making and changing them, disabling a person, a new password. Each ends the sessions it makes wrong."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from intake.database import reading, writing
from intake.ledger import audit, outbox, throttle
from intake.models import User
from intake.models.site import Site
from intake.queries import people as queries
from intake.queries import sign_in as sign_in_queries
from intake.rules.permissions import SYSTEM, Actor, Permission, Role, permissions_of
from intake.services import accounts, claims, inviting, passwords, sign_in
from intake.services.accounts import PeopleError
from intake.services.errors import ChangedError, NotFoundError
from intake.services.sign_in import Proven

_USER = User.__table__.c


@dataclass(frozen=True, slots=True)
class Disabled:
    """What disabling a person ended: how many requests went back to the queue, how many sign-ins are over."""

    claims: int
    sign_ins: int


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
    accounts.require_people(actor)
    email = accounts.clean_email(email)
    name = accounts.clean_name(name or email.partition("@")[0].replace(".", " ").title())
    wanted = accounts.clean_roles(roles)
    passwords.check(password, names=accounts.own_names(site, email, name))
    row = {
        "email": email, "name": name, "password": passwords.hashed(password), "active": True,
        "fs_uniquifier": secrets.token_hex(32), "created_at": now,
    }  # fmt: skip
    try:
        with writing() as conn:
            user_id: int = conn.execute(insert(User).values(row).returning(_USER.id)).scalar_one()
            accounts.set_roles(conn, user_id, wanted)
            details = {"user_id": user_id, "roles": [role.value for role in wanted]}
            audit.record(conn, site, actor, "person.created", details=details, now=now)
    except IntegrityError as error:
        raise PeopleError("exists") from error
    return user_id


def change(
    site: Site, actor: Actor, user_id: int, *, name: str, roles: Sequence[str], expected_mark: str | None = None,
    now: datetime,
) -> None:  # fmt: skip
    """Another name, other roles, which count from the person's next request on.

    Whoever may not work the queue any more leaves nothing behind: what they had claimed goes back to it.

    PeopleError when a value is wrong, for one's own right to administer or to
    audit, and for the last administrator's right.
    ChangedError if the account is not what it was on the page this came from (``queries.people.Person.mark``).
    """
    accounts.require_people(actor)
    name, wanted = accounts.clean_name(name), accounts.clean_roles(roles)
    with writing() as conn:
        person = accounts.lock_among_all(conn, user_id)
        if expected_mark not in (None, person.mark):
            raise ChangedError
        if (name, set(wanted)) == (person.name, set(person.roles)):
            return
        if actor.user_id == user_id and Role.AUDITOR in set(wanted) - set(person.roles):
            raise PeopleError("self_auditor")
        if Role.ADMIN in person.roles and Role.ADMIN not in wanted:
            if actor.user_id == user_id:
                raise PeopleError("self_role")
            accounts.ensure_an_administrator_besides(conn, person)
        conn.execute(update(User).where(_USER.id == user_id).values(name=name))
        accounts.set_roles(conn, user_id, wanted)
        if Permission.WORK not in permissions_of(wanted):
            claims.give_back_all(conn, site, actor, user_id, reason="role_taken", now=now)
        details = {"user_id": user_id, "was": list(person.roles), "roles": [role.value for role in wanted]}
        typed = f"{person.name} → {name}" if name != person.name else None
        audit.record(conn, site, actor, "person.changed", details=details, typed=typed, now=now)


def change_password(site: Site, actor: Actor, *, current: str, new: str, now: datetime) -> Proven:
    """Replace one's own password; every session of the person ends, the one in use too. Who may go on in a new one.

    ``sign_in.NotMatchedError`` when ``current`` is wrong, ``sign_in.TooManyTriesError`` after many wrong ones,
    PasswordError when ``new`` is not good enough.
    """
    user_id = actor.person_id
    proven = check_current(site, user_id, current, now)
    with reading() as conn:
        person = queries.by_id(conn, user_id)
    if person is None:
        raise NotFoundError
    passwords.check(new, names=accounts.own_names(site, person.email, person.name))
    return _keep_password(site, actor, proven, passwords.hashed(new), now)


def check_current(site: Site, user_id: int, current: str, now: datetime) -> Proven:
    """A session left open must not serve to guess its password."""
    key = site.keyring.index_of("throttle", f"change|{user_id}")
    with writing() as conn:
        tally = throttle.add(conn, [key], now=now, window=sign_in.WINDOW)[key]
    if tally.count > sign_in.TRIES:
        raise sign_in.TooManyTriesError(tally.since + sign_in.WINDOW)
    with reading() as conn:
        found = sign_in_queries.credentials_of(conn, user_id)
    is_right = passwords.is_right(current, found.password if found else None)
    if found is None or not is_right:
        sign_in.note_refusal(site, user_id, now)
        raise sign_in.NotMatchedError
    with writing() as conn:
        throttle.clear(conn, key)
    return Proven(user_id, found.password)


def _keep_password(site: Site, actor: Actor, proven: Proven, stored: str, now: datetime) -> Proven:
    user_id = proven.user_id
    with writing() as conn:
        sign_in.ensure_still(conn, proven)
        changes = {"password": stored, "fs_uniquifier": secrets.token_hex(32)}
        conn.execute(update(User).where(_USER.id == user_id).values(changes))
        inviting.revoke(conn, user_id, now=now)
        sign_in.end_all(conn, user_id, reason="password", now=now)
        outbox.enqueue(conn, "person.security", f"user:{user_id}", details={"notice": "change_notice"}, now=now)
        audit.record(conn, site, actor, "person.password_changed", details={"user_id": user_id}, now=now)
    return Proven(user_id, stored)


def disable(site: Site, actor: Actor, user_id: int, *, now: datetime) -> Disabled:
    """Nobody signs in with this account any more, and whoever is signed in is out with their next request.

    What the person had claimed goes back to the queue, and a link that was sent to them opens nothing.
    """
    accounts.require_people(actor)
    if actor.user_id == user_id:
        raise PeopleError("self")
    with writing() as conn:
        person = accounts.lock_among_all(conn, user_id)
        if not person.is_active:
            return Disabled(0, 0)
        accounts.ensure_an_administrator_besides(conn, person)
        conn.execute(update(User).where(_USER.id == user_id).values(active=False))
        inviting.revoke(conn, user_id, now=now)
        sign_ins = sign_in.end_all(conn, user_id, reason="disabled", now=now)
        returned = claims.give_back_all(conn, site, actor, user_id, reason="disabled", now=now)
        details = {"user_id": user_id, "claims": returned, "sign_ins": sign_ins}
        audit.record(conn, site, actor, "person.disabled", details=details, now=now)
    return Disabled(returned, sign_ins)


def enable(site: Site, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Let a disabled person in again, with the password and the roles they had. What was ended stays ended."""
    accounts.require_people(actor)
    with writing() as conn:
        if accounts.lock(conn, user_id).is_active:
            return
        conn.execute(update(User).where(_USER.id == user_id).values(active=True))
        audit.record(conn, site, actor, "person.enabled", details={"user_id": user_id}, now=now)


def end_sign_ins(site: Site, actor: Actor, user_id: int, *, now: datetime) -> int:
    """Sign a person out everywhere; returns how many sign-ins that ended. They may sign in again at once."""
    accounts.require_people(actor)
    with writing() as conn:
        accounts.lock(conn, user_id)
        ended = sign_in.end_all(conn, user_id, reason="administrator", now=now)
        details = {"user_id": user_id, "sign_ins": ended}
        audit.record(conn, site, actor, "person.sign_ins_ended", details=details, now=now)
    return ended


def notify(user_id: int, notice: str, *, now: datetime) -> None:
    """Tell a person by mail that something about their sign-in changed."""
    with writing() as conn:
        outbox.enqueue(conn, "person.security", f"user:{user_id}", details={"notice": notice}, now=now)
