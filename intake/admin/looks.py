"""Pages opened several times in a row, as one look that says how many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

from intake.wording import times
from intake.wording.translation import gettext

Entry = TypeVar("Entry")
ONE_LOOK = timedelta(minutes=15)
"""Openings of the same page by the same person within this stand in one row."""


def grouped(entries: Iterable[Entry], is_same: Callable[[Entry, Entry], bool]) -> Iterator[list[Entry]]:
    """Entries one by one, newest first; those that are the same look as the newest before them, in one list."""
    held: list[Entry] = []
    for entry in entries:
        if held and not is_same(held[0], entry):
            yield held
            held = []
        held.append(entry)
    if held:
        yield held


def many(count: int, length: timedelta) -> str:
    """Several looks in the words of one: "3 views in 2 min"."""
    seconds = length.total_seconds()
    duration = times.duration(seconds) if seconds >= 60 else gettext("less than a minute")
    return gettext("%(count)s views in %(duration)s", count=count, duration=duration)
