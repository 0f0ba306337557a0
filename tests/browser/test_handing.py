"""Two people and one request in a real browser: taken over, handed off, and saved by both."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from intake.services import claims
from tests.browser.test_queue import LOOKS, check, full_queue, sign_in, working_day
from tests.making import person

__all__ = ["full_queue", "working_day"]


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_taking_over_handing_off_and_saving_over_each_other_are_accessible(
    browser: Browser, live_server: str, full_queue: dict[str, str], sqlite_app: Flask, now: datetime,
    scheme: str, width: int,
) -> None:  # fmt: skip
    site = sqlite_app.extensions["intake"]
    kim = person(site, "Kim", now=now)
    claims.claim(site, kim, full_queue["Ana"], now=now)
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 800},
    )
    page = context.new_page()
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Ana']}")
    page.get_by_text("Take it over", exact=True).click()
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_text("Say why you take it over").last).to_be_visible()
    check(page)
    page.get_by_label("Why do you take it over?").fill("Kim has gone home")
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_text("took the request over from Kim")).to_be_visible()
    page.get_by_text("Hand off to a colleague").click()
    page.get_by_label("To whom").select_option("Kim")
    page.get_by_label("Note for them").fill("Speaks Polish, ask for Ana")
    check(page)
    with sqlite_app.app_context():
        claims.release(site, person(site, "Rose", "manager", now=now), full_queue["Ana"], now=datetime.now(now.tzinfo))
    page.get_by_role("button", name="Hand off", exact=True).click()
    expect(page.get_by_text("Rose changed this")).to_be_visible()
    expect(page.get_by_text("Speaks Polish, ask for Ana").first).to_be_visible()
    check(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
