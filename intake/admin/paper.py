"""The clock of what is printed: it lies in a file for years, so each instant says its day, its year and its zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from intake.admin.moments import Clock, Stamp
from intake.wording import times

_NEVER_NEAR = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Paper(Clock):
    """Told as if from far away, where nothing is "today" or "Sat"; instants to the second."""

    def stamp(self, at: datetime) -> Stamp:
        """A moment, "17 Nov 2026 2:58:04 pm EST"."""
        return Stamp(times.iso(at), times.exact(at, self.zone))


def paper(zone: str) -> Paper:
    """The clock of an office in this zone."""
    return Paper(zone, _NEVER_NEAR)
