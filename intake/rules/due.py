"""When a request is due: what a crisis and a wrong number say of it, whoever else writes another time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from intake.rules.hours import Interval
from intake.rules.promise import AHEAD_OF_ALL, NEVER_DUE, on_the_clock
from intake.rules.workflow import EFFECTS, Disposition, Status

DECIDING = frozenset({"due_at", "next_at", "crisis_at", "last_disposition"})
"""Whoever writes one of these columns may move the due time."""


def is_at_once(row: Any) -> bool:
    """Somebody may be in danger, and nobody has called them since that is known: no wish and no plan stands before."""
    return row.crisis_at is not None and row.due_at <= row.crisis_at


def is_before_window(row: Any) -> bool:
    """Due before the time they asked for begins: in danger, or promised sooner by a request joined to this one."""
    return row.window_from is not None and row.due_at < row.window_from


def awaited(row: Any, now: datetime) -> Interval | None:
    """The time they asked for, while it is what we wait for: not once it is over, nor where a call is due sooner."""
    if row.window_from is None or row.window_until <= now or is_before_window(row):
        return None
    return row.window_from, row.window_until


def is_unread(row: Any) -> bool:
    """A time in the visitor's own words that somebody has to read before they are called; danger does not wait."""
    return row.is_free_time and row.free_time_seen_at is None and not is_at_once(row)


def settled(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values``, about to be written to ``row``, with the due time that holds; a second time changes nothing more.

    Before a call is made to them a crisis comes ahead of all, and nothing planned stands in its way but what staff put
    off. Who has to give another number is due at no time, or at once in a crisis: that must stay in sight. Under
    "Check" the decision is due. Everything else is due as it is written; what is no crisis after all, since it was one.
    """
    after = {name: values.get(name, getattr(row, name)) for name in (*DECIDING, "status", "closed_at", "check_by_at")}
    if not DECIDING & values.keys() or after["closed_at"] is not None:
        return dict(values)
    is_check, awaits_number = after["status"] == Status.CHECK, after["last_disposition"] == Disposition.WRONG_NUMBER
    since = _in_danger_since(row, values, is_kept=is_check or awaits_number)
    if since is not None:
        times: dict[str, Any] = {"crisis_at": since, "due_at": since - AHEAD_OF_ALL}
        is_put_off = values.get("snoozed_at", None if "next_at" in values else row.snoozed_at) is not None
        times |= {} if is_put_off else {"next_at": None}
    elif is_check:
        times = {"due_at": after["check_by_at"] or after["due_at"]}
    elif awaits_number:
        times = {"due_at": NEVER_DUE, "next_at": None}
    elif after["crisis_at"] is None:
        times = {"due_at": on_the_clock(after["due_at"])}
    else:
        times = {}
    return {**values, **{name: value for name, value in times.items() if value != after[name]}}


def _in_danger_since(row: Any, values: Mapping[str, Any], *, is_kept: bool) -> datetime | None:
    known: datetime | None = values.get("crisis_at", row.crisis_at)
    if known is None or _is_call(values.get("last_disposition")):
        return None
    if is_at_once(row):
        return known if row.closed_at else min(known, row.crisis_at)
    return known if is_kept or known != row.crisis_at else None


def _is_call(disposition: str | None) -> bool:
    """Whether this outcome is of a call to them: not of one that our line or a wrong number ended."""
    if disposition is None or disposition == Disposition.WRONG_NUMBER:
        return False
    effect = EFFECTS[Disposition(disposition)]
    return effect.is_attempt or effect.is_reach
