"""The clocks of what is printed: it is read on another day, so each instant says its day, its year and its zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from intake.admin.moments import Clock, Stamp
from intake.wording import times

_NEVER_NEAR = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Paper(Clock):
    """Of what lies in a file for years: as if from far away, where nothing is "today" or "Sat"; to the second."""

    def stamp(self, at: datetime) -> Stamp:
        """A moment, "17 Nov 2026 2:58:04 pm ET"."""
        return Stamp(times.iso(at), times.exact(at, self.zone))


def paper(zone: str) -> Paper:
    """The clock of an office in this zone."""
    return Paper(zone, _NEVER_NEAR)


@dataclass(frozen=True, slots=True)
class Sheet(Clock):
    """Of what the next shift works from: to the minute, with its day. The year stands in the sheet's own date."""

    def stamp(self, at: datetime) -> Stamp:
        """A moment, "Sat 28 Nov 2:52 pm ET"."""
        return Stamp(times.iso(at), times.full(at, self.zone, self.now))

    def dated(self, at: datetime) -> Stamp:
        """What stands over it all, "Sat 28 Nov 2026 2:52 pm ET"."""
        return Stamp(times.iso(at), times.full(at, self.zone))
