"""The sign-in page in a real browser: without a script, with a password manager, and with its mistakes read aloud."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from intake.services import people
from tests.points import point

EMAIL, GOOD = "maria@example.com", "lamp tuesday orange"


@pytest.fixture
def maria(sqlite_app: Flask) -> str:
    site = sqlite_app.extensions["intake"]
    people.create_user(site, email=EMAIL, name="Maria", roles=("staff",), password=GOOD, now=datetime.now(UTC))
    return EMAIL


def fill(page: Page, password: str) -> None:
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_nothing_on_the_way_in_needs_a_script_or_breaks_a_policy(
    browser: Browser, live_server: str, maria: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(f"{live_server}/admin/")
    fill(page, GOOD)
    expect(page).to_have_url(f"{live_server}/admin/queue/")
    assert complaints == []
    context.close()


@point(80)
def test_a_password_manager_finds_its_fields_and_may_paste(page: Page, live_server: str, maria: str) -> None:
    page.goto(f"{live_server}/login")
    assert page.get_by_label("Email").get_attribute("autocomplete") == "username"
    password = page.get_by_label("Password")
    assert password.get_attribute("autocomplete") == "current-password"
    assert password.get_attribute("maxlength") is None
    password.focus()
    page.evaluate("document.execCommand('insertText', false, 'pasted in whole')")
    expect(password).to_have_value("pasted in whole")


def test_an_error_is_read_with_its_field(page: Page, live_server: str, maria: str) -> None:
    page.goto(f"{live_server}/login")
    fill(page, "wrong")
    password = page.get_by_label("Password")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_have_accessible_description("Error: Email and password do not match")
    expect(page).to_have_title(re.compile("^Error: Sign in"))
    expect(page.get_by_label("Email")).to_have_value(EMAIL)


def test_going_back_after_signing_out_shows_nothing(page: Page, live_server: str, maria: str) -> None:
    page.goto(f"{live_server}/login")
    fill(page, GOOD)
    expect(page).to_have_url(f"{live_server}/admin/queue/")
    page.goto(f"{live_server}/logout")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{live_server}/admin/queue/")
    expect(page.get_by_role("heading", name="Sign in to Intake")).to_be_visible()
