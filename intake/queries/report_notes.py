"""What happened on a day and explains its figures, as colleagues noted it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from intake.models import ReportNote, User
from intake.rules.periods import Period

MOST = 200
_N = ReportNote.__table__.c
_U = User.__table__.c


@dataclass(frozen=True, slots=True)
class Note:
    """One of them, and who wrote it."""

    id: int
    noted_on: date
    text: str
    author: str


def notes(conn: Connection, period: Period) -> tuple[Note, ...]:
    """Those of the period that stand, by day; the newest MOST."""
    asked = (
        select(_N.id, _N.noted_on, _N.text, _U.name.label("author"))
        .join_from(ReportNote.__table__, User.__table__, _U.id == _N.created_by_id)
        .where(_N.noted_on.between(period.first_on, period.last_on), _N.removed_at.is_(None))
        .order_by(_N.noted_on.desc(), _N.id.desc())
        .limit(MOST)
    )
    return tuple(Note(row.id, row.noted_on, row.text, row.author) for row in reversed(conn.execute(asked).all()))


def by_day(found: Iterable[Note]) -> dict[date, str]:
    """For the weekly chart: all that was noted on each day, in one line."""
    told: dict[date, list[str]] = {}
    for note in found:
        told.setdefault(note.noted_on, []).append(note.text)
    return {day: " · ".join(texts) for day, texts in told.items()}
