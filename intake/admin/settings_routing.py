"""Routing: the rules that give requests away, the teams they name, and a trial that says which rule decides and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import routing_words
from intake.admin import settings_words as words
from intake.admin.base import acting, needs, request_time
from intake.admin.outcome_form import Typed
from intake.admin.settings import SettingsView, seen_version
from intake.admin.settings_example import asked_for
from intake.admin.settings_targets import read_number
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import people, rule_versions
from intake.queries import routing as routing_queries
from intake.queries.rule_versions import RuleKind
from intake.rules.hours import HoursError, HoursProblem
from intake.rules.permissions import Permission
from intake.rules.routing import (
    LONGEST_NAME,
    LONGEST_SOURCE,
    MOST,
    MOST_RULES,
    MOST_TEAMS,
    Arrival,
    Load,
    Routing,
    Rule,
    Team,
    When,
    of_person,
    of_team,
)
from intake.rules.typed_hours import read_clock, write_clock
from intake.services import rule_versions as versions
from intake.services.errors import ChangedError
from intake.wording.translation import gettext


@dataclass(frozen=True, slots=True)
class Trial:
    """A request as it might come, the rule that decides, and for each rule why it does not fit."""

    values: Mapping[str, str]
    said: str
    is_given: bool
    winner: int | None
    misses: Mapping[int, str]


class RoutingPages(SettingsView):
    """Each button saves one thing; the first rule that fits decides."""

    @expose("/routing")
    def routing(self) -> ResponseReturnValue:
        """Rules and teams; with ``rule`` or ``team``, one of them in the form; with ``on``, the trial."""
        stored, version, names = self._stored()
        values = _rule_written(stored, request.args.get("rule", "")) | _team_written(
            stored, request.args.get("team", "")
        )
        return self._routing(stored, version, names, values)

    @expose("/routing", methods=("POST",))
    @needs(Permission.SETTINGS)
    def save_routing(self) -> ResponseReturnValue:
        """Save, move or take away one rule or team, or the most that a person is given."""
        typed = self.typed()
        stored, version, names = self._stored()
        act = _ACTS.get(request.form.get("do", ""))
        if act is None:
            abort(404)
        wanted = act(typed, stored, names)
        values = dict(typed.values) | {"members": ",".join(request.form.getlist("member"))}
        if wanted is None or typed.errors:
            return self._routing(stored, version, names, values, code=422, errors=typed.errors)
        changed = routing_words.changes(stored, wanted, names)
        said, seen = words.sentence(changed), seen_version(typed) or 0
        try:
            versions.change(
                current_site(), acting(), RuleKind.ROUTING, wanted.to_document(), seen=seen, words=said,
                now=request_time(),
            )  # fmt: skip
        except ChangedError:
            return self._routing(stored, version, names, values, code=409, theirs=[], changed=changed)
        return self.saved("routing", said)

    def _stored(self) -> tuple[Routing, int, dict[int, str]]:
        with reading() as conn:
            found = rule_versions.current(conn, RuleKind.ROUTING)
            names = {person.id: person.name for person in people.calling(conn)}
        return Routing.from_document(found.document), found.id, names

    def _routing(
        self, stored: Routing, version: int, names: Mapping[int, str], values: Mapping[str, str], **more: Any
    ) -> ResponseReturnValue:
        errors = more.setdefault("errors", {})
        return self.show(
            "routing",
            **more,
            version=version,
            values=values,
            rules=[(rule, routing_words.sentence(stored, rule, names)) for rule in stored.rules],
            teams=[
                (team.number, team.name, routing_words.members(stored, team.number, names)) for team in stored.teams
            ],
            most=stored.most,
            bounds=MOST,
            people=sorted(names.items(), key=lambda each: each[1]),
            chosen=values.get("members", "").split(","),
            receivers=_receivers(stored, names),
            languages=routing_words.LANGUAGES.items(),
            openings=[(when.value, said) for when, said in routing_words.OPEN.items()],
            week=[(str(index), words.weekday(index)) for index in range(7)],
            trial=self._trial(stored, names, errors),
            lengths=(LONGEST_NAME, LONGEST_SOURCE),
        )

    def _trial(self, routing: Routing, names: Mapping[int, str], errors: dict[str, str]) -> Trial:
        now, given = request_time(), request.args
        with reading() as conn:
            hours, loads = calendars.current(conn, current_site()).hours, routing_queries.loads(conn, now)
        try:
            at = asked_for(given["on"], given.get("at", ""), hours.zone, now) if given.get("on") else now
        except ValueError:
            errors["on"], at = gettext("Enter a date and a time"), now
        arrival = Arrival.of(given.get("language", "en"), given.get("source", "").strip(), at, hours)
        wall, winner = arrival.at, routing.winner(arrival)
        return Trial(
            {"language": arrival.language, "source": arrival.source, "on": f"{wall:%Y-%m-%d}", "at": f"{wall:%H:%M}"},
            f"{routing_words.opening(arrival, hours)} {_told(routing, winner, names, loads)}",
            winner is not None and routing.turn(winner, loads) is not None,
            winner.number if winner else None,
            {rule.number: routing_words.misses(rule.misses(arrival)) for rule in routing.rules},
        )


def _told(routing: Routing, winner: Rule | None, names: Mapping[int, str], loads: Sequence[Load]) -> str:
    if winner is None:
        return gettext("No rule fits: it stays in the queue for everybody.")
    said = {"number": winner.number, "why": routing_words.conditions(winner)}
    who = routing_words.outcome(routing, winner, loads, names)
    return gettext("Rule %(number)s is the first that fits (%(why)s). %(who)s", who=who, **said)


def _receivers(routing: Routing, names: Mapping[int, str]) -> list[tuple[str, str]]:
    teams = [(of_team(team.number), gettext("team %(team)s", team=team.name)) for team in routing.teams]
    return teams + sorted(((of_person(user_id), name) for user_id, name in names.items()), key=lambda each: each[1])


def _rule_written(routing: Routing, number: str) -> dict[str, str]:
    rule = next((rule for rule in routing.rules if str(rule.number) == number), None)
    if rule is None:
        return {}
    values = {"rule": number, "to": rule.to, "language": rule.language, "source": rule.source, "when": rule.when.value}
    if rule.start is not None and rule.end is not None:
        values |= {"start": write_clock(rule.start), "end": write_clock(rule.end)}
    return values | {f"day_{day}": "1" for day in rule.days}


def _team_written(routing: Routing, number: str) -> dict[str, str]:
    team = next((team for team in routing.teams if str(team.number) == number), None)
    return {"team": number, "name": team.name, "members": ",".join(map(str, team.members))} if team else {}


def _save_rule(typed: Typed, routing: Routing, names: Mapping[int, str]) -> Routing | None:
    """A new rule at the end, or another one in the place of the one that is changed."""
    numbers = [rule.number for rule in routing.rules]
    if typed.text("to") not in dict(_receivers(routing, names)):
        typed.errors["to"] = gettext("Choose a team or a person")
    start, end = _times(typed)
    if len(numbers) >= MOST_RULES and not typed.text("rule"):
        typed.errors["to"] = gettext("No more than %(most)s rules: take one away first", most=MOST_RULES)
    if typed.errors:
        return None
    is_there = typed.text("rule") in map(str, numbers)
    rule = Rule(
        number=int(typed.text("rule")) if is_there else max(numbers, default=0) + 1,
        to=typed.text("to"),
        language=typed.text("language") if typed.text("language") in routing_words.LANGUAGES else "",
        source=typed.text("source")[:LONGEST_SOURCE],
        when=When(typed.text("when")) if typed.text("when") in set(When) else When.ANY,
        days=tuple(day for day in range(7) if typed.values.get(f"day_{day}")),
        start=start,
        end=end,
    )
    rules = tuple(rule if each.number == rule.number else each for each in routing.rules)
    return replace(routing, rules=rules if is_there else (*rules, rule))


def _times(typed: Typed) -> tuple[int | None, int | None]:
    start, end = (typed.text(name)[:5] for name in ("start", "end"))
    if not (start or end):
        return None, None
    try:
        times = read_clock("start", start), read_clock("end", end)
    except HoursError:
        typed.errors["start"] = words.problem(HoursError("start", "half", HoursProblem.HALF_RANGE))
        return None, None
    if times[0] == times[1]:
        typed.errors["start"] = gettext("The two times must differ")
    return times


def _rule_up(typed: Typed, routing: Routing, _: Mapping[int, str]) -> Routing:
    rules = list(routing.rules)
    place = next((place for place, rule in enumerate(rules) if str(rule.number) == typed.text("rule")), 0)
    if place:
        rules[place - 1 : place + 1] = rules[place], rules[place - 1]
    return replace(routing, rules=tuple(rules))


def _remove_rule(typed: Typed, routing: Routing, _: Mapping[int, str]) -> Routing:
    return replace(routing, rules=tuple(rule for rule in routing.rules if str(rule.number) != typed.text("rule")))


def _save_team(typed: Typed, routing: Routing, names: Mapping[int, str]) -> Routing | None:
    numbers = [team.number for team in routing.teams]
    members = tuple(user_id for user_id in names if str(user_id) in request.form.getlist("member"))
    if not typed.text("name"):
        typed.errors["name"] = gettext("Enter a name for the team")
    if not members:
        typed.errors["member"] = gettext("Choose at least one person")
    if len(numbers) >= MOST_TEAMS and not typed.text("team"):
        typed.errors["name"] = gettext("No more than %(most)s teams: take one away first", most=MOST_TEAMS)
    if typed.errors:
        return None
    is_there = typed.text("team") in map(str, numbers)
    number = int(typed.text("team")) if is_there else _next_team(routing)
    team = Team(number, typed.text("name")[:LONGEST_NAME], members)
    teams = tuple(team if each.number == number else each for each in routing.teams)
    return replace(routing, teams=teams if is_there else (*teams, team))


def _next_team(routing: Routing) -> int:
    return max((team.number for team in routing.teams), default=0) + 1


def _remove_team(typed: Typed, routing: Routing, _: Mapping[int, str]) -> Routing | None:
    kept = tuple(team for team in routing.teams if str(team.number) != typed.text("team"))
    if any(rule.to == f"team:{typed.text('team')}" for rule in routing.rules):
        typed.errors["teams"] = gettext("A rule gives requests to that team: change the rule first")
        return None
    return replace(routing, teams=kept)


def _save_most(typed: Typed, routing: Routing, _: Mapping[int, str]) -> Routing | None:
    most = read_number(typed, "most", *MOST)
    return None if most is None else replace(routing, most=most)


_ACTS: Mapping[str, Callable[[Typed, Routing, Mapping[int, str]], Routing | None]] = {
    "rule": _save_rule, "up": _rule_up, "remove_rule": _remove_rule,
    "team": _save_team, "remove_team": _remove_team, "most": _save_most,
}  # fmt: skip
