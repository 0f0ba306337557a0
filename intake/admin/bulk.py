"""Several requests at once: what was picked in the list, what is to be done, and which of them were left and why."""

from __future__ import annotations

from collections.abc import Iterable

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import queue_filters
from intake.admin import snoozing_words as snoozing
from intake.admin.base import PanelView, acting, needs, picked_as_shown, refuse, request_time, see_other
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
from intake.wording.translation import gettext, ngettext


class BulkPages(PanelView):
    """One button for all that is ticked; without JavaScript too."""

    @expose("/bulk", methods=("POST",))
    @needs(Permission.WORK)
    def bulk(self) -> ResponseReturnValue:
        """Fields: ``pick`` (reference and version shown; repeated), ``do``, ``person`` or ``until`` with ``reason``."""
        typed = Typed(request.form.to_dict(), current_site().time_zone, request_time())
        if typed.text("do") not in set(Verb):
            flash(gettext("Choose what to do with them."), "bad")
            return _back()
        verb, wanted = Verb(typed.text("do")), _wanted(typed)
        if verb is Verb.ASSIGN and not acting().may(Permission.ASSIGN):
            refuse()
        try:
            result = bulk.do(current_site(), acting(), verb, picked_as_shown(), wanted, now=request_time())
        except RefusedError as refused:
            flash(_refusal(refused.code), "bad")
            return _back()
        if result.references:
            done(_said(verb, result, wanted))
        for words in _left(result.failures):
            flash(words, "bad")
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
        given = gettext("Given to %(person)s: %(many)s.", person=person.name if person else "", many=many)
        return given + _before(result)
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
    return gettext("Released: %(many)s.", many=many) + _before(result)


def _before(result: Done) -> str:
    """How many of them a colleague had, who reads so on their next page."""
    many = result.colleagues
    words = ngettext("%(num)s was a colleague’s before.", "%(num)s were a colleague’s before.", many)
    return f" {words}" if many else ""


def _left(failures: Iterable[Failure]) -> list[str]:
    """One line for each reason, with all that stay as they are for it."""
    found: dict[str, list[str]] = {}
    for failure in failures:
        found.setdefault(_why(failure), []).append(failure.reference)
    return [
        ngettext(
            "%(references)s stays as it is: %(why)s", "Each of %(references)s stays as it is: %(why)s",
            len(some), references=", ".join(some), why=why,
        )
        for why, some in found.items()
    ]  # fmt: skip


def _why(failure: Failure) -> str:
    """Behind a colon, so with a small letter."""
    if failure.code == "taken":
        return gettext("%(person)s looks after it", person=failure.holder)
    return {
        "ended": gettext("it has ended"),
        "not_there": gettext("it is not there, or nobody may have it"),
        "changed": gettext("somebody has just changed it"),
        "called": gettext("somebody has called already; close it on its own page"),
        "not_claimed": gettext("nobody has it"),
        "in_danger": gettext("they may be in danger; put it off on its own page if you must"),
        "on_call": gettext("somebody is on the phone with them"),
        "manager_decides": gettext("a manager decides about this one"),
        "under_check": gettext("first decide whether it is genuine"),
        "reason_needed": gettext("say why; a few words are enough"),
        "time_past": gettext("that time has passed; choose a later one"),
        "too_far": gettext("choose a time within the next 30 days"),
        "call_not_logged": gettext("first say what came of your call"),
        "wrong_number": gettext("it waits for another number already"),
        "has_window": gettext("they are to be called at the time they asked for; it stays"),
        "planned_later": gettext("the next try is planned for later than that"),
    }.get(failure.code, gettext("that is not possible now"))


def _refusal(code: str) -> str:
    return {
        "nothing_picked": gettext("Tick at least one request first."),
        "too_many": gettext("Tick at most %(most)s requests.", most=bulk.MOST),
        "person_needed": gettext("Choose a person."),
        "time_needed": gettext("Choose until when."),
    }.get(code, gettext("That is not possible now."))
