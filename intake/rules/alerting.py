"""Who must be told of a request that is about to be late, is late, or stays late: nothing is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from intake.rules.hours import Schedule

AFTER_CLOSING = timedelta(minutes=15)
"""So long after closing people are still told: what was due at the last minute is late a minute later."""
_MOMENT = timedelta(seconds=1)


class AlertKind(StrEnum):
    """What an alert says of a request."""

    SOON = "soon"
    LATE = "late"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class AlertRules:
    """After how many opening minutes a late request is a manager's, how often again, and how rarely a person is mailed.

    When a request is due soon stands with the target (``ResponseTarget.due_soon_minutes``).
    """

    escalate_minutes: int = 10
    repeat_minutes: int = 15
    digest_minutes: int = 15

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> AlertRules:
        """The rules as a version keeps them; what it does not name is as we began."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: int(value) for name, value in document.items() if name in known})

    def to_document(self) -> dict[str, Any]:
        """What a version keeps."""
        return asdict(self)


STANDARD = AlertRules()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open request as far as alerts are concerned. ``is_held``: somebody is on the phone with this person."""

    due_at: datetime
    holder_id: int | None
    is_held: bool
    is_check: bool


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
    office: Schedule
    soon: timedelta
    on_duty: tuple[str, ...]
    now: datetime
    is_awake: bool

    @classmethod
    def begin(
        cls, rules: AlertRules, office: Schedule, soon_minutes: int, on_duty: tuple[str, ...], now: datetime
    ) -> Watch:
        """``on_duty``: the recipients for what is escalated; the team if there is no manager at all."""
        is_awake = office.is_open(now) or office.is_open(now - AFTER_CLOSING)
        return cls(rules, office, timedelta(minutes=soon_minutes), on_duty or ("team",), now, is_awake)

    def alerts(self, request: Waiting) -> tuple[Raised, ...]:
        """What is to be told about this request now; what was told before is not told again, whoever keeps that.

        A call under way holds everything. Nobody is woken by what was due in opening hours; what is due at night,
        because it was agreed so, is told at night. A request under Check has no holder to remind.
        """
        if request.is_held or self.now < request.due_at - self.soon or not self._may_tell(request.due_at):
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
