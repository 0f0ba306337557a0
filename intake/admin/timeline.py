"""The story of a request, newest first: entries of the record, calls, notes and mails as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from intake.admin import crisis_words, looks, visitors_changes
from intake.admin.moments import Clock, Stamp
from intake.admin.queue_rows import ASKED_FOR_LATER
from intake.models.records import OutboxState
from intake.queries.casefile import CaseFile, Timeline, TimelineEntry
from intake.rules.limits import LONGEST_CALL
from intake.rules.permissions import ActorKind
from intake.wording import mails, names, next_call
from intake.wording.translation import gettext

CORRECTED = "callback.corrected"
UNDONE = "callback.undone"
SNOOZED = "callback.snoozed"
MISSED = "callback.target_missed"
WITHDREW = "visitor.withdrew"

_ICONS = {
    "callback.received": "form",
    "callback.taken_down": "form",
    "callback.claimed": "person",
    "callback.released": "person",
    "callback.linked": "person",
    "callback.unlinked": "back",
    "callback.asked_again": "form",
    "callback.offered_again": "person",
    "callback.skipped": "person",
    "callback.lapsed": "wait",
    UNDONE: "back",
    SNOOZED: "wait",
    "callback.woken": "back",
    "callback.assigned": "person",
    "callback.routed": "person",
    "callback.taken_over": "person",
    "callback.handed_off": "person",
    "callback.call_started": "call",
    "callback.attempted": "call",
    "callback.corrected": "call",
    "callback.noted": "note",
    "callback.closed": "done",
    "callback.reopened": "back",
    "callback.rescued": "done",
    "callback.marked_spam": "dead",
    MISSED: "late",
    "callback.time_acknowledged": "book",
    "callback.viewed": "eye",
    "callback.reason_viewed": "audit",
    "callback.mail_resent": "outbox",
    "callback.set_aside": "mute",
    "callback.bar_lifted": "call",
    "callback.redacted": "dead",
    "callback.dossier_read": "eye",
    "callback.hold_placed": "lock",
    "callback.hold_lifted": "lock",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: who, what, when, and words somebody typed."""

    icon: str
    who: str
    what: str
    at: Stamp
    text: str = ""
    is_typed: bool = True
    is_bad: bool = False
    corrected: str = ""
    """By whom and when, where another outcome stands for this one or it was taken back."""
    resend: str = ""
    """The mail that may be sent once more from here."""


@dataclass(frozen=True, slots=True)
class Story:
    """What the lines are told by. ``given_to``: names by the ids in the record.

    ``in_full``: the page shows the request's number in full, so the ones it had before may be read too.
    """

    case: CaseFile
    clock: Clock
    given_to: Mapping[int, str]
    may_resend: bool = False
    in_full: bool = False


def lines(told: Timeline, story: Story) -> list[Line]:
    """What happened, on one page."""
    extra = missed(story.case, story.clock)
    also = [extra] if extra and told.holds(extra.at) else []
    return [line for _, line in tell([*told.entries, *also], story)]


def tell(entries: Iterable[TimelineEntry], story: Story) -> list[tuple[TimelineEntry, Line]]:
    """Each entry with its line, the newest first; what one says of another holds among those that are here."""
    whole = sorted(entries, key=_order, reverse=True)
    undone = {one: entry for entry in whole if entry.action == UNDONE for one in entry.details.get("attempts", ())}
    corrected = {
        entry.details.get("corrected_id"): entry
        for entry in whole
        if entry.action == CORRECTED and entry.details.get("attempt_id") not in undone
    }
    return [(entry, _struck(entry, story, corrected, undone)) for entry in whole]


def looked(entries: Iterable[TimelineEntry], story: Story) -> list[Line]:
    """Who has opened the page; what one person opened several times in a row is one line that says so."""
    told: list[Line] = []
    for held in looks.grouped(entries, _is_same_look):
        first = line(held[0], story)
        many = looks.many(len(held), held[0].at - held[-1].at)
        told.append(replace(first, what=many) if len(held) > 1 else first)
    return told


def _is_same_look(newest: TimelineEntry, entry: TimelineEntry) -> bool:
    is_same = (newest.action, newest.actor_name) == (entry.action, entry.actor_name)
    return is_same and newest.at - entry.at <= looks.ONE_LOOK


def _struck(
    entry: TimelineEntry, story: Story, corrected: Mapping[object, TimelineEntry], undone: Mapping[int, TimelineEntry]
) -> Line:
    """An outcome that was corrected or taken back stays, with who says otherwise; likewise a note."""
    told, attempt = line(entry, story), entry.details.get("attempt_id")
    if entry.details.get("is_taken_back"):
        return replace(told, corrected=gettext("Taken back at once by %(person)s", person=_who(entry)))
    later, gone = corrected.get(attempt), undone.get(attempt or 0)
    if gone is not None:
        told = replace(told, corrected=_said(gettext("Taken back by %(person)s, %(moment)s"), gone, story))
    elif later is not None:
        told = replace(told, corrected=_said(gettext("Corrected by %(person)s, %(moment)s"), later, story))
    return told


def _said(words: str, entry: TimelineEntry, story: Story) -> str:
    return words % {"person": _who(entry), "moment": story.clock.stamp(entry.at).words}


def line(entry: TimelineEntry, story: Story) -> Line:
    """One entry in words."""
    told = replace(entry, details=_told(entry, story.case, story.given_to))
    return _line(told, story)


