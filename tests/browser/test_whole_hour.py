"""An hour of somebody's work, once by keyboard alone and once with a thumb on a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.barriers import sideways, small_controls
from tests.browser.test_queue import full_queue, sign_in, working_day
from tests.making import PASSWORD, actions, stored
from tests.points import point

__all__ = ["full_queue", "working_day"]

_SEEN = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  if (at === document.body) return 'nothing has the focus';
  const rings = [at, at.closest('label'), at.closest('.find')].filter(Boolean).map(part => getComputedStyle(part));
  if (!rings.some(ring => ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) > 0)) return 'no ring';
  const [x, y] = [box.x + Math.min(box.width / 2, 20), box.y + Math.min(box.height / 2, 20)];
  const over = document.elementFromPoint(x, y), label = at.closest('label');
  const isFree = over && (at.contains(over) || over.contains(at) || label && label.contains(over));
  return isFree ? '' : 'something lies over it';
}"""
"""What is wrong with where the focus is, if anything."""


def seen(page: Page) -> None:
    """The focus can be seen."""
    wrong = page.evaluate(_SEEN)
    assert not wrong, (wrong, page.evaluate("document.activeElement.outerHTML"))


def keys(page: Page, *pressed: str) -> None:
    """One after the other, once the page has its script."""
    page.wait_for_load_state()
    for key in pressed:
        page.keyboard.press(key)


def tab_to(page: Page, wanted: Locator, most: int = 90) -> None:
    """On with the Tab key until it has the focus."""
    wanted.wait_for()
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("part => part === document.activeElement"):
            return seen(page)
    raise AssertionError(f"not reached by Tab: {wanted}")


def sign_in_by_keys(page: Page, address: str) -> None:
    page.goto(f"{address}/login")
    page.evaluate("document.activeElement.blur()")
    tab_to(page, page.get_by_label("Email"))
    page.keyboard.type("maria@example.com")
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(PASSWORD)
    keys(page, "Enter")
    page.wait_for_url("**/admin/queue/")


def said(page: Page, words: str) -> None:
    expect(page.locator(".flash")).to_contain_text(words)


def done_to(reference: str) -> str:
    """What was done to it last, besides looking."""
    return [action for action in actions(reference) if action != "callback.viewed"][-1]


@pytest.fixture
def untouched(page: Page) -> Iterator[Page]:
    """A page on which no mouse does anything, by which it would be known."""
    page.add_init_script("addEventListener('mousedown', () => { window.name = 'a mouse'; }, true)")
    yield page
    assert page.evaluate("window.name") == ""


def two_calls_by_keys(page: Page, full_queue: dict[str, str]) -> None:
    """The two most urgent, one in vain, one with success."""
    keys(page, "n")
    page.wait_for_url(f"**/{full_queue['Ana']}")
    bar = page.locator(".undo")
    expect(bar).to_contain_text("Claimed as the most urgent")
    assert (bar.bounding_box() or {})["height"] < 64, "its sign, its words and its button side by side"
    keys(page, "p")
    expect(page.locator(".incall")).to_be_visible()
    keys(page, "6")
    expect(page.get_by_label("No answer")).to_be_focused()
    seen(page)
    keys(page, "e")
    page.keyboard.type("Rang 8 times")
    tab_to(page, page.get_by_role("button", name="Left with family").first)
    keys(page, "Enter")
    expect(page.get_by_label("only staff see it")).to_have_value("Rang 8 times; Left with family")
    seen(page)
    keys(page, "Control+Enter")
    said(page, f"Saved. {full_queue['Ana']}: next try")

    page.wait_for_url(f"**/{full_queue['Marcus']}")
    keys(page, "p")
    expect(page.locator(".incall")).to_be_visible()
    keys(page, "1", "Meta+Enter")
    said(page, f"Saved. {full_queue['Marcus']} is closed.")


def put_off_and_passed_on_by_keys(page: Page) -> None:
    """Snoozed and skipped, both undone; of the next one a note is written and struck through, and it is handed off."""
    put_off = page.url.rpartition("/")[2]
    keys(page, "s")
    expect(page.locator("#until")).to_be_focused()
    seen(page)
    tab_to(page, page.get_by_label("Why wait?"))
    page.keyboard.type("Their line is busy")
    keys(page, "Enter")
    said(page, f"{put_off} is put off")
    keys(page, "z")
    expect(page.locator(".flash")).not_to_contain_text("is put off")
    assert done_to(put_off) == "callback.undone" and stored(put_off).snoozed_at is None

    tab_to(page, page.locator("summary").filter(has_text="Skip"))
    keys(page, "Enter", "Tab")
    seen(page)
    keys(page, "Enter")
    page.wait_for_url(lambda url: not url.endswith(put_off))
    assert "callback.skipped" in actions(put_off)
    keys(page, "z")
    said(page, f"Taken back. {put_off} is as it was.")
    assert done_to(put_off) == "callback.undone"

    handed = page.url.rpartition("/")[2]
    tab_to(page, page.get_by_text("Add a note without a call"))
    keys(page, "Enter", "Tab")
    page.keyboard.type("Speaks Polish")
    tab_to(page, page.get_by_role("button", name="Add note"))
    keys(page, "Enter")
    said(page, "Note added.")
    keys(page, "z")
    said(page, "Your note is struck through")
    expect(page.locator(".time s").first).to_have_text("Maria wrote a note")
    keys(page, "a")
    expect(page.locator("#hand_off_to")).to_be_focused()
    seen(page)
    keys(page, "D", "Tab")
    page.keyboard.type("Ask for Ana")
    tab_to(page, page.get_by_role("button", name="Hand off", exact=True))
    keys(page, "Enter")
    said(page, "Dev")
    assert done_to(handed) == "callback.handed_off"


