"""The requests behind a figure: the same facts that were counted, a page at a time, and how many they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, and_, bindparam, case, func, not_, or_, select

from intake.models import CallbackRequest, Episode, User
from intake.models.base import Instant
from intake.models.site import Site
from intake.queries.facts import PRESENT, Asked, facts, values
from intake.queries.report import Waiting, still_waiting
from intake.rules.bands import BANDS, Band, Clock, band_of
from intake.rules.counting import APART, MISSED, UNREACHED, End, Kept, Kind, Reach, State
from intake.rules.parts import MARKED, NO_PERSON, NO_SOURCE, Mark, Part
from intake.rules.periods import Period
from intake.rules.workflow import Channel, ClosedReason, ForWhom

PAGE = 50
_C, _E = CallbackRequest.__table__.c, Episode.__table__.c
_FIRST, _OWNER = User.__table__.alias("first_caller"), User.__table__.alias("owner")
_EITHER = ("target_at", "promised_by_at", "first_attempt_at", "reached_at", "attempt_count")
"""Columns of the run itself: of the request, or of its earlier episode."""
_OF = ("public_id", "reference", "source", "language", "for_whom", "channel", "name_encrypted", "phone_encrypted")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(\d{1,17})-(\d{1,18})-(\d{1,5})", re.ASCII)
_LATEST = 253_402_300_799_000_000
Waits = Mapping[Clock, Mapping[int, int]]
"""Minutes so far, by clock, of everybody who waits, by the request's id."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A request, or an earlier episode of it, as it was counted. ``minutes`` of whoever waits: until now.

    ``state`` is told of counted ones only, ``kept`` of those with a promise, ``wish`` of those with a requested time,
    ``agreed`` of those with whom one was agreed later.
    ``number``: PRESENT, or that of the episode. ``name`` and ``phone`` are empty unless asked for.
    """

    id: int
    number: int
    reference: str
    received_at: datetime
    kind: Kind
    state: State
    kept: Kept
    wish: Kept
    agreed: Kept
    reach: Reach
    is_speed: bool
    ends: Mapping[Clock, End]
    minutes: Mapping[Clock, int | None]
    target_at: datetime
    promised_by_at: datetime
    first_attempt_at: datetime | None
    first_by: str
    reached_at: datetime | None
    tries: int
    closed_reason: ClosedReason | None
    owner: str
    source: str
    language: str
    for_whom: ForWhom | None
    channel: Channel
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)

    @property
    def is_earlier(self) -> bool:
        """It was opened again since."""
        return self.number != PRESENT

    @property
    def is_marked_late(self) -> bool:
        """Marked as spam, test or duplicate only after it was due: it counts until a manager agrees that it does not.

        An earlier episode was real enough to be opened again.
        """
        is_marked = self.closed_reason is not None and self.closed_reason.value in MARKED
        return not self.is_earlier and self.kind in (Kind.COUNTED, *APART) and is_marked

    @property
    def place(self) -> str:
        """Where it stands in a list, for an address."""
        return f"{round((self.received_at - _EPOCH) / timedelta(microseconds=1))}-{self.id}-{self.number + 1}"


@dataclass(frozen=True, slots=True)
class Page:
    """Those behind a figure, newest first; ``number``: how many in all; ``older``: where the next page begins."""

    rows: tuple[Fact, ...]
    number: int
    older: str | None = None


def page(
    conn: Connection, site: Site, asked: Asked, part: Part, *, now: datetime, after: str = "", most: int = PAGE
) -> Page:
    """A page of the requests that a figure counted, and their number; a few statements however many they are."""
    asked = replace(asked, period=part.days(asked.period))
    still = still_waiting(conn, site, asked, now)
    fact, of = facts(asked, is_wide=True), values(asked, now)
    meant = and_(True, *conditions(fact, asked, part, still))
    number = int(conn.execute(select(func.count()).select_from(fact).where(meant), of).scalar_one())
    picked = select(fact).where(meant, *_behind(fact, after))
    newest = picked.order_by(fact.c.received_at.desc(), fact.c.id.desc(), fact.c.number.desc()).limit(most + 1)
    rows = _read(conn, site, newest, of, {asked.clock: {one.id: one.minutes for one in still}})
    rows.sort(key=lambda one: (one.received_at, one.id, one.number), reverse=True)
    return Page(tuple(rows[:most]), number, rows[most - 1].place if len(rows) > most else None)


def of_day(
    conn: Connection, site: Site, asked: Asked, day: date, after: Fact | None, *, waits: Waits, now: datetime,
    most: int, with_contact: bool = False,
) -> list[Fact]:  # fmt: skip
    """For a sheet: those of one day of the period behind ``after``, in the order in which they were stored.

    ``with_contact``: with names and numbers.
    """
    asked = replace(asked, period=Period(day, day))
    fact = facts(asked, is_wide=True)
    picked = select(fact)
    if after is not None:
        is_next = and_(fact.c.id == after.id, fact.c.number > after.number)
        picked = picked.where(or_(fact.c.id > after.id, is_next))
    first = picked.order_by(fact.c.id, fact.c.number).limit(most)
    rows = _read(conn, site, first, values(asked, now), waits, with_contact=with_contact)
    return sorted(rows, key=lambda one: (one.id, one.number))


def of_chosen(
    conn: Connection, site: Site, references: Collection[str], *, now: datetime, with_contact: bool = False
) -> list[Fact]:
    """For a sheet of these requests: each, and each earlier episode of it, in the order in which they were stored."""
    found = conn.execute(select(_C.id, _C.received_on).where(_C.reference.in_(references))).all()
    if not found:
        return []
    ids, days = [row.id for row in found], [row.received_on for row in found]
    days += conn.execute(select(_E.received_on).where(_E.callback_id.in_(ids))).scalars()
    asked = Asked(Period(min(days), max(days)))
    fact = facts(asked, is_wide=True)
    picked, waited = select(fact).where(fact.c.id.in_(ids)), waits(conn, site, asked, now)
    rows = _read(conn, site, picked, values(asked, now), waited, with_contact=with_contact)
    return sorted(rows, key=lambda one: (one.id, one.number))


def waits(conn: Connection, site: Site, asked: Asked, now: datetime) -> Waits:
    """How long everybody has waited who waits, by each clock."""
    return {
        clock: {one.id: one.minutes for one in still_waiting(conn, site, replace(asked, clock=clock), now)}
        for clock in Clock
    }


def conditions(fact: Subquery, asked: Asked, part: Part, still: Iterable[Waiting]) -> list[ColumnElement[bool]]:
    """What makes a fact one of this part: for its list and for its number alike."""
    col = fact.c
    found: list[ColumnElement[bool]] = [_is_value(fact, asked, *one) for one in part.values.items() if one[0] in _SAYS]
    if part.kinds:
        found.append(col.kind.in_(part.kinds))
    if "age" in part.values:
        ids = [one.id for one in still if band_of(one.minutes).key in part.values["age"]]
        # Written out: there may be more of them than a statement takes parameters.
        found += [
            col.number == PRESENT,
            col.id.in_(bindparam("age", ids, expanding=True, literal_execute=True, unique=True)),
        ]
    marks: dict[Mark, list[ColumnElement[bool]]] = {
        Mark.MISSED: [col.state.in_([state.value for state in MISSED])],
        Mark.JUDGED: [col.state.in_([state.value for state in (State.MET, *MISSED)])],
        Mark.REACHED: [col.reach.not_in([reach.value for reach in UNREACHED])],
        Mark.PROMISED: [],
        Mark.BOOKED: [col.is_booked],
        Mark.WAITS: [col.is_speed, col.end != End.CLOSED.value],
    }
    return found + [one for mark in sorted(part.marks) for one in marks[mark]]


_SAYS = (
    "state", "kept", "wish", "agreed", "end", "reach", "tries", "band", "arrival", "hour", "source", "beside", "person",
    "marked",
)  # fmt: skip


def _is_value(fact: Subquery, asked: Asked, name: str, values: tuple[str, ...]) -> ColumnElement[bool]:
    col = fact.c
    if name == "band":
        return and_(col.end == End.CALLED.value, or_(*(_in_band(col.minutes, key) for key in values)))
    if name == "arrival":
        return or_(*(col.is_open_arrival.is_(value == "open") for value in values))
    if name in ("source", "beside"):
        one_of = col.source.in_(["" if value == NO_SOURCE else value for value in values])
        return one_of if name == "source" else not_(one_of)
    if name == "hour":
        return col.hour_of_week.in_([int(value) for value in values])
    if name == "person":
        named = col.person.in_([int(value) for value in values if value != NO_PERSON])
        return or_(named, col.person.is_(None)) if NO_PERSON in values else named
    return col["closed_reason" if name == "marked" else name].in_(values)


def _in_band(minutes: ColumnElement[int], key: str) -> ColumnElement[bool]:
    band: Band = next(band for band in BANDS if band.key == key)
    found = [minutes > band.above] if band.above else []
    return and_(True, *found, *([minutes <= band.through] if band.through is not None else []))


def _behind(fact: Subquery, place: str) -> list[ColumnElement[bool]]:
    found = _PLACE.fullmatch(place)
    if not found or int(found[1]) > _LATEST:
        return []
    instant, one, number = _EPOCH + timedelta(microseconds=int(found[1])), int(found[2]), int(found[3]) - 1
    col, at = fact.c, bindparam("at", instant, type_=Instant(), unique=True)
    is_same = and_(col.received_at == at, or_(col.id < one, and_(col.id == one, col.number < number)))
    return [or_(col.received_at < at, is_same)]


def _read(
    conn: Connection,
    site: Site,
    picked: Select[Any],
    of: Mapping[str, Any],
    waits: Waits,
    *,
    with_contact: bool = False,
) -> list[Fact]:
    """The facts that were picked, with what is told of each; in no order."""
    fact = picked.subquery("picked")
    col, is_present = fact.c, fact.c.number == PRESENT
    whole = fact.join(CallbackRequest.__table__, _C.id == col.id)
    whole = whole.outerjoin(Episode.__table__, and_(_E.callback_id == col.id, _E.number == col.number))
    whole = whole.outerjoin(_FIRST, _FIRST.c.id == col.person)
    whole = whole.outerjoin(_OWNER, and_(is_present, _OWNER.c.id == _C.assignee_id))
    asked = select(
        fact, *(case((is_present, _C[name]), else_=_E[name]).label(name) for name in _EITHER),
        *(_C[name].label(f"of_{name}") for name in _OF), _FIRST.c.name.label("first_by"), _OWNER.c.name.label("owner"),
    ).select_from(whole)  # fmt: skip
    return [_fact(site, row, waits, with_contact) for row in conn.execute(asked, of)]


def _fact(site: Site, row: Row[Any], waits: Waits, with_contact: bool) -> Fact:
    ends = {clock: End(getattr(row, f"end_{clock}")) for clock in Clock}
    minutes: dict[Clock, int | None] = {clock: getattr(row, f"minutes_{clock}") for clock in Clock}
    for clock, end in ends.items():
        if end is End.WAITING:
            minutes[clock] = waits.get(clock, {}).get(row.id)
    opened = {name: _opened(site, row, name) for name in ("name", "phone")} if with_contact else {}
    return Fact(
        id=row.id, number=row.number, reference=row.of_reference, received_at=row.received_at,
        kind=Kind(row.kind), state=State(row.state), kept=Kept(row.kept), wish=Kept(row.wish),
        agreed=Kept(row.agreed), reach=Reach(row.reach),
        is_speed=bool(row.is_speed), ends=ends, minutes=minutes, target_at=row.target_at,
        promised_by_at=row.promised_by_at, first_attempt_at=row.first_attempt_at, first_by=row.first_by or "",
        reached_at=row.reached_at, tries=row.attempt_count,
        closed_reason=ClosedReason(row.closed_reason) if row.closed_reason else None, owner=row.owner or "",
        source=row.of_source, language=row.of_language,
        for_whom=ForWhom(row.of_for_whom) if row.of_for_whom else None, channel=Channel(row.of_channel), **opened,
    )  # fmt: skip


def _opened(site: Site, row: Row[Any], name: str) -> str:
    return site.keyring.open(f"callback_request.{name}", row.of_public_id, getattr(row, f"of_{name}_encrypted")) or ""
