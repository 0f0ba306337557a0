"""The pages of response times: full of figures, of no request at all, and asked for days that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page

from intake.rules.workflow import ClosedReason, Disposition
from intake.services import calls, casework, report_notes
from intake.services.calls import Outcome
from tests.browser.premises import Premises
from tests.browser.shown import Shown, Way, at, sent

REPORTS = "admin/reports.html"
NOTES = "admin/report_notes.html"
PAGE = "/admin/reports/"

CALLS = "admin/report_calls.html"
LIST, COPY = "admin/report_requests.html", "admin/report_copy.html"
CHOSEN = "admin/chosen_copy.html"
OWN, OWN_PAGE = "admin/own_figures.html", "/admin/account/figures"


def marked_too_late(house: Premises) -> Page:
    """Two misses that a manager may agree are none."""
    for reason in (ClosedReason.SPAM, ClosedReason.TEST):
        reference = house.ask(minutes_ago=120)
        casework.close(house.site, house.people["Maria"], reference, reason, now=datetime.now(UTC))
    return at("Grace", f"{PAGE}requests?of=state.uncalled,marked.spam,marked.test")(house)


def noted(who: str, path: str) -> Way:
    """Where two days have a note, one of them as long as may be."""

    def go(house: Premises) -> Page:
        now = datetime.now(UTC)
        for text in ("Phones down from 10 to 11", "The form was moved to another page of the website; " + "n" * 60):
            report_notes.add(house.site, house.people["Grace"], now.date(), text, now=now)
        return at(who, path)(house)

    return go


def called(who: str, path: str) -> Way:
    """Where somebody with a long name has made five first calls, one of them late."""

    def go(house: Premises) -> Page:
        for minutes in (30, 12, 9, 6, 3):
            reference = house.ask(minutes_ago=minutes)
            calls.log_attempt(
                house.site, house.people["Long"], reference, Outcome(Disposition.NO_ANSWER), now=datetime.now(UTC)
            )
        return at(who, path)(house)

    return go


def calls_by_a_long_name(house: Premises) -> Page:
    """Somebody else's calls."""
    return called("Grace", f"{PAGE}calls?person={house.people['Long'].person_id}")(house)


def chosen(path: str) -> Way:
    """Some requests of the list, to be taken out of the panel."""

    def go(house: Premises) -> Page:
        reference = house.ask()
        return sent("Grace", "/admin/queue/", f"/admin/{path}", pick=f"{reference}.1")(house)

    return go


PAGES = [
    Shown("response times", "reports.index", REPORTS, at("Grace", f"{PAGE}?period=364")),
    Shown("response times, all hours, people needed", "reports.index", REPORTS,
          at("Rae", f"{PAGE}?period=364&clock=all&cells=people")),
    Shown("response times, no request", "reports.index", REPORTS, at("Alex", f"{PAGE}?from=2020-01-01&to=2020-01-31")),
    Shown("response times, days that cannot be", "reports.index", REPORTS,
          at("Alex", f"{PAGE}?from=2026-11-18&to=2026-11-01")),
    Shown("behind a figure", "reports.requests", LIST, at("Grace", f"{PAGE}requests?of=kind.counted")),
    Shown("behind a figure, of nobody", "reports.requests", LIST, at("Rae", f"{PAGE}requests?of=band.more")),
    Shown("behind a figure, marked too late", "reports.requests", LIST, marked_too_late),
    Shown("calls made", "reports.calls", CALLS, calls_by_a_long_name),
    Shown("calls made by all", "reports.calls", CALLS, at("Rae", f"{PAGE}calls")),
    Shown("calls made, none", "reports.calls", CALLS, at("Rae", f"{PAGE}calls?person=1&from=2020-01-01&to=2020-01-31")),
    Shown("calls I made", "me.calls", CALLS, called("Long", f"{OWN_PAGE}/calls")),
    Shown("copy of a report", "reports.sheet", COPY, at("Grace", f"{PAGE}csv?language=es")),
    Shown("copy of a report, for nobody", "reports.take_sheet", COPY,
          sent("Rae", f"{PAGE}csv", f"{PAGE}csv"), 422),
    Shown("copy of chosen requests", "queue.export", CHOSEN, chosen("queue/export")),
    Shown("copy of chosen requests, for nobody", "queue.take", CHOSEN, chosen("queue/export/csv"), 422),
    Shown("response times, with notes", "reports.index", REPORTS, noted("Grace", PAGE)),
    Shown("response times, calls by a long name", "reports.index", REPORTS, called("Grace", f"{PAGE}?language=en")),
    Shown("my figures", "me.figures", OWN, called("Long", OWN_PAGE)),
    Shown("my figures, no call", "me.figures", OWN, at("Alex", f"{OWN_PAGE}?period=yesterday")),
    Shown("my first calls", "me.first_calls", LIST, called("Long", f"{OWN_PAGE}/requests")),
    Shown("my first calls, none", "me.first_calls", LIST, at("Alex", f"{OWN_PAGE}/requests?period=yesterday")),
    Shown("notes on days", "reports.notes", NOTES, noted("Rae", f"{PAGE}notes")),
    Shown("notes on days, nothing said", "reports.add_note", NOTES,
          sent("Grace", f"{PAGE}notes", f"{PAGE}notes"), 422),
    Shown("reports by mail", "reports.mailing", "admin/report_mailing.html", at("Rae", f"{PAGE}mailing")),
]  # fmt: skip
