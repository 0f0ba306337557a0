"""Bands of waits: each wait is in one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.bands import BANDS, band_of, minutes_of


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (60, 1), (61, 2), (900, 15), (901, 16)])
def test_minutes_are_rounded_up(seconds, minutes):
    assert minutes_of(seconds) == minutes


@pytest.mark.parametrize(
    ("minutes", "key"),
    [(0, "5"), (5, "5"), (6, "15"), (15, "15"), (16, "60"), (240, "240"), (1440, "1440"), (1441, "more")],
)
def test_the_upper_edge_belongs_to_its_band(minutes, key):
    assert band_of(minutes).key == key


@given(st.integers(0, 10**6))
def test_each_wait_is_in_exactly_one_band(minutes):
    assert [band.holds(minutes) for band in BANDS].count(True) == 1
