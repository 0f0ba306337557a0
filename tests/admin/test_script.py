"""What helps at the telephone, on the request itself: ready-made notes, words to say with names, steps in a crisis."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from flask import Flask

from intake.models.site import Site
from intake.queries.rule_versions import RuleKind
from intake.rules.call_script import STEPS, CallScript
from intake.services import claims, rule_versions
from tests.admin.desk import Desk, words
from tests.making import actions, ask, stored

pytestmark = pytest.mark.words


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    return sqlite_app


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]  # type: ignore[no-any-return]


def card(html: str) -> str:
    return html[html.index('id="script"') :].partition("</section>")[0]


def test_names_stand_in_the_script_and_the_callers_language_comes_first(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, name="José <i>{me}", language="es").reference
    shown = card(maria.text(f"/admin/queue/{reference}"))
    assert "¿puedo hablar con José &lt;i&gt;{me}? Me llamo Maria." in shown
    assert shown.index('lang="es"') < shown.index('lang="en"') and "<details>" in shown and " open" not in shown


def test_the_steps_lie_open_where_the_note_speaks_of_a_crisis(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, message="I want to die").reference
    html = maria.text(f"/admin/queue/{reference}")
    assert "<details open>" in card(html) and html.count('href="#crisis-steps"') == 1
    assert STEPS.splitlines()[0] in html and "monitor" not in words(html).lower()
    maria.press(reference, "claim")
    assert maria.text(f"/admin/queue/{reference}").count('href="#crisis-steps"') == 2, "beside the outcome too"


def test_who_does_not_call_here_is_told_no_script(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    claims.claim(site, dev.actor, reference, now=now)  # type: ignore[arg-type]
    assert 'id="script"' not in maria.text(f"/admin/queue/{reference}")


def test_what_a_manager_worded_is_what_stands_there(maria: Desk, grace: Desk, site: Site, now: datetime) -> None:
    mine = CallScript(("Rings out",), {"en": "", "es": "Hola {caller}"}, "988 or 911")
    assert grace.actor
    rule_versions.change(site, grace.actor, RuleKind.SCRIPT, mine.to_document(), seen=0, words="x", now=now)
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    html = maria.text(f"/admin/queue/{reference}")
    assert (
        "Hola Ana" in html
        and "Script in English" not in html
        and re.findall(r'value="note:([^"]+)"', html) == ["Rings out"]
    )


def test_without_javascript_a_ready_made_note_joins_what_was_typed_and_nothing_is_saved(
    maria: Desk, called: str
) -> None:
    before, version = actions(called), str(stored(called).version)
    fields = {"note": "Rang 8 times", "outcome": "busy", "minutes_ago": "5", "version": version, "seen": "then"}
    answer = maria.press(called, "phrase", phrase="note:Left with family", **fields)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "Rang 8 times; Left with family</textarea>" in html
    assert re.search(r'value="busy"[^>]*checked', html) and 'autocomplete="off" value="5"' in html
    assert 'name="seen" value="then"' in html, "a save is still held against what this person has read"
    assert set(actions(called)) == set(before) | {"callback.viewed"} and stored(called).attempt_count == 0


def test_also_in_the_note_without_a_call_and_nowhere_else(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    html = maria.press(reference, "phrase", phrase="remark:Voicemail is full", remark="").get_data(as_text=True)
    assert "Voicemail is full</textarea>" in html and '<details class="card" open>' in html
    html = maria.press(reference, "phrase", phrase="close_note:Voicemail is full").get_data(as_text=True)
    assert "Voicemail is full</textarea>" not in html


def test_enter_in_a_field_saves_and_puts_no_note_in(maria: Desk, called: str) -> None:
    """The first button of a form is what Enter presses."""
    html = maria.text(f"/admin/queue/{called}")
    form = html[html.index('<form class="outcome"') :]
    assert re.findall(r"<button [^>]*>", form)[0] == '<button name="then" value="next" hidden>'
