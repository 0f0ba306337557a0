"""The outbox in a real browser: looked through, tested, and sent again."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.premises import fill_outbox
from tests.browser.test_queue import full_queue, sign_in, working_day

__all__ = ["full_queue", "working_day"]


def test_the_outbox_is_read_and_worked(
    page: Page, live_server: str, full_queue: dict[str, str], sqlite_app: Flask, now: datetime
) -> None:
    fill_outbox(now)
    sign_in(page, live_server, "grace")
    page.get_by_role("link", name="Outbox").click()
    expect(page.get_by_text("The mail server has not answered since")).to_be_visible()
    page.get_by_role("button", name="Send a test to grace@example.com").click()
    expect(page.get_by_text("Your test mail: held until the mail server answers")).to_be_visible()
    page.get_by_role("link", name="Gave up").click()
    expect(page.get_by_text("550 5.1.1 no such mailbox")).to_be_visible()
    page.get_by_role("button", name="Send all of these again").click()
    expect(page.get_by_text("One mail goes out again now.")).to_be_visible()
    expect(page.get_by_role("heading", name="No mail was given up")).to_be_visible()
