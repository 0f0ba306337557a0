"""Days of the reports are counted once they are over, and again when something of theirs was written since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from intake.database import reading, writing
from intake.models import ReportDay, ReportFacts, ReportMark, ReportPart
from intake.models.base import table_of
from intake.models.reports import PartOf
from intake.models.site import Site
from intake.queries import kept_days, tallies
from intake.queries.tallies import DayTold
from intake.rules.bands import Clock
from intake.rules.lanes import packed

BATCH = 50
"""Days at a time: a year is worked off in minutes and holds up nothing else the worker does."""
MARKS = 1000
_D, _P, _F, _M = (table_of(model) for model in (ReportDay, ReportPart, ReportFacts, ReportMark))


def count_due(site: Site, *, now: datetime, most: int = BATCH) -> int:
    """Count days that are not kept as they are by now, the newest first; how many were."""
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    with reading() as conn:
        due = kept_days.due(conn, today, most)
    for day in due:
        _count(day, now)
    return len(due)


def _count(day: date, now: datetime) -> None:
    """In this order: whoever writes in between leaves a mark that is not among those taken away afterwards.

    Of two workers the one that began later, or ended first, is right; the other one's count is dropped.
    """
    with reading() as conn:
        version = kept_days.version(conn, day)
        marks = kept_days.marks(conn, day, MARKS)
        told = tallies.of_day(conn, day, now)
    with writing() as conn:
        if _is_first(conn, day, version, packed(told.hours)):
            for table in (_P, _F):
                conn.execute(delete(table).where(table.c.received_on == day))
            kept = {"facts": told.facts.facts, "seconds": told.facts.seconds}
            conn.execute(insert(_F).values(received_on=day, **kept))
            if rows := list(_rows(day, told)):
                conn.execute(insert(_P), rows)
            conn.execute(delete(_M).where(_M.c.id.in_(marks)))


def _is_first(conn: Connection, day: date, version: int | None, hours: bytes) -> bool:
    made = {"definition": kept_days.definition(), "hours": hours}
    if version is None:
        added = (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(_D)
        added = added.values(received_on=day, version=1, **made).on_conflict_do_nothing(index_elements=["received_on"])
        return conn.execute(added.returning(_D.c.version)).first() is not None
    same = (_D.c.received_on == day, _D.c.version == version)
    again = update(_D).where(*same).values(version=version + 1, **made)
    return conn.execute(again.returning(_D.c.version)).first() is not None


def _rows(day: date, told: DayTold) -> Iterator[dict[str, Any]]:
    for of in PartOf:
        for key, tally in told.parts[of, Clock.OPEN].items():
            by_clock = {clock: told.parts[of, clock][key] for clock in Clock}
            yield {
                "part": of.value, "received_on": day, "key": kept_days.written(of, key),
                "counts": packed(tally.counts),
                **{f"waits_{clock}": kept_days.packed_waits(one) for clock, one in by_clock.items()},
                "unassigned_seconds": tally.unassigned_seconds, "called_seconds": tally.called_seconds,
            }  # fmt: skip
