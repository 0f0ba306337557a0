"""Requests that wait for a manager's decision: their number asked not to be called."""

from __future__ import annotations

from datetime import UTC, datetime

from intake.rules.workflow import ClosedReason
from intake.services import casework
from tests.browser.premises import Premises
from tests.browser.shown import Shown
from tests.browser.work_pages import REQUEST, pressed, refused, show


def barred(house: Premises) -> str:
    phone, now = f"212-736-{house.number()}", datetime.now(UTC)
    asked = house.ask(minutes_ago=50, phone=phone)
    casework.close(house.site, house.people["Grace"], asked, ClosedReason.DO_NOT_CALL, note="A letter", now=now)
    return house.ask(minutes_ago=10, phone=phone)


PAGES = [
    Shown("request of a number that asked for silence", "queue.show", REQUEST, show("Maria", barred)),
    Shown("request to be called again", "queue.show", REQUEST, show("Grace", barred, "They want help again")),
    refused("called again for no reason", "call_again", pressed("call-again", barred, "Grace")),
]
