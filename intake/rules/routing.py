"""Who gets a new request: ordered rules by language, source and time, and whose turn it is; without a rule, nobody.

Staff pull from one queue. A rule makes an exception: the first one that fits decides, and names a person or a team.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from intake.rules.hours import OpeningHours, zone_info

ON_SHIFT_FOR = timedelta(hours=16)
"""Whoever came on shift longer ago has forgotten to leave it."""


def is_on_shift(since: datetime | None, now: datetime) -> bool:
    """Whether somebody who came at ``since`` (None: who left) is still there."""
    return since is not None and timedelta(0) <= now - since < ON_SHIFT_FOR


MOST = (1, 50)
"""What the most a person may hold may be set to."""

MOST_RULES, MOST_TEAMS, LONGEST_NAME, LONGEST_SOURCE = 30, 20, 40, 32
_TEAM, _USER = "team:", "user:"


class When(StrEnum):
    """Whether the office was open when the request came."""

    ANY = "any"
    OPEN = "open"
    CLOSED = "closed"


class Away(StrEnum):
    """Why somebody whom a rule names is given nothing."""

    OFF_SHIFT = "off_shift"
    FULL = "full"


class Miss(StrEnum):
    """Why a rule does not fit."""

    LANGUAGE = "language"
    SOURCE = "source"
    OPEN = "open"
    DAY = "day"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What rules go by. ``at``: when it came, on the office's clock; ``source``: the page's code, "" for none.

    ``is_open``: by the opening hours alone, whatever the law says of a call to that number then.
    """

    language: str
    source: str
    at: datetime
    is_open: bool

    @classmethod
    def of(cls, language: str, source: str, came_at: datetime, hours: OpeningHours) -> Arrival:
        """A request that came at that instant, with these opening hours in force."""
        return cls(language, source, came_at.astimezone(zone_info(hours.zone)), hours.is_open(came_at))


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that must all hold; "" and () ask for nothing. ``to``: ``user:5`` or ``team:2``.

    ``days``: Monday is 0. ``start`` and ``end``: minutes after midnight, both or neither; an end before its start is
    the next morning's. ``number`` stays with the rule wherever it is moved: the record names it.
    """

    number: int
    to: str
    language: str = ""
    source: str = ""
    when: When = When.ANY
    days: tuple[int, ...] = ()
    start: int | None = None
    end: int | None = None

    def misses(self, arrival: Arrival) -> tuple[Miss, ...]:
        """What does not fit, in the order of the conditions; () if the rule fits."""
        found = (
            (Miss.LANGUAGE, self.language in ("", arrival.language)),
            (Miss.SOURCE, self.source.casefold() in ("", arrival.source.casefold())),
            (Miss.OPEN, self.when is When.ANY or arrival.is_open == (self.when is When.OPEN)),
            (Miss.DAY, not self.days or arrival.at.weekday() in self.days),
            (Miss.TIME, self._has_hour(arrival.at.hour * 60 + arrival.at.minute)),
        )
        return tuple(miss for miss, fits in found if not fits)

    def _has_hour(self, minute: int) -> bool:
        if self.start is None or self.end is None:
            return True
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True)
class Team:
    """People who take turns. ``number`` stays with it when it is renamed."""

    number: int
    name: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Routing:
    """Everything that is set. ``most``: with so many open requests in hand nobody is given another."""

    rules: tuple[Rule, ...] = ()
    teams: tuple[Team, ...] = ()
    most: int = 10

    def winner(self, arrival: Arrival) -> Rule | None:
        """The first rule that fits; None leaves the request to whoever pulls it."""
        return next((rule for rule in self.rules if not rule.misses(arrival)), None)

    def turn(self, rule: Rule, loads: Iterable[Load]) -> Load | None:
        """Whom this rule gives a request to, of those who are on shift; None leaves it to whoever pulls it."""
        return in_turn(loads, self.people(rule.to), self.most)

    def away(self, rule: Rule, loads: Iterable[Load]) -> dict[int, Away]:
        """Those it names who can be given nothing, and why: all of them where it is nobody's turn."""
        held = {load.user_id: load.held for load in loads}
        return {
            who: Away.FULL if who in held else Away.OFF_SHIFT
            for who in self.people(rule.to)
            if held.get(who, self.most) >= self.most
        }

    def team(self, to: str) -> Team | None:
        """The team a rule names, if it names one that is there."""
        return next((team for team in self.teams if to == f"{_TEAM}{team.number}"), None)

    def people(self, to: str) -> tuple[int, ...]:
        """The ids of those a rule may give a request to."""
        team = self.team(to)
        if team:
            return team.members
        number = to.removeprefix(_USER)
        return (int(number),) if to.startswith(_USER) and number.isdecimal() else ()

    def to_document(self) -> dict[str, Any]:
        """A JSON-ready form."""
        teams = [{"number": each.number, "name": each.name, "members": list(each.members)} for each in self.teams]
        return {"most": self.most, "teams": teams, "rules": [_written(rule) for rule in self.rules]}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Routing:
        """The inverse; an empty document is no rule at all."""
        return cls(
            rules=tuple(_read(rule) for rule in document.get("rules", ())),
            teams=tuple(Team(it["number"], it["name"], tuple(it["members"])) for it in document.get("teams", ())),
            most=document.get("most", cls().most),
        )


def of_team(number: int) -> str:
    """How a rule names a team."""
    return f"{_TEAM}{number}"


def of_person(user_id: int) -> str:
    """How a rule names a person."""
    return f"{_USER}{user_id}"


@dataclass(frozen=True, slots=True)
class Load:
    """Somebody on shift: how many open requests they hold, and when they last got one."""

    user_id: int
    held: int
    last_at: datetime | None


def in_turn(loads: Iterable[Load], members: Iterable[int], most: int) -> Load | None:
    """Whose turn it is: of those on shift who may hold more, whoever holds least; of equals, who waited longest.

    Among people with equally much in hand that is a round. None if nobody is there, or all have their hands full.
    """
    asked = set(members)
    able = [load for load in loads if load.user_id in asked and load.held < most]
    return min(able, key=lambda it: (it.held, it.last_at is not None, it.last_at or 0, it.user_id), default=None)


def _written(rule: Rule) -> dict[str, Any]:
    return {
        "number": rule.number, "to": rule.to, "language": rule.language, "source": rule.source,
        "when": rule.when.value, "days": list(rule.days), "start": rule.start, "end": rule.end,
    }  # fmt: skip


def _read(found: Mapping[str, Any]) -> Rule:
    return Rule(**{**found, "when": When(found["when"]), "days": tuple(found["days"])})
