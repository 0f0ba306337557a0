"""The queue: who is due next, in views with counts, page by page, and finding one request again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import flash, request, session
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import Connection

from intake.admin import queue_filters, snoozing_words
from intake.admin.base import PanelView, acting, request_time, see_other
from intake.admin.mail_alarm import Alarm, told
from intake.admin.moments import Clock
from intake.admin.preferences import COLUMNS
from intake.admin.queue_filters import Filter, Place
from intake.admin.queue_rows import Row, rows
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import live, next_call, search, worklist, worklist_ended
from intake.queries.calendar import Calendar
from intake.queries.mail import MailAlarm
from intake.queries.worklist import Filters, Tally, View, WorklistPage, WorklistRow
from intake.rules.limits import LONGEST_CALL
from intake.rules.permissions import Permission
from intake.rules.promise import ResponseTarget
from intake.services import viewing
from intake.wording import times
from intake.wording.translation import gettext, lazy_gettext, ngettext

LONGEST_SEARCH = 100
NAMED = 3
"""So many of those on shift are named above the queue; a page of its own names all."""
SOME_DAY = timedelta(days=3650)
"""For what is due at any time: nobody waits as long."""
Workers = tuple[tuple[int, str], ...]

VIEWS = {
    View.ALL_OPEN: lazy_gettext("All open"),
    View.DUE_NOW: lazy_gettext("Due now"),
    View.MINE: lazy_gettext("Mine"),
    View.UNCLAIMED: lazy_gettext("Unclaimed"),
    View.SCHEDULED: lazy_gettext("Scheduled"),
    View.RETRY: lazy_gettext("Try again"),
    View.NUMBER: lazy_gettext("No number"),
    View.SNOOZED: lazy_gettext("Snoozed"),
    View.CHECK: lazy_gettext("Check"),
    View.CLOSED: lazy_gettext("Closed"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One view in the row of views: what it is called, how many it holds, whether that is a worry."""

    view: View
    name: str
    count: str
    is_hot: bool
    is_current: bool


def clock() -> Clock:
    """The office's clock at the instant of this request."""
    return Clock(current_site().time_zone, request_time())


def due_soon(calendar: Calendar) -> timedelta:
    """How near the due time a request counts as due now."""
    return timedelta(minutes=calendar.target.due_soon_minutes)


def glance(conn: Connection, calendar: Calendar, **more: Any) -> live.Glance:
    """How many requests each view holds, and what a list shows besides; ``more`` as ``live.glance`` takes it."""
    return live.glance(conn, user_id=acting().person_id, now=request_time(), due_soon=due_soon(calendar), **more)


def next_waiting(conn: Connection, calendar: Calendar, *, besides: str = "") -> WorklistRow | None:
    """The most urgent request that this person may call now."""
    who, site = acting().person_id, current_site()
    return next_call.first(conn, site, calendar, user_id=who, now=request_time(), besides=besides)


def _page(conn: Connection, calendar: Calendar, view: View, **more: Any) -> WorklistPage:
    asked = {"user_id": acting().person_id, "now": request_time(), "due_soon": due_soon(calendar), **more}
    return worklist.page(conn, current_site(), view, **asked)


