"""What the queue is narrowed to: its views, and the filters that every view can be narrowed by, as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_

from intake.models import CallbackRequest
from intake.rules.promise import NEVER_DUE
from intake.rules.workflow import Channel, ClosedReason, Status

_C = CallbackRequest.__table__.c


class View(StrEnum):
    """The queue's fixed views, as the address names them."""

    ALL_OPEN = "all_open"
    DUE_NOW = "due_now"
    MINE = "mine"
    UNCLAIMED = "unclaimed"
    SCHEDULED = "scheduled"
    RETRY = "retry"
    NUMBER = "number"
    SNOOZED = "snoozed"
    CHECK = "check"
    CLOSED = "closed"


class Standing(StrEnum):
    """What is said of an open request instead of its status, the first that holds."""

    NUMBER = "number"
    READ_TIME = "read_time"
    ON_CALL = "on_call"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True)
class Filters:
    """Any of the values of one kind, and every kind that is asked for. In ``owners`` 0 is nobody.

    ``statuses``, ``standings`` and ``reasons`` are of one kind: each is one of the states that the list tells.
    ``sources``: codes of the pages it was sent from. ``received_from`` and ``received_until``: up to, not including.
    """

    owners: tuple[int, ...] = ()
    statuses: tuple[Status, ...] = ()
    standings: tuple[Standing, ...] = ()
    reasons: tuple[ClosedReason, ...] = ()
    channels: tuple[Channel, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    received_from: datetime | None = None
    received_until: datetime | None = None

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """All of it, over rows that some index brings in order."""
        others = [(column, values) for column, values in self.kinds() if column is not _C.status]
        kinds = [or_(*(column == value for value in values)) for column, values in others]
        return [*kinds, *self._states(now), *self.range()]

    def _states(self, now: datetime) -> list[ColumnElement[bool]]:
        """Any of the states that were asked for, as the list tells them: of those that hold, the first."""
        standing, held = dict[Standing, ColumnElement[bool]](), list[ColumnElement[bool]]()
        for one, holds in _standings(now).items():
            standing[one] = and_(_C.closed_at.is_(None), *(~before for before in held), holds)
            held.append(holds)
        asked = [
            *(and_(_C.status == status.value, or_(_C.closed_at.is_not(None), _plain(now))) for status in self.statuses),
            *(standing[one] for one in self.standings),
            *(_C.closed_reason == reason.value for reason in self.reasons),
        ]
        return [or_(*asked)] if asked else []

    def kinds(self) -> list[tuple[ColumnElement[object], tuple[object, ...]]]:
        """The columns with an index that are asked about besides the day, and the values of each; None is nobody."""
        asked: list[tuple[ColumnElement[object], tuple[object, ...]]] = [
            (_C.assignee_id, tuple(owner or None for owner in self.owners)),
            (_C.status, tuple(status.value for status in self.statuses)),
            (_C.channel, tuple(channel.value for channel in self.channels)),
            (_C.language, self.languages),
            (_C.source, self.sources),
        ]
        return [(column, values) for column, values in asked if values]

    def range(self) -> list[ColumnElement[bool]]:
        """The days."""
        asked = [
            _C.received_at >= self.received_from if self.received_from else None,
            _C.received_at < self.received_until if self.received_until else None,
        ]
        return [one for one in asked if one is not None]

    def __bool__(self) -> bool:
        return self != Filters()


def _standings(now: datetime) -> dict[Standing, ColumnElement[bool]]:
    """What each says of an open request."""
    unread = (_C.is_free_time, _C.free_time_seen_at.is_(None), _C.status != Status.CHECK.value)
    return {
        Standing.NUMBER: _C.due_at >= NEVER_DUE,
        Standing.READ_TIME: and_(*unread),
        Standing.ON_CALL: _C.call_started_at.is_not(None),
        Standing.SNOOZED: and_(_C.snoozed_at.is_not(None), _C.next_at.is_not(None), _C.next_at > now),
    }


def _plain(now: datetime) -> ColumnElement[bool]:
    """Of an open request nothing is said instead of its status."""
    return and_(*(~holds for holds in _standings(now).values()))


def belongs(view: View, user_id: int, now: datetime, due_soon: timedelta) -> list[ColumnElement[bool]]:
    """What makes a request part of a view. What somebody put off is not due before it comes back by itself.

    Who has to give another number first is in none of those that tell what to do. A view that is named like a state
    holds what the list tells by that state, as the filter of that name does.
    """
    is_workable = _C.due_at < NEVER_DUE
    here = or_(_C.snoozed_at.is_(None), _C.next_at.is_(None), _C.next_at <= now)
    more: dict[View, list[ColumnElement[bool]]] = {
        View.ALL_OPEN: [],
        View.DUE_NOW: [_C.due_at <= now + due_soon, _C.status != Status.CHECK.value, here],
        View.MINE: [_C.assignee_id == user_id],
        View.UNCLAIMED: [_C.assignee_id.is_(None), _C.status != Status.CHECK.value, is_workable],
        View.SCHEDULED: [_C.status == Status.SCHEDULED.value, _plain(now)],
        View.RETRY: [_C.status == Status.ATTEMPTING.value, _plain(now)],
        View.NUMBER: [_C.due_at >= NEVER_DUE],
        View.SNOOZED: [_C.snoozed_at.is_not(None), _C.next_at > now],
        View.CHECK: [_C.status == Status.CHECK.value],
    }
    return [_C.closed_at.is_(None), *more[view]] if view is not View.CLOSED else [_C.closed_at.is_not(None)]
