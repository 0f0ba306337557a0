"""The opening hours, target and wording in force."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, String, bindparam, case, or_, select

from intake.models import CalendarVersion, ConsentWording, User
from intake.models.site import Site
from intake.rules.calling import callable_hours
from intake.rules.calling_law import CALLING_LAW, CallingLaw
from intake.rules.hours import OpeningHours, Schedule, default_hours
from intake.rules.limits import STANDARD, CallingRules
from intake.rules.periods import Period
from intake.rules.promise import Aim, ResponseTarget

DEFAULT_ID = 0
"""The number under which the built-in default is stored once a promise is made by it: older than any change."""

LOOKED_THROUGH = 200
"""With so many versions somebody has surely looked at the hours."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of opening hours, target, calling rules and law. ``id`` is None for the built-in default."""

    id: int | None
    hours: OpeningHours
    target: ResponseTarget
    calling: CallingRules = STANDARD
    law: CallingLaw = CALLING_LAW

    def callable_hours(self, calling_key: str = "") -> Schedule:
        """When somebody may be called: office hours within the law's and the house's; "" is a number of any place."""
        return callable_hours(self.hours, calling_key, self.calling, self.law)


@dataclass(frozen=True, slots=True)
class Version:
    """A calendar with who made it and when (UTC); ``author`` is "" for the service itself."""

    calendar: Calendar
    created_at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class Consent:
    """The sentence a visitor agrees to."""

    id: int
    version: int
    text: str


@lru_cache(maxsize=256)
def parsed(
    hours: str, target: str, calling: str | None, law: str | None
) -> tuple[OpeningHours, ResponseTarget, CallingRules, CallingLaw]:
    """A version's JSON documents, read once for each wording of them.

    Without calling rules the widest hold, without a law the one we began with.
    """
    rules = CallingRules(**(json.loads(calling or "null") or {}))
    table = CallingLaw.from_document(json.loads(law or "null") or {})
    return OpeningHours.from_document(json.loads(hours)), ResponseTarget(**json.loads(target)), rules, table


def _calendar(row: Any) -> Calendar:
    return Calendar(row.id, *parsed(*(json.dumps(text) for text in (row.hours, row.target, row.calling, row.law))))


@lru_cache(maxsize=8)
def default_calendar(zone: str) -> Calendar:
    """What applies until somebody sets the hours."""
    return Calendar(None, default_hours(zone), ResponseTarget())


def documents(calendar: Calendar) -> dict[str, dict[str, Any] | None]:
    """The calendar as the columns of its row keep it."""
    target, calling = asdict(calendar.target), asdict(calendar.calling)
    law = calendar.law.to_document() or None
    return {"hours": calendar.hours.to_document(), "target": target, "calling": calling, "law": law}


_C = CalendarVersion.__table__.c
_U = User.__table__.c
_DOCUMENTS = (_C.id, _C.hours, _C.target, _C.calling, _C.law)
_NEWEST = select(*_DOCUMENTS).order_by(_C.id.desc()).limit(1)


_W = ConsentWording.__table__.c
_ASKED = bindparam("asked", type_=String)
_WORDING = (
    select(_W.id, _W.version, _W.text)
    .where(or_(_W.language == _ASKED, _W.language == "en"))
    .order_by(case((_W.language == _ASKED, 0), else_=1), _W.version.desc())
    .limit(1)
)


def current(conn: Connection, site: Site) -> Calendar:
    """The newest version, or the default for the site's zone."""
    row = conn.execute(_NEWEST).first()
    if row is None:
        return default_calendar(site.time_zone)
    return _calendar(row)


def version(conn: Connection, site: Site, calendar_id: int | None) -> Calendar:
    """The version a request was promised by."""
    if calendar_id is None:
        return default_calendar(site.time_zone)
    row = conn.execute(select(*_DOCUMENTS).where(_C.id == calendar_id)).one()
    return _calendar(row)


def versions(conn: Connection, *, before: int | None = None, after: int | None = None, limit: int) -> list[Version]:
    """What was in force, newest first: below ``before``, above ``after`` (both ids)."""
    asked = select(*_DOCUMENTS, _C.created_at, _U.name).outerjoin(User.__table__, _U.id == _C.created_by_id)
    asked = asked.where(_C.id < before) if before is not None else asked
    asked = asked.where(_C.id > after) if after is not None else asked
    return [
        Version(_calendar(row), row.created_at, row.name or "")
        for row in conn.execute(asked.order_by(_C.id.desc()).limit(limit))
    ]


MOST_IN_FORCE = 200


def in_force(conn: Connection, site: Site, days: Period) -> list[Version]:
    """What was in force on these days, newest first; the built-in default where nothing was set yet.

    At most MOST_IN_FORCE, the newest.
    """
    since, until = days.bounds(site.time_zone)
    asked = select(*_DOCUMENTS, _C.created_at, _U.name).outerjoin(User.__table__, _U.id == _C.created_by_id)
    asked = asked.where(_C.created_at < until).order_by(_C.id.desc()).limit(MOST_IN_FORCE)
    found: list[Version] = []
    for row in conn.execute(asked):
        found.append(Version(_calendar(row), row.created_at, row.name or ""))
        if row.created_at <= since:
            return found
    return found if len(found) == MOST_IN_FORCE else [*found, Version(default_calendar(site.time_zone), since, "")]


def aim(conn: Connection, site: Site, days: Period) -> Aim:
    """What was aimed at on these days."""
    return Aim.of([one.calendar.target for one in in_force(conn, site, days)])


def made(conn: Connection, ids: Collection[int]) -> dict[int, Version]:
    """These versions, by id."""
    asked = select(*_DOCUMENTS, _C.created_at, _U.name).outerjoin(User.__table__, _U.id == _C.created_by_id)
    return {
        row.id: Version(_calendar(row), row.created_at, row.name or "")
        for row in conn.execute(asked.where(_C.id.in_(ids)))
    }


def consent(conn: Connection, language: str) -> Consent:
    """The newest wording in this language, or in English where there is none yet."""
    row = conn.execute(_WORDING, {"asked": language}).one()
    return Consent(row.id, row.version, row.text)


def has_looked_at_hours(conn: Connection, site: Site) -> bool:
    """Whether a person has set the week, or has said of the built-in one that it may stay: a version like the last."""
    found, default = versions(conn, limit=LOOKED_THROUGH), default_calendar(site.time_zone)
    replaced = [*(one.calendar for one in found[1:]), default]
    pairs = [(one.calendar, before) for one, before in zip(found, replaced, strict=False) if one.author]
    return len(found) == LOOKED_THROUGH or any(
        week_of(now) != week_of(default) or documents(now) == documents(before) for now, before in pairs
    )


def week_of(calendar: Calendar) -> tuple[object, ...]:
    """What the page of opening hours sets; special days are set by another."""
    return calendar.hours.zone, calendar.hours.weekly
