"""Changing hours, target, calling rules and law: each change is a new version, and what an old one promised stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import NoResultFound

from intake.database import writing
from intake.ledger import audit
from intake.models import CalendarVersion
from intake.models.base import table_of
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries.calendar import Calendar
from intake.rules.calling_law import StateHours
from intake.rules.hours import Day, OpeningHours
from intake.rules.limits import CallingRules, wider
from intake.rules.permissions import Actor, Permission
from intake.rules.promise import ResponseTarget
from intake.services.errors import ChangedError

CALENDAR_LOCK = 0x696E7463
"""The PostgreSQL advisory lock of whoever changes the calendar: the next one sees what came of it."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day with hours of its own; ``spans`` () is closed, None takes it off the list."""

    day: date
    spans: Day | None
    reason: str = ""


def change_hours(
    site: Site, actor: Actor, hours: OpeningHours, *, seen: int | None, words: str, now: datetime
) -> Calendar:
    """Another week or zone; special days stay as they are. ``seen``: the version on the page this came from.

    The built-in week that nobody has looked at yet is kept as a version too: from then on somebody has.
    ``words``: the change as people read it, for the record. ChangedError if somebody else has set the week meanwhile,
    to something else than this.
    """

    def wanted(newest: Calendar) -> Calendar:
        return replace(newest, hours=replace(newest.hours, zone=hours.zone, weekly=hours.weekly))

    return _change(
        site, actor, wanted, calendars.week_of, seen, words, now, has_been_seen=calendars.has_looked_at_hours
    )


def change_days(
    site: Site, actor: Actor, days: Iterable[SpecialDay], *, seen: int | None, words: str, now: datetime
) -> Calendar:
    """Add, replace or remove special days; all others stay, whoever has set them meanwhile.

    ``seen`` and ``words`` as for the hours; ChangedError if somebody else has set or removed one of these meanwhile.
    """
    asked = tuple(days)

    def part(calendar: Calendar) -> tuple[object, ...]:
        special, reasons = dict(calendar.hours.special), dict(calendar.hours.reasons)
        return tuple((special.get(each.day), reasons.get(each.day)) for each in asked)

    return _change(site, actor, lambda newest: with_days(newest, asked), part, seen, words, now)


def with_days(calendar: Calendar, days: Iterable[SpecialDay]) -> Calendar:
    """The calendar with these special days added, replaced or removed."""
    special, reasons = dict(calendar.hours.special), dict(calendar.hours.reasons)
    for each in days:
        special.pop(each.day, None)
        reasons.pop(each.day, None)
        if each.spans is not None:
            special[each.day] = each.spans
            reasons |= {each.day: each.reason} if each.reason else {}
    hours = replace(calendar.hours, special=tuple(special.items()), reasons=tuple(sorted(reasons.items())))
    return replace(calendar, hours=hours)


def change_target(
    site: Site, actor: Actor, target: ResponseTarget, *, seen: int | None, words: str, now: datetime
) -> Calendar:
    """Another target. ``seen`` and ``words`` as for the hours; ChangedError if somebody else has set it meanwhile."""
    return _change(site, actor, lambda newest: replace(newest, target=target), lambda it: it.target, seen, words, now)


def change_calling(
    site: Site, actor: Actor, rules: CallingRules, *, seen: int | None, words: str, now: datetime
) -> Calendar:
    """Other calling rules. ValueError if they are wider than they may be; else as for the target."""
    actor.require(Permission.SETTINGS)
    if wider(rules):
        raise ValueError(f"wider than allowed: {', '.join(wider(rules))}")
    return _change(site, actor, lambda newest: replace(newest, calling=rules), lambda it: it.calling, seen, words, now)


def change_law(
    site: Site, actor: Actor, state: str, row: StateHours | None, *, seen: int | None, words: str, now: datetime
) -> Calendar:
    """Another row of the table of states, or the one we began with (None); all other states stay. Else as for the days.

    A row that is wider than the law cannot be made. LawError for a state there is not.
    """

    def wanted(newest: Calendar) -> Calendar:
        return replace(newest, law=newest.law.with_row(state, row))

    return _change(site, actor, wanted, lambda it: it.law.row(state), seen, words, now)


def _change(
    site: Site, actor: Actor, wanted: Callable[[Calendar], Calendar], part: Callable[[Calendar], object],
    seen: int | None, words: str, now: datetime, has_been_seen: Callable[[Connection, Site], bool] | None = None,
) -> Calendar:  # fmt: skip
    """Make ``wanted`` of what is in force, unless ``part`` of it is neither what was ``seen`` nor already as wanted.

    What is as it was makes no version, unless ``has_been_seen`` says that it is the first one.
    """
    actor.require(Permission.SETTINGS)
    with writing() as conn:
        newest = _newest(conn, site)
        after = wanted(newest)
        is_known = has_been_seen is None or has_been_seen(conn, site)
        if part(after) == part(newest) and is_known:
            return newest
        if part(_seen(conn, site, seen)) != part(newest):
            raise ChangedError
        return _store(conn, site, actor, newest, after, words, now)


def _newest(conn: Connection, site: Site) -> Calendar:
    """What is in force, with nobody else changing it until this is done (SQLite has one writer anyway)."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(CALENDAR_LOCK)))
    return calendars.current(conn, site)


def _seen(conn: Connection, site: Site, version: int | None) -> Calendar:
    try:
        return calendars.version(conn, site, version)
    except NoResultFound:
        raise ChangedError from None


def _store(
    conn: Connection, site: Site, actor: Actor, before: Calendar, after: Calendar, words: str, now: datetime
) -> Calendar:
    """The new version and its entry."""
    row = {**calendars.documents(after), "created_at": now, "created_by_id": actor.user_id}
    version = conn.execute(insert(table_of(CalendarVersion)).values(row).returning(CalendarVersion.id)).scalar_one()
    audit.record(
        conn, site, actor, "settings.calendar_changed",
        details={"version": version, "replaced": before.id}, typed=words, now=now,
    )  # fmt: skip
    return replace(after, id=version)
