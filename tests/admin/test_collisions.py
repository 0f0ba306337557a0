"""When two people save the same request, all that the later one typed is shown, whatever field it was typed into."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from config import ROOT
from intake.admin.collisions import TEXTS, TIMES
from intake.models.site import Site
from intake.services import visitor
from tests.admin.desk import Desk, at, words
from tests.making import ask, stored
from tests.points import point

PAGE = Path(ROOT / "templates" / "admin" / "request.html").read_text()
_FIELD = re.compile(r"<(?:textarea|input)\b(?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*>")
TYPED = ("text", "date", "time", "tel", "email", "number", "search")


def typed_into(html: str) -> dict[str, str]:
    """The fields of the page that somebody writes into, with their kind."""
    found = {}
    for tag in _FIELD.findall(html):
        kind = re.search(r'type="(\w+)"', tag)
        name = re.search(r'name="(\w+)"', tag)
        if name and (tag.startswith("<textarea") or (kind and kind[1] in TYPED)):
            found[name[1]] = kind[1] if kind else "text"
    return found


def test_no_field_of_the_page_is_forgotten() -> None:
    found = typed_into(PAGE)
    assert len(found) >= 15
    assert {name for name, kind in found.items() if kind not in ("date", "time")} == set(TEXTS)
    assert {name for name, kind in found.items() if kind in ("date", "time")} == {one for some in TIMES for one in some}


def test_a_field_that_nobody_listed_is_seen() -> None:
    assert typed_into(
        '<input id="x" name="hair" type="text" value="{{ typed.x > 1 }}"><input type="radio" name="y">'
    ) == {"hair": "text"}


def test_what_was_typed_is_told_by_the_words_beside_the_field() -> None:
    for name, label in TEXTS.items():
        assert f"""<label for="{name}">{{{{ _('{label}') }}}}""" in PAGE, name


@point(61)
def test_a_correction_that_collides_shows_what_was_typed(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now)
    maria.press(made.reference, "claim")
    maria.press(made.reference, "attempt", outcome="no_answer")
    html = maria.text(f"/admin/queue/{made.reference}")
    fields = {name: re.findall(rf'name="{name}" value="([^"]*)"', html)[0] for name in ("version", "attempt", "seen")}
    with at(now + timedelta(minutes=1)):
        visitor.change_time(site, made.link_token, is_free_time=True, preferred_note="later", now=now)
        answer = maria.press(made.reference, "correct", right_outcome="busy", why_wrong="It was engaged", **fields)
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 409 and "You had typed nothing" not in text
    assert "What really happened? Busy Why was it wrong? It was engaged" in text


@point(61)
def test_a_time_that_was_agreed_is_typed_too(maria: Desk, called: str, now: datetime) -> None:
    version = str(stored(called).version)
    maria.press(called, "attempt", outcome="busy", version=version)
    agreed = {"agreed_day": "2026-11-20", "agreed_from": "10:00", "version": version}
    answer = maria.press(called, "attempt", outcome="spoke_call_again", minutes_ago="3", **agreed)
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 409 and "When did you agree to call? 2026-11-20 10:00" in text
    assert "Called how many minutes ago? 3" in text


def test_a_reason_to_call_now_waits_in_the_note_field_when_it_has_ended(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now, phone="808-555-0100")
    maria.get(f"/admin/queue/{made.reference}")
    visitor.withdraw(site, made.link_token, now=now)
    answer = maria.press(made.reference, "call", override="They rang from Honolulu")
    assert answer.status_code == 409 and "They rang from Honolulu</textarea>" in answer.get_data(as_text=True)
