"""Which entries of the record are asked for: the filter as an address holds it, as a query takes it, and on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from intake.queries.audit import Filter
from intake.queries.search import reference_in
from intake.rules.permissions import ActorKind
from intake.wording.record import GROUPS, Group, actions_in
from intake.wording.translation import gettext

_KINDS = {"visitor": ActorKind.VISITOR, "service": ActorKind.SYSTEM}
_LONGEST_ID = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the fields, as it came, and what is wrong with it by field."""

    person: str
    reference: str
    group: str
    since: str
    until: str
    errors: dict[str, str]
    which: Filter

    @property
    def address(self) -> dict[str, str]:
        """The filter for a link."""
        named = {"person": self.person, "ref": self.reference, "kind": self.group, "from": self.since, "to": self.until}
        return {name: value for name, value in named.items() if value}

    @property
    def on_record(self) -> dict[str, Any]:
        """The filter for the record: ids, a reference, a group and days, nothing typed freely."""
        which = self.which
        actor = which.actor.value if isinstance(which.actor, ActorKind) else which.actor
        told = {
            "person": actor, "reference": which.reference, "group": self.group if which.actions else "",
            "since": which.since.isoformat() if which.since else "",
            "until": which.until.isoformat() if which.until else "",
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}


def read(fields: MultiDict[str, str], zone: str) -> Asked:
    """What was asked for. What makes no sense is said at its field, and nothing is filtered by it."""
    person, typed, group, since, until = (
        fields.get(name, "").strip() for name in ("person", "ref", "kind", "from", "to")
    )
    errors: dict[str, str] = {}
    reference = reference_in(typed[:100]) or ""
    if typed and not reference:
        errors["ref"] = gettext("A reference looks like K7M-4QX")
    start, end = _day(since, "from", errors), _day(until, "to", errors)
    if start and end and end < start:
        errors["to"] = gettext("This day is before the first one")
    which = Filter(
        actor=_actor(person),
        reference=reference,
        actions=actions_in(Group(group)) if group in GROUPS else (),
        since=_midnight(start, zone),
        until=_midnight(end + timedelta(days=1), zone) if end else None,
    )
    return Asked(person, reference or typed, group, since, until, errors, which)


def _actor(person: str) -> int | ActorKind | None:
    if person.isascii() and person.isdigit() and len(person) <= _LONGEST_ID:
        return int(person)
    return _KINDS.get(person)


def _day(typed: str, field: str, errors: dict[str, str]) -> date | None:
    try:
        found = date.fromisoformat(typed) if typed else None
    except ValueError:
        found = date.min
    if found is not None and not 1971 < found.year < 9999:
        errors[field] = gettext("Write the day like 2026-11-18")
        return None
    return found


def _midnight(day: date | None, zone: str) -> datetime | None:
    """When a day begins in the office's zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) if day else None
