"""Days of which the counts are kept, so that a year is not counted again each time somebody looks.

A day is read from here only if nothing it counts was written since: whatever changes an ended request or an earlier
episode leaves a mark in the same transaction (triggers of migration 0019), and a marked day is read from its rows.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from intake.models import CallbackRequest, Episode, ReportDay, ReportMark, ReportPart
from intake.models.reports import PartOf
from intake.queries.facts import Ended, sorts
from intake.rules.bands import Clock
from intake.rules.counting import State
from intake.rules.lanes import unpacked
from intake.rules.periods import Period
from intake.rules.places import PLACES, counted
from intake.rules.sorts import samples
from intake.rules.tally import Tally

_D, _P, _M = ReportDay.__table__.c, ReportPart.__table__.c, ReportMark.__table__.c
STATES = tuple(State)
EDITION = 3
"""Raised when something else is kept of the facts; whatever changes the facts, or where they count, is noticed."""
OFTEN = 3


def hour_key(hour: int, state: State) -> int:
    """As one number."""
    return hour * len(STATES) + STATES.index(state)


def hour_of(key: int) -> int:
    """Of such a number; what is left over is the place of its state in ``STATES``."""
    return key // len(STATES)


def packed_waits(tally: Tally) -> bytes:
    """Minutes and how many waited as long; calls and ends without one are told apart by the last bit.

    Most are found once or twice a day. Those stand as often as they are, after the number of them, since to count them
    takes a fraction of what it takes to add up how many of each there are.
    """
    counts = {minutes << 1: n for minutes, n in tally.called.items()}
    counts |= {minutes << 1 | 1: n for minutes, n in tally.left.items()}
    few = [key for key, n in sorted(counts.items()) if n <= OFTEN for _ in range(n)]
    often = [one for pair in counts.items() if pair[1] > OFTEN for one in pair]
    return array("I", [len(few), *few, *often]).tobytes()


@cache
def definition() -> int:
    """Changes with whatever the counts are made by; days kept by another one are counted again."""
    made = sorts((), Ended.ONLY).select().compile()
    places = (PLACES, [counted(number) for number in samples()])
    told = (EDITION, str(made), sorted(made.params.items(), key=str), places, array("I").itemsize, sys.byteorder)
    return zlib.crc32(repr(told).encode())


def written(of: PartOf, key: Any) -> str:
    """A part's key as it is stored."""
    return str(int(key) if of is not PartOf.SOURCE else key)


def _read(of: PartOf, key: str) -> Any:
    """Likewise back."""
    return key if of is PartOf.SOURCE else bool(int(key)) if of is PartOf.ARRIVAL else int(key)


def fresh(conn: Connection, period: Period, today: date) -> dict[date, bytes]:
    """The days of the period that can be read from here, with their hours. A day is kept when it is over."""
    return {row.received_on: row.hours for row in conn.execute(_fresh("hours"), _within(period, today)).all()}


@cache
def _fresh(*names: str) -> Select[Any]:
    """Put together once, like the others: that takes longer than to ask."""
    is_marked = select(_M.id).where(_M.received_on == _D.received_on).exists()
    days = _D.received_on.between(bindparam("first_on"), bindparam("last_on"))
    is_over = _D.received_on < bindparam("today")
    asked = select(_D.received_on, *(_D[name] for name in names))
    return asked.where(days, is_over, _D.definition == bindparam("made_by"), ~is_marked)


def _within(period: Period, today: date) -> dict[str, Any]:
    return {"first_on": period.first_on, "last_on": period.last_on, "today": today, "made_by": definition()}


def parts(
    conn: Connection, wanted: Collection[PartOf], period: Period, clock: Clock, days: Mapping[date, bytes]
) -> dict[PartOf, dict[Any, Tally]]:
    """What is kept of these days, added up by part."""
    found: dict[str, dict[str, _Gathered]] = {of.value: defaultdict(_Gathered) for of in wanted}
    asked = {"parts": list(found), "first_on": period.first_on, "last_on": period.last_on}
    for of, day, key, *told in conn.execute(_parts(clock), asked).all():
        if day in days:
            found[of][key].add(*told)
    return {of: {_read(of, key): told.tally() for key, told in found[of.value].items()} for of in wanted}


@cache
def _parts(clock: Clock) -> Select[Any]:
    told = (_P.counts, _P[f"waits_{clock}"], _P.unassigned_seconds, _P.called_seconds)
    days = _P.received_on.between(bindparam("first_on"), bindparam("last_on"))
    named = _P.part.in_(bindparam("parts", expanding=True))
    return select(_P.part, _P.received_on, _P.key, *told).where(named, days)


class _Gathered:
    """One part of many days on its way to a tally: laid together first, and read once."""

    def __init__(self) -> None:
        self.counts, self.few, self.often, self.seconds = 0, bytearray(), bytearray(), [0, 0]

    def add(self, counts: bytes, told_waits: bytes, unassigned: int, called: int) -> None:
        size = array("I").itemsize
        after = size + size * int.from_bytes(told_waits[:size], sys.byteorder)
        self.counts += unpacked(counts)
        self.few += told_waits[size:after]
        self.often += told_waits[after:]
        self.seconds[0] += unassigned
        self.seconds[1] += called

    def tally(self) -> Tally:
        few, often = array("I"), array("I")
        few.frombytes(self.few)
        often.frombytes(self.often)
        waits = Counter(few)
        for key, n in zip(often[0::2], often[1::2], strict=True):
            waits[key] += n
        called = Counter({key >> 1: n for key, n in waits.items() if not key & 1})
        left = Counter({key >> 1: n for key, n in waits.items() if key & 1})
        return Tally(self.counts, called, left, *self.seconds)


def due(conn: Connection, today: date, most: int) -> list[date]:
    """Days before ``today`` that are not kept, or not as they are by now, the newest first."""
    firsts = (
        select(func.min(CallbackRequest.__table__.c.received_on)).where(
            CallbackRequest.__table__.c.closed_at.is_not(None)
        ),
        select(func.min(Episode.__table__.c.received_on)),
    )
    first = min((day for one in firsts if (day := conn.execute(one).scalar())), default=today)
    if first >= today:
        return []
    is_kept = set(conn.execute(_fresh(), _within(Period(first, today), today)).scalars())
    days = (today - timedelta(days=number) for number in range(1, (today - first).days + 1))
    return list(islice((day for day in days if day not in is_kept), most))


def version(conn: Connection, day: date) -> int | None:
    """How often the day was counted; None if never."""
    return conn.execute(select(_D.version).where(_D.received_on == day)).scalar()


def marks(conn: Connection, day: date, most: int) -> list[int]:
    """Marks left on the day."""
    return list(conn.execute(select(_M.id).where(_M.received_on == day).limit(most)).scalars())
