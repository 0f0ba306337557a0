"""The idle lock in a real browser: the page goes blank, comes back with what was typed, and belongs to one person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from intake.database import writing
from intake.models import SignIn
from tests.browser.barriers import barriers
from tests.browser.test_queue import sign_in
from tests.making import PASSWORD, ask, person
from tests.points import point

NOTE = "Her sister answers first. Ask for Ana."


def idle(app: Flask, page: Page, minutes: int) -> None:
    """Nobody touches anything: the row's last use lies back, and this page's clock runs on."""
    with app.app_context(), writing() as conn:
        s = SignIn.__table__.c
        conn.execute(update(SignIn).where(s.ended_at.is_(None)).values(last_seen_at=ago(minutes)))
    page.clock.fast_forward(minutes * 60_000)


def ago(minutes: int) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


@point(80)
def test_an_idle_page_goes_blank_and_comes_back_with_what_was_typed(
    browser: Browser, live_server: str, sqlite_app: Flask
) -> None:
    site, now = sqlite_app.extensions["intake"], datetime.now(UTC)
    for name in ("Maria", "Dev"):
        person(site, name, now=now)
    reference = ask(site, now).reference
    context = browser.new_context()
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, live_server)
    page.clock.install()
    page.goto(f"{live_server}/admin/queue/{reference}")
    title, note = page.title(), page.locator("#remark")
    page.locator("details:has(#remark) > summary").click()
    note.fill(NOTE)

    idle(sqlite_app, page, 15)
    password = page.get_by_label("Password")
    expect(password).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("1 request waits for somebody")
    expect(page).to_have_title("(1) Locked – Intake")
    assert reference not in page.locator("body").inner_text() and "Ana" not in page.locator("body").inner_text()
    expect(page.get_by_role("main")).to_have_count(1)
    assert list(barriers(page, "the lock over a page")) == []
    password.fill("wrong")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_text("Error: This is not your password")).to_be_visible()
    assert list(barriers(page, "the lock over a page")) == []
    password.fill(PASSWORD)
    password.press("Enter")
    expect(note).to_have_value(NOTE)
    expect(page).to_have_title(title)

    idle(sqlite_app, page, 60)
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert list(barriers(page, "the lock over a page")) == []
    with context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    second = opened.value
    second.get_by_label("Email").fill("dev@example.com")
    second.get_by_label("Password").fill(PASSWORD)
    second.get_by_role("button", name="Sign in").click()
    second.wait_for_url("**/admin/queue/")
    page.clock.fast_forward(20_000)
    expect(page.get_by_role("heading", name="Somebody else is signed in now")).to_be_visible()
    expect(note).to_be_hidden()
    assert list(barriers(page, "the lock over a page")) == []
    sign_in_again(second, live_server)
    page.clock.fast_forward(20_000)
    expect(note).to_have_value(NOTE)
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("Note added.")).to_be_visible()
    assert complaints == []
    context.close()


def sign_in_again(page: Page, address: str) -> None:
    """Dev leaves, Maria comes back."""
    page.goto(f"{address}/logout")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, address)
