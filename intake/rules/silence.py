"""Whether it is too quiet: nothing has come for longer than these hours of the week ever are without a request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from intake.rules.hours import Interval

WEEK = timedelta(weeks=1)
WEEKS = 8
"""So many weeks are compared with."""
LEAST_WEEKS = 4
"""Fewer say nothing about what is usual."""
LEAST_EACH = 3
LEAST_MEAN = 10
"""Each of those weeks had at least three requests in the same stretch, and ten on average. If requests come
independently, none at all has then a chance of e^-10, one in 22,000."""
STUCK_AFTER = timedelta(minutes=10)
"""A worker takes up what is due within seconds: what lies for so long is stuck."""


def same_stretches(first_at: datetime, last_at: datetime, now: datetime) -> tuple[Interval, ...]:
    """The stretch from the last request until now, in each of the weeks before that the record covers whole.

    At most the last week of the silence. Weeks are 168 hours: for one in spring and autumn they are an hour off.
    """
    begin = max(last_at, now - WEEK)
    shifted = ((begin - number * WEEK, now - number * WEEK) for number in range(1, WEEKS + 1))
    return tuple((start, end) for start, end in shifted if start >= first_at)


def is_silent(counts: Sequence[int]) -> bool:
    """``counts``: how many requests came in the same stretch of each week before. Too few weeks: no alarm."""
    if len(counts) < LEAST_WEEKS:
        return False
    return min(counts) >= LEAST_EACH and sum(counts) >= LEAST_MEAN * len(counts)


def is_stuck(due_since: datetime | None, now: datetime) -> bool:
    """``due_since``: when the first message that waits could have gone out."""
    return due_since is not None and now - due_since >= STUCK_AFTER
