"""Why "Next call" led to this request and not to another, and why somebody skipped one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intake.queries.passed_over import MOST_TOLD
from intake.services.next_call import WAY, SkipReason
from intake.wording import times
from intake.wording.translation import gettext, lazy_gettext

_PASSED = {
    "outside_legal_hours": lazy_gettext("outside calling hours"),
    "outside_office_hours": lazy_gettext("waiting until we open"),
    "before_next_try": lazy_gettext("to be called later"),
    "snoozed": lazy_gettext("put off"),
    "outside_window": lazy_gettext("to be called at another time"),
    "too_many_in_24h": lazy_gettext("called as often as we may"),
    "suppressed": lazy_gettext("not to be called"),
    "under_check": lazy_gettext("to be checked first"),
    "time_not_read": lazy_gettext("whose time is to be read first"),
    "wrong_number": lazy_gettext("waiting for a new number"),
    "viewed": lazy_gettext("before a colleague’s eyes"),
    "skipped": lazy_gettext("skipped by you"),
}
_SKIP_REASON = {
    SkipReason.LANGUAGE: lazy_gettext("I do not speak their language"),
    SkipReason.KNOWN: lazy_gettext("I know this person"),
    SkipReason.COLLEAGUE: lazy_gettext("A colleague should make this call"),
    SkipReason.PAUSE: lazy_gettext("I cannot make this call now"),
    SkipReason.OTHER: lazy_gettext("Another reason"),
}
_SKIPPED_BECAUSE = {
    SkipReason.LANGUAGE: lazy_gettext("does not speak their language"),
    SkipReason.KNOWN: lazy_gettext("knows this person"),
    SkipReason.COLLEAGUE: lazy_gettext("a colleague should make this call"),
    SkipReason.PAUSE: lazy_gettext("could not make this call then"),
    SkipReason.OTHER: lazy_gettext("another reason"),
}


def skip_reasons() -> list[tuple[str, str]]:
    """The choices, by their codes."""
    return [(reason.value, str(words)) for reason, words in _SKIP_REASON.items()]


def skipped(details: Mapping[str, Any]) -> str:
    """An entry about a skipped request, after the actor's name."""
    code = details.get("reason")
    if code not in set(SkipReason):
        return gettext("skipped the request")
    return gettext("skipped the request: %(reason)s", reason=_SKIPPED_BECAUSE[SkipReason(code)])


def passed(found: Mapping[str, Any]) -> str:
    """Who was passed over: "2 passed over: outside calling hours"; "" if nobody was."""
    counts = {code: int(number) for code, number in found.items()}
    most = sum(counts.values())
    if not most:
        return ""
    told = [(number, str(_PASSED[code]) if code in _PASSED else code.replace("_", " ")) for code, number in _by(counts)]
    many = f"{MOST_TOLD}+" if most >= MOST_TOLD else str(most)
    why = told[0][1] if len(told) == 1 else ", ".join(f"{number} {words}" for number, words in told)
    return gettext("%(many)s passed over: %(why)s", many=many, why=why)


def _by(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The commonest first; of equals in the order in which they are listed above."""
    return sorted(counts.items(), key=lambda one: -one[1])


def is_by_next_call(details: Mapping[str, Any]) -> bool:
    """Whether an entry says that somebody came by the request with the button."""
    return details.get("way") == WAY


def kept(details: Mapping[str, Any]) -> str:
    """Why it was this one, as the record keeps it: "Most urgent: overdue 12 min. 2 passed over: …"."""
    seconds = int(details.get("late_seconds") or 0)
    late = gettext("Most urgent.")
    if details.get("is_at_once"):
        late = gettext("Most urgent: at once, since they may be in danger.")
    elif seconds >= 60:
        late = gettext("Most urgent: overdue %(length)s.", length=times.duration(seconds))
    over = passed(details.get("passed") or {})
    return f"{late} {over}." if over else late
