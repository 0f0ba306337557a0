"""Around a shift: what came while the office was closed, what is handed over at its end, and figures for the wall."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import make_response, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin.base import LARGEST_ID, PanelView, acting, request_time
from intake.admin.moments import Due, Stamp
from intake.admin.paper import Sheet
from intake.admin.queue import clock, due_soon
from intake.admin.queue_rows import Row, rows, verdict
from intake.database import reading
from intake.extensions import current_site
from intake.queries import board, notes, people, shift
from intake.queries import calendar as calendars
from intake.queries.calendar import Calendar
from intake.queries.people import Person
from intake.queries.worklist import COUNTED_TO, WorklistRow
from intake.rules.closed import day_ends_at, last_closed
from intake.rules.due import is_before_window
from intake.rules.permissions import Permission
from intake.rules.promise import awaits_a_number, is_ahead_of_all, on_the_clock
from intake.services import viewing
from intake.wording import times
from intake.wording.translation import gettext

A_DAY = timedelta(days=1)
REFRESHED_EVERY = 30
"""Seconds after which the board comes again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request of the night: its row, and from when it may be called ("" if that is now)."""

    row: Row
    opens: str


@dataclass(frozen=True, slots=True)
class Left:
    """A request on the hand-over sheet."""

    row: Row
    promised: str
    next_try: str
    noted: str


@dataclass(frozen=True, slots=True)
class Pile:
    """A part of the sheet: the overdue of everybody, or what one person holds, or nobody."""

    name: str
    left: list[Left]
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the board."""

    words: str
    number: str
    is_bad: bool = False
    more: str = ""


class ShiftPages(PanelView):
    """Three pages to read. What they list is on record like the queue itself."""

    permission = Permission.QUEUE

    @expose("/morning")
    def morning(self) -> ResponseReturnValue:
        """Everything received while the office was closed, in the order in which it can be called."""
        may_see = acting().may(Permission.CONTACT)
        with reading() as conn:
            calendar = calendars.current(conn, current_site())
            since, until = last_closed(calendar.hours, request_time()) or (request_time() - A_DAY, request_time())
            found = shift.gathered(conn, current_site(), since=since, until=until, with_contact=may_see)
        _listed("morning", (row.id for row in found.left))
        return self.page(
            "admin/morning.html",
            since=clock().stamp(since),
            until=clock().stamp(until),
            is_over=until < request_time(),
            waiting=_in_calling_order(found.left, calendar),
            found=found,
            is_next_first=found.left_count > 0,
        )

    @expose("/handover")
    def handover(self) -> ResponseReturnValue:
        """Who is overdue, then person by person what outlasts the day; with ``person``, what one who leaves holds."""
        who, now = request.args.get("person", ""), request_time()
        sheet = Sheet(current_site().time_zone, now)
        holder = int(who) if who.isascii() and who.isdigit() and int(who) <= LARGEST_ID else None
        with reading() as conn:
            calendar = calendars.current(conn, current_site())
            ends_at = day_ends_at(calendar.hours, now) or now
            may_see = acting().may(Permission.CONTACT)
            found = shift.to_hand_over(
                conn, current_site(), now=now, ends_at=ends_at, holder_id=holder, with_contact=may_see
            )
            noted = notes.newest(conn, [row.id for row in found])
            working = people.working(conn)
        _listed("handover", (row.id for row in found))
        return self.page(
            "admin/handover.html",
            ends=sheet.dated(ends_at),
            made=sheet.dated(now),
            piles=_piles(found, calendar, noted, sheet),
            working=[Person(0, gettext("Everybody"), "", ()), *working],
            holder=holder or 0,
            is_cut=len(found) == shift.MOST,
        )

    @expose("/board")
    def board(self) -> ResponseReturnValue:
        """Big figures without a name. It comes again by itself, keeps no session alive, and shows when it was made."""
        now = request_time()
        with reading() as conn:
            calendar = calendars.current(conn, current_site())
            since, _ = last_closed(calendar.hours, now) or (now - A_DAY, now)
            found = board.figures(conn, now=now, soon=now + due_soon(calendar), since=since)
        is_still = "still" in request.args
        told: dict[str, Any] = {
            "figures": _told(found),
            "is_wall": True,
            "is_still": is_still,
            "made": clock().updated(),
        }
        answer = make_response(self.page("admin/board.html", **told))
        if not is_still:
            answer.headers["Refresh"] = str(REFRESHED_EVERY)
        return answer


