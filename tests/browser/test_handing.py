"""Two people and one request in a real browser: taken over, handed off, and saved by both."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from playwright.sync_api import Page, expect

from intake.services import claims
from tests.browser.test_queue import full_queue, sign_in, working_day
from tests.making import person

__all__ = ["full_queue", "working_day"]


def test_a_request_is_taken_over_handed_off_and_saved_over_each_other(
    page: Page, live_server: str, full_queue: dict[str, str], sqlite_app: Flask, now: datetime
) -> None:
    site = sqlite_app.extensions["intake"]
    kim = person(site, "Kim", now=now)
    claims.claim(site, kim, full_queue["Ana"], now=now)
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Ana']}")
    page.get_by_text("Take it over", exact=True).click()
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_text("Say why you take it over").last).to_be_visible()
    page.get_by_label("Why do you take it over?").fill("Kim has gone home")
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_text("took the request over from Kim")).to_be_visible()
    page.get_by_text("Hand off to a colleague").click()
    page.get_by_label("To whom").select_option("Kim")
    page.get_by_label("Note for them").fill("Speaks Polish, ask for Ana")
    with sqlite_app.app_context():
        claims.release(site, person(site, "Rose", "manager", now=now), full_queue["Ana"], now=datetime.now(now.tzinfo))
    page.get_by_role("button", name="Hand off", exact=True).click()
    expect(page.get_by_text("Rose changed this")).to_be_visible()
    expect(page.get_by_text("Speaks Polish, ask for Ana").first).to_be_visible()
