"""A report as a sheet of its requests, or as data for a program: the same numbers as on the page, and on record."""

from __future__ import annotations

from collections.abc import Mapping

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import copying, reports_form
from intake.admin.base import PanelView, acting, request_time
from intake.admin.reports import changes, today
from intake.admin.reports_form import Wanted
from intake.database import reading
from intake.extensions import current_site
from intake.queries import audit
from intake.queries import calendar as calendars
from intake.queries.report_data import data
from intake.rules.permissions import Permission
from intake.services import report_copies
from intake.wording import figures, parts


class ReportCopies(PanelView):
    """What leaves the panel with a report."""

    @expose("/csv")
    def sheet(self) -> ResponseReturnValue:
        """What is asked before a copy is taken."""
        return self._form(reports_form.read(request.args, today()))

    @expose("/csv", methods=("POST",))
    def take_sheet(self) -> ResponseReturnValue:
        """One line for each request that the report tells of; who gets it and what for is on record first."""
        wanted = reports_form.read(request.form, today())
        if wanted.errors:
            return self._form(wanted, code=422)
        try:
            begun = report_copies.begin_sheet(
                current_site(), acting(), wanted.asked, copying.wanted(),
                with_contact="contact" in request.form, now=request_time(),
            )  # fmt: skip
        except copying.REFUSALS as refused:
            code, errors = copying.still_wanted(refused)
            return self._form(wanted, code=code, errors=errors)
        name = f"requests-{wanted.asked.period.first_on}-{wanted.asked.period.last_on}.csv"
        lines = report_copies.rows(current_site(), begun)
        return copying.sheet(name, lines, with_contact=begun.with_contact)

    @expose("/data")
    def data(self) -> ResponseReturnValue:
        """All figures as JSON. Days that cannot be are no other days: 422."""
        wanted = reports_form.read(request.args, today())
        if wanted.errors:
            return jsonify({"errors": wanted.errors}), 422
        told = report_copies.figures(current_site(), acting(), wanted.asked, now=request_time())
        with reading() as conn:
            versions = calendars.in_force(conn, current_site(), wanted.asked.period)
        changed = [
            {"at": one.at.isoformat(timespec="seconds"), "what": one.what}
            for one in changes(versions, wanted.asked.period)
        ]
        return jsonify({**data(told, current_site().time_zone), "hours_and_target_changed": changed})

    def _form(
        self, wanted: Wanted, *, code: int = 200, errors: Mapping[str, str] | None = None
    ) -> ResponseReturnValue:  # fmt: skip
        with reading() as conn:
            people = audit.people(conn)
        return self.page(
            "admin/report_copy.html",
            code=code,
            errors={**wanted.errors, **(errors or {})},
            days=figures.days(wanted.asked.period),
            by=parts.filters(wanted.asked, people),
            address=wanted.address,
            typed=copying.typed(),
            longest=copying.LONGEST_PURPOSE,
            may_name=acting().may(Permission.CONTACT),
            is_named="contact" in request.form,
        )
