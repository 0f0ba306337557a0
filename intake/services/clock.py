"""The promise and the figures of a request: rules asked with what the database knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from intake.models import CalendarVersion, CallbackRequest
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import receipt
from intake.queries.calendar import Calendar
from intake.rules.promise import NEVER_OPEN, WINDOW_GRACE, Promise, PromiseKind, check_by, promise
from intake.rules.windows import Window
from intake.rules.workflow import Effect, Status

_C = CallbackRequest.__table__.c

NOT_CALLED: dict[str, Any] = {
    "first_attempt_at": None,
    "first_attempt_by_id": None,
    "reached_at": None,
    "open_seconds": None,
    "all_seconds": None,
    "reach_open_seconds": None,
    "reach_all_seconds": None,
    "is_met": None,
    "is_promise_kept": None,
    "is_window_kept": None,
    "is_wish_kept": None,
    "is_agreed_kept": None,
    "agreed_until": None,
    "reach_tries": None,
    "waited_open_seconds": None,
    "waited_all_seconds": None,
    "is_preempted": False,
}
"""The figures of a request for which nobody has called yet."""

AGREED_MINUTES = 60
"""How long an agreed time lasts when no end was agreed."""


def calendar_in_force(conn: Connection, site: Site, now: datetime) -> Calendar:
    """The newest opening hours; the built-in default is stored as the first version when a promise is made by it.

    So every promise names the version it was made by, whatever the settings say later.
    """
    calendar = calendars.current(conn, site)
    if calendar.id is not None:
        return calendar
    _keep_default(conn, calendar, now)
    return calendars.current(conn, site)


def _keep_default(conn: Connection, default: Calendar, now: datetime) -> None:
    """Under a number below all others: hours that somebody saves at this very moment are newer, whoever is first."""
    insert = (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(CalendarVersion)
    kept = insert.values(id=calendars.DEFAULT_ID, created_at=now, **calendars.documents(default))
    conn.execute(kept.on_conflict_do_nothing(index_elements=["id"]))


def target_at(calendar: Calendar, calling_key: str, received_at: datetime) -> datetime:
    """When a request that arrives now is due: whoever is due before it is ahead of it."""
    schedule = calendar.callable_hours(calling_key)
    return schedule.add(received_at, calendar.target.minutes * 60) or received_at + NEVER_OPEN


def promised(
    conn: Connection, site: Site, calendar: Calendar, calling_key: str, received_at: datetime,
    *, window: Window | None, is_free_time: bool, ahead: int | None = None,
) -> Promise:  # fmt: skip
    """The promise for a request that arrives now, with the people already waiting counted (``ahead``, if known)."""
    if window is not None:
        ahead = 0
    elif ahead is None:
        ahead = receipt.people_ahead(conn, target_at(calendar, calling_key, received_at))
    return promise_from(site, calendar, calling_key, received_at, window=window, is_free_time=is_free_time, ahead=ahead)


def promise_from(
    site: Site, calendar: Calendar, calling_key: str, received_at: datetime,
    *, window: Window | None = None, is_free_time: bool = False, ahead: int = 0,
) -> Promise:  # fmt: skip
    """The promise a request gets with so many people ahead of it; asks nobody, so an example can be worked out too."""
    return promise(
        received_at,
        schedule=calendar.callable_hours(calling_key),
        zone=site.time_zone,
        target=calendar.target,
        backlog=ahead,
        window=(window.from_at, window.until_at) if window else None,
        is_free_time=is_free_time,
    )


def promise_columns(calendar: Calendar, made: Promise, calling_key: str) -> dict[str, Any]:
    """The columns one promise fills. ``clock_key``: the zones it was made for, which its clock goes on by."""
    return {
        "clock_key": calling_key,
        "calendar_id": calendar.id,
        "target_at": made.target_at,
        "promised_by_at": made.promised_by_at,
        "promise_kind": made.kind,
        "due_at": made.due_at,
        "is_open_arrival": made.is_open_arrival,
    }


def check_columns(calendar: Calendar, at: datetime) -> dict[str, Any]:
    """Under "Check" what is due is the decision."""
    by = check_by(at, calendar.hours, calendar.target)
    return {"check_by_at": by, "due_at": by}


def call_due_at(conn: Connection, site: Site, row: Any) -> datetime:
    """When the call is due that a request under "Check" was promised as it came."""
    if row.window_from is None:
        return cast(datetime, row.target_at)
    window = Window(row.window_from, row.window_until)
    calendar = calendars.version(conn, site, row.calendar_id)
    return promise_from(site, calendar, row.clock_key, row.received_at, window=window).due_at


def agreed_end(start: datetime) -> datetime:
    """When an agreed time is over if nobody said so."""
    return start + timedelta(minutes=AGREED_MINUTES)


def agreed_columns(start: datetime, until: datetime | None) -> dict[str, Any]:
    """A time agreed with the visitor: a window of its own, due like one they chose on the form, and a promise."""
    until = until or agreed_end(start)
    return {
        "status": Status.SCHEDULED,
        "next_at": start,
        "window_from": start,
        "window_until": until,
        "agreed_until": until,
        "due_at": min(start + WINDOW_GRACE, until),
    }


def time_set_columns(row: Any, start: datetime, until: datetime | None, now: datetime) -> dict[str, Any]:
    """The time staff set for a wish in the visitor's own words: from now on that is what they are told.

    A word about it that came too late stays a promise missed.
    """
    agreed = agreed_columns(start, until)
    is_in_time = row.first_attempt_at is None and now <= row.promised_by_at
    return agreed | ({"promised_by_at": agreed["window_until"]} if is_in_time else {})


def replaced_promise(row: Any, columns: Mapping[str, Any]) -> dict[str, str]:
    """What was promised before and is from now on, for the record, where a change makes another promise."""
    after = columns.get("promised_by_at", row.promised_by_at)
    if not row.is_promised or after == row.promised_by_at:
        return {}
    return {"promised_before": row.promised_by_at.isoformat(), "promised": after.isoformat()}


def missed_so_far(row: Any, now: datetime) -> dict[str, Any]:
    """What was promised and has passed without a call is missed: settled before anything else stands in its place.

    Another promise, none at all, a call of theirs: no call afterwards makes up for it. Once they have called us in
    time, that promise is neither kept nor missed.
    """
    figures: dict[str, Any] = {}
    if not row.is_promised:
        return figures
    if row.first_attempt_at is None and not row.is_preempted and now > row.promised_by_at:
        figures |= {"is_promise_kept": False}
    if row.window_from is not None and now >= row.window_until:
        figures |= _wish_settled(row, is_kept=False)
    if row.agreed_until is not None and now >= row.agreed_until:
        figures |= {"is_agreed_kept": False, "agreed_until": None}
    return figures


def is_wish(row: Any, columns: Mapping[str, Any]) -> bool:
    """Whether the time asked for once these are written is what was promised first, and not one agreed later."""
    kind, settled = (columns.get(name, getattr(row, name)) for name in ("promise_kind", "is_wish_kept"))
    return kind == PromiseKind.WINDOW and settled is None


def promised_anew(
    conn: Connection, site: Site, row: Any, calling_key: str, now: datetime,
    *, window: Window | None = None, is_free_time: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The columns of a new promise for a request that has one, by the opening hours in force now.

    The measured target, and the hours it is measured by, go with it only while it is neither kept nor missed.
    """
    calendar = calendar_in_force(conn, site, now)
    made = promised(conn, site, calendar, calling_key, now, window=window, is_free_time=is_free_time)
    columns: dict[str, Any] = {"promised_by_at": made.promised_by_at, "due_at": made.due_at}
    if row.first_attempt_at is None and now <= row.target_at:
        columns |= {"target_at": made.target_at, "promise_kind": made.kind}
        columns |= {"clock_key": calling_key, "calendar_id": calendar.id}
    return columns


