"""The settings in a real browser: set by hand, and a mistake is shown where it is."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.test_queue import sign_in, working_day
from tests.making import person

__all__ = ["working_day"]


def test_hours_holidays_and_targets_are_set_by_hand(
    page: Page, live_server: str, sqlite_app: Flask, now: datetime
) -> None:
    person(sqlite_app.extensions["intake"], "Ada", "admin", now=now)
    sign_in(page, live_server, "ada")
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Sunday Closed").check()
    page.get_by_label("Saturday Closed").check()
    page.get_by_text("Breaks on Friday").click()
    page.get_by_label("Friday again from").first.fill("12:30")
    page.get_by_label("Friday again until").first.fill("18:00")
    page.get_by_role("button", name="Save hours").click()
    page.get_by_role("link", name="Friday: Must start after").click()
    expect(page.get_by_label("Friday again from").first).to_be_focused()
    page.get_by_label("Friday until").fill("12:00")
    page.get_by_role("button", name="Work it out").click()
    expect(page.get_by_text("Monday 8:15 am ET")).to_be_visible()
    page.get_by_role("button", name="Save hours").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Holidays").click()
    page.get_by_label("Thanksgiving Day").check()
    page.get_by_role("button", name="Close on the ticked days").click()
    expect(page.get_by_role("rowheader", name="Thu 26 Nov 2026")).to_be_visible()
    page.get_by_role("link", name="Targets").click()
    page.get_by_label("First call within").fill("0")
    page.get_by_role("button", name="Save targets").click()
    expect(page.get_by_label("First call within")).to_be_focused()
    page.get_by_role("link", name="Calling rules").click()
    page.get_by_label("Tries in all").fill("7")
    page.get_by_role("button", name="Save calling rules").click()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Ada, noon ET").first).to_be_visible()
