"""People who wait for their first call, but came before the days a report tells of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, func, select

from intake.queries.facts import Asked, values, waiting
from intake.rules.periods import Period


@dataclass(frozen=True, slots=True)
class CameBefore:
    """How many, and since when the one has waited who waits longest; ``oldest_on``: the day that was."""

    n: int = 0
    oldest_at: datetime | None = None
    oldest_on: date | None = None

    def days(self, asked: Asked) -> Period | None:
        """The days before the report's own that hold all of them; None of nobody."""
        return Period(self.oldest_on, _last_on(asked)) if self.oldest_on else None


NOBODY = CameBefore()


def came_before(conn: Connection, asked: Asked, now: datetime) -> CameBefore:
    """By the same filters; one statement among the open requests, however many have ended."""
    earlier = replace(asked, period=Period(date.min, _last_on(asked)))
    n, at, day = conn.execute(_told(asked.narrowed), values(earlier, now)).one()
    return CameBefore(n, at, day)


@cache
def _told(narrowed: tuple[str, ...]) -> Select[Any, Any, Any]:
    """Put together once: that takes longer than to ask."""
    one = waiting(narrowed).subquery()
    return select(func.count(), func.min(one.c.received_at), func.min(one.c.received_on)).select_from(one)


def _last_on(asked: Asked) -> date:
    return asked.period.first_on - timedelta(days=1)
