"""Requests of somebody who may be in danger, though they have ended."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page

from intake.services import claims, visitor
from tests.browser.premises import Premises
from tests.browser.shown import Shown
from tests.browser.work_pages import REQUEST, closed, show


def cancelled_in_danger(house: Premises) -> str:
    """While Maria was on the line with them."""
    made = house.asked(message="I want to die")
    claims.start_call(house.site, house.people["Maria"], made.reference, now=datetime.now(UTC))
    visitor.withdraw(house.site, made.link_token, now=datetime.now(UTC))
    return made.reference


def noted_in_danger(house: Premises) -> Page:
    """On a request that had ended: the page says who hears of it."""
    page = show("Maria", closed, "Add a note without a call")(house)
    page.get_by_label("Note", exact=True).fill("His mother rang: he wants to die")
    page.get_by_role("button", name="Add note").click()
    page.wait_for_selector("text=what was written sounds like danger")
    return page


PAGES = [
    Shown("on the call, cancelled in danger", "queue.show", REQUEST, show("Maria", cancelled_in_danger)),
    Shown("request closed, danger noted", "queue.show", REQUEST, noted_in_danger),
]