def arrival_columns(site: Site, received_at: datetime) -> dict[str, Any]:
    """The columns reports group by, in the site's zone."""
    local = received_at.astimezone(ZoneInfo(site.time_zone))
    return {
        "received_at": received_at,
        "received_on": local.date(),
        "hour_of_week": local.weekday() * 24 + local.hour,
    }


def wish_columns(window: Window | None, is_free_time: bool) -> dict[str, Any]:
    """When the visitor would like to be called."""
    return {
        "window_from": window.from_at if window else None,
        "window_until": window.until_at if window else None,
        "is_free_time": is_free_time,
        "free_time_seen_at": None,
        "next_at": window.from_at if window else None,
    }


def waited(row: Any, calendar: Calendar, until: datetime) -> tuple[int, int]:
    """Seconds from receipt until then: those in which the office was open and could call, and all of them."""
    open_seconds = calendar.callable_hours(row.clock_key).elapsed(row.received_at, until)
    return open_seconds, max(0, int((until - row.received_at).total_seconds()))


def uncalled_figures(row: Any, calendar: Calendar, until: datetime) -> dict[str, Any]:
    """How long somebody waited whom nobody will have called; empty where the wait ended before."""
    if row.first_attempt_at is not None or row.is_preempted:
        return {}
    open_seconds, all_seconds = waited(row, calendar, until)
    return {"waited_open_seconds": open_seconds, "waited_all_seconds": all_seconds}


