"""An address that says what is treated says it about everybody who gets a mail from it."""

from __future__ import annotations

import pytest

from intake.rules.telltale import telltale


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("callback@harborrecovery.org", "recovery"),
        ("callback@harbor.rehab", "rehab"),
        ("Detox-Desk@example.org", "detox"),
        ("callback@addiction-help.example.org", "addiction"),
        ("hello@mental.example.org", "mental"),
        ("https://soberliving.example.org", "sober"),
        ("Bay Behavioral-Health", "behavioral-health"),
    ],
)
def test_a_word_that_gives_the_treatment_away_is_found(text: str, word: str) -> None:
    assert telltale(text) == word


@pytest.mark.parametrize(
    "text", ["callback@harbor.example.org", "desk@environmental.example.org", "a@mattress.example", "Harbor", ""]
)
def test_what_says_nothing_passes(text: str) -> None:
    assert telltale(text) is None
