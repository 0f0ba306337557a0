"""What became of the requests under "Check": how many of those decided lately were real people, how many in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Label, func, select

from intake.models import CallbackRequest

LATELY = timedelta(days=28)
_C = CallbackRequest.__table__.c


@dataclass(frozen=True, slots=True)
class Rescued:
    """``rescued`` of ``decided`` were taken into the queue after all; the rest ended where they lay.

    ``in_time`` of ``timed`` were decided by their time; older ones had none of their own.
    """

    rescued: int
    decided: int
    in_time: int = 0
    timed: int = 0

    @classmethod
    def read(cls, row: Any) -> Rescued:
        """The columns of ``figures``."""
        return cls(row.rescued, row.decided, row.in_time, row.timed)


def figures(now: datetime, within: timedelta = LATELY) -> list[Label[int]]:
    """What ``Rescued`` holds, counted by the instant of the decision from the index of those decided alone."""
    lately, is_in_time = _C.check_decided_at > now - within, _C.check_decided_at <= _C.check_by_at
    counted = {
        "rescued": select(func.count(_C.rescued_at)),
        "decided": select(func.count()).select_from(CallbackRequest),
        "in_time": select(func.count()).select_from(CallbackRequest).where(is_in_time),
        "timed": select(func.count(_C.check_by_at)),
    }
    return [asked.where(lately).scalar_subquery().label(name) for name, asked in counted.items()]


def rescued(conn: Connection, *, now: datetime, within: timedelta = LATELY) -> Rescued:
    """The figures by themselves."""
    return Rescued.read(conn.execute(select(*figures(now, within))).one())
