"""A dossier on paper: the head of each sheet is there, and nothing of the panel is."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.test_queue import full_queue, working_day
from tests.making import PASSWORD, person

__all__ = ["full_queue", "working_day"]


def test_what_is_printed_says_on_each_sheet_which_request_when_by_whom_and_that_it_may_not_go_on(
    page: Page, live_server: str, full_queue: dict[str, str], sqlite_app: Flask, now
) -> None:
    person(sqlite_app.extensions["intake"], "Rae", "auditor", now=now)
    reference = full_queue["Ana"]
    page.goto(f"{live_server}/login")
    page.get_by_label("Email").fill("rae@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/**")
    page.goto(f"{live_server}/admin/reports/holds")
    page.get_by_label("Dossier of request").fill(reference.lower())
    page.get_by_role("button", name="Open").click()
    page.get_by_label("What it is for").fill("Complaint")
    page.get_by_role("button", name="Make the dossier").click()
    head = page.locator(".running")
    expect(head).to_be_hidden()
    page.emulate_media(media="print")
    expect(head).to_be_visible()
    expect(head).to_contain_text(reference)
    expect(head).to_contain_text("by Rae")
    expect(head).to_contain_text("42 CFR part 2 prohibits")
    assert head.evaluate("one => getComputedStyle(one).display") == "table-header-group", "so it comes on each sheet"
    for gone in (".rail", ".top", ".noprint", "main .btn"):
        expect(page.locator(gone).first).to_be_hidden()
    assert page.locator("body").evaluate("one => getComputedStyle(one).colorScheme") == "light"
