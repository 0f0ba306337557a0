"""People: who works the queue, and who an email belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from intake.models import Role, User
from intake.models.people import user_role
from intake.rules.permissions import Permission, permissions_of

_USER = User.__table__.c
_ROLE = Role.__table__.c


@dataclass(frozen=True, slots=True)
class Person:
    """A named account with its roles."""

    id: int
    name: str
    email: str
    roles: tuple[str, ...]
    is_active: bool = True


def working(conn: Connection) -> tuple[Person, ...]:
    """Active people who may work requests, by name."""
    active = _people(conn, _USER.active)
    return tuple(person for person in active if Permission.WORK in permissions_of(person.roles))


def calling(conn: Connection) -> tuple[Person, ...]:
    """Those of them who may also see a number, and so call it."""
    return tuple(person for person in working(conn) if Permission.CONTACT in permissions_of(person.roles))


def by_email(conn: Connection, email: str) -> Person | None:
    """The person with this email, whatever its case; disabled ones too."""
    return next(iter(_people(conn, _USER.email == email.strip().lower())), None)


def by_id(conn: Connection, user_id: int) -> Person | None:
    """The person with this id; disabled ones too."""
    return next(iter(_people(conn, _USER.id == user_id)), None)


def active_with(conn: Connection, role: str) -> tuple[Person, ...]:
    """Active people who hold this role, by name."""
    return tuple(person for person in _people(conn, _USER.active) if role in person.roles)


def any_person(conn: Connection) -> bool:
    """Whether there is an account at all."""
    return conn.execute(select(_USER.id).limit(1)).first() is not None


def _people(conn: Connection, which: ColumnElement[bool]) -> tuple[Person, ...]:
    query = (
        select(_USER.id, _USER.name, _USER.email, _USER.active, _ROLE.name.label("role"))
        .select_from(User.__table__.outerjoin(user_role).outerjoin(Role.__table__))
        .where(which)
        .order_by(_USER.name, _USER.id, _ROLE.name)
    )
    found: dict[int, list[tuple[int, str, str, bool, str | None]]] = {}
    for row in conn.execute(query):
        found.setdefault(row.id, []).append((row.id, row.name, row.email, row.active, row.role))
    return tuple(_person(rows) for rows in found.values())


def _person(rows: Iterable[tuple[int, str, str, bool, str | None]]) -> Person:
    rows = list(rows)
    user_id, name, email, is_active, _ = rows[0]
    return Person(user_id, name, email, tuple(role for *_, role in rows if role), is_active)
