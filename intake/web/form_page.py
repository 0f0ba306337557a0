"""The form, rendered once for a stretch of time, the opening hours and how many wait; only the token differs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import escape
from sqlalchemy.exc import SQLAlchemyError

from intake.database import reading
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import receipt
from intake.queries.calendar import Calendar
from intake.rules.windows import Window
from intake.rules.workflow import ForWhom, Voicemail
from intake.services.clock import target_at
from intake.web import look, opening
from intake.web.forms import ASAP
from intake.wording import names
from intake.wording.translation import lazy_gettext

log = logging.getLogger(__name__)
RECHECK = timedelta(seconds=2)
"""How long a change of the opening hours, or of how many wait, may go unnoticed."""
_CONSENT = lazy_gettext("By sending this you ask us to call you at this number about your request.")
_GAP = "<!-- token -->"
EMPTY: Mapping[str, str] = {"preferred_time": ASAP, "voicemail": Voicemail.NONE}


@dataclass(frozen=True, slots=True)
class Known:
    """What the database last said. ``ahead``: how many are to be called before whoever asks now."""

    calendar: Calendar
    consent: str
    ahead: int


@dataclass(frozen=True, slots=True)
class FormPage:
    """A page with a gap where the token goes."""

    known: Known | None
    valid_until: datetime
    head: bytes
    tail: bytes

    def fill(self, fields: str) -> bytes:
        """The page for one visitor."""
        return self.head + fields.encode() + self.tail


class FormPages:
    """The newest page of each language, and the calendar it was made from. One per process; threads share it."""

    def __init__(self) -> None:
        self._pages: dict[str, FormPage] = {}
        self._known: Known | None = None
        self._asked_at: datetime | None = None
        self._asking = threading.Lock()

    def known(self, site: Site, language: str, now: datetime) -> Known | None:
        """The calendar and wording, at most two seconds old; the last ones known while the database is down."""
        if self._is_due(now) and self._asking.acquire(blocking=self._known is None):
            try:
                if self._is_due(now):
                    self._ask(site, language, now)
            finally:
                self._asking.release()
        return self._known

    @property
    def last_known(self) -> Known | None:
        """The same without asking, for when the database has just failed to answer."""
        return self._known

    def _is_due(self, now: datetime) -> bool:
        return self._asked_at is None or abs(now - self._asked_at) >= RECHECK

    def _ask(self, site: Site, language: str, now: datetime) -> None:
        try:
            with reading() as conn:
                calendar = calendars.current(conn, site)
                ahead = receipt.people_ahead(conn, target_at(calendar, "", now))
                found = Known(calendar, calendars.consent(conn, language).text, ahead)
            if found != self._known:
                self._known = found
        except SQLAlchemyError as error:
            log.error("the opening hours cannot be read: %s", type(error).__name__)
        finally:
            self._asked_at = now

    def page(self, site: Site, language: str, now: datetime) -> FormPage:
        """The form as it is right for ``now``."""
        known = self.known(site, language, now)
        page = self._pages.get(language)
        if page is None or now >= page.valid_until or page.known is not known:
            page = self._pages[language] = _render(site, known, now)
        return page


def offer_for(known: Known | None, zone: str, now: datetime, chosen: Window | None = None) -> opening.Offer:
    """What to offer, also when the opening hours have never been read."""
    if known is None:
        return opening.without_calendar(zone, now)
    return opening.offer(known.calendar, zone, now, chosen, ahead=known.ahead)


def _render(site: Site, known: Known | None, now: datetime) -> FormPage:
    offer = offer_for(known, site.time_zone, now)
    body = look.render("public/form.html", **form_context(offer, known, EMPTY, {}, _GAP))
    head, _gap, tail = body.partition(_GAP)
    return FormPage(known, offer.valid_until, head.encode(), tail.encode())


def form_context(
    offer: opening.Offer, known: Known | None, typed: Mapping[str, str], problems: Mapping[str, str], fields: str
) -> dict[str, Any]:
    """Everything the form's template asks for. ``fields``: the hidden ones, as HTML."""
    return {
        "offer": offer,
        "consent": known.consent if known else str(_CONSENT),
        "typed": typed,
        "problems": problems,
        "filled_in": fields,
        "choices": choices(),
    }


def choices() -> dict[str, list[tuple[str, str]]]:
    """The radios whose words do not change with the clock."""
    return {
        "for_whom": [(value.value, names.for_whom(value)) for value in ForWhom],
        "voicemail": [(value.value, names.voicemail_choice(value)) for value in Voicemail],
    }


def hidden_fields(token: str, source: str = "", path: str = "") -> str:
    """The token, and where the visitor came from if the link said so."""
    given = (("token", token), ("source", source), ("page", path))
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in given if value)
