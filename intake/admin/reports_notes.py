"""Dated notes beside a report: read by whoever reads it, written and taken away by whoever hands out the work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import reports_form
from intake.admin.base import PanelView, acting, needs, request_time, see_other
from intake.admin.reports import today
from intake.admin.reports_form import Wanted
from intake.database import reading
from intake.extensions import current_site
from intake.queries import report_notes as queries
from intake.rules.permissions import Permission
from intake.services import report_notes
from intake.services.errors import RefusedError
from intake.wording import cleaning
from intake.wording import figures as words
from intake.wording.translation import gettext


class ReportNotePages(PanelView):
    """The notes of the days that are told, with a form for one more."""

    @expose("/notes")
    def notes(self) -> ResponseReturnValue:
        """As they stand."""
        return self._notes(reports_form.read(request.args, today()))

    @expose("/notes", methods=("POST",))
    @needs(Permission.ASSIGN)
    def add_note(self) -> ResponseReturnValue:
        """One more, and back to the report."""
        wanted = reports_form.read(request.form, today())
        typed = {"on": request.form.get("on", "").strip()[:10], "text": cleaning.one_line(request.form.get("text"))}
        on = _day(typed["on"])
        if on is None:
            return self._notes(wanted, typed, {"on": gettext("Write the day like 2026-11-18")})
        try:
            report_notes.add(current_site(), acting(), on, typed["text"], now=request_time())
        except RefusedError as refused:
            return self._notes(wanted, typed, _refusal(refused.code))
        flash(gettext("Noted."), "ok")
        return see_other("reports.index", _anchor="notes", **wanted.address)

    @expose("/notes/<int:note_id>/remove", methods=("POST",))
    @needs(Permission.ASSIGN)
    def remove_note(self, note_id: int) -> ResponseReturnValue:
        """Off the reports, and kept on record."""
        wanted = reports_form.read(request.form, today())
        report_notes.remove(current_site(), acting(), note_id, now=request_time())
        flash(gettext("Removed."), "ok")
        return see_other("reports.index", _anchor="notes", **wanted.address)

    def _notes(
        self, wanted: Wanted, typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
    ) -> ResponseReturnValue:
        with reading() as conn:
            found = queries.notes(conn, wanted.asked.period)
        return self.page(
            "admin/report_notes.html",
            code=422 if errors else 200,
            notes=found,
            address=wanted.address,
            days=words.days(wanted.asked.period),
            typed=typed or {"on": wanted.asked.period.last_on.isoformat(), "text": ""},
            errors=errors or {},
            words=words,
            today=today(),
            may_note=acting().may(Permission.ASSIGN),
            longest=report_notes.LONGEST_TEXT,
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _refusal(code: str) -> dict[str, str]:
    return {
        "text_needed": {"text": gettext("Say what happened.")},
        "text_too_long": {"text": gettext("Use at most %(most)s characters.", most=report_notes.LONGEST_TEXT)},
        "day_too_far": {"on": gettext("No report tells of this day. Choose another one.")},
    }.get(code, {"text": gettext("This cannot be noted.")})
