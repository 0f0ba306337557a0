"""What stands behind "Calls made": each call that was counted, without names and numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import reports_form
from intake.admin.base import PanelView, acting, request_time
from intake.admin.moments import Stamp
from intake.admin.queue import clock
from intake.admin.reports import today
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calls_made
from intake.queries import people as colleagues
from intake.queries.calls_made import Call
from intake.queries.facts import Asked
from intake.rules.parts import CALLS
from intake.rules.permissions import Permission
from intake.services import viewing
from intake.services.errors import NotFoundError
from intake.wording import figures, names
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Row:
    """A call in words. ``is_linked``: the page of its request is open to the reader."""

    reference: str
    is_linked: bool
    by: str
    began: Stamp
    outcome: str
    which: str


class ReportCalls(PanelView):
    """The calls of one person, or of all; narrowed by anything else a report tells no number, and has no list."""

    @expose("/calls")
    def calls(self) -> ResponseReturnValue:
        """A page of them, newest first, and how many they are."""
        wanted = reports_form.read(request.args, today())
        asked = wanted.asked
        if wanted.errors or asked.narrowed not in ((), ("person",)):
            raise NotFoundError
        told = values(asked, Permission.REPORTS, lambda **more: url_for("reports.calls", **more, **wanted.address))
        everybody, name = replace(wanted, asked=replace(asked, person=None)), told.pop("name") or gettext("one person")
        return self.page(
            "admin/report_calls.html",
            title=gettext("Calls made by %(person)s", person=name)
            if asked.person is not None
            else gettext("Calls made"),
            back=(url_for("reports.index", **everybody.address), gettext("Response times")),
            **told,
        )


def values(asked: Asked, needed: Permission, link: Callable[..., str]) -> dict[str, Any]:
    """What the page shows of ``asked.person``, whose ``name`` is among it; that somebody looked is put on record."""
    site, now, after = current_site(), request_time(), request.args.get("after", "")
    person = asked.person or 0
    with reading(of_one_moment=True) as conn:
        found = calls_made.page(conn, site, asked, after=after)
        name = colleagues.names_of(conn, [person]).get(person, "")
    about = {name: value for name, value in asked.on_record.items() if name != "clock"}
    ids = sorted({one.callback_id for one in found.rows})
    viewing.listed_figure(site, acting(), about=about, of=CALLS, ids=ids, now=now, needed=needed)
    return {
        "name": name,
        "is_of_all": asked.person is None,
        "many": ngettext("%(num)s call", "%(num)s calls", found.number),
        "days": figures.days(asked.period),
        "rows": [_row(one) for one in found.rows],
        "newest": link() if after else "",
        "older": link(after=found.older) if found.older else "",
    }


def _row(one: Call) -> Row:
    return Row(
        one.reference,
        acting().may(Permission.QUEUE),
        one.by,
        clock().stamp(one.started_at),
        names.disposition(one.disposition),
        gettext("first call") if one.is_first else gettext("later call"),
    )
