"""What the script adds to the visitor's pages: a fast way out, and a form that survives a lost connection."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from tests.points import point
from tests.web.visiting import stored

ELSEWHERE = "/robots.txt"


@pytest.fixture
def page(browser: Browser, live_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.set_default_timeout(10_000)
    # Playwright cannot stand in for the target of a redirect, so elsewhere is here.
    monkeypatch.setattr("intake.web.public.ELSEWHERE", f"{live_server}{ELSEWHERE}")
    yield page
    context.close()


def fill(page: Page, name: str = "Ana") -> None:
    page.goto("/callback")
    page.get_by_label("What name should we ask for?").fill(name)
    page.get_by_label("Phone number").fill("(212) 736-0182")


def send_button(page: Page) -> None:
    page.locator(".send .button").click()


def expect_gone(page: Page) -> None:
    page.wait_for_url(f"**{ELSEWHERE}")
    assert page.get_by_label("Phone number").count() == 0


@point(17)
def test_leaving_blanks_the_page_at_once_and_back_does_not_return_to_it(page: Page) -> None:
    page.goto("/privacy")
    fill(page)
    # In one turn, since a browser that is on its way elsewhere answers no more questions.
    left = page.evaluate("() => { document.querySelector('.exit').click(); return [document.body, document.title]; }")
    assert left == [None, ""]
    expect_gone(page)
    page.go_back()
    assert "/callback" not in page.url and page.get_by_label("Phone number").count() == 0


@point(17)
def test_shift_three_times_leaves_and_other_keys_do_not(page: Page) -> None:
    fill(page)
    for keys in (["Shift"] * 2, ["Control+Shift"] * 3, ["Alt+Shift"] * 3, ["Shift", "a", "Shift", "b", "Shift"]):
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Tab")
    page.get_by_label("Email").focus()
    page.keyboard.type("ABC Def GHI")
    assert page.url.endswith("/callback")
    for _ in range(3):
        page.keyboard.press("Shift")
    expect_gone(page)


def test_shift_pressed_slowly_does_not_leave(page: Page) -> None:
    page.goto("/callback")
    page.evaluate(
        """() => { for (const at of [0, 3000, 6000]) for (const kind of ['keydown', 'keyup']) {
             const event = new KeyboardEvent(kind, {key: 'Shift'});
             Object.defineProperty(event, 'timeStamp', {value: at + 1}); dispatchEvent(event); } }"""
    )
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@point(26)
def test_a_lost_connection_keeps_the_answers_and_trying_again_is_one_request(page: Page, sqlite_app: Flask) -> None:
    fill(page)
    page.route("**/callback", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    send_button(page)
    expect(page.get_by_role("alert")).to_contain_text("Not sent yet, your answers are still here.")
    expect(page.get_by_role("alert")).to_contain_text("212-736-5000")
    expect(page.locator(".send .button")).to_have_text("Try again")
    expect(page.get_by_label("What name should we ask for?")).to_have_value("Ana")
    page.unroute("**/callback")
    send_button(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")
    assert len(stored(sqlite_app)) == 1


def test_a_lost_answer_is_found_again_by_the_same_token(page: Page, sqlite_app: Flask) -> None:
    fill(page)

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route("**/callback", lose)
    send_button(page)
    expect(page.get_by_role("alert")).to_contain_text("Not sent yet")
    page.unroute("**/callback")
    send_button(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")
    assert len(stored(sqlite_app)) == 1


def test_a_service_that_is_down_is_said_on_the_spot(page: Page) -> None:
    fill(page)
    answers = [{"X-Request-ID": "7k3m-0qxv-h2ne"}, {}]
    page.route(
        "**/callback", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>", headers=answers.pop(0))
    )
    send_button(page)
    expect(page.get_by_role("alert")).to_contain_text("Not sent yet")
    expect(page.get_by_role("alert")).to_contain_text("If you call us, you can give this number: 7k3m-0qxv-h2ne")
    send_button(page)
    expect(page.get_by_role("alert")).not_to_contain_text("give this number")
    expect(page.get_by_label("Phone number")).to_have_value("(212) 736-0182")


def test_while_sending_the_button_says_so_stays_enabled_and_sends_once(page: Page, sqlite_app: Flask) -> None:
    fill(page)
    held: list[Route] = []
    page.route("**/callback", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    button = page.locator(".send .button")
    button.click()
    expect(button).to_have_text("Sending…")
    expect(button).to_be_enabled()
    expect(button).to_be_focused()
    button.click()
    button.click()
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")
    assert len(stored(sqlite_app)) == 1


@point(26)
def test_reloading_and_going_back_ask_for_nothing_again(page: Page, sqlite_app: Flask) -> None:
    page.goto("/privacy")
    fill(page)
    send_button(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")
    page.reload()
    page.go_back()
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")
    assert len(stored(sqlite_app)) == 1


def test_after_an_error_the_same_page_can_be_corrected_and_sent(page: Page, sqlite_app: Flask) -> None:
    fill(page, name="")
    for _ in range(2):
        send_button(page)
        expect(page.locator("#problem")).to_be_focused()
        expect(page).to_have_title(re.compile("^Error: "))
        page.locator("#problem a").click()
        expect(page.get_by_label("What name should we ask for?")).to_be_focused()
    page.keyboard.type("Ana")
    send_button(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")
    assert len(stored(sqlite_app)) == 1
