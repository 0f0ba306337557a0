"""People: who works the queue, and who an email belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Label, Row, and_, select

from intake.models import Role, User
from intake.models.people import user_role
from intake.queries import side_lists
from intake.rules.permissions import Permission, permissions_of
from intake.rules.permissions import Role as RoleName
from intake.rules.routing import ON_SHIFT_FOR

_USER = User.__table__.c
_ROLE = Role.__table__.c
_HAS_COME = and_(_USER.active, _USER.password.is_not(None))


@dataclass(frozen=True, slots=True)
class Person:
    """A named account with its roles."""

    id: int
    name: str
    email: str
    roles: tuple[str, ...]
    is_active: bool = True
    has_password: bool = True

    @property
    def mark(self) -> str:
        """Tells one state of what can be edited from another, for a form that must not go over somebody's change."""
        return mark_of(self.name, self.roles)


def mark_of(name: str, roles: Iterable[str]) -> str:
    """16 hexadecimal digits that stand for a name and a set of roles."""
    return hashlib.sha256("|".join([name, *sorted(roles)]).encode()).hexdigest()[:16]


def working(conn: Connection) -> tuple[Person, ...]:
    """Active people who may work requests, by name; not those who are invited and have not come yet."""
    active = _people(conn, _HAS_COME)
    return tuple(person for person in active if Permission.WORK in permissions_of(person.roles))


def calling(conn: Connection) -> tuple[Person, ...]:
    """Those of them who may also see a number, and so call it."""
    return tuple(person for person in working(conn) if Permission.CONTACT in permissions_of(person.roles))


def names(conn: Connection) -> dict[int, str]:
    """Everybody by id, also who works here no more."""
    return {row.id: row.name for row in conn.execute(select(_USER.id, _USER.name))}


def named(conn: Connection, name: str, *which: ColumnElement[bool]) -> Label[Any]:
    """The people of whom this holds, id and name in the order of names, as one value of this name."""
    asked = select(_USER.id, _USER.name).where(*which)
    return side_lists.column(conn, name, asked.order_by(_USER.name, _USER.id).limit(200))


def may(*needed: Permission) -> ColumnElement[bool]:
    """Whether somebody is active, has come, and has a role that gives these rights."""
    roles = [role.value for role in RoleName if permissions_of([role.value]).issuperset(needed)]
    holding = select(user_role.c.user_id).join(Role.__table__, _ROLE.id == user_role.c.role_id)
    return and_(_HAS_COME, _USER.id.in_(holding.where(_ROLE.name.in_(roles))))


def is_there(now: datetime) -> ColumnElement[bool]:
    """Whether somebody said that they are on shift, and has not forgotten to say that they left."""
    return and_(_USER.on_shift_since > now - ON_SHIFT_FOR, _USER.on_shift_since <= now)


def read_named(value: Any) -> tuple[tuple[int, str], ...]:
    """What that column holds."""
    return tuple((int(key), str(name)) for key, name in side_lists.rows(value))


def names_of(conn: Connection, ids: Collection[int]) -> dict[int, str]:
    """What these people are called, also those who have left."""
    asked = select(_USER.id, _USER.name).where(_USER.id.in_(ids))
    return {row.id: row.name for row in conn.execute(asked)} if ids else {}


def by_email(conn: Connection, email: str) -> Person | None:
    """The person with this email, whatever its case; disabled ones too."""
    return next(iter(_people(conn, _USER.email == email.strip().lower())), None)


def by_id(conn: Connection, user_id: int) -> Person | None:
    """The person with this id; disabled ones too."""
    return next(iter(_people(conn, _USER.id == user_id)), None)


def active_with(conn: Connection, role: str) -> tuple[Person, ...]:
    """Active people who hold this role and have come, by name."""
    return tuple(person for person in _people(conn, _HAS_COME) if role in person.roles)


def holding(conn: Connection, right: Permission, ids: Iterable[int]) -> tuple[Person, ...]:
    """Those of them who are active, have come, and hold this right now, by name."""
    found = _people(conn, and_(_HAS_COME, _USER.id.in_(list(ids))))
    return tuple(person for person in found if right in permissions_of(person.roles))


def on_shift(conn: Connection, now: datetime) -> tuple[Person, ...]:
    """Active people who are on shift, by name."""
    return _people(conn, and_(_HAS_COME, is_there(now)))


def on_duty(conn: Connection, now: datetime) -> tuple[Person, ...]:
    """The managers who are on shift; all of them if none is."""
    present = tuple(person for person in on_shift(conn, now) if RoleName.MANAGER in person.roles)
    return present or active_with(conn, RoleName.MANAGER)


def any_person(conn: Connection) -> bool:
    """Whether there is an account at all."""
    return conn.execute(select(_USER.id).limit(1)).first() is not None


def _people(conn: Connection, which: ColumnElement[bool]) -> tuple[Person, ...]:
    query = (
        select(
            _USER.id, _USER.name, _USER.email, _USER.active, _USER.password.is_not(None).label("has_password"),
            _ROLE.name.label("role"),
        )
        .select_from(User.__table__.outerjoin(user_role).outerjoin(Role.__table__))
        .where(which)
        .order_by(_USER.name, _USER.id, _ROLE.name)
    )  # fmt: skip
    found: dict[int, list[Row[Any]]] = {}
    for row in conn.execute(query):
        found.setdefault(row.id, []).append(row)
    return tuple(_person(rows) for rows in found.values())


def _person(rows: list[Row[Any]]) -> Person:
    first, roles = rows[0], tuple(row.role for row in rows if row.role)
    return Person(first.id, first.name, first.email, roles, first.active, bool(first.has_password))
