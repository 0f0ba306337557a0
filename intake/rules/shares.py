"""Shares of a whole as they may honestly be told: how many of how many, within which range, and when it is too few."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, hypot, sqrt

FEW_IN_A_SPLIT = 5
"""Below this a part of the whole (a person, a page, a week) gets no figure: it would tell of chance only."""
FEW_FOR_A_TAIL = 20
"""Below this nothing is said of the slowest tenth, which would be one or two people."""
_Z = 1.959963984540054
"""95 % of a normal distribution lie within this many standard deviations."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``whole``. Raises ValueError unless ``0 <= part <= whole``."""

    part: int
    whole: int

    def __post_init__(self) -> None:
        if not 0 <= self.part <= self.whole:
            raise ValueError(f"{self.part} is no part of {self.whole}")

    @property
    def percent(self) -> int | None:
        """Rounded half up; None of nobody. 100 and 0 are told only where it is all or nobody."""
        if not self.whole:
            return None
        rounded = (200 * self.part + self.whole) // (2 * self.whole)
        if self.part == self.whole:
            return 100
        return min(max(rounded, 1 if self.part else 0), 99)

    @property
    def is_few(self) -> bool:
        """Too few for a figure of a split."""
        return self.whole < FEW_IN_A_SPLIT

    def may_equal(self, other: Share) -> bool:
        """What lies between them may be chance: zero is within the 95 % range of their difference. So it is, too, where
        one is of nobody. That both ranges overlap does not say as much: they still do at 15 points between 130 and 130.

        Source: R. G. Newcombe: Interval estimation for the difference between independent proportions, method 10,
        Statistics in Medicine 17 (1998).
        """
        if not self.whole or not other.whole:
            return True
        higher, lower = sorted((self, other), key=lambda one: one.part / one.whole, reverse=True)
        least, most = higher._limits[0], lower._limits[1]
        high, low = higher.part / higher.whole, lower.part / lower.whole
        return high - low <= hypot(high - least, most - low)

    @property
    def interval(self) -> tuple[int, int] | None:
        """The 95 % range in percent, rounded outwards; None of nobody.

        Source: E. B. Wilson: Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
        """
        if not self.whole:
            return None
        low, high = self._limits
        return max(0, floor(100 * low + _ROUNDING)), min(100, ceil(100 * high - _ROUNDING))

    @property
    def _limits(self) -> tuple[float, float]:
        share, n = self.part / self.whole, self.whole
        middle = share + _Z**2 / (2 * n)
        spread = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        size = 1 + _Z**2 / n
        return (middle - spread) / size, (middle + spread) / size
