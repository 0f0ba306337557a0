"""Response times of a period: all figures of the page, from the one query of ``facts`` and from those who wait now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection, Row, func, select

from intake.models import User
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries.calendar import Calendar
from intake.queries.facts import Asked, facts, waiting
from intake.rules.bands import Band, Clock, band_of, minutes_of
from intake.rules.counting import MISSED, PROMISED, UNREACHED, WAITED, End, Kept, Kind, Reach, State
from intake.rules.periods import Period, week_of, weeks
from intake.rules.shares import Share
from intake.rules.survival import Quantile, Waits, quantile

HALF, NINE_TENTHS = 0.5, 0.9
_TOLD = ("kind", "is_speed", "is_open_arrival", "state", "kept", "wish", "end", "reach", "is_booked", "minutes")
_PARTS = ("kinds", "states", "kept", "wishes", "ends", "bands", "reached")
_U = User.__table__.c


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody counted who has not been called: minutes of the asked clock since receipt, and past the target."""

    id: int
    received_at: datetime
    is_open_arrival: bool
    minutes: int
    late_minutes: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of one set of requests. ``waits`` are in minutes of the asked clock, of all who wanted a quick call.

    ``states`` part the counted ones; ``ends`` and ``bands`` and ``reached`` part them in other ways.
    """

    kinds: Mapping[Kind, int] = field(default_factory=dict)
    states: Mapping[State, int] = field(default_factory=dict)
    kept: Mapping[Kept, int] = field(default_factory=dict)
    wishes: Mapping[Kept, int] = field(default_factory=dict)
    ends: Mapping[End, int] = field(default_factory=dict)
    bands: Mapping[Band, int] = field(default_factory=dict)
    reached: Mapping[Reach, int] = field(default_factory=dict)
    waits: Waits = field(default_factory=lambda: Waits({}))
    booked: int = 0
    unassigned_seconds: int = 0
    called_seconds: int = 0

    @property
    def counted(self) -> int:
        """Requests counted."""
        return self.kinds.get(Kind.COUNTED, 0)

    @property
    def in_target(self) -> Share:
        """Met of those called or past their target; who is not due yet is not judged."""
        return _of(self.states.get(State.MET, 0), sum(self.states.get(state, 0) for state in MISSED))

    @property
    def promises(self) -> Share:
        """Promises kept of those kept or broken."""
        return _of(self.kept.get(Kept.KEPT, 0), self.kept.get(Kept.BROKEN, 0))

    @property
    def wished(self) -> Share:
        """Requested times kept of those that have passed."""
        return _of(self.wishes.get(Kept.KEPT, 0), self.wishes.get(Kept.BROKEN, 0))

    @property
    def were_reached(self) -> Share:
        """Reached of those counted."""
        missing = sum(self.reached.get(reach, 0) for reach in UNREACHED)
        return _of(self.counted - missing, missing)

    @property
    def half(self) -> Quantile:
        """Half of all were called within."""
        return quantile(self.waits, HALF)

    @property
    def nine_tenths(self) -> Quantile:
        """Nine of ten were called within."""
        return quantile(self.waits, NINE_TENTHS)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page, the export and the mail tell of a period."""

    asked: Asked
    now: datetime
    whole: Figures
    before: Figures
    while_open: Figures
    while_closed: Figures
    waiting: tuple[Waiting, ...]
    weeks: tuple[tuple[Period, Mapping[State, int]], ...]
    hours: Mapping[int, Mapping[State, int]]
    sources: tuple[tuple[str, Figures], ...]
    people: tuple[tuple[int, str, Figures], ...]


def report(conn: Connection, site: Site, asked: Asked, *, now: datetime) -> Report:
    """Eight statements, and one more for each version of the hours that people wait by; whatever the period."""
    still, cells = still_waiting(conn, site, asked, now), _cells(conn, asked, now)
    earlier = replace(asked, period=asked.period.before())
    return Report(
        asked=asked,
        now=now,
        whole=_figures(cells, still),
        before=_figures(_cells(conn, earlier, now), still_waiting(conn, site, earlier, now)),
        while_open=_figures(*_arrived(cells, still, is_open=True)),
        while_closed=_figures(*_arrived(cells, still, is_open=False)),
        waiting=still,
        weeks=_by_week(conn, asked, now),
        hours=_by_hour(conn, asked, now),
        sources=_by_source(conn, asked, now),
        people=_by_person(conn, asked, now),
    )


def still_waiting(conn: Connection, site: Site, asked: Asked, now: datetime) -> tuple[Waiting, ...]:
    """Everybody counted who waits for a first call, whoever waits longest first."""
    found = []
    version = cache(partial(calendars.version, conn, site))
    for row in conn.execute(waiting(asked, now)):
        passed = _passed(asked.clock, version(row.calendar_id), row.clock_key)
        late = passed(row.target_at, now) if row.target_at < now else None
        found.append(Waiting(row.id, row.received_at, row.is_open_arrival, passed(row.received_at, now), late))
    return tuple(sorted(found, key=lambda one: (one.received_at, one.id)))


def _passed(clock: Clock, calendar: Calendar, key: str) -> Callable[[datetime, datetime], int]:
    """Minutes, rounded up, between two instants on this clock."""
    if clock is Clock.ALL:
        return lambda start, end: minutes_of(int((end - start).total_seconds()))
    schedule = calendar.callable_hours(key)
    return lambda start, end: minutes_of(schedule.elapsed(start, end))


