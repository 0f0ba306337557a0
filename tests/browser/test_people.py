"""Inviting somebody in a real browser, from the list to their first sign-in."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from intake.database import reading
from intake.models import OutboxMessage
from tests.making import PASSWORD, person

BETTER = "kettle window seven"


def link_of(app: Flask) -> str:
    """The address in the newest invitation, as its mail has it."""
    with app.app_context(), reading() as conn:
        o = OutboxMessage.__table__.c
        rows = conn.execute(select(o.details).where(o.kind == "person.invite").order_by(o.id.desc())).scalars()
        token = app.extensions["intake"].keyring.invitation_token(rows.first()["invitation"])  # type: ignore[index]
    return f"/welcome/{token}"


def test_a_person_is_invited_comes_in_and_is_disabled(browser: Browser, live_server: str, sqlite_app: Flask) -> None:
    person(sqlite_app.extensions["intake"], "Alex", "admin", now=datetime.now(UTC))
    boss, rose = browser.new_context(), browser.new_context()
    page = boss.new_page()
    page.goto(f"{live_server}/login?next=/admin/people/")
    page.get_by_label("Email").fill("alex@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_label("Name", exact=True)).to_have_accessible_description(
        "Error: Enter the name colleagues know them by, at most 100 characters"
    )
    page.get_by_label("Name", exact=True).fill("Rose Fernández-Villanueva y Echeverría")
    page.get_by_label("Email at work").fill("rose.fernandez-villanueva.y.echeverria@lakeside-house.example.org")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("Invited. The link goes out by mail")).to_be_visible()
    theirs = rose.new_page()
    theirs.goto(f"{live_server}/welcome/nothing")
    theirs.goto(live_server + link_of(sqlite_app))
    theirs.get_by_label("New password").fill("too short")
    theirs.get_by_role("button", name="Set this password").click()
    expect(theirs.get_by_text("Use at least 12 characters")).to_be_visible()
    theirs.get_by_label("New password").fill(BETTER)
    theirs.get_by_role("button", name="Set this password").click()
    expect(theirs.get_by_text("Your password is set.")).to_be_visible()
    theirs.get_by_label("Email").fill("rose.fernandez-villanueva.y.echeverria@lakeside-house.example.org")
    theirs.get_by_label("Password").fill(BETTER)
    theirs.get_by_role("button", name="Sign in").click()
    theirs.wait_for_url("**/admin/queue/")
    page.reload()
    page.get_by_text("Disable this person").click()
    expect(page.get_by_text("1 live sign-in ends.")).to_be_visible()
    page.get_by_role("button", name="Yes, disable").click()
    expect(page.get_by_text("Disabled. 1 sign-in ended.")).to_be_visible()
    page.goto(f"{live_server}/admin/people/")
    theirs.reload()
    expect(theirs.get_by_role("heading", name="Sign in to Intake")).to_be_visible()
    boss.close()
    rose.close()
