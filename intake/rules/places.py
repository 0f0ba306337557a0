"""Where a request of each sort is counted: all numbers of a report but minutes and seconds are one of these places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from intake.rules.counting import AGREEING, PROMISED, End, Kept, Kind, Reach, State, Tries, fate
from intake.rules.lanes import laid
from intake.rules.sorts import sort_of

TRIES = ("tries_reached", "tries_open", "tries_never")
"""How many calls were made to each request, by what came of them."""
_WORDS: Mapping[str, Iterable[Any]] = {
    "kinds": Kind, "states": State, "kept": Kept, "wishes": Kept, "ends": End, "reached": Reach, "booked": (True,),
    "never": (True,), "agreed": Kept, **dict.fromkeys(TRIES, Tries),
}  # fmt: skip
PLACES = tuple((name, word) for name, words in _WORDS.items() for word in words)
"""What is counted, in the order of its lanes (``rules.lanes``). "ends" are those by opening hours."""


@cache
def counted(number: int) -> int:
    """One request of this sort, laid in the lanes of its places."""
    sort = sort_of(number)
    found: list[tuple[str, Any]] = [("kinds", sort.kind)]
    if sort.kind is Kind.WINDOW:
        found.append(("wishes", sort.wish))
    if sort.kind in AGREEING and sort.agreed is not Kept.NONE:
        found.append(("agreed", sort.agreed))
    if sort.kind in PROMISED:
        found.append(("kept", sort.kept))
    if sort.kind is Kind.COUNTED:
        found += [("states", sort.state), ("reached", sort.reach), ("ends", sort.end)]
        found.append((f"tries_{fate(sort.reach)}", sort.tries))
        found += [("booked", True)] if sort.is_booked else []
    if sort.is_wait and sort.end is End.NEVER:
        found.append(("never", True))
    return laid(dict.fromkeys(map(PLACES.index, found), 1))
