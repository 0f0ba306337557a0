"""What a template says outside its expressions, and what a strict content security policy would refuse in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from tests.house.source import ROOT

TEMPLATES = ROOT / "templates"
SPOKEN_ATTRIBUTES = r"aria-label|aria-description|alt|title|placeholder"
_ENV = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True)
HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"


def pages() -> list[Path]:
    """Every HTML template that a browser gets; mails are another matter."""
    return [path for path in sorted(TEMPLATES.rglob("*.html")) if "email" not in path.parts]


def literal(template: str) -> str:
    """The template's own text in order, each expression a hole."""
    tree = _ENV.parse(template)
    parts = []
    for output in tree.find_all(nodes.Output):
        parts += [node.data if isinstance(node, nodes.TemplateData) else HOLE for node in output.nodes]
    return "".join(parts)


def refused(template: str) -> Iterator[str]:
    """What would need 'unsafe-inline', or would ask a third party for something."""
    text = literal(template)
    if re.search(r"<[^>]*\sstyle\s*=", text):
        yield "an inline style"
    if re.search(r"<[^>]*\son[a-z]+\s*=", text):
        yield "an inline event handler"
    if re.search(r"<[^>]*\b(src|srcset|action|formaction|data)\s*=\s*[\"']?(https?:)?//", text):
        yield "something fetched from elsewhere"
    if re.search(r"<(link|use|image)\b[^>]*href\s*=\s*[\"']?(https?:)?//", text):
        yield "something fetched from elsewhere"
    if re.search(r"javascript:", text):
        yield "a javascript: address"
    for tag, attributes, body in re.findall(r"<(script|style)\b([^>]*)>(.*?)</\1", text, re.DOTALL):
        if not (tag == "script" and re.search(r"\bsrc\s*=", attributes)) and body.strip(f"{HOLE} \n"):
            yield f"a {tag} written into the page"


def unescaped(template: str) -> set[str]:
    """The names a template prints as they are."""
    return set(re.findall(r"\b([\w.]+)\s*\|\s*safe\b", template))


def inlined(template: str) -> set[str]:
    """The expressions that stand alone between <script> or <style> tags: hashed files, or a hole in the policy."""
    found = re.findall(r"<(?:script|style)\b[^>]*>\s*\{\{\s*(.*?)\s*\}\}\s*</(?:script|style)", template)
    return {str(expression) for expression in found}


def untranslated(template: str) -> list[str]:
    """Words a person would see or hear that do not go through gettext."""
    text = re.sub(r"<(script|style|kbd)\b.*?</\1\s*>", "", literal(template), flags=re.DOTALL)
    spoken = re.findall(rf"\b(?:{SPOKEN_ATTRIBUTES})\s*=\s*\"([^\"]*)\"", text)
    text = re.sub(rf"{HOLE}/[\w/-]*", HOLE, text)  # an address of our own
    shown = re.sub(r"<!--.*?-->|<[^>]*>|&[#\w]+;|\b[\w-]+=\"[^\"]*\"", " ", text, flags=re.DOTALL)
    return re.findall(r"[^\W\d_]{2,}", " ".join([shown, *spoken]))
