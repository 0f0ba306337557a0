"""The charts of response times in a real browser, without JavaScript: what they say, and that nothing hides it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.admin.desk import at
from tests.browser.test_queue import sign_in
from tests.points import point
from tests.queries.story import END, tell

YEAR = "/admin/reports/?period=364"
_COVERING = """e => ({outline: getComputedStyle(e.parentElement).outlineStyle, fill: getComputedStyle(e).fill})"""
_FILL = """e => {
  const fill = getComputedStyle(e).fill, name = /url\\("#(.+)"\\)/.exec(fill);
  return name ? document.getElementById(name[1]).innerHTML.replace(/ (stroke|fill|opacity)="[^"]*"/g, '') : 'flat';
}"""


@pytest.fixture
def report(browser: Browser, live_server: str, sqlite_app: Flask) -> Iterator[Page]:
    """A year of weeks, of which the last has a point."""
    with at(END, is_running=True):
        tell(sqlite_app.extensions["intake"])
        context = browser.new_context(base_url=live_server, java_script_enabled=False)
        page = context.new_page()
        sign_in(page, live_server, "lee")
        page.goto(YEAR)
        yield page
        context.close()


@point(72)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pointing_at_a_week_or_going_to_it_by_key_shows_its_value_and_hides_nothing(report: Page, scheme: str) -> None:
    report.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    week = report.locator(".line svg > a").last
    value = report.locator(".line svg text", has_text=re.compile(r"^16 Nov 46 % \(6 of 13\)$"))
    expect(value).to_be_hidden()
    week.focus()
    report.keyboard.press("Shift+Tab")
    report.keyboard.press("Tab")
    expect(value).to_be_visible()
    assert week.locator(".hit").evaluate(_COVERING) == {"outline": "solid", "fill": "none"}
    report.locator("h1").click()
    expect(value).to_be_hidden()
    week.locator(".hit").hover()
    expect(value).to_be_visible()
    assert week.locator(".hit").evaluate(_COVERING)["fill"] == "none"


def test_a_week_pointed_at_speaks_alone_while_another_has_the_focus(report: Page) -> None:
    weeks = report.locator(".line svg > a")
    weeks.first.focus()
    weeks.last.locator(".hit").hover()
    expect(report.locator(".told").filter(visible=True)).to_have_text(["16 Nov 46 % (6 of 13)"])


@pytest.mark.parametrize("width", [360, 961, 1280])
def test_no_two_labels_under_a_year_of_weeks_overlap(report: Page, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 800})
    chart = report.locator(".line svg")
    assert chart.locator(".hit").count() >= 52
    boxes = [box for text in chart.locator("text.q.m").all() if (box := text.bounding_box())]
    rows = defaultdict(list)
    for box in boxes:
        rows[round(box["y"])].append((box["x"], box["x"] + box["width"]))
    assert sorted(map(len, rows.values())) == ([1, 5, 5] if width == 360 else [1, 14, 14]), "days, n, the new year"
    for row in rows.values():
        assert all(left[1] < right[0] for left, right in pairwise(sorted(row)))


@point(72)
def test_called_not_yet_and_never_are_told_apart_without_colour(report: Page) -> None:
    """By pattern: colours as such are left out of what is compared."""
    swatches = [report.locator(f".key .bar-{kind}") for kind in "fhl"]
    assert len({swatch.evaluate(_FILL) for swatch in swatches}) == 3


@point(72)
@pytest.mark.parametrize("days", ["28", "364"])
def test_four_weeks_and_a_year_are_printed_on_two_sheets(report: Page, days: str) -> None:
    report.goto(f"/admin/reports/?period={days}")
    report.emulate_media(media="print")
    for sheet in ("A4", "Letter"):
        pdf = report.pdf(format=sheet)
        assert (sheet, len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))) == (sheet, 2)
