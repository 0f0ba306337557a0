"""What people type loses what nobody can see, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.wording.cleaning import as_typed, lines, one_line, visible

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("  Ana \t\n Lo\u0301pez ", "Ana L\u00f3pez"),
        ("a\u202eb\u2066c\u200fd", "abcd"),
        ("a\ufeff\u200b\u2060b", "ab"),
        ("a\x00\x1b\x85\x9fb", "a b"),
        ("a\ufffe\uffff\ufdd0\U0001ffffb", "ab"),
        ("a\u200db", "ab"),
        ("a\u200d", "a"),
        ("\u200d", ""),
        ("\U000e0041\U000e0042x", "x"),
        (SCOTLAND, SCOTLAND),
        ("❤\ufe0f\u200d\U0001f525", "❤\ufe0f\u200d\U0001f525"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
    ],
)
def test_what_cannot_be_seen_goes_and_every_script_stays(typed: str, clean: str) -> None:
    assert one_line(typed) == clean


def test_typed_text_keeps_its_own_spacing_and_notes_their_lines() -> None:
    assert as_typed(" 212  736\u202d 0182\r\n") == "212  736 0182"
    assert lines("a\r\nb\n\n\n\nc  d") == "a\nb\n\nc d"


@given(st.text())
@settings(max_examples=200)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)
    assert visible(visible(text)) == visible(text)