def found_by_keys(page: Page, reference: str) -> None:
    keys(page, "/")
    seen(page)
    page.keyboard.type("priya")
    keys(page, "Enter")
    page.wait_for_url("**m=**")
    keys(page, "j", "Enter")
    page.wait_for_url(f"**/{reference}")
    keys(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    keys(page, "Escape", "u")
    expect(page.get_by_text("Nobody has claimed this")).to_be_visible()
    keys(page, "c")
    expect(page.get_by_role("button", name="Release")).to_be_visible()


@point(49)
def test_an_hour_of_work_by_keyboard_alone(untouched: Page, live_server: str, full_queue: dict[str, str]) -> None:
    page = untouched
    sign_in_by_keys(page, live_server)
    keys(page, "j", "j", "k")
    expect(page.locator(".q-who a").first).to_be_focused()
    seen(page)
    two_calls_by_keys(page, full_queue)
    put_off_and_passed_on_by_keys(page)
    found_by_keys(page, full_queue["Priya"])


def fits(page: Page) -> None:
    """Nothing goes off to the side, and a thumb hits what it aims at."""
    assert list(sideways(page)) == []
    assert small_controls(page, 44) == []


def is_in_reach(page: Page, control: Locator) -> None:
    """In the lower half of the screen, before anybody scrolls."""
    page.wait_for_load_state("load")
    box, height = control.bounding_box(), page.viewport_size["height"]  # type: ignore[index]
    assert box and height / 2 < box["y"] and box["y"] + box["height"] <= height and box["height"] >= 44


def sign_in_by_thumb(page: Page, address: str) -> None:
    page.goto(f"{address}/login")
    page.get_by_label("Email").tap()
    page.keyboard.type("maria@example.com")
    page.get_by_label("Password").tap()
    page.keyboard.type(PASSWORD)
    page.get_by_role("button", name="Sign in").tap()
    page.wait_for_url("**/admin/queue/")
    fits(page)


def a_call_by_thumb(page: Page, full_queue: dict[str, str]) -> None:
    page.get_by_role("link", name=f"Ana {full_queue['Ana']}").tap()
    call, claim = (page.get_by_role("button", name=name, exact=True) for name in ("Call", "Claim"))
    for control in (call, claim):
        is_in_reach(page, control)
    rule = page.locator(".reach").get_by_text("Do not leave a message")
    expect(rule).to_be_visible()
    above, below = rule.bounding_box(), call.bounding_box()
    assert above and below and above["y"] + above["height"] <= below["y"], "the wish stands above what calls"
    fits(page)
    claim.tap()
    said(page, "Claimed")
    call.tap()
    expect(page.locator(".incall")).to_be_visible()
    is_in_reach(page, page.get_by_role("link", name=re.compile("^Call")))
    fits(page)
    page.get_by_role("link", name="What happened?").tap()
    page.locator(".outs").get_by_text("No answer", exact=True).tap()
    page.get_by_role("button", name="Voicemail is full").first.tap()
    expect(page.get_by_label("only staff see it")).to_have_value("Voicemail is full")
    fits(page)
    page.get_by_role("button", name="Save and next").tap()
    said(page, f"Saved. {full_queue['Ana']}: next try")


def put_off_and_passed_on_by_thumb(page: Page) -> None:
    before = page.url
    page.get_by_text("Snooze", exact=True).first.tap()
    page.get_by_label("Why wait?").tap()
    page.keyboard.type("Their line is busy")
    fits(page)
    page.get_by_role("button", name="Snooze").tap()
    said(page, "is put off")
    is_in_reach(page, page.locator(".reach").get_by_role("button", name="Next call"))
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator(".flash")).not_to_contain_text("is put off")

    page.locator("summary").filter(has_text="Skip").tap()
    fits(page)
    page.locator(".menu[open] button").first.tap()
    page.wait_for_url(lambda url: url != before)
    page.get_by_role("link", name="Hand off").first.tap()
    page.get_by_label("To whom").select_option("Dev")
    page.get_by_label("Note for them").tap()
    page.keyboard.type("Speaks Polish")
    page.get_by_role("button", name="Hand off", exact=True).tap()
    said(page, "Dev")
    is_in_reach(page, page.get_by_role("button", name="Next call"))


@point(54, 57)
def test_the_same_hour_with_a_thumb(browser: Browser, live_server: str, full_queue: dict[str, str]) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    context.set_default_timeout(10_000)
    page = context.new_page()
    sign_in_by_thumb(page, live_server)
    a_call_by_thumb(page, full_queue)
    put_off_and_passed_on_by_thumb(page)
    page.get_by_label("Find").tap()
    page.keyboard.type("priya")
    page.keyboard.press("Enter")
    page.wait_for_url("**m=**")
    fits(page)
    context.close()


@pytest.mark.parametrize("name", ["Ana", "Marcus"])
def test_on_a_phone_the_bar_hides_nothing_that_has_the_focus(
    browser: Browser, live_server: str, full_queue: dict[str, str], name: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue[name]}")
    assert list(sideways(page)) == []
    for step in range(120):
        page.keyboard.press("Tab")
        if step and page.evaluate("document.activeElement.matches('.skip, body')"):
            break
        if not page.evaluate("document.activeElement.matches('.skip')"):
            seen(page)
    page.close()
