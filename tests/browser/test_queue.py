"""The queue in a real browser: within reach on a phone, never by colour alone, and current without a reload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from intake.services import claims
from tests.admin.desk import at
from tests.browser.premises import fill_queue
from tests.making import PASSWORD, person
from tests.points import point


@pytest.fixture(autouse=True)
def working_day(now: datetime) -> Iterator[None]:
    with at(now, is_running=True):
        yield


@pytest.fixture
def full_queue(sqlite_app: Flask, now: datetime) -> dict[str, str]:
    """One request of every kind, by name."""
    return fill_queue(sqlite_app.extensions["intake"], now)


def sign_in(page: Page, address: str, name: str = "maria") -> None:
    """By the form, which nobody looks at here as in test_sign_in.py; then to the queue."""
    way_in, asked = f"{address}/login", page.context.request
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', asked.get(way_in).text())
    assert token
    form = {"csrf_token": token[1], "email": f"{name}@example.com", "password": PASSWORD}
    assert asked.post(way_in, form=form, max_redirects=0).status == 302
    page.goto(f"{address}/admin/queue/")


@point(54)
def test_on_a_phone_call_and_claim_are_within_reach(
    browser: Browser, live_server: str, full_queue: dict[str, str]
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server)
    for control in page.locator(".worklist button, .worklist .btn").all():
        box = control.bounding_box()
        assert box and box["height"] >= 44
    page.get_by_role("button", name=f"Claim {full_queue['Ana']}").click()
    expect(page.get_by_text(f"Claimed {full_queue['Ana']}.")).to_be_visible()
    expect(page.get_by_text("(312) 555-0182")).to_be_visible()
    context.close()


def test_on_a_phone_the_first_request_is_high_up_and_the_view_on_show_is_in_sight(
    page: Page, live_server: str, full_queue: dict[str, str]
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, live_server)
    alarms = sum(box["height"] + 12 for one in page.locator("main > .note").all() if (box := one.bounding_box()))
    first = page.locator(".worklist tbody tr").first.bounding_box()
    assert first and first["y"] - alarms < 320
    page.goto(f"{live_server}/admin/queue/?view=closed")
    expect(page.locator(".views [aria-current]")).to_be_in_viewport(ratio=1)


def test_due_times_run_on_without_the_server(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.clock.install()
    page.reload()
    row = page.get_by_role("row").filter(has_text=full_queue["Priya"])
    expect(row).to_contain_text("Due in 4 min")
    page.context.set_offline(True)
    page.clock.run_for(3 * 60_000)
    expect(row).to_contain_text(re.compile("Due in 1 min|Due in 2 min"))
    page.clock.run_for(4 * 60_000)
    expect(row).to_contain_text(re.compile("Overdue [123] min"))
    expect(row.locator(".due")).to_have_class(re.compile("late"))
    expect(row.locator(".due use")).to_have_attribute("href", "#i-late")


def test_after_twenty_minutes_the_page_asks_whether_the_call_is_over(
    page: Page, live_server: str, full_queue: dict[str, str]
) -> None:
    sign_in(page, live_server)
    page.clock.install()
    page.goto(f"{live_server}/admin/queue/{full_queue['Priya']}")
    page.get_by_role("button", name="Call", exact=True).first.click()
    expect(page.get_by_text("On the call since")).to_be_visible()
    page.clock.run_for(60_000)
    expect(page.get_by_text("Is this call over?")).to_be_hidden()
    page.context.set_offline(True)
    for _ in range(4):
        page.keyboard.press("Shift")  # somebody is there, or the screen would lock
        page.clock.run_for(5 * 60_000)
    expect(page.get_by_text("Is this call over?")).to_be_visible()


@point(41)
def test_colour_is_never_the_only_sign(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    shapes = page.locator(".due").evaluate_all(
        "cells => cells.map(cell => [cell.classList[1], cell.querySelector('use').getAttribute('href')])"
    )
    assert {tuple(one) for one in shapes} == {(kind, f"#i-{kind}") for kind in ("late", "soon", "wait", "book")}


def test_search_works_from_every_page(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Jo']}")
    page.get_by_label("Find").fill("priya")
    page.get_by_label("Find").press("Enter")
    expect(page.get_by_role("link", name="Priya")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)
    assert "priya" not in page.url.lower()


def test_the_panel_breaks_no_security_policy(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    assert said == []


def test_signing_out_from_the_menu_ends_the_session(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.locator(".who-am summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{live_server}/admin/queue/")
    expect(page).to_have_url(re.compile("/login"))


def test_on_a_phone_number_and_time_of_a_card_do_not_run_into_each_other(
    browser: Browser, live_server: str, full_queue: dict[str, str], sqlite_app: Flask, now: datetime
) -> None:
    site = sqlite_app.extensions["intake"]
    claims.claim(site, person(site, "Kim", now=now), full_queue["Sam"], now=now)  # too early there: the longest line
    page = browser.new_page(viewport={"width": 360, "height": 800})
    with at(now + timedelta(minutes=44), is_running=True):
        sign_in(page, live_server, "kim")
        page.goto(f"{live_server}/admin/queue/?view=all-open")
    row = page.locator(".worklist tbody tr").filter(has_text=full_queue["Sam"])
    no_message, there = row.locator(".q-tel svg").bounding_box(), row.locator(".q-loc span").first.bounding_box()
    assert no_message and there
    assert no_message["x"] + no_message["width"] <= there["x"]
    page.close()


def test_a_long_name_leaves_room_for_the_others(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{live_server}/admin/queue/?view=all-open")
    long = page.get_by_role("row").filter(has_text=full_queue["Long"]).bounding_box()
    assert long and long["height"] <= 60


def test_on_paper_a_request_has_no_buttons(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    page.emulate_media(media="print")
    assert not any(control.is_visible() for control in page.locator("button, summary.btn, nav, textarea").all())
    expect(page.get_by_text("(212) 555-0147").first).to_be_visible()
