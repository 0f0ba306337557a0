"""The page of ready-made notes and scripts: managers word them, each change is on record, and none is lost."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from intake.admin import script_words
from intake.database import reading
from intake.models import Audit, RuleVersion
from intake.queries import rule_versions
from intake.queries.rule_versions import RuleKind
from intake.rules.call_script import MOST_NOTES, NOTES, STEPS, CallScript
from tests.admin.desk import Desk, desk, words
from tests.making import count

PAGE = "/admin/settings/script"
TEXTS = {"script_en": "Hi {caller}", "script_es": "Hola {caller}", "steps": "988\n\n 911 "}


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    return sqlite_app


def current() -> CallScript:
    with reading() as conn:
        return CallScript.from_document(rule_versions.current(conn, RuleKind.SCRIPT).document)


def press(desk: Desk, do: str, *, expect: int = 303, **fields: str) -> str:
    """A button of the page as it stands now."""
    found = re.search(r'name="version" value="(\d+)"', desk.text(PAGE))
    answer = desk.post(PAGE, **{"version": found[1] if found else "0", "do": do, **fields})
    assert answer.status_code == expect
    return answer.get_data(as_text=True) if expect != 303 else desk.text(PAGE)


def test_notes_are_added_moved_and_taken_away(grace: Desk) -> None:
    assert "Saved: Ready-made notes." in words(press(grace, "add_note", note="  Rings   out "))
    assert current().notes == (*NOTES, "Rings out")
    press(grace, "up", note="Rings out")
    assert current().notes[-2:] == ("Rings out", NOTES[-1])
    press(grace, "remove_note", note="Rings out")
    assert current().notes == NOTES
    for note in NOTES:
        press(grace, "remove_note", note=note)
    assert current().notes == () and "None: everybody writes their own." in words(grace.text(PAGE))


def test_texts_are_saved_plain_with_before_and_after_on_record(grace: Desk) -> None:
    assert "Saved: Script in English, Script in Spanish, Steps in a crisis." in words(press(grace, "texts", **TEXTS))
    assert current() == CallScript(NOTES, {"en": "Hi {caller}", "es": "Hola {caller}"}, "988\n911")
    with reading() as conn:
        entry = conn.execute(select(Audit.__table__).order_by(Audit.id.desc())).first()
    assert entry and entry.action == "settings.rules_changed" and entry.details["kind"] == "script"
    assert entry.text_digest is not None, "what it was and what it is lies beside the entry, sealed"
    press(grace, "texts", **TEXTS)
    assert count(RuleVersion) == 1, "the same again is no version"


def test_a_preview_fills_in_the_names_and_saves_nothing(grace: Desk) -> None:
    html = press(grace, "preview", expect=200, **TEXTS | {"script_en": "Hi {caller}, <b>{me}</b> of {provider}"})
    assert re.search(r"Hi Ana, &lt;b&gt;Grace&lt;/b&gt; of \w", html) and "not saved yet" in html
    assert "Hi {caller}, &lt;b&gt;{me}&lt;/b&gt; of {provider}</textarea>" in html and count(RuleVersion) == 0


def test_the_standard_is_filled_in_and_saved_only_by_save(grace: Desk) -> None:
    press(grace, "texts", **TEXTS)
    html = press(grace, "default", expect=200)
    assert STEPS.splitlines()[0] in html and current().steps == "988\n911"


@pytest.mark.parametrize(
    ("do", "given", "field"),
    [
        ("add_note", {"note": " "}, "note"),
        ("add_note", {"note": "x" * 81}, "note"),
        ("add_note", {"note": NOTES[0].upper()}, "note"),
        ("texts", TEXTS | {"steps": "Call 911"}, "steps"),
        ("texts", TEXTS | {"steps": "988 911\n" * 13}, "steps"),
        ("texts", TEXTS | {"steps": "988 911" + "x" * 2000}, "steps"),
        ("texts", TEXTS | {"script_es": "Hola {nombre}"}, "script_es"),
        ("preview", TEXTS | {"script_en": "x" * 2001}, "script_en"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_all_that_was_typed_is_kept(
    grace: Desk, do: str, given: dict[str, str], field: str
) -> None:
    html = press(grace, do, expect=422, **given)
    assert f'href="#f-{field}"' in html and f'id="{field}-e"' in html and count(RuleVersion) == 0
    assert given[field].splitlines()[0].strip() in html


def test_there_are_not_more_notes_than_fit_under_a_field(grace: Desk) -> None:
    for number in range(MOST_NOTES - len(NOTES)):
        press(grace, "add_note", note=f"Note {number}")
    assert "take one away first" in press(grace, "add_note", expect=422, note="One more")


def test_a_text_that_seems_to_promise_a_watch_is_pointed_out(grace: Desk) -> None:
    assert "watched over callers" in press(grace, "texts", **TEXTS | {"script_en": "We monitor this line."})
    press(grace, "texts", **TEXTS)
    assert "watched over callers" not in grace.text(PAGE)


def test_two_people_do_not_save_over_each_other(app: Flask, grace: Desk, now: datetime) -> None:
    alex = desk(app, "Alex", "admin", now=now)
    grace.get(PAGE)
    press(alex, "add_note", note="Rings out")
    answer = grace.post(PAGE, version="0", do="texts", **TEXTS)
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 409 and current().steps == STEPS
    assert "Alex, noon ET Ready-made notes: before: none → now: Rings out" in text and "Hi {caller}" in text


def test_staff_neither_read_nor_change_it_here(maria: Desk) -> None:
    assert maria.get(PAGE).status_code == maria.post(PAGE, do="texts", **TEXTS).status_code == 403


def test_a_button_there_is_not_is_not_found(grace: Desk) -> None:
    press(grace, "everything", expect=404)


def test_the_record_tells_the_lines_that_are_different_and_no_others() -> None:
    before = CallScript(("a", "b"), {"en": "Hello\nGoodbye", "es": ""}, "988\n911")
    after = CallScript(("b", "a", "c"), {"en": "Hello\nFarewell", "es": "Hola"}, "911\n988")
    assert [(one.label, one.before, one.after) for one in script_words.changes(before, after)] == [
        ("Ready-made notes", "none", "c"),
        ("Script in English", "Goodbye", "Farewell"),
        ("Script in Spanish", "none", "Hola"),
        ("Steps in a crisis", "988 / 911", "911 / 988"),
    ]
