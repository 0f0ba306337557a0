"""Shares as they may be told: rounded so that all and nobody mean just that, with their range, and never of too few."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.shares import Share


@pytest.mark.parametrize(
    ("part", "whole", "percent", "interval"),
    [
        (239, 307, 78, (72, 83)),
        (0, 3, 0, (0, 57)),
        (3, 3, 100, (43, 100)),
        (7, 10, 70, (39, 90)),
        (1, 1000, 1, (0, 1)),
        (999, 1000, 99, (99, 100)),
        (0, 0, None, None),
    ],
)
def test_a_share_is_told_with_its_range(part, whole, percent, interval):
    assert (Share(part, whole).percent, Share(part, whole).interval) == (percent, interval)


@pytest.mark.parametrize(("part", "whole"), [(-1, 3), (4, 3)])
def test_what_is_no_part_is_refused(part, whole):
    with pytest.raises(ValueError, match="is no part of"):
        Share(part, whole)


def test_four_are_too_few_and_five_are_not():
    assert (Share(2, 4).is_few, Share(2, 5).is_few) == (True, False)


wholes = st.integers(1, 5000)


@given(wholes, st.data())
def test_the_share_lies_within_its_range_and_all_and_nobody_mean_just_that(whole, data):
    part = data.draw(st.integers(0, whole))
    share = Share(part, whole)
    low, high = share.interval
    assert 0 <= low <= 100 * part / whole <= high <= 100
    assert (share.percent == 100) == (part == whole)
    assert (share.percent == 0) == (part == 0)


@given(wholes, st.data())
def test_one_more_miss_never_makes_it_better(whole, data):
    part = data.draw(st.integers(0, whole))
    assert Share(part, whole + 1).percent <= Share(part, whole).percent


@pytest.mark.parametrize(
    ("one", "other", "may_be_chance"),
    [
        (Share(56, 70), Share(48, 80), False),
        (Share(5, 56), Share(0, 29), True),
        (Share(9, 10), Share(3, 10), False),
        (Share(99, 133), Share(119, 134), False),
        (Share(3, 5), Share(5, 5), True),
        (Share(3, 4), Share(0, 0), True),
    ],
)
def test_a_difference_is_chance_where_its_range_holds_none(one, other, may_be_chance):
    """The first three are Newcombe's own: 0.05 to 0.33, -0.04 to 0.19, 0.17 to 0.81."""
    assert one.may_equal(other) is other.may_equal(one) is may_be_chance
