"""The charts of response times in a real browser, without JavaScript: what they say, and that nothing hides it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from intake.database import reading
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import report as report_query
from intake.queries.facts import Asked
from intake.queries.report import ByPerson, Report
from intake.rules import periods
from intake.rules.counting import Kept, Kind
from intake.rules.periods import Preset
from intake.rules.permissions import Actor
from intake.services import report_copies, report_notes, settings
from tests.admin.desk import at
from tests.browser.test_queue import sign_in
from tests.making import person
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


def full(told: Report) -> Report:
    """As of an office with a dozen callers, more pages than are shown, and requests of every kind."""
    figures = told.whole
    n = 1000 + (told.now >= END)  # so that what was given out before is not so any more
    everything = replace(figures, kinds={kind: n for kind in Kind}, wishes={kept: 21 for kept in Kept})
    people = [ByPerson(number, f"Maria-Alexandra Whitfield {number}", figures, 1234) for number in range(12)]
    return replace(
        told, whole=everything, people=tuple(people), sources=tuple((f"page{n}", figures) for n in range(20))
    )  # fmt: skip


def written_about(site: Site, lee: Actor) -> None:
    """Notes, another target, and figures given out that are not so any more."""
    for number in range(5):
        report_notes.add(site, lee, END.date() - timedelta(days=7 * number), f"Phones down {number} " * 6, now=END)
    alex = person(site, "Alex", "admin", now=END)
    for minutes in (20, 15):
        with reading() as conn:
            calendar = calendars.current(conn, site)
        target = replace(calendar.target, minutes=minutes)
        settings.change_target(site, alex, target, seen=calendar.id, words=f"{minutes}", now=END)
    for preset in (Preset.DAYS_28, Preset.DAYS_364):
        report_copies.figures(site, lee, Asked(periods.preset(preset, END.date())), now=END - timedelta(minutes=1))


@point(72)
@pytest.mark.parametrize("days", ["28", "364"])
def test_four_weeks_and_a_year_of_a_full_report_are_printed_on_two_sheets(
    report: Page, sqlite_app: Flask, days: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, real = sqlite_app.extensions["intake"], report_query.report
    monkeypatch.setattr(report_query, "report", lambda *asked, **more: full(real(*asked, **more)))
    monkeypatch.setattr(report_copies, "report", report_query.report)
    written_about(site, person(site, "Grace", "manager", now=END))
    report.goto(f"/admin/reports/?period={days}")
    for words in ("Given out", "8 other pages", "Whitfield 11", "Opening hours or target changed", "Phones down 4"):
        expect(report.locator("main")).to_contain_text(words)
    report.emulate_media(media="print")
    for sheet in ("A4", "Letter"):
        pdf = report.pdf(format=sheet)
        assert (sheet, len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))) == (sheet, 2)


def test_on_a_phone_no_table_that_is_opened_widens_the_page(report: Page) -> None:
    report.set_viewport_size({"width": 360, "height": 800})
    tables = report.locator("figure details.tbl > summary")
    for number in range(tables.count()):
        tables.nth(number).click()
    assert report.locator("figure details.tbl[open]").count() == tables.count() > 5
    assert report.evaluate("document.documentElement.scrollWidth") == 360
