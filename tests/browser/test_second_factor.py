"""The second factor walked in a real browser: set up, saved, used, and left by a recovery code."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from intake.services import one_time_codes, people
from tests.browser.test_sign_in import EMAIL, GOOD, fill


@pytest.fixture
def maria(sqlite_app: Flask) -> str:
    site = sqlite_app.extensions["intake"]
    people.create_user(site, email=EMAIL, name="Maria", roles=("staff",), password=GOOD, now=datetime.now(UTC))
    return EMAIL


def test_the_second_factor_from_setting_it_up_to_the_last_way_in(
    browser: Browser, live_server: str, maria: str, tmp_path: Path
) -> None:
    context = browser.new_context(accept_downloads=True)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{live_server}/login")
    fill(page, GOOD)
    page.goto(f"{live_server}/admin/second-factor")
    page.get_by_label("Your password").fill(GOOD)
    page.get_by_role("button", name="Set it up").click()
    picture = page.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box and box["width"] >= 200
    secret = page.locator(".key-text").inner_text().replace(" ", "")

    def code(ahead: timedelta = timedelta(0)) -> str:
        return one_time_codes.code_at(secret, one_time_codes.step_of(datetime.now(UTC) + ahead))

    while time.time() % 30 > 25:  # the code before this one is soon too old
        page.wait_for_timeout(500)
    page.get_by_label("6-digit code").fill(code(timedelta(seconds=-30)))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".codes li")).to_have_count(10)
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a text file").click()
    saved.value.save_as(tmp_path / "codes.txt")
    assert all(each in (tmp_path / "codes.txt").read_text() for each in codes)
    page.get_by_role("link", name="I have kept them").click()
    page.goto(f"{live_server}/admin/second-factor")
    page.goto(f"{live_server}/logout")
    page.get_by_role("button", name="Sign out").click()

    page.goto(f"{live_server}/admin/queue/")
    fill(page, GOOD)
    expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
    page.get_by_label("6-digit code").fill("000 00x")
    page.get_by_role("button", name="Continue").click()
    field = page.get_by_label("6-digit code")
    expect(field).to_have_accessible_description("From your authenticator app. You can paste it. Error: This code does "
                                                 "not match, or was used already. Wait for the next one")  # fmt: skip
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{live_server}/admin/queue/")
    expect(page.get_by_text("9 recovery codes are left")).to_be_visible()
    assert [words for words in complaints if "Policy" in words or "Refused" in words] == []
    context.close()
