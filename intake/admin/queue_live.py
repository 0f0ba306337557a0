"""The queue while its page stays open: which cells have changed, what belongs there no more, how many are new."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask import get_template_attribute, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_login import current_user

from intake.admin import queue_filters
from intake.admin.base import PanelView, acting, request_time
from intake.admin.live_answers import alarm, fingerprint, told, unchanged
from intake.admin.queue import asked_view, clock, due_soon, glance, shown_count, who_is_there
from intake.admin.queue_rows import Row, rows
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import live
from intake.queries.calendar import Calendar
from intake.queries.live import Asked
from intake.queries.worklist import Filters, View
from intake.rules.permissions import Permission
from intake.rules.preferences import Column

CELLS = {
    "q-due": None, "q-cri": None, "q-loc": Column.THEIR_TIME, "q-st": Column.STATE, "q-try": Column.TRIES,
    "q-own": Column.OWNER, "q-act": None,
}  # fmt: skip
"""What is printed anew, by class, with the column one may do without; none of it holds a visitor's name or number."""
MOST_SHOWN = 100
_SHOWN = re.compile(r"([0-9A-Z]{3}-[0-9A-Z]{3})\.([0-9a-f]{8})")


class QueueLivePages(PanelView):
    """What desk.js asks of the list. Read only, on no record, and no use of the session."""

    permission = Permission.QUEUE

    @expose("/live")
    def live(self) -> ResponseReturnValue:
        """The same view as the page's; ``shown`` holds each row and the mark of what it looks like."""
        marks = dict(_SHOWN.findall(request.args.get("shown", ""))[:MOST_SHOWN])
        with reading() as conn:
            calendar = calendars.current(conn, current_site())
            asked = _asked(calendar)
            stamps, new = live.versions(conn, asked, marks), live.unseen(conn, asked, marks)
            around = glance(conn, calendar)
            etag = fingerprint(marks, stamps, new, around, calendar.id, sorted(acting().permissions))
            same = unchanged(etag)
            if same:
                return same
            kept = live.shown(conn, current_site(), asked, marks)
        table = rows([row for row, _ in kept], calendar, clock(), acting(), around.viewers)
        table = [replace(row, is_gone=not holds) for row, (_, holds) in zip(table, kept, strict=True)]
        counts = {view.value: shown_count(number) for view, number in around.tally.views.items()}
        news = {
            "counts": counts | {"on_shift": who_is_there(around.on_shift)},
            "rows": {row.reference: _printed(row) for row in table if row.mark != marks[row.reference]},
            "new": new,
        }
        return told(news | alarm(around.tally.views[View.DUE_NOW], around.unclaimed, calendar), etag)


def _asked(calendar: Calendar) -> Asked:
    is_search = bool(request.args.get("m"))
    return Asked(
        asked_view(),
        Filters() if is_search else queue_filters.read(request.args, acting().person_id, current_site().time_zone),
        acting().person_id,
        request_time(),
        due_soon(calendar),
        after=request.args.get("after"),
        until=request.args.get("until"),
        is_search=is_search,
    )


def _printed(row: Row) -> dict[str, Any]:
    """A row that has changed: its mark, its version, what it is marked as, and its cells as the page prints them."""
    hides = current_user.prefers.hides
    shown = [name for name, column in CELLS.items() if column not in hides]
    shown += ["q-eye"] if Column.OWNER in hides else []
    macros = {name: get_template_attribute("components/queue_row.html", name.replace("-", "_")) for name in shown}
    return {
        "mark": row.mark,
        "version": row.version,
        "late": row.due.kind == "late",
        "cut": row.is_cut,
        "gone": row.is_gone,
        "cells": {name: str(macro(row)) for name, macro in macros.items()},
    }
