"""How long until the first call, in the bands that people compare: five minutes, a quarter hour, an hour, a day."""

from __future__ import annotations

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


LATENESS = (Band("15", 0, 15), Band("60", 15, 60), Band("240", 60, 240), Band("more", 240, None))
"""How far past the target somebody waits."""
NOT_LATE = "none"


def minutes_of(seconds: int) -> int:
    """Rounded up, so that "within 15 minutes" says just that."""
    return -(-seconds // 60)


def band_of(minutes: int) -> Band:
    """The one band that holds this wait."""
    return next(band for band in BANDS if band.holds(minutes))


def lateness_of(minutes: int | None) -> str:
    """The key of how late somebody is; NOT_LATE for whoever is not."""
    return NOT_LATE if minutes is None else next(band.key for band in LATENESS if band.holds(minutes))
