"""Pages of what has ended, among millions: each filter has an index that leads to its rows in order of arrival."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, union_all

from intake.models import CallbackRequest
from intake.queries.worklist_filters import Filters

SEVERAL_WITHIN = timedelta(days=31)
"""Two kinds of filter at once look through the days of this length that were asked for last: no index knows both."""

_A_MOMENT = timedelta(minutes=1)
_C = CallbackRequest.__table__.c
Place = tuple[datetime, int] | None


def ids(filters: Filters, place: Place, limit: int, now: datetime) -> Select[Any]:
    """The ids of a page: unfiltered those that ended last, filtered those that came in last."""
    if not filters:
        return _newest(_C.closed_at, [], place, limit)
    kinds = filters.kinds()
    if len(kinds) != 1:
        return _newest(_C.received_at, bounded(filters, now).conditions(), place, limit)
    [(column, values)] = kinds
    walks = [_newest(_C.received_at, [column == value, *filters.range()], place, limit) for value in values]
    together = union_all(*(select(walk.subquery()) for walk in walks)).subquery()
    return select(together.c.id).order_by(together.c.received_at.desc(), together.c.id.desc()).limit(limit)


def bounded(filters: Filters, now: datetime) -> Filters:
    """The days that several filters at once are looked for in; one filter, or the days alone, as they are."""
    if len(filters.kinds()) < 2:
        return filters
    until = min(filters.received_until or now + _A_MOMENT, now + _A_MOMENT)
    earliest = until - SEVERAL_WITHIN
    return replace(filters, received_from=max(filters.received_from or earliest, earliest), received_until=until)


def _newest(at: Any, conditions: list[ColumnElement[bool]], place: Place, limit: int) -> Select[Any]:
    asked = select(_C.id, at).where(_C.closed_at.is_not(None), *conditions)
    if place is not None:
        moment, last_id = place
        asked = asked.where(at <= moment, or_(at < moment, and_(at == moment, _C.id < last_id)))
    return asked.order_by(at.desc(), _C.id.desc()).limit(limit)
