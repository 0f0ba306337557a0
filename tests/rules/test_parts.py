"""Conditions in an address: which part of a report's requests they name, and what is none."""

from __future__ import annotations

from datetime import date

import pytest

from intake.rules.parts import MOST_BESIDE, Mark, Part, read
from intake.rules.periods import Period

DAYS = Period(date(2026, 11, 1), date(2026, 11, 18))


def test_values_of_a_field_are_alternatives_and_marks_stand_alone() -> None:
    part = read("kind.counted,state.met,state.late,judged,state.met")
    assert part == Part({"kind": ("counted",), "state": ("met", "late")}, frozenset({Mark.JUDGED}))
    assert part.address == "kind.counted,state.met,state.late,judged"
    assert read(part.address) == part


@pytest.mark.parametrize(
    ("of", "kinds"),
    [
        ("", ()),
        ("kind.spam,state.uncalled", ("spam",)),
        ("state.met", ("counted",)),
        ("judged", ("counted",)),
        ("wish.kept", ("window",)),
        ("kept.kept", ("counted", "own_words")),
        ("promised", ("counted", "own_words")),
        ("waits", ("counted", "withdrawn", "preempted")),
    ],
)
def test_a_condition_is_of_those_it_is_told_of(of: str, kinds: tuple[str, ...]) -> None:
    assert read(of).kinds == kinds


@pytest.mark.parametrize(
    "of",
    [
        "kind.moon", "moon", "moon.1", "state.", "hour.168", "hour.-1", "hour.07", "hour.¹", "week.2026-11-17",
        "week.20261116", "week.9999-11-15", "week.2026-11-16,week.2026-11-09", "person.x", "person.99999999999",
        "source.a b", "source.'", "band.6", "age.6", "marked.withdrawn", "arrival.maybe", "state.met," * 60,
        "beside.a b", ",".join(f"beside.x{number}" for number in range(13)),
    ],
)  # fmt: skip
def test_what_no_figure_counts_is_refused(of: str) -> None:
    with pytest.raises(ValueError):
        read(of)


def test_an_address_holds_a_dozen_of_the_longest_codes() -> None:
    part = read(",".join(("kind.counted,state.met", *(f"beside.{number:032}" for number in range(MOST_BESIDE)))))
    assert len(part.values["beside"]) == 12 and read(part.address) == part


def test_a_week_is_told_as_far_as_the_period_goes_and_also_before_it() -> None:
    assert read("state.met").days(DAYS) == DAYS
    assert read("week.2026-11-16").days(DAYS) == Period(date(2026, 11, 16), date(2026, 11, 18))
    assert read("week.2026-09-07").days(DAYS) == Period(date(2026, 9, 7), date(2026, 9, 13))
