"""One-time codes are the ones every authenticator app shows, and recovery codes survive being typed by hand."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.services import one_time_codes as codes

SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_6238 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
"""RFC 6238, appendix B: seconds since 1970 and the eight digits for SHA-1; six digits are the last six of them."""


@pytest.mark.parametrize(("seconds", "eight"), RFC_6238)
def test_the_vectors_of_the_rfc_come_out(seconds: int, eight: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert codes.code_at(SECRET, codes.step_of(now)) == eight[2:]
    assert codes.matching_step(SECRET, eight[2:], now=now) == seconds // 30


@given(seconds=st.integers(0, 2**33), off=st.integers(-3, 3), secret=st.binary(min_size=20, max_size=20))
def test_a_code_holds_for_its_step_and_one_on_either_side(seconds: int, off: int, secret: bytes) -> None:
    text, now = base64.b32encode(secret).decode(), datetime.fromtimestamp(seconds + 120, UTC)
    step = codes.step_of(now) + off
    near = {codes.code_at(text, codes.step_of(now) + each): codes.step_of(now) + each for each in (-1, 0, 1)}
    assert codes.matching_step(text, codes.code_at(text, step), now=now) == near.get(codes.code_at(text, step))


@pytest.mark.parametrize("typed", ["287 082", " 287082 ", "287-082", "28 70 82", "287\u00a0082"])
def test_spaces_do_not_matter(typed: str) -> None:
    assert codes.matching_step(SECRET, typed, now=datetime.fromtimestamp(59, UTC)) == 1


@pytest.mark.parametrize(
    "typed", ["", "28708", "2870820", "abcdef", "２８７０８２", "28708\x00", "x" * 9999, "-287082-1"]
)
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert codes.matching_step(SECRET, typed, now=datetime.fromtimestamp(59, UTC)) is None


@given(st.text(max_size=40))
def test_whatever_is_typed_is_answered(typed: str) -> None:
    now = datetime(2026, 11, 18, tzinfo=UTC)
    codes.matching_step(SECRET, typed, now=now)
    codes.plain_recovery_code(typed)


def test_secrets_and_recovery_codes_are_drawn_afresh() -> None:
    drawn = {codes.new_secret() for _ in range(50)}
    assert len(drawn) == 50 and {len(secret) for secret in drawn} == {32}
    ten = codes.new_recovery_codes()
    assert len(set(ten)) == 10 and not set(ten) & set(codes.new_recovery_codes())


def test_a_recovery_code_may_be_typed_as_people_type() -> None:
    assert codes.plain_recovery_code("K7M4Q-X9P2R") == "k7m4qx9p2r"
    assert codes.plain_recovery_code(" k7m4q x9p2r ") == "k7m4qx9p2r"
    assert codes.plain_recovery_code("OIL4Q-X9P2R") == "0114qx9p2r"
    for typed in ("", "k7m4q", "k7m4q-x9p2rr", "k7m4q-x9p2u", "k7m4q-x9p2é"):
        assert codes.plain_recovery_code(typed) is None


def test_the_picture_says_who_asks_for_which_account() -> None:
    said = codes.address_for_apps("ABCD", "Harbor: Intake & more", "ana+x@example.com")
    assert said.startswith("otpauth://totp/Harbor%3A%20Intake%20%26%20more:ana%2Bx@example.com?secret=ABCD&issuer=Harb")
    assert codes.in_fours("ABCDEFGHIJ") == "ABCD EFGH IJ"
    assert codes.step_of(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=61)) == 2
