"""Two requests of one person: whose they are, which of them goes on, and what it takes from the other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from intake.rules.crisis import due_at_once
from intake.rules.due import is_at_once, settled
from intake.rules.workflow import AWAITING_CALL, Disposition, Status, Voicemail

TOGETHER = timedelta(minutes=30)
"""So soon after the first a second request with the same number and name is joined to it by itself."""
WISHES = ("voicemail", "is_once_only")
"""What each visitor chooses for themself; of all that are joined the strictest holds."""
CLOCKS = ("target_at", "promised_by_at", "due_at", "next_at")
"""When each is to be called; of all that are joined the earliest holds."""
_STRICT = (Voicemail.NONE, Voicemail.NUMBER_ONLY, Voicemail.SAY_WHO)
"""The strictest first."""
_APOSTROPHES = "'’ʼ`´"
"""Typed or left out as the keyboard has it; every other mark parts words."""


def folded_name(name: str) -> str:
    """A name as it is compared: width, case, spaces and punctuation do not matter, everything else does.

    Accents do: that José and Jose are one person is for somebody to say. Empty where nothing is left.
    """
    folded = _folded(name)
    while (again := _folded(folded)) != folded:  # a fold can bring two characters together that are one
        folded = again
    return folded


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept = (char for char in plain if char not in _APOSTROPHES and unicodedata.category(char) != "Cf")
    parted = (" " if unicodedata.category(char)[0] in "PZC" else char for char in kept)
    return " ".join("".join(parted).split())


def strictest(one: Voicemail, other: Voicemail) -> Voicemail:
    """Of two wishes about messages the one that says less."""
    return min(one, other, key=_STRICT.index)


def strictest_wishes(own: Mapping[str, Any], others: Iterable[Any]) -> dict[str, Any]:
    """What holds for a request and all that are joined to it. ``own``: its WISHES; ``others`` have them as columns."""
    voicemail, is_once_only = Voicemail(own["voicemail"]), bool(own["is_once_only"])
    for other in others:
        voicemail = strictest(voicemail, Voicemail(other.voicemail))
        is_once_only = is_once_only or bool(other.is_once_only)
    return {"voicemail": voicemail.value, "is_once_only": is_once_only}


def joins_by_itself(survivor: Any, later: Any) -> bool:
    """Whether the later of two requests with the same number and name is taken for the same wish sent twice.

    Both have the columns of a request. Nobody works on the later one, and the earlier one still waits for a call that
    would do for both: it asked for no time of its own, or for the very same, and its number is not known to be wrong.
    """
    both_wait = all(row.closed_at is None and row.status in AWAITING_CALL for row in (survivor, later))
    is_soon = timedelta(0) <= later.received_at - survivor.received_at <= TOGETHER
    is_untouched = not later.attempt_count and later.assignee_id in (None, survivor.assignee_id)
    is_wrong = survivor.last_disposition == Disposition.WRONG_NUMBER
    return both_wait and is_soon and is_untouched and not is_wrong and _serves(survivor, later)


def _serves(survivor: Any, later: Any) -> bool:
    has_wish = survivor.window_from is not None or survivor.is_free_time
    return not has_wish or (
        (survivor.window_from, survivor.window_until) == (later.window_from, later.window_until)
        and survivor.preferred_note_encrypted is None
        and later.preferred_note_encrypted is None
    )


def inherited(survivor: Any, duplicate: Any) -> Mapping[str, Any]:
    """The columns that change on the older request when the newer one of the same person is joined to it.

    Both have the columns of a request; both are open, and the survivor came first. It keeps the earliest of each
    clock. Whoever is due sooner by the newer request is called as that one says, whether a retry or a time asked for
    waits; the time asked for stays their wish.
    """
    wanted: dict[str, Any] = {
        "voicemail": strictest(Voicemail(survivor.voicemail), Voicemail(duplicate.voicemail)).value,
        "is_once_only": bool(survivor.is_once_only or duplicate.is_once_only),
        "target_at": min(survivor.target_at, duplicate.target_at),
        "promised_by_at": min(survivor.promised_by_at, duplicate.promised_by_at),
    }
    if is_at_once(duplicate) or (duplicate.crisis_at is not None and survivor.crisis_at is None):
        wanted |= due_at_once(duplicate.crisis_at)
    if duplicate.due_at < survivor.due_at:
        wanted |= {"due_at": duplicate.due_at, "next_at": duplicate.next_at}
    return {name: value for name, value in settled(survivor, wanted).items() if value != getattr(survivor, name)}


def back_among_the_open(before: Mapping[str, Any]) -> Mapping[str, Any]:
    """The columns of a request that is no duplicate after all: as it was, but nobody's. ``before``: as it was."""
    status = Status(before["status"])
    nobodys = {"assignee_id": None, "claimed_at": None, "call_started_at": None, "lease_until": None}
    return {**before, **nobodys, "status": Status.NEW if status is Status.ASSIGNED else status}


def as_told(row: Any, links: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns that joining others to this request changed, as its own visitor chose them or was told.

    ``links``: what each link keeps (``before``), the newest first. What was changed since is as it is now.
    """
    told: dict[str, Any] = {}
    for kept in links:
        was, made = read(kept["survivor"]), read(kept["after"])
        told |= {name: was[name] for name in was if told.get(name, getattr(row, name)) == made[name]}
    return told


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns for JSON: instants as text with their zone, which says that they are some."""
    return {name: {"at": value.isoformat()} if isinstance(value, datetime) else value for name, value in values.items()}


def read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns that were ``written``."""
    return {
        name: datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
