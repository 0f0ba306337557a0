"""The rows that are ticked in the queue's list as a sheet: the report's lines, asked for and put on record like it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import copying, queue_filters
from intake.admin.base import PanelView, acting, needs, picked_as_shown, request_time, see_other
from intake.admin.queue import queue_place
from intake.extensions import current_site
from intake.rules.permissions import Permission
from intake.services import bulk, report_copies
from intake.wording.translation import gettext


class ChosenCopies(PanelView):
    """What leaves the panel out of the list."""

    @expose("/export", methods=("POST",))
    @needs(Permission.REPORTS)
    def export(self) -> ResponseReturnValue:
        """``pick`` as in the list; what is asked before a copy is taken."""
        return self._ask() if _are_some() else _back()

    @expose("/export/csv", methods=("POST",))
    @needs(Permission.REPORTS)
    def take(self) -> ResponseReturnValue:
        """One line for each of them; who gets it and what for is on record first."""
        if not _are_some():
            return _back()
        with_contact = "contact" in request.form
        try:
            told = report_copies.take_chosen(
                current_site(), acting(), picked_as_shown(), copying.wanted(), with_contact=with_contact,
                now=request_time(),
            )  # fmt: skip
        except copying.REFUSALS as refused:
            code, errors = copying.still_wanted(refused)
            return self._ask(code=code, errors=errors)
        return copying.sheet(f"requests-chosen-{len(picked_as_shown())}.csv", told, with_contact=with_contact)

    def _ask(self, *, code: int = 200, errors: Mapping[str, str] | None = None) -> ResponseReturnValue:
        return self.page(
            "admin/chosen_copy.html",
            code=code,
            errors=errors or {},
            picked=picked_as_shown(),
            typed=copying.typed(),
            longest=copying.LONGEST_PURPOSE,
            may_name=acting().may(Permission.CONTACT),
            is_named="contact" in request.form,
            queue_place=queue_place(),
        )


def _are_some() -> bool:
    return 0 < len(picked_as_shown()) <= bulk.MOST


def _back() -> ResponseReturnValue:
    flash(gettext("Tick at least one request first, and at most %(most)s.", most=bulk.MOST), "bad")
    return see_other("queue.index", **queue_filters.place(request.form))
