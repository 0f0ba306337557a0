"""Routing in plain words: what a rule asks for, whom it names, why it fits or not, and what was changed."""

from __future__ import annotations

from collections.abc import Mapping

from intake.admin.settings_words import Change, clock_words, weekday
from intake.rules.routing import Miss, Routing, Rule, When
from intake.wording.translation import gettext, lazy_gettext

LANGUAGES = {"en": lazy_gettext("English"), "es": lazy_gettext("Spanish")}
OPEN = {
    When.ANY: lazy_gettext("at any time"),
    When.OPEN: lazy_gettext("while we are open"),
    When.CLOSED: lazy_gettext("while we are closed"),
}
_MISSES = {
    Miss.LANGUAGE: lazy_gettext("another language"),
    Miss.SOURCE: lazy_gettext("another page"),
    Miss.OPEN: lazy_gettext("open or closed does not fit"),
    Miss.DAY: lazy_gettext("another day"),
    Miss.TIME: lazy_gettext("another time of day"),
}


def conditions(rule: Rule) -> str:
    """ "Spanish, from the page veterans, while we are open, on Monday, 9 am to 5 pm"; "every request"."""
    found = []
    if rule.language:
        found.append(str(LANGUAGES.get(rule.language, rule.language)))
    if rule.source:
        found.append(gettext("from the page %(page)s", page=rule.source))
    if rule.when is not When.ANY:
        found.append(str(OPEN[rule.when]))
    if rule.days:
        found.append(gettext("on %(days)s", days=", ".join(weekday(day) for day in rule.days)))
    if rule.start is not None and rule.end is not None:
        times = {"start": clock_words(rule.start), "end": clock_words(rule.end)}
        found.append(gettext("between %(start)s and %(end)s", **times))
    return ", ".join(found) or gettext("every request")


def receiver(routing: Routing, to: str, people: Mapping[int, str]) -> str:
    """The team or the person a rule names."""
    team = routing.team(to)
    if team is not None:
        return gettext("team %(team)s", team=team.name)
    names = [people.get(user_id, "") for user_id in routing.people(to)]
    return next(filter(None, names), gettext("somebody who is not here any more"))


def sentence(routing: Routing, rule: Rule, people: Mapping[int, str]) -> str:
    """What a rule does, on one line."""
    return gettext("%(what)s → %(who)s", what=conditions(rule), who=receiver(routing, rule.to, people))


def misses(found: tuple[Miss, ...]) -> str:
    """Why a rule does not fit; "" if it does."""
    return ", ".join(str(_MISSES[miss]) for miss in found)


def members(routing: Routing, number: int, people: Mapping[int, str]) -> str:
    """A team's people, by name."""
    team = next((team for team in routing.teams if team.number == number), None)
    if team is None:
        return gettext("none")
    names = sorted(people.get(user_id, gettext("somebody who is not here any more")) for user_id in team.members)
    return f"{team.name}: {', '.join(names)}"


def changes(before: Routing, after: Routing, people: Mapping[int, str]) -> list[Change]:
    """Everything that is different: rules by their number, their order, teams, and the most a person may hold."""
    found = []
    old, new = ({rule.number: rule for rule in routing.rules} for routing in (before, after))
    for number in sorted(old.keys() | new.keys()):
        if old.get(number) != new.get(number):
            was, now = (
                sentence(routing, rules[number], people) if number in rules else gettext("none")
                for routing, rules in ((before, old), (after, new))
            )  # fmt: skip
            found.append(Change(gettext("Rule %(number)s", number=number), was, now))
    kept = [[number for number in rules if number in old and number in new] for rules in (old, new)]
    if kept[0] != kept[1]:
        was, now = (", ".join(map(str, order)) for order in kept)
        found.append(Change(gettext("Order of the rules"), was, now))
    teams = [{team.number: team for team in routing.teams} for routing in (before, after)]
    for number in sorted(teams[0].keys() | teams[1].keys()):
        if teams[0].get(number) != teams[1].get(number):
            was, now = (members(routing, number, people) for routing in (before, after))
            found.append(Change(gettext("Team %(number)s", number=number), was, now))
    if before.most != after.most:
        found.append(Change(gettext("Most a person is given"), str(before.most), str(after.most)))
    return found
