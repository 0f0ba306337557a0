"""Public holidays of the United States as suggestions: a person decides on which of them the office is closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import holidays

_US = "US"
_A_YEAR = timedelta(days=365)
_NEXT_FROM = 10
"""The month from which on the next year is looked at too."""


@lru_cache(maxsize=1)
def states() -> tuple[tuple[str, str], ...]:
    """(code, name) of every state and territory, by name: ("AL", "Alabama")."""
    names = holidays.country_holidays(_US).get_subdivision_aliases()
    return tuple(sorted(((code, next(iter(given), code)) for code, given in names.items()), key=lambda each: each[1]))


@lru_cache(maxsize=128)
def upcoming(state: str, today: date) -> tuple[tuple[date, str], ...]:
    """The federal holidays from ``today`` on for a year, with the state's if one is named, in order.

    Source: the ``holidays`` package. A holiday that is kept on another day is listed on both. Raises ValueError for a
    state that is none.
    """
    if state and state not in dict(states()):
        raise ValueError("no such state")
    found = holidays.country_holidays(_US, subdiv=state or None, years=(today.year, today.year + 1))
    return tuple(sorted((day, name) for day, name in found.items() if today <= day < today + _A_YEAR))


def years_without(stored: Iterable[date], today: date) -> tuple[int, ...]:
    """The years in which no day is stored: this one while a holiday lies ahead in it, and from October on the next."""
    years = [today.year] if any(day.year == today.year for day, _ in upcoming("", today)) else []
    years += [today.year + 1] if today.month >= _NEXT_FROM else []
    known = {day.year for day in stored}
    return tuple(year for year in years if year not in known)
