"""The visitor's pages in a browser: readable, reachable, and the same without JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert, update
from sqlalchemy.exc import SQLAlchemyError

from intake.database import writing
from intake.models import CalendarVersion, CallbackRequest
from intake.queries.calendar import Calendar, documents
from intake.rules.hours import OpeningHours, Span
from intake.rules.promise import ResponseTarget
from tests.points import point
from tests.web.visiting import stored

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": STANDARDS}}
LONG_NAME = "María Fernanda de los Ángeles Villavicencio-Etxeberría"


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


def fill(page: Page, name: str = "Ana", phone: str = "(212) 736-0182") -> None:
    page.goto("/callback")
    page.get_by_label("What name should we ask for?").fill(name)
    page.get_by_label("Phone number").fill(phone)


def press_send(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Request a callback|Try again")).last.click()


def confirmed(page: Page, **answers: str) -> None:
    fill(page, **answers)
    press_send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")


def make_older() -> None:
    """As if the request had been sent some time ago."""
    with writing() as conn:
        row = CallbackRequest.__table__
        conn.execute(update(row).values(received_at=datetime.now(UTC) - timedelta(minutes=11)))


def form(page: Page) -> None:
    page.goto("/callback")


def form_with_errors(page: Page) -> None:
    fill(page, "", "736-5000")
    page.get_by_label("Email").fill("ana@")
    page.get_by_label("Another time").check()
    press_send(page)
    page.wait_for_selector("#problem")


def crisis(page: Page) -> None:
    fill(page, phone="911")
    press_send(page)
    page.wait_for_selector("#crisis")


def stale(page: Page) -> None:
    fill(page)
    page.evaluate("document.querySelector('[name=token]').value = ''")
    press_send(page)
    page.wait_for_selector("text=This page was open for a long time")


def not_sent(page: Page) -> None:
    fill(page, name=LONG_NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("intake.services.callbacks.submit", _fail)
        page.evaluate("document.forms[0].submit()")  # past the script, which would say it on the spot
        expect(page.get_by_role("heading", level=1)).to_have_text("Your request was not sent")


def _fail(*_args: object, **_more: object) -> None:
    raise SQLAlchemyError("down")


def confirmation(page: Page) -> None:
    confirmed(page, name=LONG_NAME)


def manage(page: Page) -> None:
    confirmed(page, name=LONG_NAME)
    make_older()
    page.reload()
    for row in page.locator("summary").all():
        row.click()


def cancel(page: Page) -> None:
    confirmed(page)
    page.get_by_role("link", name="Cancel this request").click()
    page.wait_for_url("**/cancel")


def cancelled(page: Page) -> None:
    cancel(page)
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your request is cancelled")


def nothing(page: Page) -> None:
    page.goto("/callback/nothing")


def privacy(page: Page) -> None:
    page.goto("/privacy")


def staying_private(page: Page) -> None:
    page.goto("/staying-private")


def accessibility(page: Page) -> None:
    page.goto("/accessibility")


WAYS = [
    form, form_with_errors, crisis, stale, not_sent, confirmation, manage, cancel, cancelled, nothing, privacy,
    staying_private, accessibility,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@point(3)
def test_no_page_holds_a_barrier(visit: Callable[..., Page], way: Callable[[Page], None], dark: bool) -> None:
    page = visit(360, dark=dark)
    way(page)
    found = Axe().run(page, options=RULES).response
    assert found["violations"] == [], json.dumps(found["violations"], indent=1)[:3000]
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@point(4)
def test_at_320_pixels_nothing_scrolls_sideways_and_every_control_is_large(
    visit: Callable[..., Page], way: Callable[[Page], None]
) -> None:
    page = visit(320)
    way(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = page.evaluate(
        """() => [...document.querySelectorAll(`button, .button, .exit, summary, .choices label:has(input), .foot a,
             input:not([type=hidden], [type=radio], [name=website]), textarea`)]
             .filter(e => e.checkVisibility() && !e.closest('.trap'))
             .map(e => [e.textContent.trim(), e.getBoundingClientRect()])
             .filter(([, box]) => box.height < 44 || box.width < 44).map(([text, box]) => text + ' ' + box.height)"""
    )
    assert small == []


@point(5)
def test_without_javascript_everything_works(visit: Callable[..., Page], sqlite_app: Flask) -> None:
    page = visit(script=False)
    fill(page, phone="736-5000")
    press_send(page)
    assert page.title().startswith("Error: ")
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
    assert page.title().startswith("Error: ")
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