def _order(entry: TimelineEntry) -> tuple[datetime, bool]:
    """By time; a mail comes of what happened in the same instant."""
    return entry.at, entry.kind == "mail"


def _line(entry: TimelineEntry, story: Story) -> Line:
    clock = story.clock
    at = clock.stamp(entry.at)
    if entry.kind == "mail":
        return _mail(entry, at, story.may_resend)
    if entry.action == MISSED:
        words = gettext("The first call was due by now. This stays, however the call goes.")
        return Line("late", "", names.action(MISSED, entry.details), at, words, is_typed=False, is_bad=True)
    if entry.kind == "attempt" and entry.action != CORRECTED:
        happened = names.action(entry.action, entry.details)
        told = " ".join(part for part in (_exception(entry), _next_try(entry, clock)) if part)
        return Line("call", _who(entry), happened, at, told, is_typed=False)
    if entry.action == SNOOZED:
        return Line("wait", _who(entry), names.action(SNOOZED, entry.details), at, _put_off(entry, clock))
    if entry.action == WITHDREW and entry.at == story.case.closed_at and crisis_words.of(story.case):
        words = gettext("They may have been in danger then.")
        return Line("late", _who(entry), names.action(WITHDREW, {}), at, words, is_typed=False, is_bad=True)
    changed = visitors_changes.told(entry, clock, in_full=story.in_full)
    if changed:
        icon = _ICONS.get(entry.action, "form")
        return Line(icon, _who(entry), names.action(entry.action, entry.details), at, changed, is_typed=False)
    if next_call.is_by_next_call(entry.details):
        why = next_call.kept(entry.details)
        return Line("person", _who(entry), names.action(entry.action, entry.details), at, why, is_typed=False)
    other = "form" if entry.actor_kind == ActorKind.VISITOR else "info"
    icon = _ICONS.get(entry.action, other)
    return Line(icon, _who(entry), names.action(entry.action, entry.details), at, entry.text or "")


def _told(entry: TimelineEntry, case: CaseFile, given_to: Mapping[int, str]) -> dict[str, object]:
    """The details as the wording expects them: names for ids, and the rule that a call was made in spite of."""
    details = dict(entry.details)
    if details.get("to") in given_to:
        name = given_to[details["to"]]
        details["to_name"] = "" if name == entry.actor_name else name
    if details.get("from") in given_to:
        details["from_name"] = given_to[details["from"]]
    if details.get("exception") == "before_next_try" and _awaited_window(entry, case):
        details["exception"] = ASKED_FOR_LATER
    return details


def _awaited_window(entry: TimelineEntry, case: CaseFile) -> bool:
    """Nobody had tried yet: what stood against the call was the visitor's own wish."""
    tried = (*case.earlier_attempts, *case.attempts)
    began = entry.details.get("started_at") or entry.at
    return case.window_from is not None and not any(at < began for at in tried)


def _exception(entry: TimelineEntry) -> str:
    """Why they called at a time at which one does not, in their own words."""
    if not entry.text:
        return ""
    rule = names.call_reason(str(entry.details.get("exception") or ""))
    return gettext("%(rule)s. They called because: “%(reason)s”.", rule=rule, reason=entry.text)


def _put_off(entry: TimelineEntry, clock: Clock) -> str:
    """Until when, and why, in their own words."""
    until = clock.stamp(datetime.fromisoformat(str(entry.details["snoozed_until"]))).words
    if not entry.text:
        return gettext("Until %(time)s.", time=until)
    return gettext("Until %(time)s: %(reason)s", time=until, reason=entry.text)


def _next_try(entry: TimelineEntry, clock: Clock) -> str:
    at = entry.details.get("next_at")
    return gettext("Next try %(time)s.", time=clock.stamp(at).words) if isinstance(at, datetime) else ""


def missed(case: CaseFile, clock: Clock) -> TimelineEntry | None:
    """The target that passed before anybody called: told from the request's own times, for good."""
    begun = case.call_started_at  # in time, if its outcome is logged before it counts as forgotten
    running = begun if begun and clock.now - begun < LONGEST_CALL else None
    ends = (case.first_attempt_at, case.reached_at, case.closed_at, running, clock.now)
    if not case.is_promised or min(at for at in ends if at is not None) <= case.target_at:
        return None
    return TimelineEntry(case.target_at, "audit", ActorKind.SYSTEM.value, "", MISSED, {}, None)


def _who(entry: TimelineEntry) -> str:
    if entry.actor_kind == ActorKind.VISITOR:
        return gettext("The visitor")
    return entry.actor_name or gettext("The service")


def _mail(entry: TimelineEntry, at: Stamp, may_resend: bool) -> Line:
    """A mail as it stands now, with the reason when it did not get through."""
    state = OutboxState(str(entry.details.get("state", OutboxState.PENDING)))
    words = mails.line(str(entry.details.get("kind", entry.action)), str(entry.details.get("recipient", "")), state)
    is_dead = state is OutboxState.DEAD
    reason = "" if state is OutboxState.SENT else str(entry.details.get("error") or "")
    resend = str(entry.details.get("public_id", "")) if is_dead and may_resend else ""
    return Line("dead" if is_dead else "outbox", "", words, at, reason, is_typed=False, is_bad=is_dead, resend=resend)
