"""Two requests of one person: which of them goes on, and what it takes from the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intake.rules.workflow import Status, Voicemail

_STRICT = (Voicemail.NONE, Voicemail.NUMBER_ONLY, Voicemail.SAY_WHO)
"""The strictest first."""


def strictest(one: Voicemail, other: Voicemail) -> Voicemail:
    """Of two wishes about messages the one that says less."""
    return min(one, other, key=_STRICT.index)


def inherited(survivor: Any, duplicate: Any) -> Mapping[str, Any]:
    """The columns that change on the older request when the newer one of the same person is joined to it.

    Both have the columns of a request; both are open, and the survivor came first. It keeps the earliest of each
    clock. Somebody who asks again while a retry waits is due again as the newer request says; a window asked for, or
    a time put into words, stays a wish of its own.
    """
    wanted: dict[str, Any] = {
        "voicemail": strictest(Voicemail(survivor.voicemail), Voicemail(duplicate.voicemail)).value,
        "is_once_only": bool(survivor.is_once_only or duplicate.is_once_only),
        "target_at": min(survivor.target_at, duplicate.target_at),
        "promised_by_at": min(survivor.promised_by_at, duplicate.promised_by_at),
    }
    has_wish = survivor.window_from is not None or survivor.is_free_time
    if not has_wish and duplicate.due_at < survivor.due_at:
        wanted |= {"due_at": duplicate.due_at, "next_at": duplicate.next_at}
    return {name: value for name, value in wanted.items() if value != getattr(survivor, name)}


def back_among_the_open(before: Mapping[str, Any]) -> Mapping[str, Any]:
    """The columns of a request that is no duplicate after all: as it was, but nobody's. ``before``: as it was."""
    status = Status(before["status"])
    nobodys = {"assignee_id": None, "claimed_at": None, "call_started_at": None, "lease_until": None}
    return {**before, **nobodys, "status": Status.NEW if status is Status.ASSIGNED else status}