class QueuePages(PanelView):
    """The list and the search above it."""

    permission = Permission.QUEUE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """One view, in due order; with ``m`` everything a search found."""
        view, match = asked_view(), request.args.get("m") or None
        filters = queue_filters.read(request.args, acting().person_id, current_site().time_zone)
        calendar, around = self._begun(View.CLOSED if match else view, filters)
        found = around.tally
        with reading() as conn:
            page = _page(
                conn, calendar, view, match=match, after=request.args.get("after"),
                with_contact=acting().may(Permission.CONTACT), filters=filters,
            )  # fmt: skip
        _remember_place()
        shown = [row.id for row in page.rows]
        viewing.listed(current_site(), acting(), view="search" if match else view.value, ids=shown, now=request_time())
        table = rows(page.rows, calendar, clock(), acting(), around.viewers)
        return self.page(
            "admin/queue.html",
            tabs=_tabs(found, None if match else view),
            check_late=shown_count(found.check_late) if found.check_late else "",
            title=gettext("What the search found") if match else str(VIEWS[view]),
            rows=table,
            alarms=[] if match else _alarms(around.mail),
            next_cursor=page.next_cursor,
            view=view,
            match=match,
            narrow=_offered(view, match, around.workers) if _is_filtering(filters) else [],
            narrowed=queue_filters.narrowing(request.args),
            is_narrowed=bool(filters),
            days=_days(filters),
            rescued=found.rescued,
            checked=_checked(found, calendar.target),
            saved=around.saved,
            left=_left(found, view, match, filters),
            place=queue_filters.place(request.args),
            is_next_first=True,
            may_pick=acting().may(Permission.WORK) and (view is not View.CLOSED or match is not None),
            who_is_there=who_is_there(around.on_shift),
            may_assign=acting().may(Permission.ASSIGN),
            columns=COLUMNS,
            hides=current_user.prefers.hides,
            may_export=acting().may(Permission.REPORTS),
            workers=around.workers,
            snoozes=snoozing_words.for_several(calendar, clock()),
            may_add=acting().may(Permission.WORK),
            is_later_page="after" in request.args,
            badge=shown_count(found.views[View.DUE_NOW]) if found.views[View.DUE_NOW] else "",
            given_up=around.given_up,
            updated=clock().updated(),
            soon_minutes=calendar.target.due_soon_minutes,
            coming=None if table or match or filters or view is not View.DUE_NOW else self._coming(calendar),
        )

    def _begun(self, view: View, filters: Filters) -> tuple[Calendar, live.Glance]:
        """The hours in force, and what lies around the list once what has lapsed is back in the queue."""
        with reading() as conn:
            calendar = calendars.current(conn, current_site())
            around = glance(conn, calendar, view=view, filters=filters, has_lists=True, longest_call=LONGEST_CALL)
        if around.has_lapsed:
            self.look_after()
            with reading() as conn:
                around = glance(conn, calendar, view=view, filters=filters, has_lists=True)
        return calendar, around

    def _coming(self, calendar: Calendar) -> Row | None:
        """For an empty view of what is due: the one that will be due next, nothing put off and nothing undecided."""
        with reading() as conn:
            page = _page(conn, calendar, View.DUE_NOW, limit=1, with_contact=False, due_soon=SOME_DAY)
        return next(iter(rows(page.rows, calendar, clock(), acting())), None)

    @expose("/search", methods=("POST",))
    def search(self) -> ResponseReturnValue:
        """From words to an opaque address, so that what was typed is in no address and no log."""
        typed = request.form.get("find", "").strip()[:LONGEST_SEARCH]
        begun, beginning = _begun_with(typed)
        if len(begun) == 1:
            return see_other("queue.show", reference=begun[0])
        key = beginning if begun else search.key_for(current_site(), _unmasked(typed))
        if key is None:
            flash(_nothing_to_search(typed), "bad")
            return see_other("queue.index")
        viewing.searched(current_site(), acting(), now=request_time())
        return see_other("queue.index", m=key)


def _alarms(mails: MailAlarm | None) -> list[Alarm]:
    """For those who can do something about it, or have to phone somebody because of it."""
    may_see = acting().may(Permission.OUTBOX) or acting().may(Permission.WORK)
    return told(mails, clock()) if mails and may_see else []


def _offered(view: View, match: str | None, workers: Workers) -> list[Filter]:
    return queue_filters.offered(request.args, None if match else view, workers, acting().person_id)


