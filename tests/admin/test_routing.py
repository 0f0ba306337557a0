"""The page of routing: rules and teams by plain forms, and a trial that says which rule decides and why."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from flask import Flask

from intake.database import reading
from intake.models import RuleVersion
from intake.queries import routing
from intake.queries.rule_versions import RuleKind
from intake.rules.permissions import Actor, ActorKind, permissions_of
from intake.rules.routing import Routing, Rule, Team, of_team
from intake.services import claims, rule_versions, shifts
from intake.services.routing import route_waiting
from tests.admin.desk import Desk, at, desk, words
from tests.making import ask, count, person, stored

ROUTING = "/admin/settings/routing"


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    return sqlite_app


@pytest.fixture
def maria(app: Flask, now: datetime) -> int:
    return person(app.extensions["intake"], "Maria", now=now).person_id


def at_work(user_id: int) -> Actor:
    return Actor(ActorKind.PERSON, user_id, "Maria", permissions_of(("staff",)))


def current() -> Routing:
    with reading() as conn:
        return routing.current(conn)


def press(desk: Desk, do: str, *, expect: int = 303, **fields: str) -> str:
    """A button of the page as it stands now."""
    html = desk.text(ROUTING)
    found = re.search(r'name="version" value="(\d+)"', html)
    answer = desk.post(ROUTING, **{"version": found[1] if found else "0", "do": do, **fields})
    assert answer.status_code == expect
    return answer.get_data(as_text=True) if expect != 303 else desk.text(ROUTING)


def with_rules(ada: Desk, maria: int) -> None:
    press(ada, "team", name="Español", member=str(maria))
    press(ada, "rule", language="es", to="team:1")
    press(ada, "rule", source="veterans", when="open", to=f"user:{maria}", start="09:00", end="17:00", day_0="1")


def test_teams_and_rules_are_saved_in_words_each_with_its_difference(ada: Desk, maria: int) -> None:
    text = words(press(ada, "team", name="Español", member=str(maria)))
    assert "Saved. Team 1: none → Español: Maria" in text
    text = words(press(ada, "rule", language="es", to="team:1"))
    assert "Saved. Rule 1: none → Spanish → team Español" in text
    more = {"source": "veterans", "when": "open", "start": "09:00", "end": "17:00", "day_0": "1"}
    text = words(press(ada, "rule", to=f"user:{maria}", **more))
    assert (
        "Rule 2 : from the page veterans, while we are open, on Monday, between 9 am and 5 pm → Maria" in text
        and count(RuleVersion) == 3
    )


def test_a_trial_says_which_rule_decides_and_why_the_others_do_not(ada: Desk, maria: int) -> None:
    with_rules(ada, maria)

    def told(query: str) -> str:
        return words(ada.text(f"{ROUTING}?{query}"))

    text = told("language=es&source=veterans&on=2026-11-23&at=10:00")
    assert "You are open then, by your opening hours (Mon 23 Nov 2026: 8 am to 8 pm). Rule 1 is the first" in text
    assert "that fits (Spanish). Maria is not on shift now." in text
    assert "Rule 1: decides" in text and "Rule 2: fits too, but a rule above it decides" in text
    text = told("language=en&source=Veterans&on=2026-11-23&at=10:00")
    assert "Rule 2 is the first that fits" in text and "Rule 1: does not fit: another language" in text
    text = told("language=en&source=veterans&on=2026-11-24&at=22:00")
    said = "You are closed then, by your opening hours (Tue 24 Nov 2026: 8 am to 8 pm). No rule fits"
    assert f"{said}: it stays in the queue for everybody." in text
    assert "does not fit: open or closed does not fit, another day, another time of day" in text


@pytest.mark.parametrize(
    ("on_shift", "held", "owner", "said"),
    [
        (("Maria",), {}, "Maria", "Maria of team Day: of those on shift now nobody holds less (0 of at most 2)"),
        (("Maria", "Dev"), {"Maria": 1}, "Dev", "It goes to Dev of team Day"),
        (("Maria",), {"Maria": 2}, None, "Maria holds 2 or more, and is given no more now. Dev is not on shift now."),
        ((), {}, None, "the first of them on shift with room for it gets it"),
    ],
)
def test_a_trial_says_what_routing_then_does(
    app: Flask, ada: Desk, maria: int, now: datetime, on_shift: tuple[str, ...], held: dict[str, int],
    owner: str | None, said: str,
) -> None:  # fmt: skip
    site = app.extensions["intake"]
    team = {"Maria": at_work(maria), "Dev": person(site, "Dev", now=now)}
    rules = Routing((Rule(1, of_team(1)),), (Team(1, "Day", tuple(who.person_id for who in team.values())),), most=2)
    rule_versions.change(site, ada.actor, RuleKind.ROUTING, rules.to_document(), seen=0, words="x", now=now)
    for name in on_shift:
        shifts.come(site, team[name], now=now)
    for name, count_held in held.items():
        for number in range(count_held):
            claims.claim(site, team[name], ask(site, now, phone=f"212-555-01{number:02}").reference, now=now)
    reference = ask(site, now, phone="212-555-0199").reference
    assert said in words(ada.text(ROUTING))
    route_waiting(site, now=now)
    assert stored(reference).assignee_id == (team[owner].person_id if owner else None)


def test_a_trial_of_a_rule_for_one_person_says_whether_they_are_there(
    app: Flask, ada: Desk, maria: int, now: datetime
) -> None:
    press(ada, "rule", to=f"user:{maria}")
    text = words(ada.text(ROUTING))
    assert "(every request). Maria is not on shift now. So it stays in the queue for everybody" in text
    assert "Unless somebody takes it before, Maria gets it once on shift with room for it." in text
    shifts.come(app.extensions["intake"], at_work(maria), now=now)
    assert "It goes to Maria, who is on shift now and holds 0 of at most 10." in words(ada.text(ROUTING))
    ada.post(f"/admin/people/{maria}/disable")
    assert "It names nobody who works here: the request stays in the queue" in words(ada.text(ROUTING))


def test_a_rule_is_moved_changed_and_taken_away(ada: Desk, maria: int) -> None:
    with_rules(ada, maria)
    assert "Saved. Order of the rules: 1, 2 → 2, 1" in words(press(ada, "up", rule="2"))
    assert [rule.number for rule in current().rules] == [2, 1]
    press(ada, "rule", rule="1", language="en", to="team:1")
    assert [(rule.number, rule.language) for rule in current().rules] == [(2, ""), (1, "en")]
    press(ada, "remove_rule", rule="2")
    press(ada, "rule", language="es", to="team:1")
    assert [rule.number for rule in current().rules] == [1, 2]


def test_a_team_that_a_rule_names_stays_until_the_rule_is_changed(ada: Desk, maria: int) -> None:
    with_rules(ada, maria)
    assert "change the rule first" in press(ada, "remove_team", expect=422, team="1")
    press(ada, "remove_rule", rule="1")
    press(ada, "remove_team", team="1")
    assert current().teams == ()


def test_the_form_holds_what_is_to_be_changed(ada: Desk, maria: int) -> None:
    with_rules(ada, maria)
    html = ada.text(f"{ROUTING}?rule=2")
    assert 'name="source" maxlength="32" value="veterans"' in html and "Change rule 2" in html
    assert f'value="{maria}" checked' in ada.text(f"{ROUTING}?team=1")


@pytest.mark.parametrize(
    ("do", "given", "field"),
    [
        ("rule", {"to": ""}, "to"),
        ("rule", {"to": "user:99"}, "to"),
        ("rule", {"to": "team:1", "start": "09:00"}, "start"),
        ("rule", {"to": "team:1", "start": "09:00", "end": "09:00"}, "start"),
        ("team", {"name": ""}, "name"),
        ("team", {"name": "Night"}, "member"),
        ("most", {"most": "0"}, "most"),
    ],
)
def test_a_mistake_is_named_at_its_field(ada: Desk, maria: int, do: str, given: dict[str, str], field: str) -> None:
    press(ada, "team", name="Day", member=str(maria))
    html = press(ada, do, expect=422, **given)
    assert f'href="#f-{field}"' in html and f'id="f-{field}"' in html and count(RuleVersion) == 1


def test_two_people_do_not_save_over_each_other(app: Flask, ada: Desk, maria: int, now: datetime) -> None:
    kim = desk(app, "Kim", "admin", now=now)
    ada.get(ROUTING)
    press(kim, "most", most="4")
    answer = ada.post(ROUTING, version="0", do="most", most="5")
    assert answer.status_code == 409 and current().most == 4
    assert "Most a person is given: before: 4 → now: 5" in words(answer.get_data(as_text=True))


def test_a_person_who_is_gone_is_said_to_be(app: Flask, ada: Desk, maria: int, now: datetime) -> None:
    with_rules(ada, maria)
    with at(now):
        ada.get(f"/admin/people/{maria}")
        ada.post(f"/admin/people/{maria}/disable")
    assert "somebody who is not here any more" in words(ada.text(ROUTING))


def test_a_button_there_is_not_is_not_found(ada: Desk) -> None:
    press(ada, "everything", expect=404)
    assert count(RuleVersion) == 0
