"""The dossier of one request, made for a stated purpose, and the legal holds that keep requests from being deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Connection

from intake.admin import dossier_story, dossier_words, hold_words
from intake.admin.audit_words import Teller
from intake.admin.base import (
    PanelView,
    acting,
    is_reference,
    needs,
    read_instant,
    request_time,
    see_other,
    typed_line,
)
from intake.admin.copying import LONGEST_PURPOSE
from intake.admin.moments import Clock
from intake.admin.paper import paper
from intake.admin.queue import clock
from intake.admin.timeline import Story
from intake.database import reading
from intake.extensions import current_site
from intake.queries import audit, casefile, legal_hold, outbox, sightings
from intake.queries import calendar as calendars
from intake.queries import dossier as parts
from intake.rules.permissions import Permission
from intake.services import dossier as dossiers
from intake.services import legal_hold as holding
from intake.services import viewing
from intake.services.errors import NotFoundError, RefusedError
from intake.wording import names
from intake.wording.translation import gettext

MOST_TOLD = 1000
"""Entries of each kind on one dossier; what happened before them is on another one, a button away."""
MOST_TRIES = 2000


class DossierPages(PanelView):
    """For whoever holds the right to reports. Names, numbers, notes and typed reasons take the right to see names."""

    permission = Permission.REPORTS

    @expose("/dossier/<reference>", methods=("GET",))
    def dossier(self, reference: str) -> ResponseReturnValue:
        """What is it for? Nothing of the request is shown before that is said; its hold is placed and lifted here."""
        return self._ask_why(reference)

    @expose("/dossier/<reference>", methods=("POST",))
    def make_dossier(self, reference: str) -> ResponseReturnValue:
        """The dossier. Who had it made and what for is on record before it is."""
        purpose, until = typed_line("purpose", LONGEST_PURPOSE), read_instant(request.form.get("until", ""))
        try:
            dossiers.put_on_record(current_site(), acting(), reference, purpose=purpose, now=request_time())
        except RefusedError:
            return self._ask_why(reference, code=422, errors={"purpose": gettext("Say what the dossier is for")})
        with reading() as conn:
            values = _dossier(conn, reference, until)
        return self.page("admin/dossier.html", purpose=purpose, **values)

    @expose("/dossier/<reference>/hold", methods=("POST",))
    @needs(Permission.ASSIGN)
    def hold(self, reference: str) -> ResponseReturnValue:
        """Keep all of it from now on."""
        try:
            holding.place(current_site(), acting(), reference, reason=_reason(), now=request_time())
        except RefusedError as refused:
            return self._hold_refused(reference, refused)
        flash(gettext("%(reference)s is under a legal hold: nothing of it is deleted.", reference=reference), "ok")
        return see_other("reports.dossier", reference=reference)

    @expose("/dossier/<reference>/lift", methods=("POST",))
    @needs(Permission.ASSIGN)
    def lift(self, reference: str) -> ResponseReturnValue:
        """It is kept as long as any other again."""
        try:
            holding.lift(current_site(), acting(), reference, reason=_reason(), now=request_time())
        except RefusedError as refused:
            return self._hold_refused(reference, refused)
        flash(gettext("The legal hold on %(reference)s is lifted.", reference=reference), "ok")
        return see_other("reports.dossier", reference=reference)

    @expose("/holds")
    def holds(self) -> ResponseReturnValue:
        """Every request on hold, and the way to the dossier of any."""
        wanted = request.args.get("ref", "").strip().upper()[:20]
        errors: dict[str, str] = {}
        if wanted:
            if _is_known(wanted):
                return see_other("reports.dossier", reference=wanted)
            errors["ref"] = gettext("No request has this reference")
        before = request.args.get("before", "")
        place = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
        with_contact = acting().may(Permission.CONTACT)
        with reading() as conn:
            page = legal_hold.page(conn, current_site(), before=place, with_contact=with_contact)
        viewing.listed(
            current_site(), acting(), view="holds", ids=[one.id for one in page.held], now=request_time(),
            needed=Permission.REPORTS,
        )  # fmt: skip
        return self.page(
            "admin/holds.html", errors=errors, wanted=wanted, is_older=place is not None,
            rows=[(one, hold_words.since(one, clock()), _state(one)) for one in page.held], older=page.older,
            with_contact=with_contact,
        )  # fmt: skip

    def _hold_refused(self, reference: str, refused: RefusedError) -> ResponseReturnValue:
        if refused.code == "reason_needed":
            return self._ask_why(reference, code=422, errors={"reason": gettext("Say why")})
        flash(gettext("Somebody did that in the meantime. This is how it stands now."))
        return see_other("reports.dossier", reference=reference)

    def _ask_why(
        self, reference: str, *, code: int = 200, errors: Mapping[str, str] | None = None
    ) -> ResponseReturnValue:
        with reading() as conn:
            subject = sightings.subject(conn, reference)
            if subject is None:
                raise NotFoundError
            held = legal_hold.of(conn, current_site(), subject.id, with_contact=False)
        return self.page(
            "admin/dossier_ask.html",
            code=code,
            reference=reference,
            errors=errors or {},
            typed={name: request.form.get(name, "") for name in ("purpose", "reason")},
            held=hold_words.since(held, clock()) if held else "",
            may_hold=acting().may(Permission.ASSIGN),
            with_contact=acting().may(Permission.CONTACT),
            back=_back(reference),
            longest=LONGEST_PURPOSE,
        )


def _dossier(conn: Connection, reference: str, until: datetime | None) -> dict[str, Any]:
    """All of it, by a number of questions that does not grow with what happened."""
    site, now, on_paper = current_site(), request_time(), paper(current_site().time_zone)
    with_contact = acting().may(Permission.CONTACT)
    case = casefile.find(conn, site, reference, with_contact=with_contact, is_whole=True)
    if case is None:
        raise NotFoundError
    runs = parts.runs(conn, case.id, now)
    first = parts.first_sent(conn, site, case.id, runs[0], with_contact=with_contact)
    versions = calendars.made(conn, {run.calendar_id for run in runs if run.calendar_id is not None})
    page = casefile.timeline(conn, site, case.id, with_contact=with_contact, until=until, most=MOST_TOLD)
    tries = outbox.tries_about(conn, case.id, most=MOST_TRIES)
    everybody = audit.people(conn)
    held = legal_hold.of(conn, site, case.id, with_contact=with_contact)
    return {
        "case": case,
        "sent": dossier_words.sent(case, first, runs[0], on_paper, with_contact=with_contact),
        "accounts": dossier_words.accounts(runs, versions, page.entries, on_paper, now),
        "lines": dossier_story.told(page, Story(case, on_paper, everybody, in_full=True), runs, tries, now),
        "older": page.before.isoformat() if page.before else "",
        "before": on_paper.stamp(page.before).words if page.before else "",
        "ends": on_paper.stamp(until).words if until else "",
        "seen": _seen(conn, reference, on_paper, everybody),
        "held": hold_words.since(held, on_paper) if held else "",
        "status": names.closed_reason(case.closed_reason) if case.closed_reason else names.status(case.status),
        "made": on_paper.stamp(now),
        "with_contact": with_contact,
        "back": _back(reference),
    }


def _seen(conn: Connection, reference: str, on_paper: Clock, everybody: Mapping[int, str]) -> dict[str, Any]:
    subject = sightings.subject(conn, reference)
    if subject is None:
        raise NotFoundError
    teller = Teller(on_paper, everybody)
    times = sightings.sightings(conn, subject)
    return {
        "people": [teller.viewer(one) for one in sightings.viewers(conn, subject)],
        "times": [teller.sighting(one) for one in reversed(times)],
        "is_cut": len(times) == sightings.MOST,
        "most": sightings.MOST,
    }


def _reason() -> str:
    return typed_line("reason", LONGEST_PURPOSE)


def _state(held: legal_hold.Held) -> str:
    if held.closed_at is None:
        return names.status(held.status)
    reason = names.closed_reason(held.closed_reason) if held.closed_reason else names.status(held.status)
    return gettext("%(reason)s, %(moment)s", reason=reason, moment=clock().stamp(held.closed_at).words)


def _back(reference: str) -> str:
    """The page this person came from, most likely."""
    if acting().may(Permission.QUEUE):
        return url_for("queue.show", reference=reference)
    return url_for("reports.holds")


def _is_known(reference: str) -> bool:
    if not is_reference(reference):
        return False
    with reading() as conn:
        return sightings.subject(conn, reference) is not None
