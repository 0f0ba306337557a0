"""How long people wait, with those still waiting counted: as another computes it, and never to be flattered."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_times

from intake.rules.survival import Quantile, Waits, quantile

SHARES = (0.5, 0.9)


def after(waits: Waits, share: float) -> float:
    found = quantile(waits, share)
    return float("inf") if found.within is None else found.within


@pytest.mark.parametrize("seed", range(10))
def test_it_agrees_with_lifelines(seed):
    chance = random.Random(seed)
    for _ in range(100):
        size = chance.randint(1, 60)
        times = [int(chance.expovariate(1 / 40)) for _ in range(size)]
        is_called = [chance.random() < chance.choice((0.4, 0.8, 1.0)) for _ in range(size)]
        waits = Waits(
            Counter(time for time, called in zip(times, is_called, strict=True) if called),
            Counter(time for time, called in zip(times, is_called, strict=True) if not called),
        )
        curve = KaplanMeierFitter().fit(times, is_called).survival_function_
        for share in SHARES:
            # Theirs is a product of floats, and may miss one half by a hair.
            assert after(waits, share) == qth_survival_times(1 - share + 1e-9, curve)


def test_half_of_four_who_were_all_called_were_called_by_the_second_call():
    assert quantile(Waits({3: 1, 5: 1, 8: 1, 13: 1}), 0.5) == Quantile(5, 5)


def test_where_the_curve_does_not_get_there_it_is_more_than_the_longest_wait_seen():
    assert quantile(Waits({5: 1}, {2460: 3}), 0.5) == Quantile(None, 2460)


def test_of_nobody_nothing_is_said():
    assert quantile(Waits({}), 0.5) == Quantile(None, 0)


@pytest.mark.parametrize("share", [0, 1, -0.5, 1.5])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile(Waits({1: 1}), share)


def test_nobody_waits_less_than_no_time():
    with pytest.raises(ValueError, match="less than no time"):
        quantile(Waits({-1: 1}), 0.5)


minutes = st.integers(0, 200)
people = st.lists(st.tuples(minutes, st.booleans()), min_size=1, max_size=40)


def waits_of(each: list[tuple[int, bool]], never: int = 0) -> Waits:
    called = Counter(time for time, is_called in each if is_called)
    return Waits(called, Counter(time for time, is_called in each if not is_called), never)


@given(people, st.data(), st.sampled_from(SHARES))
def test_the_figure_never_gets_better_by_leaving_somebody_waiting_longer(each, data, share):
    index = data.draw(st.integers(0, len(each) - 1))
    time, _ = each[index]
    longer = [*each[:index], (time + data.draw(minutes), False), *each[index + 1 :]]
    assert after(waits_of(longer), share) >= after(waits_of(each), share)


@given(people, st.data(), st.sampled_from(SHARES))
def test_the_figure_never_gets_better_by_giving_somebody_up(each, data, share):
    index = data.draw(st.integers(0, len(each) - 1))
    given_up = waits_of(each[:index] + each[index + 1 :], never=1)
    assert after(given_up, share) >= after(waits_of(each), share)


@given(people, minutes, st.sampled_from(SHARES))
def test_one_more_who_is_called_at_once_never_makes_it_worse(each, time, share):
    sooner = min([time, *(one for one, _ in each)])
    assert after(waits_of([*each, (sooner, True)]), share) <= after(waits_of(each), share)
