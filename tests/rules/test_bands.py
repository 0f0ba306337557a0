"""Bands of waits: each wait is in one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.bands import BANDS, banded, minutes_of


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (60, 1), (61, 2), (900, 15), (901, 16)])
def test_minutes_are_rounded_up(seconds, minutes):
    assert minutes_of(seconds) == minutes


@pytest.mark.parametrize(
    ("minutes", "key"),
    [(0, "5"), (5, "5"), (6, "15"), (15, "15"), (16, "60"), (240, "240"), (1440, "1440"), (1441, "more")],
)
def test_the_upper_edge_belongs_to_its_band(minutes, key):
    assert [(band.key, n) for band, n in banded({minutes: 3}).items()] == [(key, 3)]


@given(st.integers(0, 10**6))
def test_each_wait_is_in_exactly_one_band(minutes):
    assert [band.holds(minutes) for band in BANDS].count(True) == 1


@given(st.dictionaries(st.integers(0, 3000), st.integers(1, 9)))
def test_waits_are_banded_as_each_of_them_is(waits):
    of = {band: sum(n for minutes, n in waits.items() if band.holds(minutes)) for band in BANDS}
    assert banded(waits) == {band: n for band, n in of.items() if n}
