"""The house's own calling rules: how often a person is called, and at what hours. Never wider than the law's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

EARLIEST, LATEST = 8 * 60, 21 * 60
"""Lawful calling hours everywhere, minutes after midnight where the called party is: 47 CFR 64.1200(c)(1), no call
before 8 am or after 9 pm, local time at the called party's location."""

LONGEST_CALL = timedelta(hours=2)
"""After this a call that was never logged no longer holds the claim, nor counts as a call."""

REMINDED_AFTER = timedelta(minutes=20)
"""So long a call may last before whoever makes it is asked whether it is over and was forgotten."""

SHORTEST = 4 * 60
"""Minutes a day that must be left: what is shorter cannot be reconciled with the law in a country of six zones."""


@dataclass(frozen=True, slots=True)
class CallingRules:
    """``attempts`` tries in all, on ``days`` days, ``daily`` of them in 24 hours, ``gap_minutes`` of open time apart.

    ``earliest`` and ``latest``: minutes after midnight on the clock of the person called. The defaults are the widest
    there are; ``BOUNDS`` says what each may be. ``lease_minutes``: a claim lasts so long without a sign of its holder.
    """

    attempts: int = 6
    days: int = 5
    daily: int = 3
    gap_minutes: int = 120
    earliest: int = EARLIEST
    latest: int = LATEST
    lease_minutes: int = 30

    def most(self, is_once_only: bool) -> int:
        """How many tries there are for somebody who may have asked for one only."""
        return 1 if is_once_only else self.attempts

    def lease_until(self, now: datetime, next_at: datetime | None) -> datetime:
        """When a claim lapses whose holder did something now: counted from the time they wait for, if one is set."""
        return max(now, next_at or now) + timedelta(minutes=self.lease_minutes)


STANDARD = CallingRules()

BOUNDS = {
    "attempts": (1, STANDARD.attempts),
    "days": (1, STANDARD.days),
    "daily": (1, STANDARD.daily),
    "gap_minutes": (STANDARD.gap_minutes, 24 * 60),
    "earliest": (EARLIEST, LATEST - SHORTEST),
    "latest": (EARLIEST + SHORTEST, LATEST),
    "lease_minutes": (5, 240),
}
"""The lowest and highest each rule may be: as strict as one likes, never wider than the default. How long a claim
lasts is the house's own affair."""


def wider(rules: CallingRules) -> list[str]:
    """The names of the rules that are wider than they may be, or leave too little of a day to call in."""
    found = [name for name, (lowest, highest) in BOUNDS.items() if not lowest <= getattr(rules, name) <= highest]
    if not found and rules.latest - rules.earliest < SHORTEST:
        found.append("latest")
    return found
