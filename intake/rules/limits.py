"""The house's own calling rules: how often a person is called, and at what hours. Never wider than the law's."""

from __future__ import annotations

from dataclasses import dataclass

EARLIEST, LATEST = 8 * 60, 21 * 60
"""Lawful calling hours everywhere, minutes after midnight where the called party is: 47 CFR 64.1200(c)(1), no call
before 8 am or after 9 pm, local time at the called party's location."""

SHORTEST = 4 * 60
"""Minutes a day that must be left: what is shorter cannot be reconciled with the law in a country of six zones."""


@dataclass(frozen=True, slots=True)
class CallingRules:
    """``attempts`` tries in all, on ``days`` days, ``daily`` of them in 24 hours, ``gap_minutes`` of open time apart.

    ``earliest`` and ``latest``: minutes after midnight on the clock of the person called. The defaults are the widest
    there are; ``bounds`` says what each may be.
    """

    attempts: int = 6
    days: int = 5
    daily: int = 3
    gap_minutes: int = 120
    earliest: int = EARLIEST
    latest: int = LATEST

    def most(self, is_once_only: bool) -> int:
        """How many tries there are for somebody who may have asked for one only."""
        return 1 if is_once_only else self.attempts


STANDARD = CallingRules()

BOUNDS = {
    "attempts": (1, STANDARD.attempts),
    "days": (1, STANDARD.days),
    "daily": (1, STANDARD.daily),
    "gap_minutes": (STANDARD.gap_minutes, 24 * 60),
    "earliest": (EARLIEST, LATEST - SHORTEST),
    "latest": (EARLIEST + SHORTEST, LATEST),
}
"""The lowest and highest each rule may be: as strict as one likes, never wider than the default."""


def wider(rules: CallingRules) -> list[str]:
    """The names of the rules that are wider than they may be, or leave too little of a day to call in."""
    found = [name for name, (lowest, highest) in BOUNDS.items() if not lowest <= getattr(rules, name) <= highest]
    if not found and rules.latest - rules.earliest < SHORTEST:
        found.append("latest")
    return found
