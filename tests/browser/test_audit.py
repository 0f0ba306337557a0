"""The record in a real browser: read, asked who saw a request, checked, and copied."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page, expect

from intake.database import writing
from intake.ledger import audit
from intake.rules.permissions import SYSTEM
from intake.services import claims, handing, viewing
from tests.browser.test_queue import full_queue, working_day
from tests.making import PASSWORD, person
from tests.points import point

__all__ = ["full_queue", "working_day"]


def told(app: Flask, reference: str, now: datetime) -> None:
    """Something of everything in the record."""
    site = app.extensions["intake"]
    kim, rose = person(site, "Kim", now=now), person(site, "Rose", "manager", now=now)
    person(site, "Rae", "auditor", now=now)
    claims.claim(site, kim, reference, now=now)
    handing.take_over(site, rose, reference, holder_id=kim.person_id, reason="Gone home", now=now)
    with writing() as conn:
        audit.record(conn, site, SYSTEM, "mail.sent", details={"kind": "team.new", "recipient": "team"}, now=now)
    viewing.listed(site, kim, view="due_now", ids=[1, 2, 3, 4, 5, 6], now=now)


@point(79)
def test_the_record_is_read_and_copied(
    page: Page, live_server: str, full_queue: dict[str, str], sqlite_app: Flask, now: datetime
) -> None:
    reference = full_queue["Ana"]
    told(sqlite_app, reference, now)
    page.goto(f"{live_server}/login")
    page.get_by_label("Email").fill("rae@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/audit/")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("no gaps")).to_be_visible()
    page.get_by_text("Take a copy").click()
    page.get_by_label("What it is for").fill("Yearly review")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_label("What it is for")).to_have_value("Yearly review")
    expect(page.get_by_text("Say who gets the copy").last).to_be_visible()
    page.get_by_label("Who gets it").fill("Counsel")
    page.get_by_label("Your password, once more").fill(PASSWORD)
    with page.expect_download() as copy:
        page.get_by_role("button", name="Download").click()
    assert Path(copy.value.path()).read_text("utf-8-sig").startswith("42 CFR part 2 prohibits")
    page.goto(f"{live_server}/admin/audit/?ref={reference}")
    page.get_by_role("button", name="Show the reason").click()
    expect(page.get_by_text("Gone home")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Audit").click()
    page.get_by_role("link", name=reference).first.click()
    expect(page.get_by_role("heading", name=f"Who has seen {reference}")).to_be_visible()
    expect(page.get_by_text("saw it in the list “Due now”")).to_be_visible()
