"""Counts laid side by side in one number add up lane by lane."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from intake.rules.counting import Kind
from intake.rules.lanes import laid, lanes, packed, unpacked
from intake.rules.places import PLACES, counted
from intake.rules.sorts import sort_of

COUNTS = st.dictionaries(st.integers(0, 1100), st.integers(0, 10**6), max_size=40)


def told(number: int) -> dict[int, int]:
    """Lanes that hold any."""
    return {lane: n for lane, n in enumerate(lanes(number)) if n}


@given(COUNTS)
def test_what_is_laid_is_read_again_also_after_it_was_kept(counts: dict[int, int]) -> None:
    number = laid(counts)
    assert told(number) == {lane: n for lane, n in counts.items() if n}
    assert unpacked(packed(number)) == number


@given(st.lists(COUNTS, max_size=6))
def test_the_sum_of_the_numbers_holds_the_sums_of_the_counts(many: list[dict[int, int]]) -> None:
    whole: Counter[int] = Counter()
    for counts in many:
        whole.update(counts)
    assert told(sum(map(laid, many))) == {lane: n for lane, n in whole.items() if n}


@given(st.integers(0, 4_000_000), st.integers(1, 10**6))
def test_a_request_of_any_sort_counts_once_in_each_of_its_places(number: int, n: int) -> None:
    places = [PLACES[lane] for lane, one in enumerate(lanes(n * counted(number))) if one]
    assert set(lanes(n * counted(number))) <= {0, n}
    assert ("kinds", sort_of(number).kind) in places
    names = [name for name, _ in places]
    assert len(names) == len(set(names)), "in one place of each kind"
    assert ("states" in names) == (sort_of(number).kind is Kind.COUNTED)
