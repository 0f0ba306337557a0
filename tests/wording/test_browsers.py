"""A browser in words."""

from __future__ import annotations

import pytest

from intake.wording.browsers import browser


@pytest.mark.parametrize(
    ("label", "words"),
    [("Chrome/Windows", "Chrome on Windows"), ("Firefox/", "Firefox"), ("", "Another program"), (None, "")],
)
def test_a_label_reads_as_a_person_would_say_it(label: str | None, words: str) -> None:
    assert browser(label) == words
