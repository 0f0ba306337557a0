"""Every page of the table in a real browser: by day and in the dark, at a desk and on a phone, without a barrier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.exceptions import HTTPException

from tests.browser import premises
from tests.browser.barriers import LOOKS, Heard, barriers, small_controls
from tests.browser.every_page import EVERY, PANEL, SIGN_IN, VISITORS
from tests.browser.premises import Premises
from tests.browser.shown import Shown
from tests.conftest import NOON
from tests.points import point

MADE_ONCE = "public/form.html"
"""Rendered for all its visitors, so not by each."""
ARRIVING = 50
"""Tenths of a second that a page may take to come."""


@pytest.fixture(scope="module")
def whole_house(
    browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Premises]:
    folder = tmp_path_factory.mktemp("premises")
    copy = folder / "intake.db"
    copy.write_bytes(sqlite_template.read_bytes())
    with premises.opened(browser, f"sqlite:///{copy}", folder, NOON) as house:
        yield house


@pytest.fixture
def house(whole_house: Premises) -> Iterator[Premises]:
    yield whole_house
    whole_house.tidy()


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that were filled in, the newest last."""
    names: list[str] = []
    render = jinja2.Template.render

    def noted(self: jinja2.Template, *args: object, **more: object) -> str:
        names.append(self.name or "")
        return render(self, *args, **more)

    monkeypatch.setattr(jinja2.Template, "render", noted)
    return names


def endpoint(app: Flask, url: str, method: str) -> str:
    """The view that answers here, if any does."""
    try:
        return str(app.url_map.bind("").match(urlsplit(url).path, method)[0])
    except HTTPException:
        return ""


def looks_of(shown: Shown) -> tuple[tuple[str, int], ...]:
    """How it is looked at: both ways where its template comes first, and by turns when it comes again."""
    alike = [one for one in EVERY if one.template == shown.template]
    turn = alike.index(shown)
    return LOOKS if turn == 0 else (LOOKS[turn % len(LOOKS)],)


def come(house: Premises, shown: Shown, rendered: list[str]) -> Page:
    """Go there, and make sure that it is what the table says."""
    heard = Heard()
    house.heard = heard
    page = shown.way(house)
    for _ in range(ARRIVING):  # A press is over before the browser has set off.
        page.wait_for_load_state()
        last = heard.last
        answered = (endpoint(house.app, last.url, last.request.method), last.status) if last else None
        if last and answered == (shown.endpoint, shown.status) and page.url == last.url:
            break
        page.wait_for_timeout(100)
    assert last and (answered, page.url) == ((shown.endpoint, shown.status), last.url)
    assert shown.template == MADE_ONCE or shown.template == rendered[-1]
    assert list(heard.complaints(house.address)) == []
    return page


@pytest.mark.parametrize("shown", VISITORS, ids=lambda shown: shown.name)
@point(3, 4)
def test_a_visitor_meets_no_barrier(house: Premises, shown: Shown, rendered: list[str]) -> None:
    page = come(house, shown, rendered)
    assert list(barriers(page, shown.name)) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert small_controls(page, 44) == []


@pytest.mark.parametrize("shown", SIGN_IN, ids=lambda shown: shown.name)
def test_nobody_meets_a_barrier_on_the_way_in_or_out(house: Premises, shown: Shown, rendered: list[str]) -> None:
    page = come(house, shown, rendered)
    assert list(barriers(page, shown.name, looks_of(shown))) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert small_controls(page, 44) == []


@pytest.mark.parametrize("shown", PANEL, ids=lambda shown: shown.name)
def test_nobody_who_works_here_meets_a_barrier(house: Premises, shown: Shown, rendered: list[str]) -> None:
    page = come(house, shown, rendered)
    assert list(barriers(page, shown.name, looks_of(shown))) == []
