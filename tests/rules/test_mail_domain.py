"""A mistyped mail provider is noticed; a real one is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.mail_domain import COMMON, REAL, likely_domain


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("GMAI.COM", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("yaho.com", "yahoo.com"),
        ("hotmial.com", "hotmail.com"),
        ("homial.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("icluod.com", "icloud.com"),
        ("comcast.ney", "comcast.net"),
    ],
)
def test_a_slip_or_two_lead_to_the_provider_that_was_meant(domain: str, meant: str) -> None:
    assert likely_domain(f"ana@{domain}") == meant


@pytest.mark.parametrize(
    "address",
    [
        None, "", "ana", "ana@", "ana@example.com", "ana@yahoo.co.uk", "ana@yahoo.ca", "ana@hotmail.fr",
        "ana@outlook.de", "ana@aon.com", "ana@contact.net", "gmial.com@example.org", "ana@" + "g" * 240 + ".com",
    ],
)  # fmt: skip
def test_another_address_is_nobodys_slip(address: str | None) -> None:
    assert likely_domain(address) is None


@pytest.mark.parametrize("domain", [*COMMON, *sorted(REAL)])
def test_a_provider_that_exists_is_never_questioned(domain: str) -> None:
    assert likely_domain(f"ana@{domain}") is None


@given(st.text(max_size=40))
def test_any_text_gives_a_common_provider_or_none(text: str) -> None:
    assert likely_domain(text) in {None, *COMMON}
