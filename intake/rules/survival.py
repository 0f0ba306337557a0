"""Kaplan–Meier: how long people wait for a call, with those who still wait counted and not left out.

Whoever counts only the calls that were made is flattered by everybody nobody called. Here a person still waiting has
been waiting *at least* so long, and one who never got a call waits longer than anybody.

Source: E. L. Kaplan, P. Meier: Nonparametric estimation from incomplete observations, JASA 53 (1958) 457–481.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_ROUNDING = 1e-9
"""A product of many fractions may miss one half by so much, and still is one half."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How many people waited how long, in any one unit of time.

    ``called``: how many were called after exactly so long. ``waiting``: how many had waited so long without a call
    when they were last looked at, or when they took their request back. ``never``: how many were given up uncalled.
    """

    called: Mapping[int, int]
    waiting: Mapping[int, int] = field(default_factory=dict)
    never: int = 0

    @property
    def number(self) -> int:
        """All of them."""
        return sum(self.called.values()) + sum(self.waiting.values()) + self.never


@dataclass(frozen=True, slots=True)
class Quantile:
    """So many were called ``within`` this time; None if the curve does not get there: then it is over ``beyond``."""

    within: int | None
    beyond: int


def quantile(waits: Waits, share: float) -> Quantile:
    """Within what time ``share`` (0 to 1) of all people were called; who is called at the same moment as another is
    looked at still counts as waiting then.

    Raises ValueError for a share outside 0 to 1, and a time below 0.
    """
    if not 0 < share < 1:
        raise ValueError("a share lies between 0 and 1")
    times = sorted({*waits.called, *waits.waiting})
    if times and times[0] < 0:
        raise ValueError("nobody waits less than no time")
    still, surviving = waits.number, 1.0
    for time in times:
        called = waits.called.get(time, 0)
        if called:
            surviving *= 1 - called / still
            if surviving <= 1 - share + _ROUNDING:
                return Quantile(time, time)
        still -= called + waits.waiting.get(time, 0)
    return Quantile(None, times[-1] if times else 0)
