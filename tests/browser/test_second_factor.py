"""The second factor walked in a real browser: set up, saved, used; on a wide screen and a phone, in light and dark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from intake.services import one_time_codes, people
from tests.browser.test_sign_in import EMAIL, GOOD, fill


@pytest.fixture
def maria(sqlite_app: Flask) -> str:
    site = sqlite_app.extensions["intake"]
    people.create_user(site, email=EMAIL, name="Maria", roles=("staff",), password=GOOD, now=datetime.now(UTC))
    return EMAIL


def check(page: Page) -> None:
    """No finding of axe in either theme, nothing sideways on a phone, every control big enough for a thumb."""
    for scheme, width in (("light", 1280), ("dark", 360)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for control in page.locator("input:not([type=hidden], [hidden]), button").all():
        box = control.bounding_box()
        assert box and box["height"] >= 44


def test_the_second_factor_from_setting_it_up_to_the_last_way_in(
    browser: Browser, live_server: str, maria: str, tmp_path: Path
) -> None:
    context = browser.new_context(accept_downloads=True)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{live_server}/login")
    fill(page, GOOD)
    page.goto(f"{live_server}/admin/second-factor")
    check(page)
    page.get_by_label("Your password").fill(GOOD)
    page.get_by_role("button", name="Set it up").click()
    picture = page.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box and box["width"] >= 200
    check(page)
    secret = page.locator(".key-text").inner_text().replace(" ", "")

    def code(ahead: timedelta = timedelta(0)) -> str:
        return one_time_codes.code_at(secret, one_time_codes.step_of(datetime.now(UTC) + ahead))

    page.get_by_label("6-digit code").fill(code(timedelta(seconds=-30)))
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    check(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a text file").click()
    saved.value.save_as(tmp_path / "codes.txt")
    assert all(each in (tmp_path / "codes.txt").read_text() for each in codes)
    page.get_by_role("link", name="I have kept them").click()
    page.goto(f"{live_server}/admin/second-factor")
    check(page)
    page.goto(f"{live_server}/logout")
    page.get_by_role("button", name="Sign out").click()

    page.goto(f"{live_server}/admin/queue/")
    fill(page, GOOD)
    expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
    check(page)
    page.get_by_label("6-digit code").fill("000 00x")
    page.get_by_role("button", name="Continue").click()
    field = page.get_by_label("6-digit code")
    expect(field).to_have_accessible_description("From your authenticator app. You can paste it. Error: This code does "
                                                 "not match, or was used already. Wait for the next one")  # fmt: skip
    check(page)
    page.get_by_role("link", name="Use a recovery code").click()
    check(page)
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{live_server}/admin/queue/")
    expect(page.get_by_text("9 recovery codes are left")).to_be_visible()
    assert [words for words in complaints if "Policy" in words or "Refused" in words] == []
    context.close()
