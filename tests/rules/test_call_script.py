"""What helps at the telephone: names are filled in, and nothing else; notes are added, never put in place of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.call_script import (
    LIFELINES,
    LONGEST_NOTE,
    LONGEST_SCRIPT,
    LONGEST_STEPS,
    MOST_NOTES,
    MOST_STEPS,
    CallScript,
    filled,
    may_promise_a_watch,
    missing_lines,
    moved_up,
    unknown_blanks,
    with_phrase,
)

STANDARD = CallScript()


def test_names_are_filled_in_and_a_name_is_no_blank() -> None:
    said = filled("Hi {caller}, {Me} of { provider }; {other} {", caller="{me}", me="Maria", provider="100% Harbor")
    assert said == "Hi {me}, Maria of 100% Harbor; {other} {"


def test_what_cannot_be_filled_in_is_named() -> None:
    assert unknown_blanks("{caller} {name} {} {me.__class__}") == ("{name}", "{}", "{me.__class__}")


@given(st.text())
def test_no_text_can_break_the_filling_in(text: str) -> None:
    assert filled(text, caller="", me="", provider="") == text or "{" in text


def test_the_standard_keeps_its_own_rules() -> None:
    assert missing_lines(STANDARD.steps) == () and not may_promise_a_watch(STANDARD.steps, *STANDARD.scripts.values())
    assert not any(unknown_blanks(text) for text in (STANDARD.steps, *STANDARD.scripts.values()))
    assert len(STANDARD.notes) <= MOST_NOTES and max(map(len, STANDARD.notes)) <= LONGEST_NOTE
    assert max(map(len, STANDARD.scripts.values())) <= LONGEST_SCRIPT
    assert len(STANDARD.steps) <= LONGEST_STEPS and len(STANDARD.steps.splitlines()) <= MOST_STEPS
    assert all("{caller}" in text and "{me}" in text for text in STANDARD.scripts.values())


def test_a_document_gives_back_what_was_set_and_an_empty_one_the_standard() -> None:
    mine = CallScript(notes=(), scripts={"en": "Hi", "es": ""}, steps="988 or 911")
    assert CallScript.from_document(mine.to_document()) == mine
    assert CallScript.from_document({}) == STANDARD


@pytest.mark.parametrize(
    ("steps", "missing"), [("988, 911", ()), ("Call 988", ("911",)), ("1988 and 9110", LIFELINES), ("", LIFELINES)]
)
def test_both_lines_must_be_named(steps: str, missing: tuple[str, ...]) -> None:
    assert missing_lines(steps) == missing


@pytest.mark.parametrize(
    "text", ["We monitor calls", "Monitored 24 hours", "Alguien vigila siempre", "around the clock"]
)
def test_a_promise_to_watch_is_seen(text: str) -> None:
    assert may_promise_a_watch("", text)


@pytest.mark.parametrize(
    ("typed", "after"),
    [
        ("", "Left word"),
        (" \n", "Left word"),
        ("Rang 8 times", "Rang 8 times; Left word"),
        ("Rang.", "Rang. Left word"),
        ("Rang,", "Rang, Left word"),
        ("Rang\n", "Rang\nLeft word"),
    ],
)
def test_a_ready_made_note_goes_behind_what_was_typed(typed: str, after: str) -> None:
    assert with_phrase(typed, "Left word") == after


@given(st.text(), st.text(min_size=1, max_size=LONGEST_NOTE))
def test_it_replaces_nothing(typed: str, phrase: str) -> None:
    after = with_phrase(typed, phrase)
    assert after.endswith(phrase) and (after.startswith(typed) or not typed.strip())


def test_a_note_moves_up_one_place() -> None:
    assert moved_up(("a", "b", "c"), 2) == ("a", "c", "b")
    assert [moved_up(("a", "b"), place) for place in (0, 2, -1)] == [("a", "b")] * 3
