"""Requests counted: what is told of many days, or of many parts, adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from intake.rules.bands import Clock
from intake.rules.counting import End
from intake.rules.places import counted
from intake.rules.sorts import sort_of, wait_ends


@dataclass(slots=True)
class Tally:
    """``counts`` by place (``rules.places``), laid in lanes; minutes until the call, or until the wait ended without
    one, by one clock.
    """

    counts: int = 0
    called: Counter[int] = field(default_factory=Counter)
    left: Counter[int] = field(default_factory=Counter)
    unassigned_seconds: int = 0
    called_seconds: int = 0

    def add(
        self, number: int, clock: Clock, minutes: int | None, n: int, unassigned: int | None, called: int | None
    ) -> None:
        """So many of one sort that waited the same; the seconds are those of all of them."""
        self.counts += n * counted(number)
        ended = wait_ends(number, clock)
        if ended is not None:
            (self.called if ended is End.CALLED else self.left)[minutes or 0] += n
        if sort_of(number).is_called:
            self.unassigned_seconds += unassigned or 0
            self.called_seconds += called or 0

    def add_all(
        self, number: int, clock: Clock, minutes: Sequence[int], unassigned: Sequence[int], called: Sequence[int]
    ) -> None:
        """All of one sort: of each its minutes and the same seconds."""
        self.counts += len(minutes) * counted(number)
        ended = wait_ends(number, clock)
        if ended is not None:
            (self.called if ended is End.CALLED else self.left).update(minutes)
        if sort_of(number).is_called:
            self.unassigned_seconds += sum(unassigned)
            self.called_seconds += sum(called)

    def include(self, other: Tally) -> None:
        """All of another one too."""
        self.counts += other.counts
        self.called.update(other.called)
        self.left.update(other.left)
        self.unassigned_seconds += other.unassigned_seconds
        self.called_seconds += other.called_seconds
