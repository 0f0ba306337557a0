"""The requests of a period counted for each of its parts: from days kept counted, and the rest from its rows.

Either way it is the one query of ``facts`` that tells which request is what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, func, literal_column, select

from intake.models.reports import PartOf
from intake.queries import kept_days, kept_facts
from intake.queries.facts import FACTS, Asked, Ended, sorts, values
from intake.queries.kept_facts import COLUMNS, Facts
from intake.rules.bands import Clock
from intake.rules.counting import Kind, State
from intake.rules.lanes import laid, unpacked
from intake.rules.periods import Period
from intake.rules.sorts import KINDS_AND_STATES, sort_of
from intake.rules.tally import Tally

SORT, UNASSIGNED, CALLED = (FACTS.index(name) for name in ("sort", "unassigned_seconds", "all_seconds"))
COUNTED = tuple(name for name in FACTS if name not in ("language", "for_whom"))
"""What is read of rows to be counted at once; in the order of ``FACTS``."""
FEW = 10_000
"""So many rows are read once and counted here; of more the database tells each part's counts."""


@dataclass(frozen=True, slots=True)
class Known:
    """Days that are kept counted, and the rows of everything that is in none of them."""

    days: Mapping[date, bytes]
    rows: Sequence[Any]


def known(conn: Connection, asked: Asked, now: datetime, today: date) -> Known | None:
    """What is known beforehand of these days; None if it is too little."""
    days = kept_days.fresh(conn, asked.period, today)
    missing = [day for day in asked.period.each() if day not in days]
    ended = Ended.SOME if days and missing else Ended.NONE if days else Ended.ALL
    found = conn.execute(_first(FEW + 1, asked.narrowed, ended), values(asked, now, missing)).all()
    rows = [tuple(row) for row in found]  # each is gone through for every panel
    return Known(days, rows) if len(rows) <= FEW else None


@cache
def _first(most: int, narrowed: tuple[str, ...], ended: Ended) -> Select[Any]:
    fact = sorts(narrowed, ended).c
    return select(*(fact[name] for name in COUNTED)).limit(most)


def by_parts(
    conn: Connection, asked: Asked, now: datetime, parts: Collection[PartOf], known: Known | None
) -> dict[PartOf, dict[Any, Tally]]:
    """Requests by part: of pages and people only counted ones, and of people only those somebody called."""
    if known is None:
        return {of: _told(conn, asked, now, of) for of in parts}
    kept = _kept(conn, parts, asked, known.days) if known.days else {}  # to these many the few rows are added
    found: dict[PartOf, dict[Any, Tally]] = {of: defaultdict(Tally, kept.get(of, {})) for of in parts}
    minutes = FACTS.index(f"minutes_{asked.clock}")
    for of, alike in _alike(known.rows, asked.period, parts).items():
        for (key, number), rows in alike.items():
            if is_told(of, key, number):
                columns = ([row[place] or 0 for row in rows] for place in (minutes, UNASSIGNED, CALLED))
                found[of][key].add_all(number, asked.clock, *columns)
    return found


def _told(conn: Connection, asked: Asked, now: datetime, of: PartOf) -> dict[Any, Tally]:
    """As the database counts them."""
    found: dict[Any, Tally] = defaultdict(Tally)
    for key, number, *told in conn.execute(_by_part(asked.clock, of, asked.narrowed), values(asked, now)):
        if is_told(of, key, number):
            found[key].add(number, asked.clock, *told)
    return found


_Alike = dict[tuple[Any, int], list[Any]]


def _alike(rows: Iterable[Any], period: Period, parts: Collection[PartOf]) -> dict[PartOf, _Alike]:
    """Rows of the period by key and sort, for each part: gone through once, since there may be thousands."""
    found: dict[PartOf, _Alike] = {of: defaultdict(list) for of in parts}
    places = [(FACTS.index(COLUMNS[of]), alike) for of, alike in found.items()]
    first, last = period.first_on, period.last_on
    for row in rows:
        if first <= row[0] <= last:
            number = row[SORT]
            for place, alike in places:
                alike[row[place], number].append(row)
    return found


