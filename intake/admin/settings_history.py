"""What was set before: every version of every setting, who made it, when, and what was different."""

from __future__ import annotations

import heapq
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import routing_words, script_words, settings_alerts
from intake.admin.base import request_time
from intake.admin.settings import TABS, SettingsView, pairs, signed, told
from intake.admin.settings_words import Change
from intake.database import reading
from intake.queries import calendar as calendars
from intake.queries import people, rule_versions
from intake.queries.calendar import Calendar, Version
from intake.queries.rule_versions import Replaced, RuleKind
from intake.rules.alerting import AlertRules
from intake.rules.call_script import CallScript
from intake.rules.routing import Routing

PAGE = 20
_PLACE = re.compile(r"([1-9][0-9]{0,8}|0|-)\.([1-9][0-9]{0,8}|0|-)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: below these ids, of versions of the calendar and of the rules; None: with the newest."""

    calendar_id: int | None = None
    rules_id: int | None = None

    @classmethod
    def read(cls, text: str) -> Place:
        """What the address names; the newest page where it names none."""
        found = _PLACE.fullmatch(text)
        return cls(*(None if part == "-" else int(part) for part in found.groups())) if found else cls()

    def __str__(self) -> str:
        return ".".join("-" if part is None else str(part) for part in (self.calendar_id, self.rules_id))


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. ``tab``: the page of the settings, where the words do not say it themselves; ``next``: what follows.

    ``changes`` may be empty where ``is_looked_at``, and of the first version of all, which nobody made.
    ``at``: when; ``head``: who and when in words.
    """

    at: datetime
    head: str
    tab: str
    changes: list[Change]
    next: Place
    is_looked_at: bool = False


class HistoryPages(SettingsView):
    """Versions are never changed: what was promised by one is measured by it for good."""

    @expose("/history")
    def history(self) -> ResponseReturnValue:
        """Newest first, a page at a time."""
        place = Place.read(request.args.get("before", ""))
        with reading() as conn:
            calendar = calendars.versions(conn, before=place.calendar_id, limit=PAGE + 2)
            rules = rule_versions.of_every_kind(conn, before=place.rules_id, limit=PAGE + 1)
            names = people.names(conn) if rules else {}
        sides = (
            [_of_calendar(*pair) for pair in pairs(calendar, PAGE + 1)],
            [_of_rules(one, names) for one in rules],
        )
        found = list(islice(heapq.merge(*sides, key=lambda entry: entry.at, reverse=True), PAGE + 1))
        return self.show("history", entries=found[:PAGE], older=_below(place, found[:PAGE]) if found[PAGE:] else None)


def _below(place: Place, shown: list[Entry]) -> Place:
    """Where the next page begins: of either kind below the last that was shown, if any was."""
    calendar_id, rules_id = place.calendar_id, place.rules_id
    for entry in shown:
        calendar_id = calendar_id if entry.next.calendar_id is None else entry.next.calendar_id
        rules_id = rules_id if entry.next.rules_id is None else entry.next.rules_id
    return Place(calendar_id, rules_id)


def _of_calendar(version: Version, replaced: Calendar) -> Entry:
    head, changes = told(version, replaced)
    return Entry(version.created_at, head, "", changes, Place(calendar_id=version.calendar.id), bool(version.author))


def _of_rules(one: Replaced, names: Mapping[int, str]) -> Entry:
    at = one.rules.created_at or request_time()
    tab = str(dict(TABS)[one.kind.value])
    return Entry(at, signed(one.rules.author, at), tab, _changes(one, names), Place(rules_id=one.rules.id))


def _changes(one: Replaced, names: Mapping[int, str]) -> list[Change]:
    before, after = one.before, one.rules.document
    match one.kind:
        case RuleKind.ALERTS:
            rules = AlertRules.from_document
            return settings_alerts.changes(rules(before), rules(after), names)
        case RuleKind.ROUTING:
            return routing_words.changes(Routing.from_document(before), Routing.from_document(after), names)
        case RuleKind.SCRIPT:
            return script_words.changes(CallScript.from_document(before), CallScript.from_document(after))
