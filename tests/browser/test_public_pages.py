"""The visitor's pages in a browser: readable, reachable, and the same without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert

from intake.database import writing
from intake.models import CalendarVersion
from intake.queries.calendar import Calendar, documents
from intake.rules.hours import OpeningHours, Span
from intake.rules.promise import ResponseTarget
from tests.browser.visitors_pages import confirmation, confirmed, fill, form_with_errors, manage, press_send
from tests.points import point
from tests.web.visiting import stored


@pytest.fixture(autouse=True)
def open_day_and_night(sqlite_app: Flask) -> None:
    """So that a test reads the same at any hour."""
    week = ((Span(0, 1440),),) * 7
    kept = documents(Calendar(None, OpeningHours("America/New_York", week), ResponseTarget()))
    with writing() as conn:
        conn.execute(insert(CalendarVersion).values(created_at=datetime.now(UTC), **kept))


@pytest.fixture
def visit(browser: Browser, live_server: str) -> Iterator[Callable[..., Page]]:
    contexts = []

    def opened(width: int = 360, *, dark: bool = False, script: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server, viewport={"width": width, "height": 800}, java_script_enabled=script,
            color_scheme="dark" if dark else "light",
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield opened
    for context in contexts:
        context.close()


@point(5)
def test_without_javascript_everything_works(visit: Callable[..., Page], sqlite_app: Flask) -> None:
    page = visit(script=False)
    fill(page, phone="736-5000")
    press_send(page)
    expect(page).to_have_title(re.compile("^Error: "))
    page.get_by_label("Phone number").fill("212 736 0182")
    page.locator(".day input").last.check()
    press_send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")
    page.locator("#number summary").click()
    page.get_by_label("New phone number").fill("646 736 0199")
    page.get_by_role("button", name="Save the new number").click()
    expect(page.get_by_role("status")).to_have_text("Your new number is saved.")
    page.get_by_role("button", name="Call me once only").click()
    page.get_by_role("link", name="Cancel this request").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your request is cancelled")
    (row,) = stored(sqlite_app)
    assert (row["phone"], row["is_once_only"], row["status"]) == ("+16467360199", True, "withdrawn")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])
@point(20, 21)
def test_the_summary_takes_focus_and_leads_to_each_field(visit: Callable[..., Page], script: bool) -> None:
    page = visit(360, script=script)
    form_with_errors(page)
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("#problem")).to_be_focused()
    links = page.locator("#problem a")
    assert links.count() == page.locator(".bad .err").count() == 4
    for link in links.all():
        name = (link.get_attribute("href") or "").removeprefix("#")
        link.click()
        expect(page.locator(f"#{name}")).to_be_focused()
        label = page.locator(f'label[for="{name}"]').bounding_box()
        bar = page.locator(".bar").bounding_box()
        assert label and bar and label["y"] >= bar["y"] + bar["height"]


@point(18)
def test_the_way_out_is_the_second_stop_and_stays_on_screen(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto("/callback")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Leave this page")).to_be_focused()
    page.mouse.wheel(0, 1500)
    page.wait_for_function("scrollY > 500")
    expect(page.get_by_role("link", name="Leave this page")).to_be_in_viewport()


@point(33)
def test_on_paper_there_are_no_buttons_and_one_page(visit: Callable[..., Page]) -> None:
    for way in (confirmation, manage):
        page = visit(1280)
        way(page)
        page.reload()
        page.emulate_media(media="print")
        assert not any(button.is_visible() for button in page.locator("button, .exit").all())
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        pdf = page.pdf(format="Letter")
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1


def test_the_page_runs_under_its_policy_without_a_word_in_the_console(visit: Callable[..., Page]) -> None:
    page = visit()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    confirmed(page)
    page.get_by_role("link", name="Change it").click()
    expect(page.get_by_label("New phone number")).to_be_visible()
    assert said == []
    assert len(hosts) == 1
    assert page.context.cookies() == []
