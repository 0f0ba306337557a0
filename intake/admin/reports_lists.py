"""What stands behind a figure of the reports: exactly the requests it counted, without names and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import reports_form
from intake.admin.base import PanelView, acting, needs, picked, request_time, see_other
from intake.admin.moments import Stamp
from intake.admin.queue import clock
from intake.admin.reports import today
from intake.admin.reports_form import Wanted
from intake.admin.undoing import done
from intake.database import reading
from intake.extensions import current_site
from intake.queries import audit, report_lists
from intake.queries.report_lists import Fact
from intake.rules import parts
from intake.rules.counting import End, Kind
from intake.rules.parts import Part
from intake.rules.permissions import Permission
from intake.services import counting, viewing
from intake.services.errors import NotFoundError, RefusedError
from intake.wording import figures, names
from intake.wording import parts as words
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Row:
    """A request in words. ``is_linked``: its page is open to the reader; ``may_agree``: a manager may leave it out."""

    reference: str
    is_linked: bool
    is_earlier: bool
    received: Stamp
    called: Stamp | None
    called_by: str
    waited: str
    target: str
    owner: str
    outcome: str
    may_agree: bool


class ReportLists(PanelView):
    """The requests of a figure; its conditions stand in the address beside the report's own."""

    @expose("/requests")
    def requests(self) -> ResponseReturnValue:
        """A page of them, newest first, and how many they are."""
        wanted, part = _asked(request.args)
        now = request_time()
        with reading(of_one_moment=True) as conn:
            found = report_lists.page(
                conn, current_site(), wanted.asked, part, now=now, after=request.args.get("after", "")
            )
            people = audit.people(conn)
        ids = sorted({one.id for one in found.rows})
        viewing.listed_figure(
            current_site(), acting(), about=wanted.asked.on_record, of=part.address, ids=ids, now=now
        )  # fmt: skip
        rows = [row(one, wanted) for one in found.rows]
        here = {"of": part.address, **wanted.address}
        is_later = bool(request.args.get("after"))
        return self.page(
            "admin/report_requests.html",
            title=words.title(part, people, today()),
            many=ngettext("%(num)s request", "%(num)s requests", found.number),
            days=figures.days(part.days(wanted.asked.period)),
            by=[words.by_clock(wanted.asked.clock), *words.filters(wanted.asked, people)],
            rows=rows,
            has_owners=True,
            agreeable=[one.reference for one in rows if one.may_agree],
            has_earlier=any(one.is_earlier for one in rows),
            address=wanted.address,
            of=part.address,
            back=(url_for("reports.index", **wanted.address), gettext("Response times")),
            newest=url_for("reports.requests", **here) if is_later else "",
            older=url_for("reports.requests", after=found.older, **here) if found.older else "",
            undo_back=request.full_path,
        )

    @expose("/agree", methods=("POST",))
    @needs(Permission.ASSIGN)
    def agree(self) -> ResponseReturnValue:
        """That the picked ones, marked as spam, test or duplicate only after they were due, are no misses."""
        wanted, part = _asked(request.form)
        try:
            references = counting.leave_out(current_site(), acting(), picked(), now=request_time())
            _tell(references)
        except RefusedError:
            flash(gettext("Choose at least one of them."), "bad")
        return see_other("reports.requests", of=part.address, **wanted.address)


def _tell(references: tuple[str, ...]) -> None:
    if len(references) == 1:
        done(gettext("Agreed: %(reference)s is no miss, and counts for nothing.", reference=references[0]))
    elif references:
        done(gettext("Agreed: %(count)s requests are no misses, and count for nothing.", count=len(references)))
    else:
        flash(gettext("Nothing was changed: somebody has decided it already."), "bad")


def _asked(fields: Mapping[str, str]) -> tuple[Wanted, Part]:
    """The report, and the part of it. NotFoundError for what no figure leads to."""
    wanted = reports_form.read(fields, today())
    try:
        part = parts.read(fields.get("of", ""))
    except ValueError:
        raise NotFoundError from None
    if wanted.errors:
        raise NotFoundError
    return wanted, part


def row(one: Fact, wanted: Wanted) -> Row:
    """One of them in words, for whoever is signed in."""
    me = acting()
    return Row(
        reference=one.reference,
        is_linked=me.may(Permission.QUEUE),
        is_earlier=one.is_earlier,
        received=clock().stamp(one.received_at),
        called=_stamp(one.first_attempt_at),
        called_by=one.first_by,
        waited=_waited(one, wanted),
        target=_target(one),
        owner=one.owner,
        outcome=names.closed_reason(one.closed_reason) if one.closed_reason else gettext("open"),
        may_agree=one.is_marked_late and me.may(Permission.ASSIGN),
    )


def _stamp(at: datetime | None) -> Stamp | None:
    return clock().stamp(at) if at else None


def _waited(one: Fact, wanted: Wanted) -> str:
    """By the asked clock; empty for whoever was never called, which two other columns say."""
    end, minutes = one.ends[wanted.asked.clock], one.minutes[wanted.asked.clock]
    if end is End.CLOSED:
        return gettext("called while closed")
    if minutes is None:
        return ""
    told = figures.minutes(minutes)
    return gettext("%(wait)s so far", wait=told) if end is End.WAITING else told


def _target(one: Fact) -> str:
    """Of a counted one, whether it was called in target; of another, what is told of it instead."""
    if one.kind is Kind.COUNTED:
        return figures.state(one.state)
    if one.kind is Kind.WINDOW:
        return gettext("requested time %(how)s", how=figures.wish(one.wish))
    if one.kind is Kind.OWN_WORDS:
        return figures.kept(one.kept)
    return gettext("not counted: %(why)s", why=figures.kind(one.kind))
