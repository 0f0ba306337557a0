"""The queue in a real browser: readable for everybody, on a phone, in the dark, and current without a reload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import Disposition, ForWhom, Voicemail
from intake.services import calls, claims
from intake.services.calls import Outcome
from tests.admin.desk import at
from tests.making import PASSWORD, ask, person
from tests.points import point

LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (360, 1280)]


@pytest.fixture(autouse=True)
def working_day(now: datetime) -> Iterator[None]:
    with at(now, is_running=True):
        yield


@pytest.fixture
def full_queue(sqlite_app: Flask, now: datetime) -> dict[str, str]:
    """One request of every kind, by name."""
    site = sqlite_app.extensions["intake"]
    maria, dev = (person(site, name, now=now) for name in ("Maria", "Dev"))
    person(site, "Grace", "manager", now=now)

    def made(name: str, minutes: float, **more: object) -> str:
        return ask(site, now - timedelta(minutes=minutes), name=name, **more).reference

    found = {
        "Ana": made("Ana", 27, phone="312-555-0182", language="es", for_whom=ForWhom.OTHER),
        "Marcus": made("Marcus", 19, phone="212-555-0147", voicemail=Voicemail.SAY_WHO),
        "Jo": made("Jo", 240, phone="312-555-0171"),
        "Priya": made("Priya", 10, phone="646-555-0119", voicemail=Voicemail.NUMBER_ONLY),
        "Sam": made("Sam", 90, phone="808-555-0138"),
        "asdf": made("asdf", 5, signals=Signals(honeypot=True, seconds_to_fill=0.2)),
        "Lee": made("Lee", 60, window=Window(now + timedelta(hours=2), now + timedelta(hours=4))),
        "Bea": made("Bea", 70, is_free_time=True, preferred_note="Thursday after my shift"),
        "Long": made("Ana María de los Ángeles Fernández-Villanueva y Echeverría" + "x" * 40, 3),
    }
    claims.claim(site, maria, found["Marcus"], now=now)
    claims.start_call(site, dev, found["Jo"], now=now - timedelta(minutes=235))
    tried = Outcome(Disposition.NO_ANSWER, note="Rang out.", next_at=now + timedelta(minutes=3))
    calls.log_attempt(site, dev, found["Jo"], tried, now=now - timedelta(minutes=234))
    return found


def sign_in(page: Page, address: str, name: str = "maria") -> None:
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/queue/")


def check(page: Page) -> None:
    """No finding of axe, nothing sideways."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_view_is_accessible_and_fits(
    browser: Browser, live_server: str, full_queue: dict[str, str], scheme: str, width: int
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, live_server)
    for view in ("all-open", "mine", "check", "closed"):
        page.goto(f"{live_server}/admin/queue/?view={view}")
        check(page)
    context.close()


@point(54)
def test_on_a_phone_call_and_claim_are_within_reach(
    browser: Browser, live_server: str, full_queue: dict[str, str]
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server)
    for control in page.locator(".worklist button, .worklist .btn").all():
        box = control.bounding_box()
        assert box and box["height"] >= 44
    page.get_by_role("button", name=f"Claim {full_queue['Ana']}").click()
    expect(page.get_by_text(f"Claimed {full_queue['Ana']}.")).to_be_visible()
    expect(page.get_by_text("(312) 555-0182")).to_be_visible()
    context.close()


def test_due_times_run_on_without_the_server(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.clock.install()
    page.reload()
    row = page.get_by_role("row").filter(has_text=full_queue["Priya"])
    expect(row).to_contain_text("Due in 4 min")
    page.context.set_offline(True)
    page.clock.run_for(3 * 60_000)
    expect(row).to_contain_text(re.compile("Due in 1 min|Due in 2 min"))
    page.clock.run_for(4 * 60_000)
    expect(row).to_contain_text(re.compile("Overdue [123] min"))
    expect(row.locator(".due")).to_have_class(re.compile("late"))
    expect(row.locator(".due use")).to_have_attribute("href", "#i-late")


@point(41)
def test_colour_is_never_the_only_sign(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    shapes = page.locator(".due").evaluate_all(
        "cells => cells.map(cell => [cell.classList[1], cell.querySelector('use').getAttribute('href')])"
    )
    assert {tuple(one) for one in shapes} == {(kind, f"#i-{kind}") for kind in ("late", "soon", "wait", "book")}


def test_search_works_from_every_page(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Jo']}")
    page.get_by_label("Find").fill("priya")
    page.get_by_label("Find").press("Enter")
    expect(page.get_by_role("link", name="Priya")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)
    assert "priya" not in page.url.lower()


def test_the_panel_breaks_no_security_policy(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page, live_server)
    page.goto(f"{live_server}/admin/queue/{full_queue['Marcus']}")
    assert said == []


def test_signing_out_from_the_menu_ends_the_session(page: Page, live_server: str, full_queue: dict[str, str]) -> None:
    sign_in(page, live_server)
    page.locator(".who-am summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{live_server}/admin/queue/")
    expect(page).to_have_url(re.compile("/login"))
