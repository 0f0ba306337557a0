"""Instants as the panel shows them: in the office's zone, and beside it on the clock of the person we call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from intake.rules import calling, promise
from intake.rules.promise import DueState, ResponseTarget
from intake.rules.workflow import Status
from intake.wording import times
from intake.wording.translation import gettext


@dataclass(frozen=True, slots=True)
class Stamp:
    """A ``<time>`` element: for machines, and for people."""

    iso: str
    words: str


@dataclass(frozen=True, slots=True)
class Due:
    """The due column: its colour (``kind``), its shape, its words. ``is_live``: panel.js keeps it current."""

    kind: str
    shape: str
    at: Stamp
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """What it takes to say a time: the office's zone and the instant of the request."""

    zone: str
    now: datetime

    def stamp(self, at: datetime) -> Stamp:
        """A moment, "2:52 pm ET"."""
        return Stamp(times.iso(at), times.moment(at, self.zone, self.now))

    def updated(self) -> Stamp:
        """When this page was made, to the second."""
        local = self.now.astimezone(ZoneInfo(self.zone))
        hour = local.hour % 12 or 12
        half = gettext("am") if local.hour < 12 else gettext("pm")
        words = f"{hour}:{local:%M:%S}{times.NBSP}{half} {times.zone_short(self.zone, self.now)}"
        return Stamp(times.iso(self.now), words)

    def there(self, key: str, at: datetime) -> str:
        """The time of day where the person may be: "1:07 pm CT", "1:07 pm CT or 12:07 pm MT"; "" if nobody knows."""
        clocks = {_clock(zone, at): _offset(zone, at) for zone in calling.zones_of(key)}
        ordered = sorted(clocks, key=lambda words: clocks[words])
        if len(ordered) < 2:
            return "".join(ordered)
        if len(ordered) == 2:
            return gettext("%(one)s or %(other)s", one=ordered[1], other=ordered[0])
        return gettext("%(one)s to %(other)s", one=ordered[0], other=ordered[-1])

    def day_and_time(self, at: datetime) -> str:
        """A time ahead, within a sentence: "today 5:30 pm ET"."""
        return times.day_and_time(at, self.zone, self.now)

    def both(self, at: datetime, key: str) -> str:
        """Likewise on both clocks: "today 5:30 pm ET (4:30 pm CT there)"."""
        here, there = self.day_and_time(at), self.elsewhere(key, at)
        return gettext("%(here)s (%(there)s there)", here=here, there=there) if there else here

    def elsewhere(self, key: str, at: datetime) -> str:
        """Like ``there``, but nothing when their clock is ours."""
        there = self.there(key, at)
        return "" if there == _clock(self.zone, at) else there


def _clock(zone: str, at: datetime) -> str:
    return f"{times.clock(at, zone)} {times.zone_short(zone, at)}"


def _offset(zone: str, at: datetime) -> float:
    offset = at.astimezone(ZoneInfo(zone)).utcoffset()
    return offset.total_seconds() if offset else 0.0


def due(
    clock: Clock, target: ResponseTarget, *, status: Status, due_at: datetime,
    window: tuple[datetime, datetime] | None, closed_at: datetime | None, called_at: datetime | None = None,
) -> Due:  # fmt: skip
    """What the due column says about a request: "Overdue 12 min"."""
    said = due_within(
        clock, target, status=status, due_at=due_at, window=window, closed_at=closed_at, called_at=called_at
    )
    return replace(said, at=replace(said.at, words=times.capitalised(said.at.words)))


def due_within(
    clock: Clock, target: ResponseTarget, *, status: Status, due_at: datetime,
    window: tuple[datetime, datetime] | None, closed_at: datetime | None, called_at: datetime | None = None,
) -> Due:  # fmt: skip
    """Likewise within a sentence: "overdue 12 min", "Fri 8:09 am ET".

    ``called_at``: our last call, since which another number is awaited, if one is.
    """
    if closed_at is not None:
        ended = gettext("ended %(moment)s", moment=times.moment(closed_at, clock.zone, clock.now))
        return Due("good", "done", Stamp(times.iso(closed_at), ended))
    if promise.awaits_a_number(due_at, closed_at):
        since = called_at or clock.now
        words = gettext("waiting since %(moment)s", moment=times.moment(since, clock.zone, clock.now))
        return Due("wait", "wait", Stamp(times.iso(since), words))
    if promise.is_ahead_of_all(due_at):
        known = clock.stamp(promise.on_the_clock(due_at))
        return Due("late", "late", replace(known, words=gettext("at once, since %(moment)s", moment=known.words)))
    state = promise.due_state(due_at, clock.now, target)
    if state is DueState.WAIT and status is Status.CHECK:
        words = gettext("decide by %(moment)s", moment=times.moment(due_at, clock.zone, clock.now))
        return Due("wait", "wait", Stamp(times.iso(due_at), words))
    if state is DueState.WAIT and window is not None and clock.now < window[0] <= due_at:
        words = times.short_window(*window, clock.zone, clock.now)
        return Due("book", "book", Stamp(times.iso(window[0]), words))
    words = times.due_words(due_at, clock.zone, clock.now)
    return Due(state.value, state.value, Stamp(times.iso(due_at), words), is_live=True)
