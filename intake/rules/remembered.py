"""Open time worked out ahead, for those who ask about the same days again and again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

from intake.rules.hours import Interval, Schedule, utc


class Remembered(Schedule):
    """Another schedule with its next days worked out once: a promise asks the same few questions of them each time.

    The same pieces as ``inner`` gives for every instant; days are kept as they are asked for, a handful at most.
    """

    __slots__ = ("_days", "inner")
    _AHEAD, _MOST = timedelta(days=16), 8

    def __init__(self, inner: Schedule) -> None:
        self.inner = inner
        self._days: dict[date, tuple[Interval, ...]] = {}

    def pieces(self, after: datetime) -> Iterator[Interval]:
        """See Schedule."""
        after = utc(after)
        day = after.date()
        known = self._days.get(day) or self._remember(day)
        reached = after
        for piece in known:
            if piece[1] > after:
                yield piece
                reached = piece[1]
        for piece in self.inner.pieces(after):
            if piece[1] > reached:
                yield piece

    def _remember(self, day: date) -> tuple[Interval, ...]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        found = tuple(takewhile(lambda piece: piece[0] < midnight + self._AHEAD, self.inner.pieces(midnight)))
        if len(self._days) >= self._MOST:
            self._days = {}
        self._days[day] = found
        return found
