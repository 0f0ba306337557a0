"""What passed without a call, and when: the target that is measured, and each time that was told to the visitor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    """Which of them passed."""

    TARGET = "target"
    PROMISE = "promise"
    BOTH = "both"
    EARLIER_PROMISE = "earlier_promise"


@dataclass(frozen=True, slots=True)
class Miss:
    """One instant that passed."""

    at: datetime
    what: What


def missed(
    *, target_at: datetime, promised_by_at: datetime, ended_at: datetime, replaced: Iterable[tuple[datetime, datetime]]
) -> tuple[Miss, ...]:
    """In the order of time. ``ended_at``: when the wait was over, by a call, an end, or because it is now.

    ``replaced``: promises that a change of the visitor's took away, each with the instant of the change: it was missed
    only if it had passed by then. At the very instant a call is still in time.
    """
    passed = (promised for promised, changed_at in replaced if promised < min(changed_at, ended_at))
    found = [Miss(promised, What.EARLIER_PROMISE) for promised in passed]
    is_target, is_promise = target_at < ended_at, promised_by_at < ended_at
    if is_target and is_promise and target_at == promised_by_at:
        found.append(Miss(target_at, What.BOTH))
    else:
        found += [Miss(target_at, What.TARGET)] * is_target + [Miss(promised_by_at, What.PROMISE)] * is_promise
    return tuple(sorted(found, key=lambda miss: miss.at))
