"""Response times of a period: all figures of the page, from the one query of ``facts`` and from those who wait now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, bindparam, func, select

from intake.models import User
from intake.models.reports import PartOf
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import calls_made, tallies
from intake.queries.calendar import Calendar
from intake.queries.came_before import CameBefore, came_before
from intake.queries.facts import Asked, values, waiting
from intake.queries.kept_days import STATES, hour_of
from intake.queries.tallies import Known
from intake.rules.bands import Band, Clock, banded, minutes_of
from intake.rules.counting import MISSED, UNREACHED, End, Kept, Kind, Reach, State, Tries
from intake.rules.lanes import lanes
from intake.rules.periods import Period, week_of, weeks
from intake.rules.places import PLACES, TRIES
from intake.rules.shares import Share
from intake.rules.survival import Quantile, Waits, quantile
from intake.rules.tally import Tally

HALF, NINE_TENTHS = 0.5, 0.9
_PARTS = ("kinds", "states", "kept", "wishes", "ends", "bands", "reached", "agreed", *TRIES)
_U = User.__table__.c


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody counted who has not been called: minutes of the asked clock since receipt, and past the target.

    A call under way stops both where it began: with its outcome it becomes the first one.
    """

    id: int
    received_at: datetime
    received_on: date
    is_open_arrival: bool
    source: str
    minutes: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of one set of requests. ``waits`` are in minutes of the asked clock, of all who wanted a quick call.

    ``states`` part the counted ones; ``ends`` and ``bands`` and ``reached`` part them in other ways. ``agreed``: those
    with whom a time was agreed later. ``tries_…``: the counted ones by calls made and by what came of all of them.
    """

    kinds: Mapping[Kind, int] = field(default_factory=dict)
    states: Mapping[State, int] = field(default_factory=dict)
    kept: Mapping[Kept, int] = field(default_factory=dict)
    wishes: Mapping[Kept, int] = field(default_factory=dict)
    ends: Mapping[End, int] = field(default_factory=dict)
    bands: Mapping[Band, int] = field(default_factory=dict)
    reached: Mapping[Reach, int] = field(default_factory=dict)
    agreed: Mapping[Kept, int] = field(default_factory=dict)
    tries_reached: Mapping[Tries, int] = field(default_factory=dict)
    tries_open: Mapping[Tries, int] = field(default_factory=dict)
    tries_never: Mapping[Tries, int] = field(default_factory=dict)
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
    def times_agreed(self) -> Share:
        """Requests of which each time agreed later was kept, of those for which one has passed."""
        return _of(self.agreed.get(Kept.KEPT, 0), self.agreed.get(Kept.BROKEN, 0))

    @property
    def were_reached(self) -> Share:
        """Reached of those counted."""
        missing = sum(self.reached.get(reach, 0) for reach in UNREACHED)
        return _of(self.counted - missing, missing)

    @property
    def unassigned(self) -> Share:
        """Of the seconds that those called had waited, the ones before anybody had taken the request."""
        return Share(min(self.unassigned_seconds, self.called_seconds), self.called_seconds)

    @property
    def half(self) -> Quantile:
        """Half of all were called within."""
        return quantile(self.waits, HALF)

    @property
    def nine_tenths(self) -> Quantile:
        """Nine of ten were called within."""
        return quantile(self.waits, NINE_TENTHS)


@dataclass(frozen=True, slots=True)
class ByPerson:
    """Figures of the requests somebody called first, and how many calls they made in these days on whichever.

    ``calls``: None where a part of the requests is told, as calls are counted without looking at theirs.
    """

    id: int
    name: str
    first: Figures
    calls: int | None


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
    came_before: CameBefore
    weeks: tuple[tuple[Period, Mapping[State, int]], ...]
    hours: Mapping[int, Mapping[State, int]]
    sources: tuple[tuple[str, Figures], ...]
    people: tuple[ByPerson, ...]

    @property
    def called_by_nobody(self) -> int:
        """Requests counted that none of ``people`` called first: with theirs they are all."""
        return self.whole.counted - sum(one.first.counted for one in self.people)


def report(conn: Connection, site: Site, asked: Asked, *, now: datetime) -> Report:
    """Eleven statements at most, and one more for each version of the hours that people wait by. Narrowed to a part,
    kept days are read fifty at a time, for each panel anew.

    They have to be read of one moment (``reading(of_one_moment=True)``), or what ends meanwhile is counted nowhere.
    """
    earlier, wanted = replace(asked, period=asked.period.before()), weeks(asked.period)
    span = Period(min(earlier.period.first_on, wanted[0].first_on), asked.period.last_on)
    known = tallies.known(conn, replace(asked, period=span), now, _today(site, now))
    both = still_waiting(conn, site, replace(asked, period=Period(earlier.period.first_on, asked.period.last_on)), now)
    still, then = (tuple(one for one in both if days.holds(one.received_on)) for days in (asked.period, earlier.period))
    parts = tallies.by_parts(conn, asked, now, tuple(PartOf), known)
    arrived = _arrived(asked, still, parts[PartOf.ARRIVAL])
    by_week, by_hour = _by_time(conn, asked, wanted, now, known)
    return Report(
        asked=asked,
        now=now,
        whole=arrived[None],
        before=_whole(conn, earlier, now, then, known),
        while_open=arrived[True],
        while_closed=arrived[False],
        waiting=still,
        came_before=came_before(conn, asked, now),
        weeks=by_week,
        hours=by_hour,
        sources=_by_source(asked, still, parts[PartOf.SOURCE]),
        people=_by_person(conn, site, asked, parts[PartOf.PERSON]),
    )


def still_waiting(conn: Connection, site: Site, asked: Asked, now: datetime) -> tuple[Waiting, ...]:
    """Everybody counted who waits for a first call, whoever waits longest first."""
    found = []
    version = cache(partial(calendars.version, conn, site))
    for row in conn.execute(waiting(asked.narrowed), values(asked, now)).all():
        passed = _passed(asked.clock, version(row.calendar_id), row.clock_key)
        minutes, is_late = passed(row.received_at, row.until), row.target_at < row.until
        came = (row.received_at, row.received_on, row.is_open_arrival)
        found.append(Waiting(row.id, *came, row.source, minutes, is_late))
    return tuple(sorted(found, key=lambda one: (one.received_at, one.id)))


def _passed(clock: Clock, calendar: Calendar, key: str) -> Callable[[datetime, datetime], int]:
    """Minutes, rounded up, between two instants on this clock."""
    if clock is Clock.ALL:
        return lambda start, end: minutes_of(int((end - start).total_seconds()))
    schedule = calendar.callable_hours(key)
    return lambda start, end: minutes_of(schedule.elapsed(start, end))


Parts = Mapping[Any, Tally]


def _arrived(asked: Asked, still: Sequence[Waiting], told: Parts) -> Mapping[bool | None, Figures]:
    """Of those who came while the office was open, and while it was closed; None: of all."""
    found: dict[bool | None, Figures] = {}
    for is_open in (True, False):
        waits = (one for one in still if one.is_open_arrival is is_open)
        found[is_open] = _figures(told.get(is_open, Tally()), asked.clock, waits)
    found[None] = _figures(_together(told.values()), asked.clock, still)
    return found


def _whole(conn: Connection, asked: Asked, now: datetime, still: Sequence[Waiting], known: Known | None) -> Figures:
    told = tallies.by_parts(conn, asked, now, (PartOf.ARRIVAL,), known)[PartOf.ARRIVAL]
    return _figures(_together(told.values()), asked.clock, still)


def _together(tallied: Iterable[Tally]) -> Tally:
    whole = Tally()
    for one in tallied:
        whole.include(one)
    return whole


def _figures(tally: Tally, clock: Clock, still: Iterable[Waiting] = ()) -> Figures:
    """The waits of those still waiting come from ``still``, since the hours they wait by are not in a row."""
    counters: dict[str, Counter[Any]] = defaultdict(Counter)
    for (name, word), n in zip(PLACES, lanes(tally.counts), strict=False):  # those behind the last lane are none
        if n:
            counters[name][word] = n
    if clock is Clock.ALL and (closed := counters["ends"].pop(End.CLOSED, 0)):
        counters["ends"][End.CALLED] += closed  # to this clock no call is made while it stands still
    counters["bands"] = Counter(banded(tally.called))
    waited = tally.left + Counter(one.minutes for one in still)
    return Figures(
        **{name: counters[name] for name in _PARTS},
        waits=Waits(tally.called, waited, counters["never"].total()),
        booked=counters["booked"].total(),
        unassigned_seconds=tally.unassigned_seconds,
        called_seconds=tally.called_seconds,
    )


ByWeek = tuple[tuple[Period, Mapping[State, int]], ...]


def _by_time(
    conn: Connection, asked: Asked, wanted: Sequence[Period], now: datetime, known: Known | None
) -> tuple[ByWeek, Mapping[int, Mapping[State, int]]]:
    """By the period's weeks and those before, to a quarter of a year at least; the last may not be over.

    And by hour of the week (0: Monday, midnight to 1 am, as the site's clocks show it), of the period alone.
    """
    span = replace(asked, period=Period(wanted[0].first_on, asked.period.last_on))
    by_week: dict[date, int] = defaultdict(int)
    hours = 0
    for day, counts in tallies.by_hour(conn, span, now, known).items():
        by_week[week_of(day)] += counts
        if asked.period.holds(day):
            hours += counts
    by_hour: dict[int, Counter[State]] = defaultdict(Counter)
    for key, n in enumerate(lanes(hours)):
        if n:
            by_hour[hour_of(key)][STATES[key % len(STATES)]] += n
    return tuple((week, _states(lanes(by_week[week.first_on]))) for week in wanted), by_hour


def _states(counts: Sequence[int]) -> Counter[State]:
    numbers = (sum(counts[place :: len(STATES)]) for place in range(len(STATES)))
    return Counter({state: n for state, n in zip(STATES, numbers, strict=True) if n})


def _by_source(asked: Asked, still: Iterable[Waiting], parts: Parts) -> tuple[tuple[str, Figures], ...]:
    """By the page a request came from, those with most requests first."""
    waits: dict[str, list[Waiting]] = defaultdict(list)
    for one in still:
        waits[one.source].append(one)
    found = ((source, _figures(tally, asked.clock, waits[source])) for source, tally in parts.items())
    return tuple(sorted(found, key=lambda one: (-one[1].counted, one[0])))


def by_person(conn: Connection, site: Site, asked: Asked, *, now: datetime) -> tuple[ByPerson, ...]:
    """The report's people alone, by the same counts; likewise of one moment."""
    known = tallies.known(conn, asked, now, _today(site, now))
    parts = tallies.by_parts(conn, asked, now, (PartOf.PERSON,), known)
    return _by_person(conn, site, asked, parts[PartOf.PERSON])


def _by_person(conn: Connection, site: Site, asked: Asked, parts: Parts) -> tuple[ByPerson, ...]:
    """Whoever made a first call or any other, in the order of their names: not a ranking."""
    is_of_all = asked.narrowed in ((), ("person",))
    calls = calls_made.by_person(conn, site, asked) if is_of_all else {}
    people = conn.execute(_named(), {"ids": [*{*parts, *calls}]}).all()
    told = ((one, _figures(parts.get(one.id, Tally()), asked.clock)) for one in people)
    return tuple(ByPerson(one.id, one.name, first, calls.get(one.id, 0) if is_of_all else None) for one, first in told)


@cache
def _named() -> Select[Any]:
    asked = select(_U.id, _U.name).where(_U.id.in_(bindparam("ids", expanding=True)))
    return asked.order_by(func.lower(_U.name), _U.id)


def _today(site: Site, now: datetime) -> date:
    return now.astimezone(ZoneInfo(site.time_zone)).date()


def _of(part: int, rest: int) -> Share:
    return Share(part, part + rest)
