"""The accounts as whoever looks after them sees them, and what the record says of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from intake.models import Audit, AuditText, CallbackRequest, Invitation, Role, SecondFactor, SignIn, User
from intake.models.people import user_role
from intake.models.records import IS_ABOUT_PEOPLE
from intake.models.site import Site
from intake.queries.casefile import TimelineEntry
from intake.queries.people import mark_of
from intake.queries.sign_in import LONGEST_QUIET, LONGEST_SESSION
from intake.rules.permissions import Role as RoleName

PAGE = 50

_USER = User.__table__.c
_LINK = Invitation.__table__.c
_SIGN_IN = SignIn.__table__.c
_FACTOR = SecondFactor.__table__.c


class PersonState(StrEnum):
    """Whether somebody can sign in, and why not."""

    ACTIVE = "active"
    INVITED = "invited"
    NO_LINK = "no_link"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """One account. ``link_until``: when the open link to choose a password runs out, or ran out unused.

    ``factor_since``: when the second factor was set up; None without one.
    """

    id: int
    name: str
    email: str
    roles: tuple[str, ...]
    is_active: bool
    has_password: bool
    created_at: datetime
    last_signed_in_at: datetime | None
    live_sign_ins: int
    link_until: datetime | None
    factor_since: datetime | None = None

    @property
    def mark(self) -> str:
        """Tells what can be edited from what it was before; see ``queries.people.Person.mark``."""
        return mark_of(self.name, self.roles)

    def has_link(self, now: datetime) -> bool:
        """Whether a link lies with them that still opens."""
        return self.is_active and self.link_until is not None and self.link_until > now

    def state(self, now: datetime) -> PersonState:
        """Where this account stands."""
        if not self.is_active:
            return PersonState.DISABLED
        if self.has_password:
            return PersonState.ACTIVE
        return PersonState.INVITED if self.has_link(now) else PersonState.NO_LINK


def page(conn: Connection, *, after: int | None = None, limit: int = PAGE, now: datetime) -> tuple[PersonEntry, ...]:
    """People by name, those who follow the person ``after``; an id stands in the address, never a name."""
    query = _entries(now).order_by(_USER.name, _USER.id).limit(limit)
    if after is not None:
        last = select(_USER.name).where(_USER.id == after).scalar_subquery()
        query = query.where(or_(_USER.name > last, and_(_USER.name == last, _USER.id > after)))
    return tuple(_entry(row) for row in conn.execute(query))


def one(conn: Connection, user_id: int, *, now: datetime) -> PersonEntry | None:
    """One account."""
    row = conn.execute(_entries(now).where(_USER.id == user_id)).first()
    return _entry(row) if row else None


def open_claims(conn: Connection, user_id: int) -> int:
    """How many open requests this person holds."""
    c = CallbackRequest.__table__.c
    held = select(func.count()).select_from(CallbackRequest.__table__)
    return int(conn.execute(held.where(c.assignee_id == user_id, c.closed_at.is_(None))).scalar_one())


def record_of(conn: Connection, site: Site, user_id: int, *, most: int = 20) -> tuple[TimelineEntry, ...]:
    """What was done to this account and by its person about accounts, newest first."""
    a, t = Audit.__table__, AuditText.__table__
    source = a.outerjoin(User.__table__, _USER.id == a.c.actor_id).outerjoin(t, t.c.audit_id == a.c.id)
    concerns: ColumnElement[bool] = or_(
        a.c.details["user_id"].as_integer() == user_id, and_(a.c.actor_id == user_id, a.c.action.in_(_OF_ONESELF))
    )
    asked: Select[Any] = select(
        a.c.at, a.c.actor_kind, a.c.action, a.c.details, _USER.name, t.c.public_id, t.c.text_encrypted
    )
    rows = conn.execute(asked.select_from(source).where(IS_ABOUT_PEOPLE, concerns).order_by(a.c.id.desc()).limit(most))
    return tuple(_told(site, row) for row in rows)


_OF_ONESELF = ("person.signed_in", "person.signed_out")
"""Entries without ``user_id``: they are about whoever did it."""


def _told(site: Site, row: Row[Any]) -> TimelineEntry:
    text = site.keyring.open("audit_text.text", row.public_id, row.text_encrypted) if row.public_id else None
    return TimelineEntry(row.at, "audit", row.actor_kind, row.name or "", row.action, row.details, text)


def _entries(now: datetime) -> Select[Any]:
    roles = func.aggregate_strings(Role.__table__.c.name, ",")
    live = and_(
        _SIGN_IN.ended_at.is_(None),
        _SIGN_IN.last_seen_at > now - LONGEST_QUIET,
        _SIGN_IN.started_at > now - LONGEST_SESSION,
    )
    of_theirs = _SIGN_IN.user_id == _USER.id
    is_open = and_(_LINK.user_id == _USER.id, _LINK.used_at.is_(None), _LINK.revoked_at.is_(None))
    held = user_role.join(Role.__table__)
    return select(
        _USER.id, _USER.name, _USER.email, _USER.active, _USER.password.is_not(None).label("has_password"),
        _USER.created_at,
        select(roles).select_from(held).where(user_role.c.user_id == _USER.id).scalar_subquery().label("roles"),
        select(func.max(_SIGN_IN.started_at)).where(of_theirs).scalar_subquery().label("last_signed_in_at"),
        select(func.count(_SIGN_IN.id)).where(of_theirs, live).scalar_subquery().label("live_sign_ins"),
        select(func.max(_LINK.expires_at)).where(is_open).scalar_subquery().label("link_until"),
        select(_FACTOR.since).where(_FACTOR.user_id == _USER.id).scalar_subquery().label("factor_since"),
    )  # fmt: skip


def _entry(row: Row[Any]) -> PersonEntry:
    held = set((row.roles or "").split(","))
    return PersonEntry(
        id=row.id,
        name=row.name,
        email=row.email,
        roles=tuple(role.value for role in RoleName if role.value in held),
        is_active=row.active,
        has_password=bool(row.has_password),
        created_at=row.created_at,
        last_signed_in_at=row.last_signed_in_at,
        live_sign_ins=row.live_sign_ins,
        link_until=row.link_until,
        factor_since=row.factor_since,
    )
