"""What became of the requests under "Check": how many of those decided lately were real people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Label, func, select

from intake.models import CallbackRequest

LATELY = timedelta(days=28)
_C = CallbackRequest.__table__.c


@dataclass(frozen=True, slots=True)
class Rescued:
    """``rescued`` of ``decided`` were taken into the queue after all; the rest ended where they lay."""

    rescued: int
    decided: int


def figures(now: datetime, within: timedelta = LATELY) -> list[Label[int]]:
    """``rescued`` and ``decided``, counted by the instant of the decision from the index of those decided alone."""
    lately = _C.check_decided_at > now - within
    return [
        select(func.count(_C.rescued_at)).where(lately).scalar_subquery().label("rescued"),
        select(func.count()).where(lately).select_from(CallbackRequest).scalar_subquery().label("decided"),
    ]


def rescued(conn: Connection, *, now: datetime, within: timedelta = LATELY) -> Rescued:
    """The figures by themselves."""
    row = conn.execute(select(*figures(now, within))).one()
    return Rescued(row.rescued, row.decided)
