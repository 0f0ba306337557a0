"""Figures in words, as a manager reads them on the page and in the mail."""

from __future__ import annotations

from datetime import date

import pytest

from intake.rules.bands import BANDS
from intake.rules.counting import End, Kept, Kind, Reach, State
from intake.rules.periods import Period, Preset
from intake.rules.shares import Share
from intake.rules.survival import Quantile
from intake.wording import figures as words


def test_every_word_of_a_report_has_plain_words():
    for tell, values in (
        (words.kind, Kind), (words.state, State), (words.kept, Kept), (words.end, End), (words.reach, Reach),
        (words.preset, Preset), (words.band, BANDS),
    ):  # fmt: skip
        assert all(tell(value) and "_" not in tell(value) for value in values)


@pytest.mark.parametrize(
    ("found", "n", "said"),
    [
        (Quantile(7, 7), 30, "7 min"),
        (Quantile(140, 140), 30, "2 h 20 min"),
        (Quantile(None, 2460), 30, "more than 1 day 17 h"),
        (Quantile(None, 0), 0, "too few"),
    ],
)
def test_a_wait_that_may_not_be_over_says_so(found, n, said):
    assert words.within(found, n) == said


def test_of_nineteen_the_slowest_tenth_is_not_told():
    assert words.nine_tenths(Quantile(41, 41), 19) == "too few"
    assert words.nine_tenths(Quantile(41, 41), 20) == "41 min"


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (Share(8, 10), Share(7, 10), "10 points better than before, which may be chance"),
        (Share(79, 100), Share(8, 10), "1 point worse than before, which may be chance"),
        (Share(80, 100), Share(50, 100), "30 points better than before"),
        (Share(50, 100), Share(80, 100), "30 points worse than before"),
        (Share(8, 10), Share(4, 5), "about the same as before"),
        (Share(8, 10), Share(0, 0), ""),
        (Share(8, 10), Share(4, 4), ""),
        (Share(1, 4), Share(8, 10), ""),
    ],
)
def test_a_change_is_told_in_points(now, before, said):
    assert words.share_change(now, before) == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (Quantile(7, 7), Quantile(9, 9), "before 9 min, better"),
        (Quantile(None, 90), Quantile(9, 9), "before 9 min, worse"),
        (Quantile(9, 9), Quantile(None, 60), "before more than 1 h, better"),
        (Quantile(9, 9), Quantile(9, 9), "before 9 min"),
    ],
)
def test_a_wait_is_better_or_worse_than_before(now, before, said):
    assert words.wait_change(now, before, 30, 30) == said


def test_nothing_is_held_against_a_period_that_says_nothing():
    assert words.wait_change(Quantile(7, 7), Quantile(9, 9), 30, 4) == ""
    assert words.wait_change(Quantile(7, 7), Quantile(9, 9), 4, 30) == ""
    assert words.wait_change(Quantile(7, 7), Quantile(9, 9), 30, 5) == "before 9 min, better"


def test_shares_come_with_their_number_and_range():
    assert words.share(Share(239, 291)) == "82 % (239 of 291)"
    assert words.share(Share(0, 0)) == "nobody yet"
    assert words.interval(Share(239, 291)) == "77 to 87 %"


def test_days_are_named_with_their_year():
    assert words.days(Period(date(2026, 10, 21), date(2026, 11, 17))) == "21 Oct – 17 Nov 2026"
    assert words.days(Period(date(2025, 12, 21), date(2026, 1, 17))) == "21 Dec 2025 – 17 Jan 2026"
    assert words.days(Period(date(2026, 11, 17), date(2026, 11, 17))) == "17 Nov 2026"


def test_hours_of_the_week_are_named():
    assert words.hour_of_week(0, 9) == "Mon 9 am to 10 am"
    assert words.hour_of_week(6, 23) == "Sun 11 pm to 12 am"
    assert words.hours_of_day()[12] == "noon"


def test_a_promise_that_is_not_judged_is_not_said_to_have_been_cancelled():
    """They may have called us, or it was spam."""
    assert words.kept(Kept.NONE) == "over before the promised time"
