"""A production installation from an empty machine: https, the cookies it sets, and mail under TLS."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.production import ADMINISTRATOR, TEAM, Production, production

__all__ = ["production"]
PASSWORD = "lamp tuesday orange"


def test_an_installation_made_by_init_serves_https_keeps_cookies_safe_and_mails_under_tls(
    production: Production, browser: Browser
) -> None:
    context = production.visit(browser)
    page = context.new_page()
    answer = page.goto("/callback")
    assert answer is not None and answer.status == 200
    assert "max-age=63072000" in answer.headers["strict-transport-security"]
    assert context.cookies() == []

    page.get_by_label("What name should we ask for?").fill("Ana")
    page.get_by_label("Phone number").fill("212 736 0182")
    page.get_by_role("button", name="Request a callback").click()
    expect(page.get_by_role("heading", name="We will call you")).to_be_visible()
    mail = production.wait_for_mail(TEAM)
    assert production.link_in(mail).startswith(f"{production.address}/admin/queue/")
    assert production.post.seen_password

    page.goto(production.first_link)
    assert production.link_in(production.wait_for_mail(ADMINISTRATOR)) == production.first_link
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set this password").click()
    page.get_by_label("Email").fill(ADMINISTRATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Set it up")).to_be_visible()
    cookies = context.cookies()
    assert cookies and all(cookie["name"].startswith("__Host-") for cookie in cookies)
    assert all(cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] != "None" for cookie in cookies)
    ready = context.request.get("/readyz")
    assert (ready.status, ready.json()) == (200, {"status": "ready"})
    checked = production.shell("intake", "check")
    assert checked.returncode == 0, checked.stdout
    context.close()
