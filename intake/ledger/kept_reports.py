"""Figures of a report as they were given out, kept in the transaction that gives them out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from intake.models import KeptReport
from intake.models.base import table_of
from intake.models.reports import Way

_T = table_of(KeptReport)


def keep(
    conn: Connection, way: Way, days: tuple[date, date], asked: Mapping[str, Any], figures: Mapping[str, Any], *,
    made_by_id: int | None = None, now: datetime,
) -> int:  # fmt: skip
    """Its number. ``asked`` and ``figures`` are documents of ``queries.kept_report`` and hold nobody's name."""
    row = {
        "made_at": now, "made_by_id": made_by_id, "way": way.value, "first_on": days[0], "last_on": days[1],
        "asked": dict(asked), "figures": dict(figures),
    }  # fmt: skip
    return int(conn.execute(insert(_T).values(**row).returning(_T.c.id)).scalar_one())