def _listed(view: str, ids: Iterable[int]) -> None:
    viewing.listed(current_site(), acting(), view=view, ids=ids, now=request_time())


def _in_calling_order(found: tuple[WorklistRow, ...], calendar: Calendar) -> list[Waiting]:
    """Who may be called first stands first; of those who may be called at the same time, who is due first."""
    table = dict(zip((row.id for row in found), rows(found, calendar, clock(), acting()), strict=True))
    opens = {row.id: _opens_at(row, calendar) for row in found}
    ordered = sorted(found, key=lambda row: opens[row.id] or datetime.max.replace(tzinfo=request_time().tzinfo))
    return [Waiting(table[row.id], _from(opens[row.id])) for row in ordered]


def _opens_at(row: WorklistRow, calendar: Calendar) -> datetime | None:
    judged = verdict(row, calendar, clock())
    return request_time() if judged.is_allowed else judged.opens_at


def _from(at: datetime | None) -> str:
    if at is None:
        return gettext("not yet known")
    return "" if at <= request_time() else clock().stamp(at).words


def _piles(found: tuple[WorklistRow, ...], calendar: Calendar, noted: dict[int, datetime], sheet: Sheet) -> list[Pile]:
    """The overdue, whoever holds them; then each person's in due order, by name; what nobody holds comes last."""
    late: list[Left] = []
    held: dict[tuple[bool, str], list[Left]] = {}
    for row, told in zip(found, rows(found, calendar, sheet, acting()), strict=True):
        left = Left(
            replace(told, due=_due(row, told.due, sheet), owner=row.assignee_name),
            _promised(row, sheet),
            sheet.stamp(row.next_at).words if row.next_at else "",
            sheet.stamp(noted[row.id]).words if row.id in noted else "",
        )
        (late if told.due.kind == "late" else held.setdefault((row.assignee_id is None, row.assignee_name), [])).append(
            left
        )
    piles = [Pile(name or gettext("Nobody yet"), held[(is_free, name)]) for is_free, name in sorted(held)]
    return [Pile(gettext("Overdue: to be called first"), late, is_late=True), *piles] if late else piles


def _due(row: WorklistRow, told: Due, sheet: Sheet) -> Due:
    """The same on paper, where no time runs on."""
    if awaits_a_number(row.due_at, row.closed_at):
        return told
    at = row.window_from if told.kind == "book" and row.window_from else on_the_clock(row.due_at)
    words = sheet.stamp(at).words
    if is_ahead_of_all(row.due_at):
        words = gettext("At once, since %(moment)s", moment=words)
    elif told.kind == "late":
        words = gettext("Overdue since %(moment)s", moment=words)
    return replace(told, at=Stamp(times.iso(at), words), is_live=False)


def _promised(row: WorklistRow, sheet: Sheet) -> str:
    """The word that still stands: until somebody called, what the visitor was told or has chosen."""
    if row.first_attempt_at is not None:
        return ""
    if row.window_from is not None and row.window_until is not None and not is_before_window(row):
        return times.full_window(row.window_from, row.window_until, sheet.zone, sheet.now)
    return gettext("before %(moment)s", moment=sheet.stamp(row.promised_by_at).words)


def _told(found: board.Figures) -> list[Figure]:
    waited = (request_time() - found.oldest_at).total_seconds() if found.oldest_at else None
    kept = gettext("%(kept)s of %(promised)s", kept=found.kept, promised=found.promised) if found.promised else "–"
    return [
        Figure(gettext("Due now"), _count(found.due_now)),
        Figure(gettext("Overdue"), _count(found.overdue), is_bad=found.overdue > 0),
        Figure(gettext("Waiting for somebody"), _count(found.unclaimed)),
        Figure(
            gettext("Longest wait"),
            times.waited(waited) if waited is not None else "–",
            more=gettext("for a first call"),
        ),
        Figure(gettext("Promises kept"), kept, more=gettext("of those due since we last closed")),
    ]


def _count(number: int) -> str:
    return gettext("1,000+") if number >= COUNTED_TO else str(number)
