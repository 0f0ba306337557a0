"""One request in a real browser: calling, logging what came of it, and losing nothing that was typed."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from intake.models import CallAttempt
from intake.services import claims
from tests.browser.barriers import sideways
from tests.browser.test_queue import full_queue, sign_in, working_day
from tests.making import actions, count, person
from tests.points import point

__all__ = ["full_queue", "working_day"]


def test_outcomes_and_note_are_in_the_first_screen_of_a_laptop(
    browser: Browser, live_server: str, full_queue: dict[str, str]
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    page.get_by_role("button", name="Call", exact=True).click()
    bar = page.locator(".commit").bounding_box()
    for part in (page.get_by_label("Do not call again"), page.get_by_label("only staff see it")):
        box = part.bounding_box()
        assert box and bar and box["y"] + box["height"] <= bar["y"] + 1
    page.close()


def test_what_follows_is_shown_for_the_chosen_outcome_only(
    page: Page, live_server: str, full_queue: dict[str, str]
) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    expect(page.get_by_label("Next try")).to_be_hidden()
    page.get_by_label("Busy").check()
    expect(page.get_by_label("Next try")).to_be_visible()
    expect(page.get_by_text("Proposed: today 12:15 pm ET")).to_be_visible()
    page.get_by_label("Next try").select_option("other")
    expect(page.locator("#next_day")).to_be_visible()
    page.get_by_label("Appointment made").check()
    expect(page.get_by_label("Next try")).to_be_hidden()
    expect(page.get_by_text("This closes the request.")).to_be_visible()


@pytest.mark.parametrize(("held", "is_in_note"), [("Control", True), ("Meta", False)])
@point(60)
def test_a_call_is_logged_and_the_next_person_opened_with_one_key(
    page: Page, live_server: str, full_queue: dict[str, str], held: str, is_in_note: bool
) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_text("On the call since")).to_be_visible()
    expect(page.locator("[data-since]")).to_have_text(re.compile(r"\d\d:\d\d"))
    expect(page.get_by_role("link", name="Call (212) 555-0147")).to_have_attribute("href", "tel:+12125550147")
    page.get_by_label("No answer").check()
    page.get_by_label("only staff see it").fill("Rang out after 8 rings.")
    if not is_in_note:
        page.evaluate("document.activeElement.blur()")
    page.keyboard.press(f"{held}+Enter")
    expect(page).to_have_url(re.compile(full_queue["Ana"]))
    expect(page.get_by_text(f"Saved. {full_queue['Marcus']}: next try")).to_be_visible()


def test_the_whole_call_works_without_javascript(
    browser: Browser, live_server: str, full_queue: dict[str, str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server, "grace")
    page.goto(f"{live_server}/admin/queue/{full_queue['Ana']}")
    page.get_by_role("button", name="Call", exact=True).click()
    page.get_by_label("Do not call again").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label(re.compile("Nobody may call this number again")).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("is closed.")).to_be_visible()
    page.goto(f"{live_server}/admin/queue/{full_queue['Jo']}")
    page.locator(".meta summary").click()
    page.get_by_role("button", name="Grace (you)").click()
    expect(page.get_by_text("(312) 555-0171")).to_be_visible()
    context.close()


def questions(page: Page) -> list[str]:
    """What the browser asks from now on; the answer is always to stay."""
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    return asked


AWAY = {
    "a link": lambda page: page.get_by_role("link", name="Queue").last.click(),
    "release": lambda page: page.get_by_role("button", name="Release").click(),
    "next call": lambda page: page.get_by_role("button", name="Next call").first.click(),
    "its key": lambda page: (page.evaluate("document.activeElement.blur()"), page.keyboard.press("n")),
    "another form": lambda page: page.get_by_role("button", name="Add note").click(),
}


@pytest.mark.parametrize("way", AWAY)
def test_whatever_leads_away_from_unsaved_words_asks_first(
    page: Page, live_server: str, full_queue: dict[str, str], way: str
) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    page.get_by_text("Add a note without a call").click()
    page.get_by_label("only staff see it").fill("She asked for")
    asked = questions(page)
    with page.expect_event("dialog"):
        AWAY[way](page)
    assert asked == ["beforeunload"]
    expect(page.get_by_label("only staff see it")).to_have_value("She asked for")
    assert "callback.released" not in actions(full_queue["Marcus"])
    page.get_by_label("No answer").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(f"Saved. {full_queue['Marcus']}: next try")).to_be_visible()
    expect(page.get_by_text("She asked for")).to_be_visible()
    assert asked == ["beforeunload"], "what is saved is not lost"


@pytest.mark.parametrize("way", AWAY)
def test_where_nothing_was_typed_nothing_asks(
    page: Page, live_server: str, full_queue: dict[str, str], way: str
) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    page.get_by_text("Add a note without a call").click()
    asked = questions(page)
    with page.expect_navigation():
        AWAY[way](page)
    assert asked == []


def test_a_note_typed_before_the_call_is_there_during_it(
    page: Page, live_server: str, full_queue: dict[str, str]
) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    page.get_by_label("only staff see it").fill("Asks for Ana.\nIn the evening.")
    page.get_by_text("Add a note without a call").click()
    page.get_by_label("Note", exact=True).last.fill("Speaks Polish.")
    asked = questions(page)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_text("On the call since")).to_be_visible()
    expect(page.get_by_label("only staff see it")).to_have_value("Asks for Ana.\nIn the evening.")
    expect(page.locator("#remark")).to_have_value("Speaks Polish.")
    expect(page.get_by_text("changed this")).to_have_count(0)
    page.get_by_role("link", name="Call (212) 555-0147").click(no_wait_after=True)
    page.wait_for_timeout(1100)
    assert asked == [] and "callback.noted" not in actions(full_queue["Marcus"])
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Queue").last.click()
    assert asked == ["beforeunload"], "it is still saved nowhere"
    expect(page.locator("#remark")).to_have_value("Speaks Polish.")


def test_claiming_and_calling_for_a_reason_keep_what_was_typed(
    page: Page, live_server: str, full_queue: dict[str, str]
) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Sam']}")
    asked = questions(page)
    page.get_by_text("Add a note without a call").click()
    page.locator("#remark").fill("She rang and asked for it.")
    page.get_by_role("button", name="Claim", exact=True).click()
    expect(page.get_by_role("button", name="Release")).to_be_visible()
    expect(page.locator("#remark")).to_have_value("She rang and asked for it.")
    page.get_by_text("Call now all the same").click()
    page.get_by_role("button", name="Call with this reason").click()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    expect(page.locator("#remark")).to_have_value("She rang and asked for it.")
    page.get_by_label("Why now?").fill("They asked on the phone")
    page.get_by_role("button", name="Call with this reason").click()
    expect(page.get_by_text("On the call since")).to_be_visible()
    expect(page.locator("#remark")).to_have_value("She rang and asked for it.")
    assert asked == []


def test_somebody_elses_claim_in_between_is_told_and_the_next_one_offered(
    browser: Browser, live_server: str, full_queue: dict[str, str]
) -> None:
    maria, grace = (browser.new_context().new_page() for _ in range(2))
    sign_in(maria, live_server)
    sign_in(grace, live_server, "grace")
    grace.get_by_role("button", name=f"Claim {full_queue['Ana']}").click()
    maria.get_by_role("button", name=f"Claim {full_queue['Ana']}").click()
    expect(maria.get_by_role("heading", name=re.compile(r"Grace claimed this (\d+ s ago|just now)"))).to_be_visible()
    maria.get_by_role("link", name=f"Open {full_queue['Marcus']}").click()
    expect(maria.get_by_text("(212) 555-0147")).to_be_visible()
    maria.context.close()
    grace.context.close()


@pytest.mark.parametrize("has_script", [True, False])
def test_a_double_click_on_save_stores_one_call(
    browser: Browser, live_server: str, full_queue: dict[str, str], has_script: bool
) -> None:
    context = browser.new_context(java_script_enabled=has_script)
    page = context.new_page()
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    page.get_by_role("button", name="Call", exact=True).click()
    page.get_by_label("Busy").check()
    page.get_by_role("button", name="Save", exact=True).dblclick(no_wait_after=True)
    expect(page.get_by_text("logged a call: Busy")).to_have_count(1)
    page.wait_for_load_state()
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    expect(page.get_by_text("logged a call: Busy")).to_have_count(1)
    assert count(CallAttempt) == 2  # Jo was tried once
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_colleagues_long_name_fits_everywhere(
    browser: Browser, live_server: str, full_queue: dict[str, str], sqlite_app: Flask, width: int, now: datetime
) -> None:
    site = sqlite_app.extensions["intake"]
    long = person(site, "Maximiliana-" + "Wolfeschlegelstein" * 2, now=now)
    page = browser.new_page(viewport={"width": width, "height": 800})
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Ana']}")
    claims.claim(site, long, full_queue["Ana"], now=now)
    page.get_by_role("button", name="Claim", exact=True).click()
    assert list(sideways(page)) == []
    for path in ("", full_queue["Ana"]):
        page.goto(f"{live_server}/admin/queue/{path}")
        assert list(sideways(page)) == []
    card = page.locator(".card").last.bounding_box()
    for line in page.locator(".time li > span").all():
        box = line.bounding_box()
        assert card and (box is None or box["x"] + box["width"] <= card["x"] + card["width"])
    page.close()
