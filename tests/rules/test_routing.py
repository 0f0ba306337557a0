"""Which rule decides, and whose turn it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.routing import Arrival, Away, Load, Miss, Routing, Rule, Team, When, in_turn, of_person, of_team

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
ASKED = Arrival("es", "veterans", MONDAY, is_open=True)


def rule(**more: Any) -> Rule:
    return Rule(**{"number": 1, "to": of_person(5), **more})


@pytest.mark.parametrize(
    ("given", "misses"),
    [
        ({}, ()),
        ({"language": "es", "source": "Veterans", "when": When.OPEN, "days": (0, 2), "start": 600, "end": 660}, ()),
        ({"language": "en"}, (Miss.LANGUAGE,)),
        ({"source": "veteran"}, (Miss.SOURCE,)),
        ({"when": When.CLOSED}, (Miss.OPEN,)),
        ({"days": (1,)}, (Miss.DAY,)),
        ({"start": 601, "end": 660}, (Miss.TIME,)),
        ({"start": 540, "end": 600}, (Miss.TIME,)),
        ({"start": 1320, "end": 601}, ()),
        ({"start": 1320, "end": 600}, (Miss.TIME,)),
        ({"language": "en", "days": (6,)}, (Miss.LANGUAGE, Miss.DAY)),
    ],
)
def test_a_rule_fits_when_all_its_conditions_do_and_says_which_do_not(
    given: dict[str, Any], misses: tuple[Miss, ...]
) -> None:
    assert rule(**given).misses(ASKED) == misses


def test_the_first_rule_that_fits_wins_and_without_one_staff_pull() -> None:
    rules = (rule(number=1, language="en"), rule(number=2, source="veterans"), rule(number=3))
    assert Routing(rules).winner(ASKED) == rules[1]
    assert Routing(rules[:1]).winner(ASKED) is None and Routing().winner(ASKED) is None


def test_a_rule_names_a_person_or_the_people_of_a_team() -> None:
    routing = Routing(teams=(Team(2, "Español", (7, 8)),))
    assert (routing.people(of_person(5)), routing.people(of_team(2)), routing.people(of_team(9))) == ((5,), (7, 8), ())


def test_what_is_set_is_read_back() -> None:
    rules = (rule(language="es", days=(0, 1), start=480, end=60, when=When.CLOSED), rule(number=2, to=of_team(1)))
    routing = Routing(rules, (Team(1, "Español", (7,)),), 4)
    assert Routing.from_document(routing.to_document()) == routing
    assert Routing.from_document({}) == Routing()


loads = st.lists(
    st.builds(Load, st.integers(1, 9), st.integers(0, 5), st.none() | st.datetimes(timezones=st.just(UTC))),
    unique_by=lambda load: load.user_id,
)


@given(loads, st.sets(st.integers(1, 9)), st.integers(1, 5))
def test_nobody_is_given_one_who_is_not_asked_for_or_has_their_hands_full(
    on_shift: list[Load], members: set[int], most: int
) -> None:
    found = in_turn(on_shift, members, most)
    able = [load for load in on_shift if load.user_id in members and load.held < most]
    assert (found is None) == (not able)
    assert found is None or (found in able and found.held == min(load.held for load in able))


@given(loads, st.sets(st.integers(1, 9)), st.integers(1, 5))
def test_it_is_nobodys_turn_exactly_where_all_whom_the_rule_names_are_away_or_full(
    on_shift: list[Load], members: set[int], most: int
) -> None:
    routing = Routing(teams=(Team(1, "Day", tuple(members)),), most=most)
    away = routing.away(rule(to=of_team(1)), on_shift)
    turn = routing.turn(rule(to=of_team(1)), on_shift)
    assert (turn is None) == (set(away) == members) and (turn is None or turn.user_id not in away)
    there = {load.user_id for load in on_shift}
    assert all((why is Away.FULL) == (who in there) for who, why in away.items())


@given(st.integers(1, 6), st.integers(0, 40))
def test_people_who_begin_alike_take_turns(people: int, requests: int) -> None:
    on_shift = [Load(number, 0, None) for number in range(people)]
    got: Counter[int] = Counter()
    for number in range(requests):
        turn = in_turn(on_shift, range(people), 50)
        assert turn is not None and turn.user_id == number % people
        got[turn.user_id] += 1
        at = MONDAY + timedelta(minutes=number)
        on_shift = [replace(it, held=it.held + 1, last_at=at) if it == turn else it for it in on_shift]
    assert max(got.values(), default=0) - min((got[n] for n in range(people)), default=0) <= 1
