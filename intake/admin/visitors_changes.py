"""What the visitor changed by their private link, before and after, in words."""

from __future__ import annotations

from typing import Any

from intake.admin.moments import Clock
from intake.queries.casefile import TimelineEntry
from intake.rules import windows
from intake.rules.workflow import Voicemail
from intake.wording import names, numbers, promised, times
from intake.wording.translation import gettext


def told(entry: TimelineEntry, clock: Clock, *, in_full: bool) -> str:
    """Both sides of a change; empty for any other entry, and for one whose sides were not kept.

    ``in_full``: numbers too, where the page shows the request's own number in full; else their last 4 digits.
    """
    sides = _changed(entry, clock, in_full=in_full)
    promises = promised.replaced(entry.details, clock.zone, clock.now) if promised.is_replaced(entry.details) else ""
    return " ".join(filter(None, (sides, promises, _words_before(entry))))


def _words_before(entry: TimelineEntry) -> str:
    """What a legal hold kept of the time in their own words."""
    if entry.action != "visitor.changed_time" or not entry.text:
        return ""
    return gettext("In their own words before: “%(words)s”.", words=entry.text)


def _changed(entry: TimelineEntry, clock: Clock, *, in_full: bool) -> str:
    details = entry.details
    if entry.action == "visitor.changed_time":
        return _sides(_wish(details.get("from"), clock), _wish(details.get("to"), clock))
    if entry.action == "visitor.changed_voicemail":
        return _sides(_rule(details.get("before")), _rule(details.get("voicemail")))
    if entry.action == "visitor.changed_number":
        before, _, after = (entry.text or "").partition(" ")
        shown = numbers.national if in_full else numbers.ending
        return _sides(shown(before) if before else "", shown(after) if after else "")
    return ""


def _sides(before: str, after: str) -> str:
    return gettext("Before: %(before)s. Now: %(after)s.", before=before, after=after) if before and after else ""


def _wish(value: Any, clock: Clock) -> str:
    plain = {"asap": gettext("as soon as possible"), "other": gettext("at a time in their own words")}
    window = windows.read(str(value)) if value and value not in plain else None
    if window is None:
        return plain.get(str(value), "")
    words = times.window_words(window.from_at, window.until_at, clock.zone, clock.now)
    return f"{words} {times.zone_short(clock.zone, window.from_at)}"


def _rule(value: Any) -> str:
    return names.voicemail_choice(Voicemail(value)) if value in set(Voicemail) else ""
