"""Whatever says the same of requests is one sort: a number, so that a database can make it and group by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from intake.rules.bands import Clock
from intake.rules.counting import WAITED, End, Kept, Kind, Reach, State, Tries

WORDS: Mapping[str, type[StrEnum]] = {
    "kind": Kind, "state": State, "kept": Kept, "wish": Kept, "end": End, "reach": Reach,
    "agreed": Kept, "tries": Tries,
}  # fmt: skip
FLAGS = ("is_speed", "is_booked")


@dataclass(frozen=True, slots=True)
class Sort:
    """All that a report says of a request besides its minutes. ``end`` is that by opening hours."""

    kind: Kind
    state: State
    kept: Kept
    wish: Kept
    end: End
    reach: Reach
    agreed: Kept
    tries: Tries
    is_speed: bool
    is_booked: bool

    def ends(self, clock: Clock) -> End:
        """How the wait ended by this clock: to the other one, no call is made while it stands still."""
        return End.CALLED if self.end is End.CLOSED and clock is Clock.ALL else self.end

    @property
    def is_wait(self) -> bool:
        """A wait for a quick call."""
        return self.is_speed and self.kind in WAITED

    @property
    def is_called(self) -> bool:
        """Counted, and somebody called."""
        return self.kind is Kind.COUNTED and self.end in (End.CALLED, End.CLOSED)


@cache
def _steps() -> Mapping[str, int]:
    """How much each word moves the number on; those before fit below it."""
    found, step = {}, 1
    for name in (*WORDS, *FLAGS):
        found[name] = step
        step *= len(WORDS[name]) if name in WORDS else 2
    return found


def part_of_number(name: str, value: Any) -> int:
    """What this word, or a flag that is true, adds to the number of a sort."""
    place = list(WORDS[name]).index(value) if name in WORDS else int(value)
    return _steps()[name] * place


KINDS_AND_STATES = len(Kind) * len(State)
"""A sort's number modulo this is the number of one of the same kind and state."""


def samples() -> Iterator[int]:
    """Sorts enough to tell where requests are counted by: each word beside each kind, with all flags and with none."""
    for flags in (0, sum(part_of_number(name, True) for name in FLAGS)):
        for kind in Kind:
            for name, words in WORDS.items():
                if name != "kind":
                    yield from (flags + part_of_number("kind", kind) + part_of_number(name, word) for word in words)


@cache
def sort_of(number: int) -> Sort:
    """The sort of this number."""
    told: dict[str, Any] = {}
    for name, step in _steps().items():
        choices: list[Any] = list(WORDS[name]) if name in WORDS else [False, True]
        told[name] = choices[number // step % len(choices)]
    return Sort(**told)


@cache
def wait_ends(number: int, clock: Clock) -> End | None:
    """How the wait for a quick call ended by this clock, with a call or without one; None of whatever else it is."""
    sort = sort_of(number)
    end = sort.ends(clock)
    return end if sort.is_wait and end in (End.CALLED, End.LEFT) else None
