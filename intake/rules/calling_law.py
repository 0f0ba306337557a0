"""At which hours a state allows calls: a table that can be edited, as strict as one likes, not wider than federal law.

This is no legal advice. The hours are those for telephone sales, the strictest that may be held to apply; a call that
somebody has asked for is exempt from most of them. Holidays are not in it: close on them. Who runs the service checks
the rows with counsel, corrects them under Settings, and says when they were last checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from typing import Any

from intake.rules.area_codes import STATES
from intake.rules.hours import Day, HoursError, Span
from intake.rules.limits import EARLIEST, LATEST
from intake.rules.typed_hours import read_clock, write_clock

Hours = tuple[int, int] | None
"""Minutes after midnight between which calls are lawful on a day; None is a day without calls."""

FEDERAL: tuple[Hours, ...] = ((EARLIEST, LATEST),) * 7
"""Monday first."""

ALWAYS_LEFT = (12 * 60, 16 * 60)
"""From Monday to Friday no row may take these hours away, so that two states always share some."""

CHECK_AGAIN = timedelta(days=180)
"""A row not checked for longer is warned about."""

LONGEST_SOURCE = 160
"""Characters."""

_WORKDAYS = 5


class LawError(ValueError):
    """A row that cannot be. ``field``: ``state``, ``source``, ``checked_on`` or a weekday, ``day.0`` is Monday."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


@dataclass(frozen=True, slots=True)
class StateHours:
    """One row: the hours of seven days, Monday first; where that is written; when somebody last read it there.

    ``checked_on`` None: nobody has yet. The row holds all the same, being stricter.
    """

    days: tuple[Hours, ...]
    source: str
    checked_on: date | None

    def __post_init__(self) -> None:
        if len(self.days) != len(FEDERAL):
            raise LawError("day.0", "not_a_week")
        for index, hours in enumerate(self.days):
            _check_day(index, hours)
        if not 0 < len(self.source) <= LONGEST_SOURCE:
            raise LawError("source", "missing" if not self.source else "too_long")

    def is_old(self, today: date) -> bool:
        """Nobody has looked, or for so long that it may be wrong by now."""
        return self.checked_on is None or today - self.checked_on > CHECK_AGAIN


def _check_day(index: int, hours: Hours) -> None:
    name = f"day.{index}"
    if hours is None:
        if index < _WORKDAYS:
            raise LawError(name, "too_strict")
        return
    earliest, latest = hours
    if not EARLIEST <= earliest < latest <= LATEST:
        raise LawError(name, "wider" if earliest < latest else "backwards")
    if index < _WORKDAYS and not (earliest <= ALWAYS_LEFT[0] and ALWAYS_LEFT[1] <= latest):
        raise LawError(name, "too_strict")


@dataclass(frozen=True, slots=True)
class CallingLaw:
    """The rows by state, in the order of STATES; a state without one has the federal hours."""

    rows: tuple[tuple[str, StateHours], ...]
    _by_state: Mapping[str, StateHours] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows = tuple(sorted(self.rows))
        if unknown := [state for state, _ in rows if state not in STATES]:
            raise LawError("state", f"unknown {unknown[0]}")
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "_by_state", dict(rows))
        object.__setattr__(self, "_hash", hash(rows))

    def __hash__(self) -> int:
        """Worked out once: it is part of the key under which calling hours are kept."""
        return self._hash

    def row(self, state: str) -> StateHours | None:
        """What holds in one state; None for the federal hours."""
        return self._by_state.get(state)

    def week(self, states: Iterable[str]) -> tuple[Hours, ...]:
        """The hours that are lawful in all of these states, and by federal law."""
        found = (row.days for state in states if (row := self.row(state)))
        return tuple(_strictest(hours) for hours in zip(*chain((FEDERAL,), found), strict=True))

    def with_row(self, state: str, row: StateHours | None) -> CallingLaw:
        """The law with this row for a state; None takes the one we began with, if there is one."""
        row = row or CALLING_LAW.row(state)
        others = tuple(pair for pair in self.rows if pair[0] != state)
        return CallingLaw((*others, (state, row)) if row else others)

    def old(self, today: date) -> tuple[str, ...]:
        """The states whose row nobody has checked for too long."""
        return tuple(state for state, row in self.rows if row.is_old(today))

    def to_document(self) -> dict[str, Any]:
        """What is not as we began, JSON-ready: {"TX": {"days": [["09:00", "21:00"], …, null], "source": …, …}}."""
        return {state: _written(row) for state, row in self.rows if CALLING_LAW.row(state) != row}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> CallingLaw:
        """The inverse, over the rows we began with. Raises LawError for what is wider than the law."""
        if not document:
            return CALLING_LAW
        rows = dict(CALLING_LAW.rows) | {state: _read(row) for state, row in document.items()}
        return cls(tuple(rows.items()))


