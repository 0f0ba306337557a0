"""How long until the first call, in the bands that people compare: five minutes, a quarter hour, an hour, a day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Clock(StrEnum):
    """Which time counts: that in which the office is open and may call, or all of it."""

    OPEN = "open"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Band:
    """More than ``above`` and at most ``through`` minutes; the last one has no end."""

    key: str
    above: int
    through: int | None

    def holds(self, minutes: int) -> bool:
        """Whether a wait of so many minutes, rounded up, falls into it. The first also holds no time at all."""
        is_above = minutes > self.above or self.above == 0
        return is_above and (self.through is None or minutes <= self.through)


BANDS = (
    Band("5", 0, 5),
    Band("15", 5, 15),
    Band("60", 15, 60),
    Band("240", 60, 240),
    Band("1440", 240, 1440),
    Band("more", 1440, None),
)
"""Source of the edges: Lead Response Management study (2007), Harvard Business Review (March 2011)."""


def minutes_of(seconds: int) -> int:
    """Rounded up, so that "within 15 minutes" says just that."""
    return -(-seconds // 60)


_ENDS = [band.through for band in BANDS if band.through is not None]


def banded(waits: Mapping[int, int]) -> dict[Band, int]:
    """How many of these waits, told by their minutes, each band holds; those that hold none are left out."""
    minutes = sorted(waits)
    edges = [0, *(bisect_right(minutes, end) for end in _ENDS), len(minutes)]
    spans = zip(BANDS, edges, edges[1:], strict=False)
    told = ((band, sum(map(waits.__getitem__, minutes[first:after]))) for band, first, after in spans)
    return {band: n for band, n in told if n}


def band_of(minutes: int) -> Band:
    """The one band that holds this wait."""
    return next(band for band in BANDS if band.holds(minutes))
