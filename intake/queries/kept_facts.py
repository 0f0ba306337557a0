"""What is kept of the single requests of a day, so that a part of them is told without reading their rows.

Beside a day's counts stand the facts they were made of, some eight bytes for each request. Nobody is named in them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from intake.models import ReportFacts
from intake.models.reports import PartOf
from intake.queries.facts import FACTS, Asked
from intake.queries.kept_days import hour_key
from intake.rules.bands import Clock
from intake.rules.columns import Columns, packed
from intake.rules.counting import End, Kind
from intake.rules.lanes import laid
from intake.rules.places import counted
from intake.rules.sorts import sort_of, wait_ends
from intake.rules.tally import Tally

AT_ONCE = 50
"""So many days are read together: a longer report takes no more memory."""
COLUMNS: Mapping[PartOf, str] = {
    PartOf.ARRIVAL: "is_open_arrival", PartOf.SOURCE: "source", PartOf.PERSON: "person",
}  # fmt: skip
_WORDS = ("language", "for_whom", "source", "person", "is_open_arrival")
_SECONDS = ("unassigned_seconds", "all_seconds")
_F = ReportFacts.__table__.c


@dataclass(frozen=True, slots=True)
class Facts:
    """As the columns of ``ReportFacts`` hold them."""

    facts: bytes
    seconds: bytes


def of_rows(rows: Iterable[Any]) -> Facts:
    """Rows of ``facts.sorts`` that have ended, all of one day, as they are kept."""
    told = [dict(zip(FACTS, row, strict=True)) for row in rows]
    sorts = [sort_of(one["sort"]) for one in told]
    hours = [hour_key(one["hour_of_week"], sort.state) for one, sort in zip(told, sorts, strict=True)]
    words = {"is_counted": [sort.kind is Kind.COUNTED for sort in sorts]}
    words |= {name: [one[name] for one in told] for name in _WORDS}
    numbers = {"sort": [one["sort"] for one in told], "hour": hours}
    for clock in Clock:
        numbers[f"wait_{clock}"] = [_wait(one["sort"], clock, one[f"minutes_{clock}"]) for one in told]
    return Facts(packed(words, numbers), _seconds(one for one, sort in zip(told, sorts, strict=True) if sort.is_called))


def _seconds(called: Iterable[dict[str, Any]]) -> bytes:
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(_SECONDS))
    for one in called:
        told = sums[tuple(one[name] for name in _WORDS)]
        told[:] = (before + (one[name] or 0) for before, name in zip(told, _SECONDS, strict=True))
    words = {name: [key[place] for key in sums] for place, name in enumerate(_WORDS)}
    return packed(words, {name: [told[place] for told in sums.values()] for place, name in enumerate(_SECONDS)})


def _wait(number: int, clock: Clock, minutes: int | None) -> int:
    """0: not one whose end is told; else its minutes, and how it ended."""
    ended = wait_ends(number, clock)
    return 0 if ended is None else ((minutes or 0) << 1 | (ended is End.LEFT)) + 1


def parts(conn: Connection, of: PartOf, asked: Asked, days: Collection[date]) -> dict[Any, Tally]:
    """What is kept of these days and asked for, added up by part: of pages and people counted ones only."""
    sorts: Counter[tuple[Any, int]] = Counter()
    waits: Counter[tuple[Any, int]] = Counter()
    seconds: tuple[dict[Any, int], ...] = tuple(defaultdict(int) for _ in _SECONDS)
    wanted = _wanted(asked)
    which = wanted if of is PartOf.ARRIVAL else {"is_counted": True, **wanted}
    for day in _each(conn, asked, days, "facts", "seconds"):
        if facts := _narrowed(day.facts, which):
            keys = facts.words(COLUMNS[of])
            sorts.update(zip(keys, facts.numbers("sort"), strict=True))
            waits.update(zip(keys, facts.numbers(f"wait_{asked.clock}"), strict=True))
        if facts and (called := _narrowed(day.seconds, wanted)):
            keys = called.words(COLUMNS[of])
            for sums, name in zip(seconds, _SECONDS, strict=True):
                for key, n in zip(keys, called.numbers(name), strict=True):
                    sums[key] += n
    return _tallies(sorts, waits, seconds)


def _tallies(
    sorts: Counter[tuple[Any, int]], waits: Counter[tuple[Any, int]], seconds: tuple[dict[Any, int], ...]
) -> dict[Any, Tally]:
    found: dict[Any, Tally] = defaultdict(Tally)
    for (key, number), n in sorts.items():
        found[key].counts += n * counted(number)
    for (key, wait), n in waits.items():
        if wait:
            (found[key].left if wait - 1 & 1 else found[key].called)[wait - 1 >> 1] = n
    for key, tally in found.items():
        tally.unassigned_seconds, tally.called_seconds = (sums.get(key, 0) for sums in seconds)
    found.pop(None, None)
    return found


def hours(conn: Connection, asked: Asked, days: Collection[date]) -> Iterator[tuple[date, int]]:
    """Counted ones of each of these days by hour and state, laid in lanes (``kept_days.hour_key``)."""
    which = {"is_counted": True, **_wanted(asked)}
    for day in _each(conn, asked, days, "facts"):
        if facts := _narrowed(day.facts, which):
            yield day.received_on, laid(Counter(facts.numbers("hour")))


def _wanted(asked: Asked) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in asked.narrowed}


def _narrowed(kept: bytes, which: Mapping[str, Any]) -> Columns | None:
    """What matches, if anything does."""
    columns = Columns(kept)
    return columns if columns.narrow(which) else None


def _each(conn: Connection, asked: Asked, days: Collection[date], *names: str) -> Iterator[Row[Any]]:
    each = [day for day in asked.period.each() if day in days]
    for first in range(0, len(each), AT_ONCE):
        some = each[first : first + AT_ONCE]
        for row in conn.execute(_kept(*names), {"first_on": some[0], "last_on": some[-1]}).all():
            if row.received_on in days:
                yield row


@cache
def _kept(*names: str) -> Select[Any]:
    """Put together once: that takes longer than to ask."""
    days = _F.received_on.between(bindparam("first_on"), bindparam("last_on"))
    return select(_F.received_on, *(_F[name] for name in names)).where(days)
