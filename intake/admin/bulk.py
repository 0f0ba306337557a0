"""Several requests at once: what was picked in the list, what is to be done, and which of them were left and why."""

from __future__ import annotations

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import queue_filters
from intake.admin import snoozing_words as snoozing
from intake.admin.base import PanelView, acting, needs, refuse, request_time, see_other
from intake.admin.outcome_form import LONGEST_REASON, Typed, read_id
from intake.admin.queue import clock
from intake.admin.undoing import done
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import people
from intake.rules.permissions import Permission
from intake.services import bulk
from intake.services.bulk import Done, Failure, Verb, Wanted
from intake.services.errors import RefusedError
from intake.wording import names
from intake.wording.translation import gettext, ngettext


class BulkPages(PanelView):
    """One button for all that is ticked; without JavaScript too."""

    @expose("/bulk", methods=("POST",))
    @needs(Permission.WORK)
    def bulk(self) -> ResponseReturnValue:
        """Fields: ``pick`` (a reference, repeated), ``do``, and ``person`` or ``until`` with ``reason``."""
        typed = Typed(request.form.to_dict(), current_site().time_zone, request_time())
        if typed.text("do") not in set(Verb):
            flash(gettext("Choose what to do with them."), "bad")
            return _back()
        verb, wanted = Verb(typed.text("do")), _wanted(typed)
        if verb is Verb.ASSIGN and not acting().may(Permission.ASSIGN):
            refuse()
        try:
            result = bulk.do(current_site(), acting(), verb, request.form.getlist("pick"), wanted, now=request_time())
        except RefusedError as refused:
            flash(_refusal(refused.code), "bad")
            return _back()
        if result.references:
            done(_said(verb, result, wanted))
        for failure in result.failures:
            flash(_left(failure), "bad")
        return _back()


def _back() -> ResponseReturnValue:
    """To the same view and place of the list."""
    return see_other("queue.index", **queue_filters.place(request.form))


def _wanted(typed: Typed) -> Wanted:
    with reading() as conn:
        calendar = calendars.current(conn, current_site())
    day_and_time, zone = (typed.text("snooze_day"), typed.text("snooze_time")), current_site().time_zone
    until = snoozing.read_until(typed.text("until"), day_and_time, calendar, zone, request_time())
    return Wanted(read_id(typed, "person"), until, typed.text("reason")[:LONGEST_REASON])


def _said(verb: Verb, result: Done, wanted: Wanted) -> str:
    """What was done, and to how many."""
    many = ngettext("%(num)s request", "%(num)s requests", len(result.references))
    if verb is Verb.ASSIGN:
        with reading() as conn:
            person = people.by_id(conn, wanted.person_id or 0)
        return gettext("Given to %(person)s: %(many)s.", person=person.name if person else "", many=many)
    if verb is Verb.SNOOZE and wanted.until_at is not None:
        said = gettext("Snoozed until %(time)s: %(many)s.", time=clock().day_and_time(wanted.until_at), many=many)
        late = ngettext(
            "%(num)s will be later than promised.", "%(num)s will be later than promised.", len(result.late)
        )
        return f"{said} {late}" if result.late else said
    if verb is Verb.SPAM:
        return gettext("Closed as spam: %(many)s.", many=many)
    if verb is Verb.CLAIM:
        return gettext("Claimed: %(many)s.", many=many)
    return gettext("Released: %(many)s.", many=many)


def _left(failure: Failure) -> str:
    """One line for each that stays as it is."""
    return gettext("%(reference)s stays as it is: %(why)s", reference=failure.reference, why=_why(failure))


def _why(failure: Failure) -> str:
    if failure.code == "taken":
        return gettext("%(person)s looks after it", person=failure.holder)
    own = {
        "ended": gettext("it has ended"),
        "not_there": gettext("it is not there, or nobody may have it"),
        "changed": gettext("somebody has just changed it"),
        "on_call": names.call_reason("on_call"),
        "manager_decides": names.call_reason("manager_decides"),
    }
    return own.get(failure.code) or snoozing.refusal(failure.code)


def _refusal(code: str) -> str:
    return {
        "nothing_picked": gettext("Tick at least one request first."),
        "too_many": gettext("Tick at most %(most)s requests.", most=bulk.MOST),
        "person_needed": gettext("Choose a person."),
        "time_needed": gettext("Choose until when."),
    }.get(code, gettext("That is not possible now."))