def spans(week: tuple[Hours, ...]) -> tuple[Day, ...]:
    """The same as opening hours."""
    return tuple((Span(*hours),) if hours else () for hours in week)


def shortest(week: tuple[Hours, ...]) -> int:
    """Minutes of the shortest day on which calls are lawful."""
    return min(latest - earliest for earliest, latest in filter(None, week))


def _strictest(hours: tuple[Hours, ...]) -> Hours:
    found = [each for each in hours if each]
    earliest, latest = max(each[0] for each in found), min(each[1] for each in found)
    return (earliest, latest) if len(found) == len(hours) and earliest < latest else None


def _written(row: StateHours) -> dict[str, Any]:
    days = [[write_clock(minutes) for minutes in hours] if hours else None for hours in row.days]
    return {"days": days, "source": row.source, "checked_on": row.checked_on and row.checked_on.isoformat()}


def _read(row: Mapping[str, Any]) -> StateHours:
    try:
        days = tuple((read_clock("day", day[0]), read_clock("day", day[1])) if day else None for day in row["days"])
    except HoursError as error:
        raise LawError("day.0", "bad_time") from error
    checked_on = row["checked_on"] and date.fromisoformat(row["checked_on"])
    return StateHours(days, row["source"], checked_on)


LOOKED = date(2026, 11, 26)
"""When some of the rows we begin with were read where they are written; the others are from secondary sources."""

_SAME = "same as on other days"


def _row(
    source: str, earliest: int, latest: int, *, saturday: Any = _SAME, sunday: Any = _SAME, read_on: date | None = None
) -> StateHours:
    """Full hours of the day."""
    usual = (earliest, latest)
    days = (*[usual] * _WORKDAYS, *(usual if day is _SAME else day for day in (saturday, sunday)))
    return StateHours(tuple((day[0] * 60, day[1] * 60) if day else None for day in days), source, read_on)


CALLING_LAW = CallingLaw(tuple({
    "AL": _row("Ala. Admin. Code r. 770-X-5-.17", 8, 20, sunday=None, read_on=LOOKED),
    "CT": _row("Conn. Gen. Stat. § 42-288a", 9, 20),
    "FL": _row("Fla. Stat. § 501.616(6)(a)", 8, 20),
    "KY": _row("Ky. Rev. Stat. § 367.46955", 10, 21),
    "LA": _row("La. Rev. Stat. § 45:844.11 ff. and the Do Not Call order of the Public Service Commission", 8, 20,
               sunday=None),
    "MA": _row("Mass. Gen. Laws ch. 159C § 3", 8, 20),
    "MD": _row("Md. Code, Com. Law § 14-4501 ff. (Stop the Spam Calls Act of 2023)", 8, 20),
    "MI": _row("Mich. Comp. Laws § 445.111 ff.", 9, 21),
    "MN": _row("Minn. Stat. § 325E.30", 9, 21),
    "MS": _row("Miss. Code §§ 77-3-603, 77-3-723", 8, 21, sunday=None),
    "NM": _row("N.M. Stat. § 57-12-22", 9, 21),
    "NV": _row("Nev. Rev. Stat. ch. 599B", 9, 20),
    "OK": _row("Okla. Stat. tit. 15 § 775C.4", 8, 20),
    "RI": _row("R.I. Gen. Laws §§ 5-61-2, 5-61-3.6", 9, 18, saturday=(10, 17), sunday=None, read_on=LOOKED),
    "TX": _row("Tex. Bus. & Com. Code § 301.051", 9, 21, sunday=(12, 21)),
    "UT": _row("Utah Code § 13-25a-103(3)", 8, 21, sunday=None, read_on=LOOKED),
    "WA": _row("Wash. Rev. Code § 80.36.390", 8, 20),
}.items()))  # fmt: skip
"""The states known to be stricter than 47 CFR 64.1200(c)(1). To be checked by whoever relies on them."""
