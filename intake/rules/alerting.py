"""Who must be told of a request that is about to be late, is late, stays late, or comes at night: none is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from intake.rules.closed import night_since
from intake.rules.hours import OpeningHours

AFTER_CLOSING = timedelta(minutes=15)
"""So long after closing people are still told: what was due at the last minute is late a minute later."""
_MOMENT = timedelta(seconds=1)


class AlertKind(StrEnum):
    """What an alert says of a request: how late it is, or that its number or email has asked again."""

    SOON = "soon"
    LATE = "late"
    ESCALATED = "escalated"
    ON_CALL = "on_call"
    ON_CALL_LATE = "on_call_late"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class AlertRules:
    """After how many opening minutes a late request is escalated, how often again, and how rarely a person is mailed.

    When a request is due soon stands with the target (``ResponseTarget.due_soon_minutes``). ``escalate_to``: ids of the
    people told of what stays late; none: the managers on shift. Out of hours, where ``is_on_call``: the people of
    ``on_call`` are told, and have ``on_call_minutes`` of the clock to claim. ``is_silence_watched``: see ``silence``.
    """

    escalate_minutes: int = 10
    repeat_minutes: int = 15
    digest_minutes: int = 15
    escalate_to: tuple[int, ...] = ()
    is_on_call: bool = False
    on_call_minutes: int = 30
    on_call: tuple[int, ...] = ()
    is_silence_watched: bool = True

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> AlertRules:
        """The rules as a version keeps them; what it does not name is as we began."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in document.items() if name in known}
        for name in ("escalate_to", "on_call"):
            given[name] = tuple(int(user_id) for user_id in given.get(name, ()))
        return cls(**given)

    def to_document(self) -> dict[str, Any]:
        """What a version keeps."""
        return asdict(self) | {"escalate_to": list(self.escalate_to), "on_call": list(self.on_call)}


STANDARD = AlertRules()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open request as far as alerts are concerned.

    ``is_held``: somebody is on the phone with this person. ``is_uncalled``: nobody has tried yet. ``is_taken``: its
    holder has it by a person's act, not by a rule alone. ``next_at``: nobody is to call before, since the visitor or
    whoever put it off said so.
    """

    due_at: datetime
    holder_id: int | None
    is_held: bool
    is_check: bool
    received_at: datetime
    is_uncalled: bool = True
    is_taken: bool = False
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert to be raised. ``recipient`` as in the outbox; ``number`` counts repetitions from 1."""

    kind: AlertKind
    recipient: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class Watch:
    """What holds for all requests of one look: the rules, the office's hours, and who manages at the moment."""

    rules: AlertRules
    office: OpeningHours
    soon: timedelta
    on_duty: tuple[str, ...]
    now: datetime
    is_awake: bool
    night_since: datetime | None
    on_call: tuple[str, ...] = ()

    @classmethod
    def begin(
        cls, rules: AlertRules, office: OpeningHours, soon_minutes: int, on_duty: tuple[str, ...], now: datetime,
        on_call: tuple[str, ...] = (),
    ) -> Watch:  # fmt: skip
        """``on_duty``: the recipients for what is escalated; the team if there is no manager at all.

        ``on_call``: who is told of what comes out of hours, people and webhook alike; nobody where it is off.
        """
        is_awake = office.is_open(now) or office.is_open(now - AFTER_CLOSING)
        soon, told = timedelta(minutes=soon_minutes), on_duty or ("team",)
        return cls(rules, office, soon, told, now, is_awake, night_since(office, now), on_call)

    def alerts(self, request: Waiting) -> tuple[Raised, ...]:
        """What is to be told about this request now; what was told before is not told again, whoever keeps that.

        A call under way holds everything. Nobody is woken by what was due in opening hours; what is due at night,
        because it was agreed so, is told at night. A request under Check has no holder to remind.
        """
        return () if request.is_held else (*self._on_call(request), *self._by_day(request))

    def _on_call(self, request: Waiting) -> tuple[Raised, ...]:
        """Out of hours: those on call at once; once their time is up, they and the managers, again and again.

        A claim ends it, and so does the morning: then the day's rules hold. What a rule gave to somebody who may have
        gone home is not claimed. Before its own time a request wakes nobody: whoever put it off has seen to it.
        """
        if self.night_since is None or not self.on_call or request.is_check or request.is_taken:
            return ()
        since = self._on_call_since(request, self.night_since)
        if since is None:
            return ()
        past = self.now - since - timedelta(minutes=self.rules.on_call_minutes)
        if past < timedelta(0):
            return tuple(Raised(AlertKind.ON_CALL, person) for person in self.on_call)
        number = past // timedelta(minutes=self.rules.repeat_minutes) + 1
        told = dict.fromkeys((*self.on_call, *self.on_duty))
        return tuple(Raised(AlertKind.ON_CALL_LATE, person, number) for person in told)

    def _on_call_since(self, request: Waiting, night: datetime) -> datetime | None:
        """When it came, or its time came, or it became due in this very night; None for what the day left behind."""
        came, due = request.received_at, request.due_at
        begins = max(came, request.next_at or came)
        if begins > self.now:
            return None
        if request.is_uncalled and begins >= night:
            return begins
        return due if night < due <= self.now else None

    def _by_day(self, request: Waiting) -> tuple[Raised, ...]:
        if self.now < request.due_at - self.soon or not self._may_tell(request.due_at):
            return ()
        owner = f"user:{request.holder_id}" if request.holder_id is not None else "team"
        if self.now <= request.due_at:
            return () if request.is_check else (Raised(AlertKind.SOON, owner),)
        number = self.escalations(request.due_at)
        escalated = tuple(Raised(AlertKind.ESCALATED, person, number) for person in self.on_duty if number)
        return (Raised(AlertKind.LATE, owner), *escalated)

    def _may_tell(self, due_at: datetime) -> bool:
        return self.is_awake or not (self.office.is_open(due_at) or self.office.is_open(due_at - _MOMENT))

    def escalations(self, due_at: datetime) -> int:
        """How often a request due then should have been escalated by now, by opening minutes; only the last is told."""
        past = self.office.elapsed(due_at, self.now) - self.rules.escalate_minutes * 60
        return past // (self.rules.repeat_minutes * 60) + 1 if past >= 0 else 0
