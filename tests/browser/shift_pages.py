"""Every page around a shift: what the night left, what is handed over, and the figures on the wall."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page

from intake.services import shifts
from tests.browser.premises import LONG_NAME, Premises
from tests.browser.shown import Shown, Way, at
from tests.browser.work_pages import claimed


def morning(house: Premises) -> Page:
    """After a night in which somebody wrote, one of them from far away."""
    house.ask(minutes_ago=600)
    house.ask(minutes_ago=610, phone="671-555-0100")
    return at("Maria", "/admin/queue/morning")(house)


def long_names_left(house: Premises) -> Page:
    """An overdue person and one who is not, both with a name that is hard to fit."""
    for minutes in (90, 0):
        claimed(house, "Long", name=LONG_NAME, minutes_ago=minutes)
    return at("Grace", "/admin/queue/handover")(house)


def on_shift(who: str, path: str) -> Way:
    """Where several are on shift, one of whom has a long name."""

    def go(house: Premises) -> Page:
        for name in ("Long", "Dev", "Maria"):
            shifts.come(house.site, house.people[name], now=datetime.now(UTC))
        claimed(house, "Long")
        return at(who, path)(house)

    return go


PAGES = [
    Shown("morning", "queue.morning", "admin/morning.html", morning),
    Shown("morning after a quiet night", "queue.morning", "admin/morning.html", at("Grace", "/admin/queue/morning")),
    Shown("hand-over sheet", "queue.handover", "admin/handover.html", at("Grace", "/admin/queue/handover")),
    Shown("hand-over sheet, long names", "queue.handover", "admin/handover.html", long_names_left),
    Shown("nobody on shift", "queue.on_shift", "admin/on_shift.html", at("Grace", "/admin/queue/shift")),
    Shown("on shift", "queue.on_shift", "admin/on_shift.html", on_shift("Long", "/admin/queue/shift")),
    Shown("queue of one on shift", "queue.index", "admin/queue.html", on_shift("Maria", "/admin/queue/")),
    Shown("wallboard", "queue.board", "admin/board.html", at("Maria", "/admin/queue/board")),
]  # fmt: skip