def _left(found: Tally, view: View, match: str | None, filters: Filters) -> str:
    """What the filters leave, or how far they looked: of what has ended nobody counts."""
    if not filters:
        return ""
    if match:
        return gettext("among the newest %(count)s found", count=f"{worklist.FOUND_LOOKED_THROUGH:,}")
    if view is not View.CLOSED:
        return gettext("%(count)s in this view", count=shown_count(found.left))
    looked = worklist_ended.bounded(filters, request_time())
    if looked == filters:
        return ""
    return gettext("among those received %(days)s", days=_days(looked))


def _checked(found: Tally, target: ResponseTarget) -> str:
    """How many were looked at in time; whoever waits past it is not left out. Empty where there is nothing to tell."""
    told = found.rescued
    if told is None or not told.timed + found.check_late:
        return ""
    return ngettext(
        "%(met)s of %(all)s looked at within their time, which is now one opening minute.",
        "%(met)s of %(all)s looked at within their time, which is now %(num)s opening minutes.",
        target.check_minutes,
        met=told.in_time,
        all=told.timed + found.check_late,
    )


def _days(filters: Filters) -> str:
    """The days that came in is narrowed to, as the button shows them."""
    until = filters.received_until - timedelta(microseconds=1) if filters.received_until else None
    zone, now = current_site().time_zone, request_time()
    first, last = (times.day_words(at, zone, now) if at else "" for at in (filters.received_from, until))
    if first and last:
        return gettext("%(first)s to %(last)s", first=first, last=last)
    return gettext("from %(day)s", day=first) if first else gettext("to %(day)s", day=last) if last else ""


def _is_filtering(filters: Filters) -> bool:
    """The form is asked for by a link: the list stays calm for whoever does not narrow it."""
    return bool(filters) or "filter" in request.args


def _remember_place() -> None:
    """Where "Queue" on a request leads back to."""
    where = queue_filters.place(request.args)
    if session.get("queue", {}) != where:
        session["queue"] = where


def queue_place() -> Place:
    """Where in the queue this person was last."""
    return queue_filters.place(session.get("queue", {}))


def asked_view() -> View:
    """The view that the address names; everything open where it names none."""
    asked = request.args.get("view", "").replace("-", "_")
    return View(asked) if asked in set(View) else View.ALL_OPEN


def _tabs(found: Tally, current: View | None) -> list[Tab]:
    return [
        Tab(
            view,
            str(name),
            "" if view is View.CLOSED else shown_count(found.views[view]),
            is_hot=(view is View.DUE_NOW and found.views[view] > 0) or (view is View.CHECK and found.check_late > 0),
            is_current=view is current,
        )
        for view, name in VIEWS.items()
    ]


def shown_count(number: int) -> str:
    """A number as a tab shows it."""
    return gettext("1,000+") if number >= worklist.COUNTED_TO else str(number)


def who_is_there(on_shift: Workers) -> str:
    """Who is on shift in a few words: "nobody", "Dev, Maria", "Dev, Grace, Maria, 3 more"."""
    names = [name for _, name in on_shift[:NAMED]]
    if len(on_shift) > NAMED:
        names.append(gettext("%(count)s more", count=len(on_shift) - NAMED))
    return ", ".join(names) or gettext("nobody")


def _begun_with(typed: str) -> tuple[list[str], str]:
    """The references that begin as typed, two at most, and that beginning; a whole one begins with itself."""
    beginning = search.reference_in(typed)
    if beginning is None:
        return [], ""
    with reading() as conn:
        return search.begun_with(conn, beginning, most=2), beginning


def _unmasked(typed: str) -> str:
    """The last digits, where they were copied as the pages show them: "••• 0182", read out as "ending 0182"."""
    found = re.fullmatch(rf"\W*{re.escape(gettext('ending'))}\W*([0-9]{{4}})", typed, re.IGNORECASE)
    return found[1] if found else typed


def _nothing_to_search(typed: str) -> str:
    if typed:
        return gettext(
            "Type at least 3 letters of a name, the last 4 digits, a whole number, or a reference or its first 3 "
            "letters with the dash."
        )
    return gettext("Type something to find first.")
