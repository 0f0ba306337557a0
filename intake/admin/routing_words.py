"""Routing in plain words: what a rule asks for, whom it names, why it fits or not, and what was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intake.admin.settings_words import Change, clock_words, date_words, day_words, weekday
from intake.rules.hours import OpeningHours
from intake.rules.routing import Arrival, Away, Load, Miss, Routing, Rule, When
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


def opening(arrival: Arrival, hours: OpeningHours) -> str:
    """Whether you are open as a request comes, and the hours of that day which say so."""
    day = arrival.at.date()
    said = {"day": date_words(day), "hours": day_words(hours.spans(day))}
    if arrival.is_open:
        return gettext("You are open then, by your opening hours (%(day)s: %(hours)s).", **said)
    return gettext("You are closed then, by your opening hours (%(day)s: %(hours)s).", **said)


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


def outcome(routing: Routing, rule: Rule, loads: Sequence[Load], people: Mapping[int, str]) -> str:
    """Whom a rule gives a request to, with these people on shift, and why; or what happens since it is nobody."""
    turn, team = routing.turn(rule, loads), routing.team(rule.to)
    if turn is not None:
        said = {"who": people.get(turn.user_id, ""), "held": turn.held, "most": routing.most}
        if team is None:
            return gettext("It goes to %(who)s, who is on shift now and holds %(held)s of at most %(most)s.", **said)
        return gettext("It goes to %(who)s of team %(team)s: of those on shift now nobody holds less (%(held)s of at most %(most)s); of equals it is whoever has waited longest.", team=team.name, **said)  # fmt: skip  # noqa: E501
    away = [(people[who], why) for who, why in routing.away(rule, loads).items() if who in people]
    if not away:
        return gettext("It names nobody who works here: the request stays in the queue for everybody.")
    stays = gettext("So it stays in the queue for everybody, and no rule below gets it.")
    who, _ = away[0]
    then = gettext("Unless somebody takes it before, %(who)s gets it once on shift with room for it.", who=who)
    if len(away) > 1:
        then = gettext("Unless somebody takes it before, the first of them on shift with room for it gets it.")
    return " ".join([*(_away(who, why, routing.most) for who, why in away), stays, then])


def _away(who: str, why: Away, most: int) -> str:
    if why is Away.OFF_SHIFT:
        return gettext("%(who)s is not on shift now.", who=who)
    return gettext("%(who)s holds %(most)s or more, and is given no more now.", who=who, most=most)


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
