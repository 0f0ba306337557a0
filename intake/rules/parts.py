"""Which requests a figure counted: conditions as an address holds them, ``kind.counted,state.met``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from intake.rules.bands import BANDS
from intake.rules.counting import AGREEING, PROMISED, WAITED, End, Kept, Kind, Reach, State, Tries
from intake.rules.periods import WEEK, Period, week_of

NO_SOURCE = "none"
"""Requests whose page said nothing of where they came from."""
NO_PERSON = "none"
"""Requests that nobody called first."""
CALLS = "calls"
"""What the record names a list of somebody's calls by, which are no part of a report's requests."""
MOST_BESIDE = 12
"""So many pages a report names by themselves; whoever came from none of them is named by all of them."""
LONGEST = 520
"""A dozen times ``beside.``, a code of 32 characters and a comma are 480; what else a figure asks for is 23 at most."""
MARKED = ("spam", "test", "duplicate")
_SOURCE = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)


class Mark(StrEnum):
    """A condition without a value. ``waits``: whose wait for a quick call is told; ``promised``: whose promise is."""

    MISSED = "missed"
    JUDGED = "judged"
    REACHED = "reached"
    PROMISED = "promised"
    BOOKED = "booked"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a report's requests. Values of one field are alternatives; fields and marks hold together.

    ``beside``: whoever came from none of these pages.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: frozenset[Mark] = frozenset()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds it is of; none named: those that the other conditions are told of. Empty: of all."""
        if "kind" in self.values:
            return self.values["kind"]
        if "wish" in self.values:
            return (Kind.WINDOW.value,)
        if "agreed" in self.values:
            return tuple(kind.value for kind in AGREEING)
        if "kept" in self.values or Mark.PROMISED in self.marks:
            return tuple(kind.value for kind in PROMISED)
        if Mark.WAITS in self.marks:
            return tuple(kind.value for kind in WAITED)
        return (Kind.COUNTED.value,) if self.values or self.marks else ()

    def days(self, period: Period) -> Period:
        """The days it is of: a week, as far as it lies before the period's end, or else all of the period."""
        if "week" not in self.values:
            return period
        monday = date.fromisoformat(self.values["week"][0])
        sunday = monday + WEEK - timedelta(days=1)
        return Period(monday, min(sunday, max(period.last_on, monday)))

    @property
    def address(self) -> str:
        """As an address holds it."""
        named = [f"{name}.{value}" for name, values in self.values.items() for value in values]
        return ",".join((*named, *sorted(self.marks)))


def read(of: str) -> Part:
    """What an address asks for. ValueError for what no figure could ever count."""
    if len(of) > LONGEST:
        raise ValueError("too many conditions")
    values: dict[str, tuple[str, ...]] = {}
    marks = set()
    for one in filter(None, of.split(",")):
        name, _, value = one.partition(".")
        if not value:
            marks.add(Mark(name))
        elif name in _FIELDS and _FIELDS[name](value):
            values[name] = tuple(dict.fromkeys((*values.get(name, ()), value)))
        else:
            raise ValueError(f"no figure counts {one[:40]!r}")
    if len(values.get("week", ())) > 1:
        raise ValueError("one week at a time")
    if len(values.get("beside", ())) > MOST_BESIDE:
        raise ValueError("beside a dozen pages at most")
    return Part(values, frozenset(marks))


def _one_of(words: type[StrEnum]) -> Callable[[str], bool]:
    known = {word.value for word in words}
    return lambda value: value in known


def _is_number(value: str, below: int) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 9 and str(int(value)) == value and int(value) < below


def _is_monday(value: str) -> bool:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return False
    return 2000 <= day.year < 2200 and week_of(day) == day and day.isoformat() == value


_FIELDS: Mapping[str, Callable[[str], bool]] = {
    "kind": _one_of(Kind),
    "state": _one_of(State),
    "kept": _one_of(Kept),
    "wish": _one_of(Kept),
    "agreed": _one_of(Kept),
    "end": _one_of(End),
    "reach": _one_of(Reach),
    "tries": _one_of(Tries),
    "band": lambda value: value in {band.key for band in BANDS},
    "age": lambda value: value in {band.key for band in BANDS},
    "arrival": lambda value: value in ("open", "closed"),
    "hour": lambda value: _is_number(value, 7 * 24),
    "week": _is_monday,
    "source": lambda value: bool(_SOURCE.fullmatch(value)),
    "beside": lambda value: bool(_SOURCE.fullmatch(value)),
    "person": lambda value: value == NO_PERSON or _is_number(value, 2**31),
    "marked": lambda value: value in MARKED,
}
