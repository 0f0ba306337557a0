"""The record of who did what: read, filtered, proven and copied. It cannot be changed here, or anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, flash, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import audit_form, copying
from intake.admin.audit_form import Asked
from intake.admin.audit_words import Teller, seals
from intake.admin.base import PanelView, acting, request_time, see_other
from intake.admin.queue import clock
from intake.database import reading
from intake.extensions import current_site
from intake.queries import audit, sightings
from intake.rules.permissions import Permission
from intake.services import auditing, viewing
from intake.services.errors import NotFoundError
from intake.wording import sheets
from intake.wording.record import GROUPS
from intake.wording.translation import gettext

_LARGEST_ENTRY = 2**63 - 1
_LONGEST_PLACE = 40


class Audit(PanelView):
    """For whoever holds the right to audit. Nothing here shows a visitor's name or number."""

    permission = Permission.AUDIT

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Entries, newest first; the filter stands in the address."""
        return self._page(audit_form.read(request.args, current_site().time_zone))

    @expose("/seen/<reference>")
    def seen(self, reference: str) -> ResponseReturnValue:
        """Who has seen this request."""
        with reading() as conn:
            subject = sightings.subject(conn, reference)
            if subject is None:
                raise NotFoundError
            teller = Teller(clock(), audit.people(conn))
            viewers, times = sightings.viewers(conn, subject), sightings.sightings(conn, subject)
        viewing.read_record(current_site(), acting(), about={"reference": reference}, now=request_time())
        return self.page(
            "admin/audit_seen.html",
            reference=reference,
            viewers=[teller.viewer(one) for one in viewers],
            rows=[teller.sighting(one) for one in times],
            is_cut=len(times) == sightings.MOST,
            received=clock().stamp(subject.received_at),
            may_open=acting().may(Permission.QUEUE),
            may_dossier=acting().may(Permission.REPORTS),
        )

    @expose("/<int:entry_id>/reason", methods=("POST",))
    def reason(self, entry_id: int) -> ResponseReturnValue:
        """What somebody typed for one entry: shown on a page of its own, and on record. The address is the way back."""
        if entry_id > _LARGEST_ENTRY:
            raise NotFoundError
        entry = auditing.read_reason(current_site(), acting(), entry_id, now=request_time())
        with reading() as conn:
            row = self._teller(audit.people(conn)).row(entry)
        asked = audit_form.read(request.args, current_site().time_zone)
        return self.page("admin/audit_reason.html", row=row, here=_here(asked), is_gone=not entry.text)

    @expose("/check", methods=("POST",))
    def check(self) -> ResponseReturnValue:
        """Recompute the newest seals now; the page says what came of it."""
        found = auditing.check(current_site(), acting(), now=request_time())
        if found.finding is None:
            flash(gettext("The seals fit."), "ok")
        return see_other("audit.index")

    @expose("/export", methods=("POST",))
    def export(self) -> ResponseReturnValue:
        """The entries that the filter shows, as a sheet; who gets it and what for is on record first."""
        asked = audit_form.read(request.form, current_site().time_zone)
        if asked.errors:
            return self._page(asked, code=422, typed=copying.typed())
        try:
            copy = auditing.begin_copy(
                current_site(), acting(), asked.which, copying.wanted(), about=asked.on_record, now=request_time()
            )
        except copying.REFUSALS as refused:
            code, errors = copying.still_wanted(refused)
            return self._page(asked, code=code, errors=errors, typed=copying.typed())
        with reading() as conn:
            teller = self._teller(audit.people(conn))
        answer = Response(stream_with_context(_sheet(copy, teller)), mimetype="text/csv")
        name = f"record-{request_time():%Y-%m-%d-%H%M%S}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _teller(self, people: Mapping[int, str]) -> Teller:
        return Teller(clock(), people, with_contact=acting().may(Permission.CONTACT))

    def _page(
        self,
        asked: Asked,
        *,
        code: int = 200,
        errors: Mapping[str, str] | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> ResponseReturnValue:  # fmt: skip
        with reading() as conn:
            people = audit.people(conn)
            standing = audit.standing(conn, request_time())
            page = audit.page(
                conn, current_site(), asked.which, before=request.args.get("before", ""),
                after=request.args.get("after", ""),
            )  # fmt: skip
        viewing.read_record(current_site(), acting(), about=asked.on_record, now=request_time())
        values: dict[str, Any] = {
            "asked": asked,
            "errors": {**asked.errors, **(errors or {})},
            "people": people,
            "groups": GROUPS,
            "rows": self._teller(people).rows(page.entries),
            "here": _here(asked),
            "older": page.older,
            "newer": page.newer,
            "seals": seals(standing, clock()),
            "typed": typed or {},
            "longest": copying.LONGEST_PURPOSE,
        }
        return self.page("admin/audit.html", code=code, **values)


def _here(asked: Asked) -> dict[str, str]:
    """The filter and the place in the record of this page, for a link."""
    places = {name: request.args.get(name, "")[:_LONGEST_PLACE] for name in ("before", "after")}
    return asked.address | {name: place for name, place in places.items() if place}


def _sheet(copy: auditing.Copy, teller: Teller) -> Iterator[str]:
    """The notice, the heads, the entries."""
    yield from sheets.beginning(
        [
            gettext("Number"), gettext("When"), gettext("Who"), gettext("Did"), gettext("Request"),
            gettext("What changed"), gettext("Reason"),
        ]
    )  # fmt: skip
    for entry in auditing.copied(current_site(), copy):
        yield sheets.line(teller.cells(entry))
