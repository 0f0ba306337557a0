"""Putting a request off, in words: whether it may wait, the times offered, and which are later than promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from intake.admin.moments import Clock
from intake.admin.next_tries import Choice
from intake.queries.calendar import Calendar
from intake.queries.casefile import CaseFile
from intake.rules import snooze
from intake.rules.workflow import Disposition, Status, is_open
from intake.services.claims import is_calling
from intake.wording.translation import gettext, lazy_gettext

OTHER = "other"
PRESETS = {
    snooze.QUARTER: lazy_gettext("15 minutes"),
    snooze.HOUR: lazy_gettext("1 hour"),
    snooze.AFTERNOON: lazy_gettext("This afternoon"),
    snooze.TOMORROW: lazy_gettext("When we open next"),
}


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form offers; ``promise``: the time told to the visitor, while it can still be kept."""

    choices: list[Choice]
    promise: str


def may_wait(case: CaseFile, now: datetime) -> bool:
    """Whether putting it off would be allowed: nobody waits for a time of their own, a decision or another number."""
    waits_for_them = case.window_until is not None and now < case.window_until
    is_wrong = case.last_disposition is Disposition.WRONG_NUMBER
    is_waiting = is_open(case.status) and case.status is not Status.CHECK
    return is_waiting and not (waits_for_them or is_wrong or is_calling(case, now))


def offer(case: CaseFile, calendar: Calendar, clock: Clock) -> Offered:
    """The presets on both clocks; one that makes the call late says so."""
    found = snooze.presets(clock.now, calendar.hours)
    is_kept = case.first_attempt_at is None and clock.now <= case.promised_by_at
    promise = clock.stamp(case.promised_by_at).words if is_kept and case.is_promised else ""
    return Offered([Choice(name, _words(name, at, case, clock, promise)) for name, at in found.items()], promise)


def for_several(calendar: Calendar, clock: Clock) -> list[Choice]:
    """The same presets where several requests are put off at once, on the office's clock alone."""
    found = snooze.presets(clock.now, calendar.hours)
    return [
        Choice(name, gettext("%(preset)s: %(time)s", preset=PRESETS[name], time=clock.stamp(at).words))
        for name, at in found.items()
    ]


def _words(name: str, at: datetime, case: CaseFile, clock: Clock, promise: str) -> str:
    words = gettext("%(preset)s: %(time)s", preset=PRESETS[name], time=clock.both(at, case.calling_key))
    is_late = promise and at > case.promised_by_at
    return gettext("%(time)s, later than promised", time=words) if is_late else words


def read_until(
    until: str, day_and_time: tuple[str, str], calendar: Calendar, zone: str, now: datetime
) -> datetime | None:
    """A preset by its name, a day and a time of the office's clock, or an instant; None if it is none of them.

    ``until`` may also be a local time in one piece, as a field of that kind sends it.
    """
    found = snooze.presets(now, calendar.hours)
    if until in found:
        return found[until]
    try:
        at = datetime.fromisoformat(until if until and until != OTHER else "T".join(day_and_time))
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def refusal(code: str) -> str:
    """Why it was not put off."""
    return {
        "reason_needed": gettext("Say why; a few words are enough"),
        "time_past": gettext("That time has passed. Choose a later one"),
        "too_far": gettext("Choose a time within the next 30 days"),
        "call_not_logged": gettext("First say what came of your call"),
        "wrong_number": gettext("It waits for another number already"),
        "has_window": gettext("They are to be called at the time they asked for; it stays"),
        "planned_later": gettext("The next try is planned for later than that"),
        "not_snoozed": gettext("It is awake already"),
        "under_check": gettext("First decide whether this request is genuine"),
    }.get(code, gettext("That is not possible now."))
