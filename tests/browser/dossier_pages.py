"""The dossier of one request and the legal holds, for those who may see names and for those who may not."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page

from intake.rules.workflow import ClosedReason
from intake.services import casework, legal_hold
from tests.browser.premises import Premises
from tests.browser.shown import Shown, Way, send
from tests.browser.work_pages import tried

ASK, DOSSIER, HOLDS = (f"admin/{name}.html" for name in ("dossier_ask", "dossier", "holds"))


def on_hold(house: Premises) -> str:
    """Tried, ended, opened again, and kept because somebody complained."""
    reference, now = tried(house), datetime.now(UTC)
    casework.close(house.site, house.people["Maria"], reference, ClosedReason.INFORMATION, now=now)
    casework.reopen(house.site, house.people["Grace"], reference, reason="She rang again", now=now)
    why = "A letter of her lawyer, who asks for everything that was written down since she first asked to be called."
    legal_hold.place(house.site, house.people["Grace"], reference, reason=why, now=now)
    return reference


def asked(who: str) -> Way:
    def go(house: Premises) -> Page:
        page = house.tab(who)
        page.goto(f"/admin/reports/dossier/{on_hold(house)}")
        return page

    return go


def made(who: str) -> Way:
    def go(house: Premises) -> Page:
        page = asked(who)(house)
        page.get_by_label("What it is for").fill("Complaint of 12 October, for the provider’s counsel")
        page.get_by_role("button", name="Make the dossier").click()
        page.get_by_text("End of the dossier").wait_for()
        return page

    return go


def pressed(verb: str) -> Way:
    """A form with nothing in it; ``verb`` is "" for the dossier itself."""

    def go(house: Premises) -> Page:
        reference = on_hold(house) if verb == "lift" else tried(house)
        page = house.tab("Grace")
        page.goto(f"/admin/reports/dossier/{reference}")
        return send(page, f"/admin/reports/dossier/{reference}" + (f"/{verb}" if verb else ""))

    return go


def held(who: str) -> Way:
    def go(house: Premises) -> Page:
        on_hold(house)
        page = house.tab(who)
        page.goto("/admin/reports/holds")
        return page

    return go


def not_found(house: Premises) -> Page:
    page = held("Grace")(house)
    page.get_by_label("Dossier of request").fill("0ZZ-0ZZ")
    page.get_by_role("button", name="Open").click()
    page.get_by_text("No request has this reference").first.wait_for()
    return page


PAGES = [
    Shown("dossier, what for", "reports.dossier", ASK, asked("Grace")),
    Shown("dossier, what for, without names", "reports.dossier", ASK, asked("Rae")),
    Shown("dossier, for nothing", "reports.make_dossier", ASK, pressed(""), 422),
    Shown("dossier", "reports.make_dossier", DOSSIER, made("Grace")),
    Shown("dossier without names", "reports.make_dossier", DOSSIER, made("Rae")),
    Shown("legal hold, no reason", "reports.hold", ASK, pressed("hold"), 422),
    Shown("legal hold lifted, no reason", "reports.lift", ASK, pressed("lift"), 422),
    Shown("legal holds", "reports.holds", HOLDS, held("Grace")),
    Shown("legal holds without reasons", "reports.holds", HOLDS, held("Rae")),
    Shown("dossier of no request", "reports.holds", HOLDS, not_found),
]
