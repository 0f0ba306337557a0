"""Pages obey a strict content security policy by construction, ask nobody else for anything, and can be translated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.markup import TEMPLATES, inlined, pages, refused, unescaped, untranslated
from tests.house.source import ROOT

HASHED = {"look.style", "look.script"}
"""Allowed between <style> and <script>: whole files whose hash is in the policy."""
UNESCAPED = {
    "components/callback_form.html": {"filled_in"},  # the token's hidden fields, escaped where they are made
    "components/public.html": {"attributes"},  # written in our own templates
}
"""What is printed without escaping, and why that is safe."""
FOR_PROGRAMS = {"Website"}
"""The label of the trap that no person sees or hears."""
STATIC = sorted(path for path in (ROOT / "static").rglob("*") if path.suffix in (".css", ".js"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_a_page_holds_nothing_its_policy_refuses(path: Path) -> None:
    assert list(refused(path.read_text())) == []


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_what_is_written_into_a_page_is_known_by_its_hash(path: Path) -> None:
    assert inlined(path.read_text()) <= HASHED


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_every_word_on_a_page_can_be_translated(path: Path) -> None:
    assert set(untranslated(path.read_text())) <= FOR_PROGRAMS


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_everything_printed_is_escaped(path: Path) -> None:
    assert unescaped(path.read_text()) <= UNESCAPED.get(str(path.relative_to(TEMPLATES)), set())


def test_a_page_of_the_panel_never_carries_its_own_script() -> None:
    assert [path.name for path in pages() if "admin" in path.parts and inlined(path.read_text())] == []


def test_every_mail_has_a_subject_and_a_plain_text() -> None:
    texts = {path.name.removesuffix(".txt") for path in (TEMPLATES / "email").glob("*.txt")}
    bodies = {path.stem for path in (TEMPLATES / "email").glob("*.html")} - {"layout", "parts"}
    assert bodies
    assert {name for body in bodies for name in (body, f"{body}.subject")} <= texts


def test_no_mail_fetches_anything() -> None:
    text = "".join(path.read_text() for path in (TEMPLATES / "email").rglob("*.html"))
    assert re.findall(r"<(?:img|link|script|iframe|object)\b|url\(|@import", text) == []


@pytest.mark.parametrize("path", STATIC, ids=name_of)
def test_a_static_file_asks_nobody_else_and_evaluates_nothing(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"(?:url\(|@import|fetch\(|src=)\s*[\"']?(?:https?:)?//", text) == []
    assert re.findall(r"\beval\s*\(|new Function\b|document\.cookie|localStorage", text) == []


@pytest.mark.parametrize(
    "template",
    [
        '<p style="color: red">',
        '<p class="{{ kind }}" style="width: {{ width }}">',
        "<a onclick='go()'>",
        "<script>go()</script>",
        "<script>go({{ token }})</script>",
        "<style>p {}</style>",
        '<img src="https://elsewhere.example/pixel">',
        '<script src="//elsewhere.example/x.js"></script>',
        '<link rel="stylesheet" href="https://elsewhere.example/x.css">',
        '<a href="javascript:go()">',
    ],
)
def test_what_the_policy_refuses_is_seen(template: str) -> None:
    assert list(refused(template))


def test_a_script_of_its_own_file_and_a_link_out_pass() -> None:
    template = '<script src="{{ url }}" defer></script><a href="https://988lifeline.org">{{ _("988") }}</a>'
    assert list(refused(template)) == []


def test_what_is_printed_unescaped_is_seen() -> None:
    assert unescaped("<p>{{ row.text|safe }}</p>") == {"row.text"}


def test_a_script_made_of_an_expression_is_seen() -> None:
    assert inlined("<script>{{ words }}</script>") == {"words"}


@pytest.mark.parametrize("template", ["<p>Call</p>", '<a aria-label="Close">×</a>', "{% if x %}Yes{% endif %}"])
def test_a_word_that_cannot_be_translated_is_seen(template: str) -> None:
    assert untranslated(template)


def test_words_through_gettext_pass() -> None:
    assert untranslated('<p title="{{ _("Call") }}" class="big">{{ _("Call") }} – {{ name }}</p>') == []