def attempt_figures(
    row: Any, calendar: Calendar, effect: Effect, started_at: datetime, user_id: int, *, tries: int
) -> dict[str, Any]:
    """What the first attempt and the first reach write; empty for a later one (docs/metrics.md, 2–4 and 8).

    ``tries``: attempts before this one.
    """
    open_seconds, all_seconds = waited(row, calendar, started_at)
    figures: dict[str, Any] = {}
    if effect.is_attempt and row.first_attempt_at is None:
        figures |= {
            "first_attempt_at": started_at,
            "first_attempt_by_id": user_id,
            "open_seconds": open_seconds,
            "all_seconds": all_seconds,
            "is_met": started_at <= row.target_at,
        }
        if not row.is_preempted:
            is_kept = row.is_promise_kept is not False and started_at <= row.promised_by_at
            figures |= {"is_promise_kept": is_kept}
    if row.window_from is not None:
        figures |= _window_figures(row, started_at, is_attempt=effect.is_attempt)
    figures |= agreed_figures(row, effect, started_at)
    if effect.is_reach and row.reached_at is None:
        figures |= {"reached_at": started_at, "reach_open_seconds": open_seconds, "reach_all_seconds": all_seconds}
        figures["reach_tries"] = tries + 1 if effect.is_attempt else 0
        if not effect.is_attempt and row.first_attempt_at is None:
            figures |= uncalled_figures(row, calendar, started_at) | missed_so_far(row, started_at)
            figures |= {"is_preempted": True}
    return figures


def _window_figures(row: Any, started_at: datetime, *, is_attempt: bool) -> dict[str, Any]:
    """Kept by any attempt inside the window; missed once it has passed without one, whatever is logged then."""
    if is_attempt and row.window_from <= started_at < row.window_until:
        return {"is_window_kept": True} | _wish_settled(row, is_kept=True)
    if row.is_window_kept is None and started_at >= row.window_until:
        return {"is_window_kept": False} | _wish_settled(row, is_kept=False)
    return {}


def _wish_settled(row: Any, *, is_kept: bool) -> dict[str, Any]:
    """The time a visitor asked for is kept or missed once; a call inside it makes up for one that came too early."""
    is_wish = row.promise_kind == PromiseKind.WINDOW and row.is_wish_kept is None
    return {"is_wish_kept": is_kept} if is_wish else {}


def agreed_figures(row: Any, effect: Effect, started_at: datetime) -> dict[str, Any]:
    """A time agreed later is kept like a window. Whoever calls us before it is over is owed no call then."""
    if row.agreed_until is None:
        return {}
    if started_at >= row.agreed_until:
        return {"is_agreed_kept": False, "agreed_until": None}
    if effect.is_attempt:
        is_inside = started_at >= row.window_from
        return {"is_agreed_kept": row.is_agreed_kept is not False, "agreed_until": None} if is_inside else {}
    return {"agreed_until": None} if effect.is_reach else {}
