"""Every page a visitor can meet, from the empty form to the page that says it was not sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from intake.database import writing
from intake.models import CallbackRequest
from intake.services import casework, visitor
from tests.browser.premises import Premises
from tests.browser.shown import Shown, Way, at, send
from tests.making import ask

LONG_NAME = "María Fernanda de los Ángeles Villavicencio-Etxeberría"
UNBROKEN = "W" * 60
FORM, NOT_SENT, REQUEST, ERROR = "public/form.html", "public/not_sent.html", "public/request.html", "errors/page.html"


def fill(page: Page, name: str = "Ana", phone: str = "(212) 736-0182") -> None:
    page.goto("/callback")
    page.get_by_label("What name should we ask for?").fill(name)
    page.get_by_label("Phone number").fill(phone)


def press_send(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Request a callback|Try again")).last.click()


def confirmed(page: Page, **answers: str) -> None:
    fill(page, **answers)
    press_send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")


def make_older() -> None:
    """As if every request had been sent some time ago."""
    with writing() as conn:
        row = CallbackRequest.__table__
        conn.execute(update(row).values(received_at=datetime.now(UTC) - timedelta(minutes=11)))


def form_with_errors(page: Page) -> None:
    fill(page, "", "736-5000")
    page.get_by_label("Email").fill("ana@")
    page.get_by_label("Another time").check()
    press_send(page)
    page.wait_for_selector("#problem")


def crisis(page: Page) -> None:
    fill(page, phone="911")
    press_send(page)
    page.wait_for_selector("#crisis")


def stale(page: Page) -> None:
    fill(page)
    page.evaluate("document.querySelector('[name=token]').value = ''")
    press_send(page)
    page.wait_for_selector("text=This page was open for a long time")


def not_sent(page: Page) -> None:
    fill(page, name=LONG_NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("intake.services.callbacks.submit", _fail)
        page.evaluate("document.forms[0].submit()")  # past the script, which would say it on the spot
        expect(page.get_by_role("heading", level=1)).to_have_text("Your request was not sent")


def _fail(*_args: object, **_more: object) -> None:
    raise SQLAlchemyError("down")


def confirmation(page: Page) -> None:
    confirmed(page, name=LONG_NAME, phone=_another_number())


def crisis_in_the_note(page: Page) -> None:
    fill(page, phone=_another_number())
    page.get_by_label("Anything we should know").fill("Please call, I want to die")
    press_send(page)
    page.wait_for_selector("text=do not wait for our call")


def another_time(house: Premises) -> Page:
    """Asked for in own words, and set by staff: the page says when we call."""
    words = f"Sunday after my shift, {UNBROKEN}"
    wished = {"is_free_time": True, "preferred_note": words, "name": LONG_NAME, "phone": _another_number()}
    made = ask(house.site, house.now, **wished)
    page = house.tab()
    page.goto(f"/callback/{made.link_token}")
    expect(page.get_by_role("heading", level=1)).to_have_text("We will agree a time with you")
    agreed = house.now + timedelta(days=3)
    casework.acknowledge_time(house.site, house.people["Maria"], made.reference, agreed_from=agreed, now=house.now)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("We will call you")
    return page


def manage(page: Page) -> None:
    confirmed(page, name=UNBROKEN, phone=_another_number())
    make_older()
    page.reload()
    for row in page.locator("summary").all():
        row.click()


def _another_number() -> str:
    """A number that nobody has asked to be called at: the clock is fine enough."""
    return f"212-736-{datetime.now(UTC).microsecond % 10_000:04}"


def change_with_errors(page: Page) -> None:
    confirmation(page)
    page.locator("#number summary").click()
    page.get_by_label("New phone number").fill("736-5000")
    page.get_by_role("button", name="Save the new number").click()
    page.wait_for_selector("#problem")


def cancel(page: Page) -> None:
    confirmation(page)
    page.get_by_role("link", name="Cancel this request").click()
    page.wait_for_url("**/cancel")


def cancelled(page: Page) -> None:
    cancel(page)
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your request is cancelled")


def cancelled_too_often(house: Premises) -> Page:
    made, now = ask(house.site, house.now, name=LONG_NAME, phone=_another_number()), datetime.now(UTC)
    for _ in range(visitor.MOST_UNDONE):
        visitor.withdraw(house.site, made.link_token, now=now)
        visitor.undo_withdrawal(house.site, made.link_token, now=now)
    visitor.withdraw(house.site, made.link_token, now=now)
    page = house.tab()
    page.goto(f"/callback/{made.link_token}")
    page.get_by_role("button", name="Undo: call me after all").click()
    page.wait_for_selector("#problem")
    return page


def too_long(page: Page) -> None:
    page.goto("/callback")
    send(page, "/callback", message="x" * 70_000)


def unreadable(page: Page) -> None:
    confirmation(page)
    send(page, re.sub("^https?://[^/]*", "", page.url), change="everything")


def wrong_method(page: Page) -> None:
    page.goto("/callback")
    send(page, "/privacy")


def as_visitor(way: Callable[[Page], None]) -> Way:
    """In a browser that never was here."""

    def go(house: Premises) -> Page:
        page = house.tab()
        way(page)
        return page

    return go


def broken(error: Exception) -> Way:
    """A page of ours whose view fails."""

    def go(house: Premises) -> Page:
        house.fail("private.show", error)
        return at("", "/callback/nothing")(house)

    return go


PAGES = [
    Shown("form", "public.form", FORM, at("", "/callback")),
    Shown("form with errors", "public.send", FORM, as_visitor(form_with_errors), 422),
    Shown("crisis", "public.send", FORM, as_visitor(crisis), 422),
    Shown("form open for too long", "public.send", FORM, as_visitor(stale), 422),
    Shown("not sent", "public.send", NOT_SENT, as_visitor(not_sent), 503),
    Shown("confirmation", "private.show", REQUEST, as_visitor(confirmation)),
    Shown("confirmation in a crisis", "private.show", REQUEST, as_visitor(crisis_in_the_note)),
    Shown("confirmation with another time set", "private.show", REQUEST, another_time),
    Shown("manage", "private.show", REQUEST, as_visitor(manage)),
    Shown("change with errors", "private.change", REQUEST, as_visitor(change_with_errors), 422),
    Shown("cancel", "private.ask_cancel", "public/cancel.html", as_visitor(cancel)),
    Shown("cancelled", "private.show", REQUEST, as_visitor(cancelled)),
    Shown("cancelled too often", "private.change", REQUEST, cancelled_too_often, 429),
    Shown("privacy", "public.privacy", "public/privacy.html", at("", "/privacy")),
    Shown("staying private", "public.staying_private", "public/staying_private.html", at("", "/staying-private")),
    Shown("accessibility", "public.accessibility", "public/accessibility.html", at("", "/accessibility")),
    Shown("no such request", "private.show", ERROR, at("", "/callback/nothing"), 404),
    Shown("no such page", "", ERROR, at("", "/nowhere"), 404),
    Shown("wrong method", "", ERROR, as_visitor(wrong_method), 405),
    Shown("too much at once", "public.send", ERROR, as_visitor(too_long), 413),
    Shown("not readable", "private.change", ERROR, as_visitor(unreadable), 400),
    Shown("our fault", "private.show", ERROR, broken(RuntimeError("a fault")), 500),
    Shown("no database", "private.show", ERROR, broken(OperationalError("", {}, Exception("gone"))), 503),
]
