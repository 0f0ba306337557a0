"""Requests given away by rule: to whoever is on shift, oldest first, once, and never what somebody gave back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.delivery.turns import all_turns
from intake.models import Audit, CallbackRequest, User
from intake.models.site import Site
from intake.queries.rule_versions import RuleKind
from intake.rules.permissions import Actor
from intake.rules.routing import Routing, Rule, Team, When, of_person, of_team
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.services import claims, people, rule_versions
from intake.services.routing import AT_A_TIME, route_waiting
from tests.making import actions, ask, count, mails, person, stored


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return on_shift(person(site, "Maria", now=now), now)


@pytest.fixture
def dev(site: Site, now: datetime) -> Actor:
    return on_shift(person(site, "Dev", now=now), now)


def on_shift(actor: Actor, since: datetime | None) -> Actor:
    with writing() as conn:
        conn.execute(update(User).where(User.__table__.c.id == actor.user_id).values(on_shift_since=since))
    return actor


def routed(site: Site, now: datetime, *rules: Rule, teams: tuple[Team, ...] = (), most: int = 10) -> Routing:
    """These rules, set by an administrator."""
    ada = person(site, "Ada", "admin", now=now)
    routing = Routing(rules, teams, most)
    rule_versions.change(site, ada, RuleKind.ROUTING, routing.to_document(), seen=0, words="rules", now=now)
    return routing


def several(site: Site, now: datetime, number: int) -> list[str]:
    """Requests of different people, the first the oldest."""
    start = now - timedelta(minutes=number)
    return [
        ask(site, start + timedelta(minutes=n), phone=f"212-555-01{n:02d}", name=f"Ana {n}").reference
        for n in range(number)
    ]


def owners(references: list[str]) -> list[int | None]:
    return [stored(reference).assignee_id for reference in references]


def test_without_a_rule_nobody_is_given_anything(site: Site, maria: Actor, now: datetime) -> None:
    reference = ask(site, now).reference
    assert route_waiting(site, now=now) == 0 and stored(reference).assignee_id is None


def test_a_team_takes_turns_the_oldest_first_and_each_is_told(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    routed(site, now, Rule(1, of_team(1)), teams=(Team(1, "Day", (maria.person_id, dev.person_id)),))
    asked = several(site, now, 4)
    assert route_waiting(site, now=now) == 4
    assert owners(asked) == [maria.user_id, dev.user_id, maria.user_id, dev.user_id]
    assert ("person.assigned", f"user:{maria.user_id}") in mails(asked[0])
    assert actions(asked[0])[-1] == "callback.routed"
    with reading() as conn:
        callback_id = stored(asked[1]).id
        entry = select(Audit.details).where(Audit.callback_id == callback_id, Audit.action == "callback.routed")
        assert conn.execute(entry).scalar_one() == {"to": dev.user_id, "rule": 1, "team": 1}
    assert route_waiting(site, now=now) == 0


def test_the_first_rule_that_fits_decides_even_if_its_people_are_away(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    routed(site, now, Rule(1, of_person(dev.person_id), source="veterans"), Rule(2, of_person(maria.person_id)))
    special = ask(site, now, source="veterans", phone="212-555-0101").reference
    on_shift(dev, None)
    other = ask(site, now, phone="212-555-0102").reference
    assert route_waiting(site, now=now) == 1
    assert owners([special, other]) == [None, maria.user_id]
    on_shift(dev, now)
    assert route_waiting(site, now=now) == 1 and owners([special]) == [dev.user_id]


@pytest.mark.parametrize(("hours", "is_there"), [(15.9, True), (16, False), (-0.1, False)])
def test_whoever_came_on_shift_sixteen_hours_ago_is_not_there(
    site: Site, maria: Actor, now: datetime, hours: float, is_there: bool
) -> None:
    routed(site, now, Rule(1, of_person(maria.person_id)))
    on_shift(maria, now - timedelta(hours=hours))
    ask(site, now)
    assert route_waiting(site, now=now) == int(is_there)


def test_nobody_is_given_more_than_they_may_hold(site: Site, maria: Actor, now: datetime) -> None:
    routed(site, now, Rule(1, of_person(maria.person_id)), most=2)
    asked = several(site, now, 3)
    assert route_waiting(site, now=now) == 2 and owners(asked) == [maria.user_id, maria.user_id, None]


def test_what_somebody_gave_back_is_everybodys(site: Site, maria: Actor, now: datetime) -> None:
    routed(site, now, Rule(1, of_person(maria.person_id)))
    reference = ask(site, now).reference
    route_waiting(site, now=now)
    claims.release(site, maria, reference, now=now)
    assert route_waiting(site, now=now) == 0 and stored(reference).assignee_id is None


def test_what_is_not_decided_or_not_due_yet_is_left_alone(site: Site, maria: Actor, now: datetime) -> None:
    routed(site, now, Rule(1, of_person(maria.person_id)))
    ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.1))
    later = ask(site, now, window=Window(now + timedelta(hours=2), now + timedelta(hours=4))).reference
    assert route_waiting(site, now=now) == 0
    assert route_waiting(site, now=now + timedelta(hours=2)) == 1 and owners([later]) == [maria.user_id]


def test_whether_the_office_was_open_is_that_of_the_arrival(site: Site, maria: Actor, now: datetime) -> None:
    routed(site, now, Rule(1, of_person(maria.person_id), when=When.CLOSED))
    night = now + timedelta(hours=11)
    reference = ask(site, night).reference
    ask(site, now, phone="212-555-0199")
    on_shift(maria, night)
    assert route_waiting(site, now=night + timedelta(hours=10)) == 1 and owners([reference]) == [maria.user_id]


def test_open_is_what_the_opening_hours_say_also_where_the_law_allows_no_call_yet(
    site: Site, maria: Actor, now: datetime
) -> None:
    routed(site, now, Rule(1, of_person(maria.person_id), when=When.OPEN))
    morning = now.replace(hour=14, minute=5) + timedelta(days=1)  # 9:05 am in New York, 4:05 am in Honolulu
    reference = ask(site, morning, phone="808-555-0182").reference
    assert not stored(reference).is_open_arrival
    on_shift(maria, morning)
    assert route_waiting(site, now=morning) == 1 and owners([reference]) == [maria.user_id]


def test_whoever_may_not_call_is_not_given_a_request(site: Site, maria: Actor, now: datetime) -> None:
    auditor = on_shift(person(site, "Rae", "auditor", now=now), now)
    routed(site, now, Rule(1, of_team(1)), teams=(Team(1, "Day", (auditor.person_id, maria.person_id)),))
    asked = several(site, now, 2)
    ada = person(site, "Kim", "admin", now=now)
    route_waiting(site, now=now)
    assert owners(asked) == [maria.user_id, maria.user_id]
    people.disable(site, ada, maria.person_id, now=now)
    ask(site, now, phone="212-555-0188")
    assert route_waiting(site, now=now) == 0


def test_the_worker_routes_every_few_seconds(site: Site, maria: Actor, now: datetime) -> None:
    routed(site, now, Rule(1, of_person(maria.person_id)))
    (turn,) = (turn for turn in all_turns() if turn.name == "giving requests away by rule")
    turn.take(site, now)
    reference = ask(site, now).reference
    turn.take(site, now + timedelta(seconds=4))
    assert owners([reference]) == [None]
    turn.take(site, now + timedelta(seconds=5))
    assert owners([reference]) == [maria.user_id]


def test_four_workers_at_once_route_each_request_once_and_nobody_beyond_their_most(
    app: Flask, site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    routed(site, now, Rule(1, of_team(1)), teams=(Team(1, "Day", (maria.person_id, dev.person_id)),), most=3)
    asked = several(site, now, 8)
    start = threading.Barrier(4)

    def work(_: int) -> Any:
        with app.app_context():
            start.wait(20)
            return route_waiting(site, now=now)

    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(work, range(4)))
    assert sum(given) == 6 <= AT_A_TIME
    assert sorted(owners(asked), key=str) == sorted([maria.user_id] * 3 + [dev.user_id] * 3 + [None] * 2, key=str)
    assert count(Audit, Audit.action == "callback.routed") == 6
    assert count(CallbackRequest, CallbackRequest.version == 2) == 6
