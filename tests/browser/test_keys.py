"""Single keys in a real browser: they press what they say, never while somebody types, and not at all if turned off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from intake.database import reading
from intake.queries import people
from intake.rules.permissions import Actor, ActorKind, permissions_of
from intake.rules.preferences import Dial, Preferences
from intake.services import claims, preferences
from tests.browser.barriers import barriers
from tests.browser.test_queue import full_queue, sign_in, working_day
from tests.making import actions, stored
from tests.points import point

__all__ = ["full_queue", "working_day"]


def press(page: Page, key: str) -> None:
    """As a hand would: once the page is there whole, not between its first words and its script."""
    page.wait_for_load_state()
    page.keyboard.press(key)


@pytest.fixture
def queue(page: Page, live_server: str, full_queue: dict[str, str]) -> Iterator[Page]:
    """Maria at the whole queue."""
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/?view=all-open")
    yield page


def test_rows_are_walked_claimed_released_and_opened_without_a_mouse(queue: Page, full_queue: dict[str, str]) -> None:
    first, second = (queue.locator(".q-who a").nth(at) for at in (0, 1))
    press(queue, "j")
    expect(first).to_be_focused()
    press(queue, "j")
    expect(second).to_be_focused()
    expect(queue.locator("tr.at")).to_have_count(1)
    press(queue, "k")
    expect(first).to_be_focused()
    reference = queue.locator("tr.at .ref").inner_text()
    press(queue, "c")
    expect(queue.get_by_text(f"Claimed {reference}.")).to_be_visible()
    expect(queue.locator("tr.at .ref")).to_have_text(reference)  # still in hand on the page that came back
    press(queue, "u")
    expect(queue.get_by_text(f"Released {reference}.")).to_be_visible()
    assert actions(reference)[-2:] == ["callback.claimed", "callback.released"]
    press(queue, "Enter")
    queue.wait_for_url(re.compile(reference))
    press(queue, "c")
    expect(queue.get_by_role("button", name="Release")).to_be_visible()


def test_chosen_rows_are_put_off_together_and_brought_back_by_one_undo(queue: Page) -> None:
    bar = queue.get_by_role("group", name="With the chosen requests")
    expect(bar).to_be_hidden()
    for _ in range(2):
        press(queue, "j")
        press(queue, "x")
    expect(bar).to_contain_text("2 chosen")
    assert list(barriers(queue, "chosen rows")) == []
    queue.set_viewport_size({"width": 1280, "height": 800})
    bar.locator("summary", has_text="Snooze").click()
    bar.get_by_role("button", name="Snooze").click()
    expect(queue.get_by_text(": 2 requests.")).to_be_visible()
    press(queue, "z")
    expect(queue.get_by_text("Taken back.")).to_be_visible()


def test_with_rows_chosen_the_keys_mean_all_of_them(queue: Page) -> None:
    for _ in range(2):
        press(queue, "j")
        press(queue, "x")
    chosen = [each.get_attribute("data-ref") or "" for each in queue.locator("tr:has(.pick:checked)").all()]
    press(queue, "s")
    expect(queue.locator("#bulk-until")).to_be_focused()
    assert list(barriers(queue, "several to be put off")) == []
    queue.set_viewport_size({"width": 1280, "height": 800})
    press(queue, "Tab")
    queue.keyboard.type("staff meeting")
    press(queue, "Enter")
    expect(queue.get_by_text(": 2 requests.")).to_be_visible()
    assert [actions(one)[-1] for one in chosen] == ["callback.snoozed"] * 2
    press(queue, "z")
    expect(queue.get_by_text("Taken back.")).to_be_visible()
    for one in chosen:
        queue.locator(f"tr[data-ref='{one}'] .pick").check()
    press(queue, "c")
    expect(queue.get_by_text("Claimed: 2 requests.")).to_be_visible()
    queue.locator(".pick").first.focus()
    press(queue, "s")
    expect(queue.locator("#snooze[open]")).to_have_count(1)  # nothing is chosen: the one in hand


def test_search_and_the_list_of_keys_are_one_key_away_on_every_page(queue: Page, live_server: str) -> None:
    for path in ("/admin/account/", "/admin/queue/"):
        queue.goto(f"{live_server}{path}")
        for key in ("/", "i"):
            press(queue, key)
            expect(queue.get_by_label("Find")).to_be_focused()
            assert queue.get_by_label("Find").input_value() == ""
            press(queue, "Escape")
        press(queue, "?")
        expect(queue.get_by_role("dialog", name="Keys")).to_be_visible()
        assert list(barriers(queue, "keys")) == []
        queue.set_viewport_size({"width": 1280, "height": 800})
        press(queue, "/")
        expect(queue.get_by_label("Find")).not_to_be_focused()
        press(queue, "Escape")
        expect(queue.get_by_role("dialog")).to_have_count(0)


@point(49)
def test_i_searches_wherever_no_outcome_can_be_said_and_is_they_called_us_where_one_can(
    queue: Page, full_queue: dict[str, str], live_server: str, sqlite_app: Flask, now: datetime
) -> None:
    claims.claim(sqlite_app.extensions["intake"], member("Dev"), full_queue["Ana"], now=now)
    find, they_called = queue.get_by_label("Find"), queue.get_by_role("radio", name="They called us")
    press(queue, "j")
    press(queue, "i")
    expect(find).to_be_focused()
    for whose in ("Ana", "Priya", "asdf", "Bea"):  # a colleague's, nobody's, to be decided, its time not read yet
        queue.goto(f"{live_server}/admin/queue/{full_queue[whose]}")
        press(queue, "6")
        expect(queue.locator("[name=outcome]:checked")).to_have_count(0)
        press(queue, "i")
        expect(find).to_be_focused()
    queue.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    press(queue, "i")
    expect(they_called).to_be_checked()
    expect(find).not_to_be_focused()
    press(queue, "/")
    expect(find).to_be_focused()
    press(queue, "i")
    expect(find).to_have_value("i")
    press(queue, "Escape")
    press(queue, "s")
    expect(queue.locator("#until")).to_be_focused()
    press(queue, "Escape")
    expect(queue.locator("#until")).not_to_be_focused()
    press(queue, "u")
    expect(queue.get_by_text(re.compile("Released"))).to_be_visible()
    queue.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    press(queue, "i")
    expect(find).to_be_focused()


def test_no_key_does_anything_in_a_field_or_with_another_key_held(
    queue: Page, full_queue: dict[str, str], live_server: str
) -> None:
    queue.get_by_label("Find").fill("")
    queue.get_by_label("Find").press_sequentially("juck?")
    expect(queue.get_by_label("Find")).to_have_value("juck?")
    expect(queue.locator("tr.at")).to_have_count(0)
    press(queue, "Escape")
    press(queue, "j")
    reference = queue.locator("tr.at .ref").inner_text()
    for held in ("Control", "Alt", "Meta"):
        press(queue, f"{held}+c")
        press(queue, f"{held}+?")
    assert stored(reference).assignee_id is None
    expect(queue.get_by_role("dialog")).to_have_count(0)
    queue.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    queue.get_by_label("only staff see it").fill("")
    queue.get_by_label("only staff see it").press_sequentially("16 o'clock u")
    expect(queue.locator("[name=outcome]:checked")).to_have_count(0)
    expect(queue.get_by_label("only staff see it")).to_have_value("16 o'clock u")


@point(59)
def test_each_outcome_has_its_key_and_d_asks_twice(queue: Page, full_queue: dict[str, str], live_server: str) -> None:
    queue.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    shown = queue.locator("[data-key]:visible").evaluate_all("parts => parts.map(part => part.dataset.key)")
    assert set(shown) == set("nuasep123456789oil!d"), "whatever a key does a button does that can be seen"
    for key, name in {"1": "Appointment made", "6": "No answer", "9": "Wrong number", "o": "Someone else answered",
                      "i": "They called us", "l": "Our line failed", "!": "In crisis"}.items():  # fmt: skip
        press(queue, key)
        expect(queue.get_by_role("radio", name=name)).to_be_checked()
    press(queue, "d")
    expect(queue.get_by_role("radio", name="Do not call again")).to_be_checked()
    expect(queue.get_by_label(re.compile("Nobody may call this number"))).not_to_be_checked()
    press(queue, "d")
    expect(queue.get_by_label(re.compile("Nobody may call this number"))).to_be_checked()
    press(queue, "3")
    press(queue, "e")
    expect(queue.get_by_label("only staff see it")).to_be_focused()
    assert stored(full_queue["Marcus"]).attempt_count == 0, "keys choose, Save commits"


def test_a_voicemail_that_is_not_allowed_has_no_key(queue: Page, full_queue: dict[str, str], live_server: str) -> None:
    queue.goto(f"{live_server}/admin/queue/{full_queue['Ana']}")
    press(queue, "c")
    press(queue, "7")
    expect(queue.locator("[name=outcome]:checked")).to_have_count(0)


def test_what_a_row_has_no_button_for_opens_on_its_request(
    browser: Browser, live_server: str, full_queue: dict[str, str]
) -> None:
    page = browser.new_page()
    sign_in(page, live_server, "grace")
    page.goto(f"{live_server}/admin/queue/?view=unclaimed")
    press(page, "j")
    press(page, "a")
    expect(page.get_by_role("button", name="Grace (you)")).to_be_visible()
    expect(page.locator(".menu-list :focus")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/admin/queue/[0-9A-Z]{3}-[0-9A-Z]{3}$"))
    page.close()


def test_whoever_turned_them_off_has_none(
    sqlite_app: Flask, page: Page, live_server: str, full_queue: dict[str, str]
) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/account/preferences")
    page.get_by_label("Single keys do something").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.goto(f"{live_server}/admin/queue/")
    for key in ("j", "?", "/"):
        press(page, key)
    expect(page.locator("tr.at")).to_have_count(0)
    expect(page.get_by_label("Find")).not_to_be_focused()
    assert page.locator("script[src*=keys]").count() == page.locator("kbd:not([aria-hidden])").count() == 0


def test_keys_of_a_locked_page_are_asleep(queue: Page, full_queue: dict[str, str]) -> None:
    press(queue, "j")
    reference = queue.locator("tr.at .ref").inner_text()
    queue.evaluate("document.body.classList.add('covered')")
    for key in ("c", "?", "j"):
        press(queue, key)
    expect(queue.get_by_role("dialog")).to_have_count(0)
    assert stored(reference).assignee_id is None


def member(name: str) -> Actor:
    with reading() as conn:
        found = next(one for one in people.working(conn) if one.name == name)
    return Actor(ActorKind.PERSON, found.id, name, permissions_of(("staff",)))


def prefer(app: Flask, name: str, wanted: Preferences, now: datetime) -> None:
    preferences.change(app.extensions["intake"], member(name), wanted, now=now)


@pytest.mark.parametrize("dial", [Dial.TEL, Dial.SIP, Dial.COPY])
def test_a_number_is_dialled_as_its_caller_has_set_it_and_never_by_itself(
    sqlite_app: Flask, browser: Browser, live_server: str, full_queue: dict[str, str], now: datetime, dial: Dial
) -> None:
    prefer(sqlite_app, "Maria", Preferences(dial=dial, hides_number=dial is Dial.SIP), now)
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    press(page, "p")
    expect(page.get_by_text("On the call since")).to_be_visible()
    warning = page.get_by_text("Your line hides its number")
    expect(warning).to_have_count(1 if dial is Dial.SIP else 0)
    if dial is Dial.COPY:
        page.get_by_role("button", name="Copy the number").click(timeout=5000)
        expect(page.get_by_text("Copied", exact=True)).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == "+12125550147"
    else:
        link = page.get_by_role("link", name="Call (212) 555-0147")
        expect(link).to_have_attribute("href", f"{dial}:+12125550147")
    context.close()
