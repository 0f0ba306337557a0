"""Who gets a report by mail, how often, and whether one is to be written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, and_, or_, select

from intake.models import ReportMailing
from intake.models.reports import Every

_M = ReportMailing.__table__.c


def chosen(conn: Connection, user_id: int) -> frozenset[Every]:
    """What this person asked for."""
    return frozenset(map(Every, conn.execute(select(_M.every).where(_M.user_id == user_id)).scalars()))


def due(conn: Connection, through: Mapping[Every, date]) -> tuple[Every, ...]:
    """Those of which somebody has not been told what ended on these days."""
    behind = or_(*(and_(_M.every == every.value, _M.made_through_on < last_on) for every, last_on in through.items()))
    found = set(conn.execute(select(_M.every).where(behind).distinct()).scalars())
    return tuple(every for every in Every if every in found)
