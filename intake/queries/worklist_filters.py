"""What the queue is narrowed to: its views, and the filters that every view can be narrowed by, as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, or_

from intake.models import CallbackRequest
from intake.rules.workflow import Channel, Status

_C = CallbackRequest.__table__.c


class View(StrEnum):
    """The queue's fixed views, as the address names them."""

    ALL_OPEN = "all_open"
    DUE_NOW = "due_now"
    MINE = "mine"
    UNCLAIMED = "unclaimed"
    SCHEDULED = "scheduled"
    RETRY = "retry"
    SNOOZED = "snoozed"
    CHECK = "check"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Filters:
    """Any of the values of one kind, and every kind that is asked for. In ``owners`` 0 is nobody.

    ``sources``: codes of the pages it was sent from. ``received_from`` and ``received_until``: up to, not including.
    """

    owners: tuple[int, ...] = ()
    statuses: tuple[Status, ...] = ()
    channels: tuple[Channel, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    received_from: datetime | None = None
    received_until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """All of it, over rows that some index brings in order."""
        kinds = [or_(*(column == value for value in values)) for column, values in self.kinds()]
        return [*kinds, *self.range()]

    def kinds(self) -> list[tuple[ColumnElement[object], tuple[object, ...]]]:
        """The columns asked about besides the day, each with the values it may have; None is nobody."""
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


def belongs(view: View, user_id: int, now: datetime, due_soon: timedelta) -> list[ColumnElement[bool]]:
    """What makes a request part of a view. What somebody put off is not due before it comes back by itself."""
    here = or_(_C.snoozed_at.is_(None), _C.next_at.is_(None), _C.next_at <= now)
    more: dict[View, list[ColumnElement[bool]]] = {
        View.ALL_OPEN: [],
        View.DUE_NOW: [_C.due_at <= now + due_soon, _C.status != Status.CHECK.value, here],
        View.MINE: [_C.assignee_id == user_id],
        View.UNCLAIMED: [_C.assignee_id.is_(None), _C.status != Status.CHECK.value],
        View.SCHEDULED: [_C.status == Status.SCHEDULED.value],
        View.RETRY: [_C.status == Status.ATTEMPTING.value],
        View.SNOOZED: [_C.snoozed_at.is_not(None), _C.next_at > now],
        View.CHECK: [_C.status == Status.CHECK.value],
    }
    return [_C.closed_at.is_(None), *more[view]] if view is not View.CLOSED else [_C.closed_at.is_not(None)]
