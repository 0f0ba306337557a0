"""Telephone numbers in the spellings people use, and the words for what is not one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.rules.phone import MAINLAND, PhoneError, PhoneProblem, last4, parse
from tests.points import point

SPELLINGS = [
    "212-736-0182",
    "212.736.0182",
    "212 736 0182",
    "2127360182",
    "(212) 736-0182",
    "212\u2013736\u20130182",
    "212\u2014736\u22120182",
    "+1 212 736 0182",
    "1-212-736-0182",
    "212/736/0182",
    "２１２－７３６－０１８２",
    "\u200e212\u200b-736-0182\u202c",
    "tel:+1-212-736-0182",
    "TEL: 2127360182",
    "2 1 2 7 3 6 0 1 8 2",
    "٢١٢٧٣٦٠١٨٢",
    "My number is 212 736 0182.",
    "212 736 0182 please call after 5",
    "212\u00a0736\u202f0182",
    "212-736-0182, 212 736 0182",
    "00 1 212 736 0182",
    "212_736_0182",
]


@pytest.mark.parametrize("typed", SPELLINGS)
@point(11)
def test_every_spelling_is_the_same_number_and_kept_as_typed(typed: str) -> None:
    number = parse(typed)
    assert number.e164 == "+12127360182"
    assert number.typed == typed
    assert number.zones == ("America/New_York",)
    assert not number.extension


@pytest.mark.parametrize(
    ("typed", "extension"),
    [
        ("212-736-0182 ext 5", "5"),
        ("212-736-0182 x12345", "12345"),
        ("(212) 736-0182 extension 44", "44"),
        ("tel:+1-212-736-0182;ext=7", "7"),
        ("+1 212 736 0182#5", "5"),
    ],
)
def test_an_extension_is_kept_apart(typed: str, extension: str) -> None:
    number = parse(typed)
    assert (number.e164, number.extension) == ("+12127360182", extension)


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("1-800-662-HELP", "+18006624357"),
        ("1-800-FLOWERS", "+18003569377"),
        ("1 (800) get-help", "+18004384357"),
        ("1-800-4-HELP-NOW", "+18004435766"),
    ],
)
def test_letters_on_a_toll_free_number_are_keys(typed: str, e164: str) -> None:
    assert parse(typed).e164 == e164


@pytest.mark.parametrize(
    "typed",
    ["+52 55 1234 5678", "011 52 55 1234 5678", "0052 55 1234 5678", "+52 1 55 1234 5678", "011 52 1 55 1234 5678"],
)
def test_a_mexican_number_is_reached_by_every_prefix(typed: str) -> None:
    number = parse(typed)
    assert number.e164 == "+525512345678"
    assert number.zones == ("America/Mexico_City",)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", PhoneProblem.EMPTY),
        ("   ", PhoneProblem.EMPTY),
        ("\u200b\u200e", PhoneProblem.EMPTY),
        ("736-5000", PhoneProblem.NO_AREA_CODE),
        ("7365000", PhoneProblem.NO_AREA_CODE),
        ("736-5000 cell", PhoneProblem.NO_AREA_CODE),
        ("212-5000 cell", PhoneProblem.NO_AREA_CODE),
        ("123-456-7890", PhoneProblem.WRONG),
        ("000-000-0000", PhoneProblem.WRONG),
        ("555-555-5555", PhoneProblem.WRONG),
        ("212 736 01822", PhoneProblem.WRONG),
        ("212 736 018", PhoneProblem.WRONG),
        ("212 736 O182", PhoneProblem.WRONG),
        ("hello", PhoneProblem.WRONG),
        ("+", PhoneProblem.WRONG),
        ("-", PhoneProblem.WRONG),
        ("212-736-0182 or 917-736-0199", PhoneProblem.SEVERAL),
        ("2127360182 9177360199", PhoneProblem.SEVERAL),
        ("+1 212 736 0182 212 736 0199", PhoneProblem.SEVERAL),
        ("212.736.0182,212.736.0199", PhoneProblem.SEVERAL),
        ("212-736-0182/0183", PhoneProblem.SEVERAL),
        ("212-736-0182 or 736-0199", PhoneProblem.SEVERAL),
        ("911", PhoneProblem.CRISIS),
        ("988", PhoneProblem.CRISIS),
        ("9-8-8", PhoneProblem.CRISIS),
        ("call 911", PhoneProblem.CRISIS),
        ("９８８", PhoneProblem.CRISIS),
        ("112", PhoneProblem.CRISIS),
        ("2" * 61, PhoneProblem.TOO_LONG),
        ("2" * 60_000, PhoneProblem.TOO_LONG),
    ],
)
def test_what_is_not_one_number_is_refused_in_its_own_words(typed: str, problem: PhoneProblem) -> None:
    with pytest.raises(PhoneError) as caught:
        parse(typed)
    assert caught.value.problem is problem


def test_the_error_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(PhoneError) as caught:
        parse("123-456-7890")
    assert "456" not in str(caught.value)


def test_a_premium_rate_number_is_not_called_back() -> None:
    with pytest.raises(PhoneError):
        parse("1-900-555-1234")


@pytest.mark.parametrize(
    ("typed", "is_fictional"), [("212-555-0182", True), ("212-555-1182", False), ("212-736-0182", False)]
)
def test_a_fictional_number_is_accepted_and_flagged(typed: str, is_fictional: bool) -> None:
    assert parse(typed).is_fictional is is_fictional


def test_a_toll_free_number_may_ring_anywhere_on_the_mainland() -> None:
    assert parse("800-662-4357").zones == MAINLAND


def test_an_area_code_on_a_zone_border_hints_at_both_zones() -> None:
    assert parse("+1 208 301 2000").zones == ("America/Boise", "America/Los_Angeles")


def test_a_number_from_elsewhere_is_read_with_its_own_region() -> None:
    assert parse("020 7946 0958", "GB").e164 == "+442079460958"
    assert parse("020 7946 0958", "GB").e164 == "+442079460958"


def test_an_italian_number_keeps_its_leading_zero() -> None:
    number = parse("+39 06 698 1234")
    assert number.e164 == "+39066981234"


def test_only_the_last_four_digits_are_shown() -> None:
    assert last4("+12127360182") == "0182"
    assert last4("+12") == "12"


@settings(max_examples=150)
@given(st.text(max_size=80))
def test_any_text_is_a_number_or_a_problem(typed: str) -> None:
    try:
        number = parse(typed)
    except PhoneError:
        return
    assert number.e164.startswith("+")
    assert number.e164[1:].isascii()
    assert number.e164[1:].isdigit()


@settings(max_examples=100)
@given(st.text(alphabet="0123456789+-(). xXextEXT#;=/,٣３HELP\u200b", max_size=45))
def test_any_near_number_is_a_number_or_a_problem(typed: str) -> None:
    try:
        number = parse(typed)
    except PhoneError:
        return
    assert number.typed == typed
