"""What a report says of one request: whether it counts, what came of it, and how its wait ended (docs/metrics.md)."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Each request is one of these: counted, shown apart as a promise of another kind, or left out with a reason."""

    COUNTED = "counted"
    WINDOW = "window"
    OWN_WORDS = "own_words"
    WITHDRAWN = "withdrawn"
    PREEMPTED = "preempted"
    SPAM = "spam"
    TEST = "test"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    BY_HAND = "by_hand"
    IMPORTED = "imported"


APART = (Kind.WINDOW, Kind.OWN_WORDS)
"""Promises of another kind, with figures of their own."""
LEFT_OUT = (
    Kind.WITHDRAWN, Kind.PREEMPTED, Kind.SPAM, Kind.TEST, Kind.DUPLICATE, Kind.SUPPRESSED, Kind.BY_HAND, Kind.IMPORTED,
)  # fmt: skip
"""Not counted; how many is said beside the figures."""


PROMISED = (Kind.COUNTED, Kind.OWN_WORDS)
"""Who was told a time by which we call."""
WAITED = (Kind.COUNTED, Kind.WITHDRAWN, Kind.PREEMPTED)
"""Whose wait for a quick call is told: of those who took it back, or called us, as far as it went."""


AGREEING = (Kind.COUNTED, Kind.WINDOW, Kind.OWN_WORDS, Kind.WITHDRAWN, Kind.PREEMPTED)
"""Of whom it is told what came of the times agreed with them later: whoever was promised a call."""


class State(StrEnum):
    """A counted request against its target."""

    MET = "met"
    LATE = "late"
    OVERDUE = "overdue"
    UNCALLED = "uncalled"
    CALLED_US = "called_us"
    PENDING = "pending"


MISSED = (State.LATE, State.OVERDUE, State.UNCALLED, State.CALLED_US)
"""Called late, still waiting past the target, ended without a call, or reached only because they called us after it."""


class Kept(StrEnum):
    """A promise (the time told to the visitor, a time they asked for, times agreed later). NONE: before it was due
    they took it back, or called us; or no time was agreed.
    """

    KEPT = "kept"
    BROKEN = "broken"
    PENDING = "pending"
    NONE = "none"


class End(StrEnum):
    """How the wait for a first call ended. CLOSED: a call while the office was closed took no opening time."""

    CALLED = "called"
    CLOSED = "closed"
    LEFT = "left"
    NEVER = "never"
    WAITING = "waiting"


class Reach(StrEnum):
    """By which try somebody was reached."""

    FIRST = "1"
    SECOND = "2"
    THIRD = "3"
    LATER = "4"
    CALLED_US = "called_us"
    TRYING = "trying"
    NOT_CALLED = "not_called"
    NEVER = "never"


UNREACHED = (Reach.TRYING, Reach.NOT_CALLED, Reach.NEVER)
"""Nobody has spoken to them."""


class Tries(StrEnum):
    """So many calls were made to a request, whatever came of them; the last word is of more too."""

    NONE = "0"
    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    FIVE = "5"
    MANY = "6"


def fate(reach: Reach) -> str:
    """What came of all the calls to a request: reached, open (tried still) or never."""
    if reach is Reach.NEVER:
        return "never"
    return "open" if reach in UNREACHED else "reached"
