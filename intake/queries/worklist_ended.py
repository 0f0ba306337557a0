"""Pages of what has ended, among millions: each filter has an index that leads to its rows in order of arrival."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, union_all

from intake.models import CallbackRequest
from intake.queries.worklist_filters import Filters

SEVERAL_WITHIN = timedelta(days=31)
"""Two kinds of filter at once, or why it ended, look through the days of this length that were asked for last: no index
knows them."""

_A_MOMENT = timedelta(minutes=1)
_C = CallbackRequest.__table__.c
Place = tuple[datetime, int] | None


def ids(filters: Filters, place: Place, limit: int, now: datetime) -> Select[Any]:
    """The ids of a page: unfiltered those that ended last, filtered those that came in last."""
    if not filters:
        return _newest(_C.closed_at, [], place, limit)
    if _is_of_open(filters):
        return select(_C.id).where(false())
    kinds = filters.kinds()
    if filters.reasons or len(kinds) != 1:
        return _newest(_C.received_at, bounded(filters, now).conditions(now), place, limit)
    [(column, values)] = kinds
    walks = [_newest(_C.received_at, [column == value, *filters.range()], place, limit) for value in values]
    together = union_all(*(select(walk.subquery()) for walk in walks)).subquery()
    return select(together.c.id).order_by(together.c.received_at.desc(), together.c.id.desc()).limit(limit)


def bounded(filters: Filters, now: datetime) -> Filters:
    """The days that several filters at once, or a reason, are looked for in; one filter or the days as they are."""
    if _is_of_open(filters) or (not filters.reasons and len(filters.kinds()) < 2):
        return filters
    until = min(filters.received_until or now + _A_MOMENT, now + _A_MOMENT)
    earliest = until - SEVERAL_WITHIN
    return replace(filters, received_from=max(filters.received_from or earliest, earliest), received_until=until)


def _is_of_open(filters: Filters) -> bool:
    """Only what is said of open requests is asked for: nothing that has ended can be meant, and no index is walked.

    Beside a status or a reason it finds nothing of its own.
    """
    return bool(filters.standings) and not filters.statuses and not filters.reasons


def _newest(at: Any, conditions: list[ColumnElement[bool]], place: Place, limit: int) -> Select[Any]:
    asked = select(_C.id, at).where(_C.closed_at.is_not(None), *conditions)
    if place is not None:
        moment, last_id = place
        asked = asked.where(at <= moment, or_(at < moment, and_(at == moment, _C.id < last_id)))
    return asked.order_by(at.desc(), _C.id.desc()).limit(limit)
