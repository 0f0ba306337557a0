"""Adding a request by hand in a real browser: the form, what it refuses, and where it leads."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.test_queue import full_queue, sign_in, working_day

__all__ = ["full_queue", "working_day"]


def test_the_queue_is_narrowed_and_a_request_added(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/")
    page.get_by_role("link", name="Filter").click()
    page.locator(".narrow-by summary", has_text="State").click()
    page.get_by_label("New", exact=True).check()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("link", name="Clear filters")).to_be_visible()
    page.get_by_role("link", name="Add a request").click()
    page.get_by_label("Name", exact=True).fill("Rosa")
    page.get_by_role("button", name="Add to the queue").click()
    expect(page.get_by_text("Choose how it reached us").last).to_be_visible()
    page.get_by_label("How did it reach us?").select_option("Answering service")
    page.get_by_label("Phone number").fill("212 555 0144")
    page.get_by_role("button", name="Add to the queue").click()
    expect(page.get_by_text("added the request by hand: Answering service")).to_be_visible()
    page.goto(page.url)
    page.get_by_role("button", name="Claim").first.click()
    page.get_by_text("No answer", exact=True).first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Correct the last outcome").click()
    page.get_by_label("What really happened?").select_option("Busy")
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_text("Say why it was wrong").last).to_be_visible()
    page.get_by_label("Why was it wrong?").fill("The wrong key")
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_text("corrected the outcome: Busy")).to_be_visible()
