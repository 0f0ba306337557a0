"""What an account is made of: a clean name, an email and roles. And that there is always an administrator left."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import email_validator
from sqlalchemy import Connection, delete, insert, select

from intake.models import Role as RoleRow
from intake.models import User
from intake.models.people import user_role
from intake.models.site import Site
from intake.queries import people as queries
from intake.rules.permissions import Actor, ActorKind, Permission, Role
from intake.services.errors import NotFoundError, ServiceError

LONGEST_NAME = 100

_USER = User.__table__.c
_ROLE = RoleRow.__table__.c
_WORDS = {
    "email": "This is not an email address.",
    "name": f"Give a name of 1 to {LONGEST_NAME} characters.",
    "role": "Choose at least one role: " + ", ".join(Role) + ".",
    "exists": "Somebody with this email has an account already.",
    "self": "Nobody can disable their own account.",
    "self_role": "Nobody can take administration from themself. Another administrator can.",
    "self_auditor": "Nobody can make themself auditor. Another administrator can.",
    "last_admin": "This is the last administrator. Make somebody else administrator first.",
    "disabled": "This account is disabled. Enable it first.",
}


class PeopleError(ServiceError):
    """An account cannot be like this. ``code`` names the rule; the text says it plainly."""

    def __init__(self, code: str) -> None:
        super().__init__(_WORDS[code])
        self.code = code


def require_people(actor: Actor) -> None:
    """ForbiddenError unless this is the service itself or somebody who looks after accounts."""
    if actor.kind is not ActorKind.SYSTEM:
        actor.require(Permission.PEOPLE)


def clean_email(email: str) -> str:
    """As accounts are stored. PeopleError if it is none; whether it is read by anybody, the mail will show."""
    try:
        checked = email_validator.validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError as error:
        raise PeopleError("email") from error
    return checked.normalized.lower()


def clean_name(name: str) -> str:
    """On one line, without what nobody can see. PeopleError if nothing is left, or too much."""
    shown = "".join(char for char in name if not unicodedata.category(char).startswith("C"))
    cleaned = " ".join(unicodedata.normalize("NFC", shown).split())
    if not 0 < len(cleaned) <= LONGEST_NAME:
        raise PeopleError("name")
    return cleaned


def clean_roles(roles: Sequence[str]) -> tuple[Role, ...]:
    """Each role once. PeopleError if there is none, or one that nobody knows."""
    known = {role.value: role for role in Role}
    if not roles or any(role not in known for role in roles):
        raise PeopleError("role")
    return tuple(known[role] for role in dict.fromkeys(roles))


def faults(*, name: str, roles: Sequence[str], email: str | None = None) -> list[str]:
    """Every code of PeopleError that these values would meet, so that a form can name all of them at once."""
    checks: list[Callable[[], object]] = [lambda: clean_name(name), lambda: clean_roles(roles)]
    if email is not None:
        checks.insert(1, lambda: clean_email(email))
    return [code for check in checks if (code := _code_of(check))]


def _code_of(check: Callable[[], object]) -> str:
    try:
        check()
    except PeopleError as error:
        return error.code
    return ""


def own_names(site: Site, email: str, name: str) -> tuple[str, ...]:
    """What the password of this person must not be built from."""
    return email, email.partition("@")[0], name, site.provider_name, site.provider_short_name


def set_roles(conn: Connection, user_id: int, roles: Sequence[Role]) -> None:
    """These roles and no other."""
    conn.execute(delete(user_role).where(user_role.c.user_id == user_id))
    ids = {row.name: row.id for row in conn.execute(select(_ROLE.id, _ROLE.name))}
    for role in roles:
        if role.value not in ids:
            ids[role.value] = conn.execute(insert(RoleRow).values(name=role.value).returning(_ROLE.id)).scalar_one()
        conn.execute(insert(user_role).values(user_id=user_id, role_id=ids[role.value]))


def lock(conn: Connection, user_id: int) -> queries.Person:
    """The person, whose account nobody else changes until the transaction ends. NotFoundError if there is none.

    The lock lets others refer to the row (NO KEY UPDATE). Whoever would make this person the owner of a request waits
    (``locking.lock_to_take`` and its kin), and so does this for them: afterwards the account is as they find it.
    """
    conn.execute(select(_USER.id).where(_USER.id == user_id).with_for_update(key_share=True))
    return _found(conn, user_id)


def lock_among_all(conn: Connection, user_id: int) -> queries.Person:
    """Likewise, with everybody who is active: two administrators who put out each other at once must not both succeed.

    The second waits here and sees what the first did.
    """
    concerned = _USER.active | (_USER.id == user_id)
    conn.execute(select(_USER.id).where(concerned).order_by(_USER.id).with_for_update(key_share=True))
    return _found(conn, user_id)


def _found(conn: Connection, user_id: int) -> queries.Person:
    person = queries.by_id(conn, user_id)
    if person is None:
        raise NotFoundError
    return person


def ensure_an_administrator_besides(conn: Connection, person: queries.Person) -> None:
    """PeopleError if nobody else could let people in. Somebody who is invited and has not come yet cannot."""
    others = [admin for admin in queries.active_with(conn, Role.ADMIN) if admin.id != person.id]
    if person.is_active and Role.ADMIN in person.roles and not others:
        raise PeopleError("last_admin")