def _cells(conn: Connection, asked: Asked, now: datetime, *by: str, only_counted: bool = False) -> Sequence[Any]:
    """The facts, counted wherever they say the same; ``by``: told apart by these columns too."""
    fact = facts(asked, now).c
    columns: list[Any] = [fact[name] for name in (*by, *_TOLD)]
    sums = [func.sum(fact[name]).label(name) for name in ("unassigned_seconds", "all_seconds")]
    cells = select(*columns, func.count().label("n"), *sums)
    if only_counted:
        cells = cells.where(fact.kind == Kind.COUNTED.value)
    return conn.execute(cells.group_by(*columns)).all()


def _arrived(
    cells: Sequence[Row[Any]], still: Iterable[Waiting], *, is_open: bool
) -> tuple[list[Row[Any]], list[Waiting]]:
    return (
        [cell for cell in cells if bool(cell.is_open_arrival) is is_open],
        [one for one in still if one.is_open_arrival is is_open],
    )


def _figures(cells: Iterable[Row[Any]], still: Iterable[Waiting] = ()) -> Figures:
    """Added up. The waits of those still waiting come from ``still``, since the hours they wait by are not in a row."""
    made = _Sum()
    for cell in cells:
        made.add(cell)
    made.waited.update(one.minutes for one in still)
    return made.figures()


@dataclass(slots=True)
class _Sum:
    """Figures on their way."""

    counters: dict[str, Counter[Any]] = field(default_factory=lambda: defaultdict(Counter))
    called: Counter[int] = field(default_factory=Counter)
    waited: Counter[int] = field(default_factory=Counter)
    never: int = 0
    booked: int = 0
    unassigned_seconds: int = 0
    called_seconds: int = 0

    def add(self, cell: Row[Any]) -> None:
        """So many facts that say the same."""
        kind, n = Kind(cell.kind), cell.n
        self.counters["kinds"][kind] += n
        if kind is Kind.WINDOW:
            self.counters["wishes"][Kept(cell.wish)] += n
        if kind in PROMISED:
            self.counters["kept"][Kept(cell.kept)] += n
        if kind is Kind.COUNTED:
            self._count(cell)
        if cell.is_speed and kind in WAITED:
            self._wait(End(cell.end), cell.minutes or 0, n)

    def _count(self, cell: Row[Any]) -> None:
        end, n = End(cell.end), cell.n
        self.counters["states"][State(cell.state)] += n
        self.counters["reached"][Reach(cell.reach)] += n
        self.counters["ends"][end] += n
        self.booked += n if cell.is_booked else 0
        if end is End.CALLED:
            self.counters["bands"][band_of(cell.minutes)] += n
        if end in (End.CALLED, End.CLOSED):
            self.unassigned_seconds += cell.unassigned_seconds or 0
            self.called_seconds += cell.all_seconds or 0

    def _wait(self, end: End, minutes: int, n: int) -> None:
        if end is End.CALLED:
            self.called[minutes] += n
        elif end is End.LEFT:
            self.waited[minutes] += n
        elif end is End.NEVER:
            self.never += n

    def figures(self) -> Figures:
        """As they stand."""
        parts: dict[str, Any] = {name: self.counters[name] for name in _PARTS}
        return Figures(
            **parts,
            waits=Waits(self.called, self.waited, self.never),
            booked=self.booked,
            unassigned_seconds=self.unassigned_seconds,
            called_seconds=self.called_seconds,
        )


def _by_week(conn: Connection, asked: Asked, now: datetime) -> tuple[tuple[Period, Mapping[State, int]], ...]:
    """The period's weeks and those before, to a quarter of a year at least; the last may not be over."""
    wanted = weeks(asked.period)
    span = replace(asked, period=Period(wanted[0].first_on, asked.period.last_on))
    found: dict[date, Counter[State]] = defaultdict(Counter)
    for day, state, n in _counted_by(conn, span, now, "received_on", "state"):
        found[week_of(day)][State(state)] += n
    return tuple((week, found[week.first_on]) for week in wanted)


def _by_hour(conn: Connection, asked: Asked, now: datetime) -> Mapping[int, Mapping[State, int]]:
    """Counted requests by hour of the week (0: Monday, midnight to 1 am, as the site's clocks show it)."""
    found: dict[int, Counter[State]] = defaultdict(Counter)
    for hour, state, n in _counted_by(conn, asked, now, "hour_of_week", "state"):
        found[hour][State(state)] += n
    return found


def _counted_by(conn: Connection, asked: Asked, now: datetime, *by: str) -> Sequence[Any]:
    fact = facts(asked, now).c
    columns: list[Any] = [fact[name] for name in by]
    counted = select(*columns, func.count()).where(fact.kind == Kind.COUNTED.value)
    return conn.execute(counted.group_by(*columns)).all()


def _by_source(conn: Connection, asked: Asked, now: datetime) -> tuple[tuple[str, Figures], ...]:
    """By the page a request came from, those with most requests first."""
    parts = _parted(_cells(conn, asked, now, "source", only_counted=True), "source")
    found = ((source, _figures(cells)) for source, cells in parts.items())
    return tuple(sorted(found, key=lambda one: (-one[1].counted, one[0])))


def _by_person(conn: Connection, asked: Asked, now: datetime) -> tuple[tuple[int, str, Figures], ...]:
    """By whoever made the first call, in the order of their names: not a ranking."""
    parts = _parted(_cells(conn, asked, now, "person", only_counted=True), "person")
    asking = select(_U.id, _U.name).where(_U.id.in_([person for person in parts if person is not None]))
    people = conn.execute(asking.order_by(func.lower(_U.name), _U.id)).all()
    return tuple((one.id, one.name, _figures(parts[one.id])) for one in people)


def _parted(cells: Iterable[Row[Any]], by: str) -> dict[Any, list[Row[Any]]]:
    found: dict[Any, list[Row[Any]]] = defaultdict(list)
    for cell in cells:
        found[getattr(cell, by)].append(cell)
    return found


def _of(part: int, rest: int) -> Share:
    return Share(part, part + rest)
