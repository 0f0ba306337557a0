"""Two people saved the same request: what the first did beside what the second typed, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from intake.admin.base import read_instant
from intake.admin.outcome_form import Typed
from intake.admin.timeline import Line, Story, line
from intake.queries.casefile import TimelineEntry
from intake.rules.permissions import Actor, ActorKind
from intake.rules.workflow import ClosedReason, Disposition
from intake.wording import names, times
from intake.wording.translation import gettext, lazy_gettext

TEXTS = {
    "note": lazy_gettext("Note"),
    "why": lazy_gettext("Why did you call at this time?"),
    "minutes_ago": lazy_gettext("Called how many minutes ago?"),
    "override": lazy_gettext("Why now?"),
    "remark": lazy_gettext("Note"),
    "close_note": lazy_gettext("Note"),
    "hand_off_note": lazy_gettext("Note for them"),
    "take_over_reason": lazy_gettext("Why do you take it over?"),
    "snooze_reason": lazy_gettext("Why wait?"),
    "reopen_reason": lazy_gettext("They took it back. Why open it again?"),
    "call_again_why": lazy_gettext("How did they ask for help again?"),
    "why_wrong": lazy_gettext("Why was it wrong?"),
    "skip_why": lazy_gettext("Another reason"),
}
"""Every field of the page in which something is written, by the words beside it (tests/admin/test_collisions.py)."""
TIMES = {
    ("agreed_day", "agreed_from", "agreed_until"): lazy_gettext("When did you agree to call?"),
    ("snooze_day", "snooze_time"): lazy_gettext("Until"),
    ("next_day", "next_time"): lazy_gettext("Next try"),
}
"""Likewise the days and hours that are typed."""


@dataclass(frozen=True, slots=True)
class Collision:
    """Who was faster and when, what they did, and what this person typed and has not saved."""

    headline: str
    theirs: list[Line]
    yours: list[tuple[str, str]]


def collision(typed: Typed, entries: Iterable[TimelineEntry], story: Story, reader: Actor) -> Collision:
    """Everything done since the page was read; the last thing, if the form does not say when that was."""
    done = [entry for entry in entries if entry.kind != "mail" and entry.action != "callback.noted"]
    done.sort(key=lambda entry: entry.at, reverse=True)
    seen = _seen(typed)
    newer = [entry for entry in done if seen is not None and entry.at > seen]
    noted = [entry for entry in entries if entry.action == "callback.noted" and not entry.details.get("is_taken_back")]
    written = [entry for entry in noted if seen is not None and entry.at > seen]
    theirs = sorted([*newer, *written], key=lambda entry: entry.at, reverse=True) or done[:1]
    return Collision(
        _headline(newer or theirs, story, reader),
        [line(entry, story) for entry in theirs],
        [*_chosen(typed), *_times(typed), *_texts(typed)],
    )


def _seen(typed: Typed) -> datetime | None:
    """When the page was made that this came from."""
    return read_instant(typed.text("seen"))


def _headline(newer: list[TimelineEntry], story: Story, reader: Actor) -> str:
    if not newer:
        return gettext("This request has changed")
    ago, who = times.ago(newer[0].at, story.clock.now), _who(newer[0], reader)
    if not ago:
        return gettext("%(person)s changed this just now", person=who)
    return gettext("%(person)s changed this %(ago)s ago", person=who, ago=ago)


def _who(entry: TimelineEntry, reader: Actor) -> str:
    if entry.actor_kind == ActorKind.VISITOR:
        return gettext("The visitor")
    if entry.actor_name and entry.actor_name == reader.name:
        return gettext("You")
    return entry.actor_name or gettext("The service")


def _chosen(typed: Typed) -> list[tuple[str, str]]:
    """What was chosen from a list, in words."""
    outcome, right, reason = typed.text("outcome"), typed.text("right_outcome"), typed.text("reason")
    found = []
    if outcome in set(Disposition):
        found.append((gettext("What happened?"), names.disposition(Disposition(outcome))))
    if right in set(Disposition):
        found.append((gettext("What really happened?"), names.disposition(Disposition(right))))
    if reason in set(ClosedReason):
        found.append((gettext("Why it is closed"), names.closed_reason(ClosedReason(reason))))
    return found


def _times(typed: Typed) -> list[tuple[str, str]]:
    told = ((words, " ".join(filter(None, map(typed.text, fields)))) for fields, words in TIMES.items())
    return [(str(words), text) for words, text in told if text]


def written(typed: Typed) -> str:
    """All that somebody wrote, in whatever field of the page."""
    return "\n".join(text for _, text in _texts(typed))


def _texts(typed: Typed) -> list[tuple[str, str]]:
    return [(str(words), text) for name, words in TEXTS.items() if (text := typed.prose(name))]
