"""Reports by mail: each person chooses for themself."""

from __future__ import annotations

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin.base import PanelView, acting, request_time, see_other
from intake.database import reading
from intake.extensions import current_site
from intake.models.reports import Every
from intake.queries import report_mailing as queries
from intake.services import report_mailing
from intake.wording import figures as words
from intake.wording.translation import gettext


class ReportMailingPages(PanelView):
    """Two ticks."""

    @expose("/mailing")
    def mailing(self) -> ResponseReturnValue:
        """As it is, and when the next one comes."""
        with reading() as conn:
            chosen = queries.chosen(conn, acting().person_id)
        day = report_mailing.day_of(current_site(), request_time())
        labels = {Every.WEEK: gettext("Every Monday"), Every.MONTH: gettext("On the 1st of each month")}
        ways = [
            (every.value, label, every in chosen, words.day(report_mailing.next_on(every, day), day))
            for every, label in labels.items()
        ]
        return self.page("admin/report_mailing.html", ways=ways)

    @expose("/mailing", methods=("POST",))
    def choose_mailing(self) -> ResponseReturnValue:
        """Keep what was ticked."""
        wanted = {every for every in Every if every.value in request.form}
        if report_mailing.choose(current_site(), acting(), wanted, now=request_time()):
            flash(gettext("Saved."), "ok")
        else:
            flash(gettext("Nothing was different."))
        return see_other("reports.mailing")
