"""The first day of a new installation in real browsers: from ``init`` to the first callback that somebody answered.

Production through and through: https in front, a second factor for everybody, mail under TLS to a real server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.sync_api import Browser, BrowserContext, Page, expect

from intake.services import one_time_codes
from tests.browser.production import ADMINISTRATOR, TEAM, Production, production

__all__ = ["production"]
PASSWORD = "lamp tuesday orange"
MARIA, DEV = "maria@example.org", "dev@example.org"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass
class Colleague:
    """Somebody with a browser and an authenticator app of their own."""

    house: Production
    context: BrowserContext
    email: str
    secret: str = ""

    @property
    def page(self) -> Page:
        """The one tab they work in."""
        return self.context.pages[0]

    def come_in(self, link: str) -> None:
        """From the link in the mail to work: a password, a first sign-in, an authenticator app, recovery codes."""
        page = self.context.new_page()
        page.goto(link)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Set this password").click()
        self._password()
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Set it up").click()
        self.secret = page.locator(".key-text").inner_text().replace(" ", "")
        step = one_time_codes.step_of(datetime.now(UTC))
        page.get_by_label("6-digit code").fill(one_time_codes.code_at(self.secret, step))
        page.get_by_role("button", name="Confirm").click()
        expect(page.locator(".codes li")).to_have_count(10)
        page.get_by_role("link", name="I have kept them").click()
        expect(page.get_by_role("navigation").first).to_be_visible()

    def _password(self) -> None:
        self.page.get_by_label("Email").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()


def _around_the_clock(page: Page) -> None:
    """Hours that hold whenever this test runs."""
    page.goto("/admin/settings/hours")
    for day in DAYS:
        closed = page.get_by_role("checkbox", name=re.compile(f"{day}.*Closed"))
        if closed.is_checked():
            closed.uncheck()
        page.get_by_label(f"{day} from", exact=True).fill("00:00")
        page.get_by_label(f"{day} until", exact=True).fill("00:00")
    page.get_by_role("button", name="Save hours").click()
    expect(page.get_by_role("button", name="Save hours")).to_be_visible()
    page.goto("/admin/settings/hours")
    assert page.get_by_label("Sunday until", exact=True).input_value() == "00:00"


def _invite(page: Page, name: str, email: str, *roles: str) -> None:
    page.goto("/admin/people/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Email at work").fill(email)
    for role in roles:
        page.get_by_role("checkbox", name=role, exact=True).check()
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("Invited. The link goes out by mail")).to_be_visible()


def _ask(page: Page) -> str:
    """A visitor's request; its reference."""
    page.goto("/callback")
    page.get_by_label("What name should we ask for?").fill("Ana Planted-Name")
    page.get_by_label("Phone number").fill("212 736 0182")
    page.get_by_role("button", name="Request a callback").click()
    expect(page.get_by_role("heading", name="We will call you")).to_be_visible()
    found = re.search(r"\b[0-9A-HJ-NP-TV-Z]{3}-[0-9A-HJ-NP-TV-Z]{3}\b", page.locator("main").inner_text())
    assert found
    return found[0]


def _call(page: Page, reference: str) -> None:
    """Call them, now if the law of their place allows it at this hour, or for a reason if it does not."""
    page.goto(f"/admin/queue/{reference}")
    if page.get_by_text("Call now all the same").count():
        page.get_by_text("Call now all the same").click()
        page.get_by_label("Why now?").fill("They asked on the phone to be called at once")
        page.get_by_role("button", name="Call with this reason").click()
    else:
        page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_text("On the call since")).to_be_visible()
    page.get_by_label("Appointment made").check()
    page.get_by_role("button", name="Save", exact=True).click()


def test_an_administrator_opens_the_house_and_two_colleagues_answer_the_first_request(
    production: Production, browser: Browser
) -> None:
    alex, maria, dev = (
        Colleague(production, production.visit(browser), email) for email in (ADMINISTRATOR, MARIA, DEV)
    )
    alex.come_in(production.first_link)
    _around_the_clock(alex.page)
    _invite(alex.page, "Maria", MARIA, "Intake staff")
    _invite(alex.page, "Dev", DEV, "Intake staff")
    for one in (maria, dev):
        one.come_in(production.link_in(production.wait_for_mail(one.email)))

    visitor = production.visit(browser)
    reference = _ask(visitor.new_page())
    told = production.wait_for_mail(TEAM)
    assert reference in str(told) and "Planted" not in str(told) and "0182" not in str(told)

    maria.page.goto(production.link_in(told))
    expect(maria.page.get_by_role("heading", name="Ana Planted-Name")).to_be_visible()
    dev.page.goto("/admin/queue/")
    expect(dev.page.get_by_text("Ana Planted-Name").first).to_be_visible()
    _call(maria.page, reference)
    dev.page.goto(f"/admin/queue/{reference}")
    expect(dev.page.get_by_text("This request has ended").first).to_be_visible()
    expect(dev.page.get_by_text("logged a call: Appointment made")).to_be_visible()
    visitor.pages[0].reload()
    expect(visitor.pages[0].get_by_text("We will call you")).to_have_count(0)

    for kept in ("worker", "web"):
        assert "Planted" not in production.log(kept)
    for context in (alex.context, maria.context, dev.context, visitor):
        context.close()
