"""What no page may hold: a barrier that axe finds, something sideways, a word in the console, a request to others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

AXE = Axe().axe_script
LOOKS = (("light", 1280), ("dark", 360))
WIDTHS = (320, 961)
"""Where a page must fit too: the narrowest telephone, and just before tables turn into cards."""
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": STANDARDS}, "resultTypes": ["violations"],
    # None of these rules reads style sheets or media beforehand, and a node is named by its markup.
    "preload": False, "selectors": False,
}  # fmt: skip
SHOTS = os.environ.get("SHOTS")
"""A folder for a picture of each page in each look."""
# Asked in one go: a locator would first bring a third of a megabyte of script into every page.
_SAID = """() => [document.documentElement.lang, document.title, [...document.querySelectorAll('h1')].filter(
  e => e.checkVisibility({visibilityProperty: true}) && e.offsetWidth && e.offsetHeight).length]"""
_SMALL = """limit => [...document.querySelectorAll(`
    button, .button, .exit, .btn, summary, .choices label:has(input), .foot a,
    input:not([type=hidden], [type=radio], [type=checkbox], [name=website]), select, textarea`)]
  .filter(e => e.checkVisibility() && !e.closest('.trap') && !e.closest('p:not(.acts)'))
  .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < limit || box.width < limit)
  .map(([text, box]) => `${box.width}×${box.height} ${text}`)"""

_BEYOND = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > document.documentElement.clientWidth)
  .map(e => `${Math.round(e.getBoundingClientRect().right)} ${e.outerHTML.slice(0, 80)}`)"""


@dataclass
class Heard:
    """What a browser said and asked for while somebody came to a page."""

    words: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    last: Response | None = None

    def said(self, kind: str, text: str) -> None:
        """Not what Chromium says of every answer from 400 on: the page itself, or counted below."""
        if kind in ("error", "warning") and not text.startswith("Failed to load resource: the server responded"):
            self.words.append(text)

    def answered(self, response: Response) -> None:
        is_by_itself = "x-background" in response.request.headers
        if response.request.is_navigation_request() or (response.request.method == "POST" and not is_by_itself):
            self.last = response
        elif response.status >= 400:
            self.words.append(f"{response.status} {response.url}")

    def complaints(self, address: str) -> Iterator[str]:
        """What a page must not do besides showing itself."""
        yield from self.words
        yield from (f"asked {host}" for host in self.hosts - {urlsplit(address).netloc})


def listen(page: Page, heard: Callable[[], Heard]) -> None:
    """From now on, for whoever listens at that moment."""
    page.on("console", lambda message: heard().said(message.type, message.text))
    page.on("pageerror", lambda error: heard().words.append(str(error)))
    page.on("request", lambda request: heard().hosts.add(urlsplit(request.url).netloc))
    page.on("response", lambda response: heard().answered(response))


def barriers(page: Page, name: str, looks: tuple[tuple[str, int], ...] = LOOKS) -> Iterator[str]:
    """What somebody would stumble over in any look; a picture of each where SHOTS names a folder."""
    page.wait_for_load_state("load")
    yield from _said_badly(page)
    for scheme, width in looks:
        stretch(page, scheme, width)
        for found in violations(page):
            yield f"{scheme} {width}: {found['id']} {[node['html'] for node in found['nodes']]}"
        yield from sideways(page)
        if SHOTS:
            file = f"{re.sub('[^a-z0-9]+', '-', name.lower())}-{scheme}-{width}.png"
            page.screenshot(path=Path(SHOTS) / file, full_page=True)
    yield from _too_wide(page)


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds as the page looks now. It is read in once a page, and of its answer only this is fetched."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(options).then(all => all.violations)", OPTIONS)
    return found


def _too_wide(page: Page) -> Iterator[str]:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        yield from sideways(page)


def stretch(page: Page, scheme: str, width: int) -> None:
    """As wide as asked and as high as the page, so that no bar at an edge lies over what is to be looked at."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})


def _said_badly(page: Page) -> Iterator[str]:
    language, title, headings = page.evaluate(_SAID)
    if language != "en":
        yield "no language"
    if headings != 1:
        yield f"{headings} first headings"
    if not title.partition(" – ")[0].strip():
        yield "no title"


def sideways(page: Page) -> Iterator[str]:
    """Whether the page can be pushed to the side.

    A click waits for the next page to begin, not for its style: measured bare, a long name is wider than any phone.
    """
    page.wait_for_load_state("load")
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if wide > room:
        yield f"{wide} px wide in a window of {room}: {page.evaluate(_BEYOND)}"


def small_controls(page: Page, least: int) -> list[str]:
    """What a thumb would miss: each control of fewer pixels, but for links inside a sentence."""
    page.wait_for_load_state("load")
    return list(page.evaluate(_SMALL, least))
