"""A report as a sheet of its requests, or as data for a program: the same numbers as on the page, and on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import Response, jsonify, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import copying, reports_form
from intake.admin.base import PanelView, acting, request_time
from intake.admin.reports import today
from intake.admin.reports_form import Wanted
from intake.database import reading
from intake.extensions import current_site
from intake.queries import audit
from intake.queries.report_data import data
from intake.rules.permissions import Permission
from intake.services import report_copies
from intake.services.copies import LONGEST_PURPOSE
from intake.services.report_copies import Sheet
from intake.wording import figures, parts, report_sheet, sheets


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
        answer = Response(stream_with_context(_lines(begun)), mimetype="text/csv")
        name = f"requests-{wanted.asked.period.first_on}-{wanted.asked.period.last_on}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    @expose("/data")
    def data(self) -> ResponseReturnValue:
        """All figures as JSON. Days that cannot be are no other days: 422."""
        wanted = reports_form.read(request.args, today())
        if wanted.errors:
            return jsonify({"errors": wanted.errors}), 422
        told = report_copies.figures(current_site(), acting(), wanted.asked, now=request_time())
        return jsonify(data(told, current_site().time_zone))

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
            longest=LONGEST_PURPOSE,
            may_name=acting().may(Permission.CONTACT),
            is_named="contact" in request.form,
        )


def _lines(begun: Sheet) -> Iterator[str]:
    zone, with_contact = current_site().time_zone, begun.with_contact
    yield from sheets.beginning(report_sheet.heads(with_contact=with_contact))
    for one in report_copies.rows(current_site(), begun):
        yield sheets.line(report_sheet.cells(one, zone, with_contact=with_contact))
