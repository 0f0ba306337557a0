"""The days of a report, and those it is held against."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.periods import Period, PeriodError, PeriodProblem, Preset, between, preset, weeks

TODAY = date(2026, 11, 18)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def period(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Preset.TODAY, period("2026-11-18", "2026-11-18")),
        (Preset.YESTERDAY, period("2026-11-17", "2026-11-17")),
        (Preset.DAYS_7, period("2026-11-12", "2026-11-18")),
        (Preset.DAYS_28, period("2026-10-22", "2026-11-18")),
        (Preset.THIS_MONTH, period("2026-11-01", "2026-11-18")),
        (Preset.LAST_MONTH, period("2026-10-01", "2026-10-31")),
        (Preset.DAYS_364, period("2025-11-20", "2026-11-18")),
    ],
)
def test_a_preset_names_days(chosen, expected):
    assert preset(chosen, TODAY) == expected


def test_every_preset_is_a_period_that_ends_by_today():
    assert all(preset(chosen, TODAY).last_on <= TODAY for chosen in Preset)


@given(days, st.integers(1, 400))
def test_the_days_before_are_as_many_on_the_same_weekdays_and_touch_none_of_these(first, length):
    now = Period(first, first + timedelta(days=length - 1))
    before = now.before()
    assert before.days == now.days
    assert before.first_on.weekday() == now.first_on.weekday()
    assert before.last_on < now.first_on
    assert now.first_on - before.last_on <= timedelta(days=7)


@given(days, st.integers(1, 400))
def test_its_weeks_hold_every_day_of_it_once_and_go_back_a_quarter_of_a_year(first, length):
    one = Period(first, first + timedelta(days=length - 1))
    found = weeks(one)
    assert len(found) >= 13
    assert all(week.first_on.weekday() == 0 and week.days == 7 for week in found)
    assert sum(week.holds(first + timedelta(days=day)) for week in found for day in range(length)) == length


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        ("2026-11-18", "2026-11-17", PeriodProblem.BACKWARDS),
        ("2026-11-19", "2026-11-20", PeriodProblem.AHEAD),
        ("2020-01-01", "2026-11-17", PeriodProblem.TOO_LONG),
    ],
)
def test_days_that_cannot_be_told_are_refused(first, last, problem):
    with pytest.raises(PeriodError) as refused:
        between(date.fromisoformat(first), date.fromisoformat(last), TODAY)
    assert refused.value.problem is problem


def test_the_day_on_which_clocks_change_begins_and_ends_by_the_clocks_of_the_office():
    first, after = period("2026-11-01", "2026-11-01").bounds("America/New_York")
    assert (first.isoformat(), after - first) == ("2026-11-01T04:00:00+00:00", timedelta(hours=25))


def test_days_to_come_are_left_out():
    assert between(date(2026, 11, 1), date(2026, 11, 30), TODAY) == period("2026-11-01", "2026-11-18")


def test_only_a_period_with_today_in_it_is_not_over():
    assert period("2026-11-01", "2026-11-18").is_partial(TODAY)
    assert not period("2026-11-01", "2026-11-17").is_partial(TODAY)
