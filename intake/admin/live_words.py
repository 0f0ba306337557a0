"""What an open request page says of others: who looks at it too, who is on the phone, and what was done meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.admin.base import acting, request_time
from intake.admin.queue import clock
from intake.queries.casefile import CaseFile
from intake.queries.live import Act, Standing
from intake.queries.presence import Viewers
from intake.rules.limits import LONGEST_CALL
from intake.rules.permissions import Actor, ActorKind
from intake.rules.workflow import Status
from intake.wording import times
from intake.wording.translation import gettext, lazy_gettext

_VISITOR = {
    "visitor.withdrew": lazy_gettext("The visitor cancelled this request. Do not call."),
    "visitor.undid_withdrawal": lazy_gettext("The visitor wants the call after all."),
    "visitor.changed_number": lazy_gettext("The visitor changed the number. Do not call the old one."),
    "visitor.changed_time": lazy_gettext("The visitor changed when to call. Look before you call."),
    "visitor.changed_voicemail": lazy_gettext(
        "The visitor changed what we may do when they miss the call. Look before you call."
    ),
    "visitor.once_only": lazy_gettext("The visitor asked to be called once only. Look before you call."),
}
_OTHER_VISITORS = lazy_gettext("The visitor changed this request. Look before you call.")
_WHILE_CALLING = lazy_gettext("The visitor cancelled this request while you were calling. Say below what happened.")
_COLLEAGUES = {
    "callback.claimed": lazy_gettext("%(person)s claimed this."),
    "callback.taken_over": lazy_gettext("%(person)s took this over."),
    "callback.released": lazy_gettext("%(person)s released this."),
    "callback.call_started": lazy_gettext("%(person)s is calling them."),
    "callback.attempted": lazy_gettext("%(person)s logged a call."),
    "callback.noted": lazy_gettext("%(person)s wrote a note."),
    "callback.closed": lazy_gettext("%(person)s closed this."),
    "callback.reopened": lazy_gettext("%(person)s opened this again."),
}
_NOTE_BACK = lazy_gettext("%(person)s took back a note.")
_OTHERS = lazy_gettext("%(person)s changed this.")
_GIVEN = lazy_gettext("%(person)s gave this to %(to)s.")
_TO_YOU = lazy_gettext("%(person)s gave this to you.")
_BY_YOU = lazy_gettext("You changed this in another window.")
_BY_ITSELF = lazy_gettext("This has changed by itself.")


@dataclass(frozen=True, slots=True)
class News:
    """The one thing to say of what was done since the page was made. ``is_loud``: the visitor did it, so do not call.

    ``stops_call``: Call would be refused, or would go against what the visitor has said since.
    """

    id: int
    words: str
    at: str
    ago: str
    is_loud: bool
    stops_call: bool

    def as_told(self) -> dict[str, Any]:
        """For desk.js."""
        return {"id": self.id, "words": self.words, "at": self.at, "ago": self.ago, "loud": self.is_loud,
                "stops": self.stops_call}  # fmt: skip


def shown(case: CaseFile, viewers: Viewers) -> dict[str, Any]:
    """What the page knows when it is made: who else is there, and up to where it has read."""
    return {
        "watching": watching(case, viewers.get(case.id, ())),
        "newest_act": case.newest_act,
        "here_at": request_time().isoformat(),
        "clock_words": clock().updated().words,
    }


def watching(stands: CaseFile | Standing, viewers: Iterable[str]) -> list[str]:
    """A short sentence for each colleague who is there: "Dev is on the call", "Tess is viewing"."""
    begun, caller = stands.call_started_at, ""
    is_on_call = begun is not None and request_time() - begun < LONGEST_CALL and stands.closed_at is None
    if is_on_call and stands.assignee_id != acting().user_id:
        caller = stands.assignee_name
    said = [gettext("%(person)s is on the call", person=caller)] if caller else []
    return said + [gettext("%(person)s is viewing", person=name) for name in viewers if name != caller]


def news(acts: Sequence[Act], stands: Standing, reader: Actor, now: datetime) -> News | None:
    """What to say of these acts, newest first: a visitor's before any other, and their cancelling before all."""
    theirs = [act for act in acts if act.actor_kind is ActorKind.VISITOR]
    if stands.status is Status.WITHDRAWN:
        theirs.sort(key=lambda act: act.action != "visitor.withdrew")
    told = next(iter([*theirs, *acts]), None)
    if told is None:
        return None
    is_loud = told.actor_kind is ActorKind.VISITOR
    is_others = stands.assignee_id not in (None, reader.user_id)
    return News(
        told.id,
        _visitors(told, stands, reader) if is_loud else _colleagues(told, stands, reader),
        times.iso(told.at),
        _ago(told.at, now),
        is_loud,
        stops_call=is_loud or is_others or stands.closed_at is not None,
    )


def _visitors(act: Act, stands: Standing, reader: Actor) -> str:
    is_calling = stands.call_started_at is not None and stands.assignee_id == reader.user_id
    if act.action == "visitor.withdrew" and is_calling:
        return str(_WHILE_CALLING)
    return str(_VISITOR.get(act.action, _OTHER_VISITORS))


def _colleagues(act: Act, stands: Standing, reader: Actor) -> str:
    if act.actor_kind is not ActorKind.PERSON:
        return str(_BY_ITSELF)
    if act.actor_id == reader.user_id:
        return str(_BY_YOU)
    if act.given_to is not None and act.given_to == reader.user_id:
        return str(_TO_YOU) % {"person": act.actor_name}
    if act.given_to is not None and act.given_to == act.actor_id:
        return str(_COLLEAGUES["callback.taken_over"]) % {"person": act.actor_name}
    if act.given_to is not None and act.given_to == stands.assignee_id:
        return str(_GIVEN) % {"person": act.actor_name, "to": stands.assignee_name}
    words = _NOTE_BACK if act.is_of_a_note else _known(_COLLEAGUES, act.action)
    return str(words) % {"person": act.actor_name}


def _known(table: Mapping[str, Any], action: str) -> Any:
    return table.get(action, _OTHERS)


def _ago(at: datetime, now: datetime) -> str:
    ago = times.ago(at, now)
    return gettext("%(ago)s ago", ago=ago) if ago else gettext("just now")
