"""One sign marks, two strong ones lay a request under "Check", an address alone never makes it quiet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.spam import Signals, against_marking, assess, count_links, strong_signs

PERSON = Signals(honeypot=False, seconds_to_fill=41.0)


def test_a_person_gives_no_sign() -> None:
    verdict = assess(PERSON)
    assert (verdict.is_marked, verdict.is_check, verdict.reasons) == (False, False, ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"honeypot": True}, "honeypot"),
        ({"seconds_to_fill": 0.4}, "too_fast"),
        ({"links": 2}, "links"),
        ({"has_link_in_name": True}, "links"),
        ({"links": 1}, "one_link"),
        ({"address_count": 5}, "many_from_address"),
        ({"number_count": 3}, "many_from_number"),
    ],
)
def test_one_sign_only_marks(change: dict[str, object], reason: str) -> None:
    verdict = assess(replace(PERSON, **change))  # type: ignore[arg-type]
    assert verdict.is_marked
    assert not verdict.is_check
    assert verdict.reasons == (reason,)


def test_a_filled_honeypot_in_one_second_is_laid_under_check() -> None:
    verdict = assess(Signals(honeypot=True, seconds_to_fill=0.9))
    assert verdict.is_check
    assert verdict.reasons == ("honeypot", "too_fast")


def test_links_in_name_and_message_are_one_sign() -> None:
    assert not assess(replace(PERSON, links=5, has_link_in_name=True)).is_check


def test_exactly_two_seconds_is_not_too_fast() -> None:
    assert not assess(replace(PERSON, seconds_to_fill=2.0)).is_marked


@pytest.mark.parametrize("seconds", [None, -3600.0])
def test_an_unknown_time_or_a_clock_set_back_is_no_sign(seconds: float | None) -> None:
    assert not assess(replace(PERSON, seconds_to_fill=seconds)).is_marked


def test_an_address_seen_often_never_makes_one_strong_sign_quiet() -> None:
    assert not assess(replace(PERSON, honeypot=True, address_count=10_000)).is_check


@given(
    st.builds(
        Signals,
        honeypot=st.booleans(),
        seconds_to_fill=st.none() | st.floats(-10, 100),
        links=st.integers(0, 5),
        has_link_in_name=st.booleans(),
        address_count=st.integers(0, 100),
        number_count=st.integers(0, 100),
    )
)
def test_check_takes_two_strong_signs_and_always_has_reasons(signals: Signals) -> None:
    verdict = assess(signals)
    assert verdict.is_check == (len(strong_signs(signals)) >= 2)
    assert verdict.is_marked == bool(verdict.reasons)
    assert assess(replace(signals, address_count=0)).is_check == verdict.is_check


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Please call after 5.30 pm. Thanks", 0),
        ("write to ann@example.com", 0),
        ("see https://example.com/a?b=c", 1),
        ("www.example.org and buy-now.xyz", 2),
        ("HTTP://A.EXAMPLE http://b.example", 2),
        ("I live in St.Louis, e.g.downtown", 0),
    ],
)
def test_links_are_counted_and_mail_addresses_are_not(text: str, count: int) -> None:
    assert count_links(text) == count


@given(st.booleans(), st.booleans())
def test_one_press_closes_as_spam_only_whom_nobody_has_called(is_calling: bool, was_called: bool) -> None:
    against = against_marking(is_calling=is_calling, was_called=was_called)
    assert (against is None) == (not is_calling and not was_called)