def _kept(
    conn: Connection, parts: Collection[PartOf], asked: Asked, days: Mapping[date, bytes]
) -> dict[PartOf, dict[Any, Tally]]:
    """Everything of a day is kept added up; a part is added up from its facts."""
    if asked.is_filtered:
        return {of: kept_facts.parts(conn, of, asked, days) for of in parts}
    return kept_days.parts(conn, parts, asked.period, asked.clock, days)


def is_told(of: PartOf, key: Any, number: int) -> bool:
    """Whether requests of this sort are told by that part."""
    return key is not None and (of is PartOf.ARRIVAL or sort_of(number).kind is Kind.COUNTED)


@cache
def _by_part(clock: Clock, of: PartOf, narrowed: tuple[str, ...]) -> Select[Any]:
    fact = sorts(narrowed, Ended.ALL).c
    columns = (fact[COLUMNS[of]], fact.sort, fact[f"minutes_{clock}"])
    sums = (func.count(), func.sum(fact.unassigned_seconds), func.sum(fact.all_seconds))
    return select(*columns, *sums).group_by(*columns)


def by_hour(conn: Connection, asked: Asked, now: datetime, known: Known | None) -> dict[date, int]:
    """Counted requests of each day by hour of the week and state, laid in lanes (``kept_days.hour_key``)."""
    if known is None:
        rows: Iterable[Any] = conn.execute(_by_hour(asked.narrowed), values(asked, now))
    else:
        rows = ((row[0], row[1], row[SORT], 1) for row in known.rows if asked.period.holds(row[0]))
    read: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for day, hour, number, n in rows:
        first_lane = _midnight(number)
        if first_lane is not None:
            read[day][first_lane + hour * len(State)] += n
    found: dict[date, int] = defaultdict(int, {day: laid(counts) for day, counts in read.items()})
    if known and asked.is_filtered:
        for day, counts in kept_facts.hours(conn, asked, known.days):
            found[day] += counts
    elif known:
        for day, kept in known.days.items():
            if asked.period.holds(day):
                found[day] += unpacked(kept)
    return found


@cache
def _midnight(number: int) -> int | None:
    """The lane of a counted one of this sort that came in the first hour of the week; None of whatever else it is."""
    sort = sort_of(number)
    return kept_days.hour_key(0, sort.state) if sort.kind is Kind.COUNTED else None


@cache
def _by_hour(narrowed: tuple[str, ...]) -> Select[Any]:
    fact = sorts(narrowed, Ended.ALL).c
    # Written out: PostgreSQL cannot know that two parameters are the same.
    kind_and_state = fact.sort % literal_column(str(KINDS_AND_STATES))
    columns = (fact.received_on, fact.hour_of_week, kind_and_state)
    return select(*columns, func.count()).group_by(*columns)


@dataclass(frozen=True, slots=True)
class DayTold:
    """All that is kept of a day: counted ones by hour and state (``by_hour``), each part's tally by each clock, and
    their facts.
    """

    hours: int
    parts: Mapping[tuple[PartOf, Clock], Mapping[Any, Tally]]
    facts: Facts


def of_day(conn: Connection, day: date, now: datetime) -> DayTold:
    """What ended of those received on it, and its earlier episodes: once, for every part and by both clocks."""
    asked = {clock: Asked(Period(day, day), clock) for clock in Clock}
    rows = conn.execute(sorts((), Ended.ONLY).select(), values(asked[Clock.OPEN], now)).all()
    known = Known({}, rows)
    hours = by_hour(conn, asked[Clock.OPEN], now, known)[day]
    told = {clock: by_parts(conn, one, now, tuple(PartOf), known) for clock, one in asked.items()}
    parts = {(of, clock): tallied for clock, one in told.items() for of, tallied in one.items()}
    return DayTold(hours, parts, kept_facts.of_rows(rows))
