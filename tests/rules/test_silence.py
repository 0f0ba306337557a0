"""When it is too quiet: only against weeks that were never quiet, and never on a thin record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.silence import LEAST_WEEKS, WEEK, WEEKS, is_silent, is_stuck, same_stretches

NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNTS = st.lists(st.integers(0, 100), max_size=WEEKS)


@pytest.mark.parametrize(
    ("counts", "is_alarm"),
    [
        ((10, 10, 10, 10), True),
        ((10, 10, 10), False),  # three weeks say nothing
        ((0, 40, 40, 40), False),  # it was as quiet before
        ((2, 40, 40, 40), False),
        ((3, 12, 12, 12), False),  # 9.75 on average
        ((3, 13, 12, 12), True),
        ((), False),
    ],
)
def test_it_is_too_quiet_only_if_the_same_hours_were_never_quiet(counts: tuple[int, ...], is_alarm: bool) -> None:
    assert is_silent(counts) is is_alarm


@given(COUNTS, st.integers(0, 7))
def test_a_week_that_was_silent_too_means_no_alarm(counts: list[int], place: int) -> None:
    assert not is_silent([*counts[:place], 0, *counts[place:]])


@given(COUNTS, st.integers(0, 7), st.integers(1, 50))
def test_more_requests_in_the_past_never_take_an_alarm_away(counts: list[int], place: int, more: int) -> None:
    busier = [count + more * (index == place) for index, count in enumerate(counts)]
    assert is_silent(busier) or not is_silent(counts)


@given(COUNTS)
def test_the_order_of_the_weeks_does_not_matter(counts: list[int]) -> None:
    assert is_silent(counts) == is_silent(counts[::-1])


@given(st.integers(0, 20 * 168), st.integers(1, 20 * 168))
def test_each_stretch_is_as_long_as_the_silence_lies_whole_weeks_back_and_inside_the_record(
    record: int, silence: int
) -> None:
    last_at = NOW - silence * HOUR
    first_at = last_at - record * HOUR
    stretches = same_stretches(first_at, last_at, NOW)
    assert len(stretches) <= WEEKS
    for number, (start, end) in enumerate(stretches, 1):
        assert NOW - end == number * WEEK
        assert end - start == min(WEEK, silence * HOUR)
        assert start >= first_at
    assert len(stretches) >= LEAST_WEEKS or record + silence < (LEAST_WEEKS + 1) * 168


def test_what_has_lain_unsent_for_ten_minutes_is_stuck() -> None:
    assert not is_stuck(None, NOW)
    assert not is_stuck(NOW - timedelta(minutes=9), NOW)
    assert is_stuck(NOW - timedelta(minutes=10), NOW)
