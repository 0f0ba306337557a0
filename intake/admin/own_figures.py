"""One's own figures: the line that the reports hold of oneself, and nothing of anybody else."""

from __future__ import annotations

from dataclasses import replace

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import report_tiles, reports_calls, reports_form, reports_lists
from intake.admin.base import PanelView, acting, needs, request_time
from intake.admin.reports import said, today
from intake.admin.reports_form import Wanted
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import report, report_lists
from intake.rules import parts
from intake.rules.periods import Preset
from intake.rules.permissions import Permission
from intake.services import viewing
from intake.wording import figures as words
from intake.wording.parts import by_clock
from intake.wording.translation import gettext, ngettext

FIRST_CALLS = "kind.counted"


class OwnFigurePages(PanelView):
    """For whoever works the queue, with or without the right to reports. Only the period can be chosen."""

    @expose("/figures")
    @needs(Permission.WORK)
    def figures(self) -> ResponseReturnValue:
        """The figures of a period, counted like everybody's."""
        wanted, site, me = _wanted(), current_site(), acting().person_id
        with reading(of_one_moment=True) as conn:
            people = report.by_person(conn, site, wanted.asked, now=request_time())
            aim = calendars.aim(conn, site, wanted.asked.period)
        own = next((one for one in people if one.id == me), None)
        return self.page(
            "admin/own_figures.html",
            said=said(wanted),
            periods=[(one.value, words.preset(one), one.value == wanted.chosen) for one in Preset],
            tiles=report_tiles.own(own, aim, *_lists(wanted)) if own else (),
        )

    @expose("/figures/calls")
    @needs(Permission.WORK)
    def calls(self) -> ResponseReturnValue:
        """The calls one made, first ones or not."""
        wanted = _wanted()
        asked = replace(wanted.asked, person=acting().person_id)
        told = reports_calls.values(
            asked, Permission.WORK, lambda **more: url_for("me.calls", **more, **wanted.address)
        )
        back = (url_for("me.figures", **wanted.address), gettext("My figures"))
        return self.page("admin/report_calls.html", title=gettext("Calls you made"), back=back, **told)

    @expose("/figures/requests")
    @needs(Permission.WORK)
    def first_calls(self) -> ResponseReturnValue:
        """The requests one called first: without names and numbers, and without who had to do with them since."""
        wanted, site, actor, now = _wanted(), current_site(), acting(), request_time()
        asked = replace(wanted.asked, person=actor.person_id)
        after = request.args.get("after", "")
        with reading(of_one_moment=True) as conn:
            found = report_lists.page(conn, site, asked, parts.read(FIRST_CALLS), now=now, after=after)
        ids = sorted({one.id for one in found.rows})
        viewing.listed_figure(
            site, actor, about=asked.on_record, of=FIRST_CALLS, ids=ids, now=now, needed=Permission.WORK
        )
        return self.page(
            "admin/report_requests.html",
            title=gettext("Your first calls"),
            many=ngettext("%(num)s request", "%(num)s requests", found.number),
            days=words.days(asked.period),
            by=[by_clock(asked.clock)],
            rows=[_of_oneself(reports_lists.row(one, wanted)) for one in found.rows],
            has_earlier=any(one.is_earlier for one in found.rows),
            back=(url_for("me.figures", **wanted.address), gettext("My figures")),
            newest=url_for("me.first_calls", **wanted.address) if after else "",
            older=url_for("me.first_calls", after=found.older, **wanted.address) if found.older else "",
        )


def _wanted() -> Wanted:
    """The period of the address, and nothing else of it."""
    return reports_form.read({"period": request.args.get("period", "")}, today())


def _lists(wanted: Wanted) -> tuple[str, str]:
    return url_for("me.first_calls", **wanted.address), url_for("me.calls", **wanted.address)


def _of_oneself(row: reports_lists.Row) -> reports_lists.Row:
    return replace(row, called_by="", owner="", may_agree=False)
