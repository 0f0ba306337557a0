"""Two years of made-up requests with their calls, and the figures the service would have written. No real person."""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import accumulate, islice
from typing import Any
from zoneinfo import ZoneInfo

from bench import bulk, crowd
from intake.rules.hours import OpeningHours
from intake.rules.workflow import EFFECTS, Disposition

D = Disposition
WEEKDAYS = (118, 112, 106, 104, 98, 48, 40)
HOURS = tuple(enumerate((4, 3, 2, 2, 2, 3, 8, 20, 48, 68, 74, 70, 58, 62, 66, 64, 60, 52, 42, 36, 34, 28, 18, 9)))
"""How many come on each weekday, and in each hour, against each other."""
SOURCES = (
    ("", 40),
    ("k1", 18),
    ("k2", 12),
    ("k3", 9),
    ("k4", 6),
    ("k5", 5),
    ("k6", 4),
    ("k7", 3),
    ("k8", 2),
    ("k9", 1),
)
CHANNELS = (("web", 90), ("voicemail", 4), ("phone", 4), ("answering_service", 2))
KINDS = (("speed", 90), ("window", 7), ("own_words", 3))
UNCALLED = (
    ("", 905),
    ("preempted", 25),
    ("withdrawn", 25),
    ("spam", 20),
    ("duplicate", 15),
    ("information", 7),
    ("test", 3),
)
ENDINGS = (
    (D.SPOKE_APPOINTMENT, 40), (D.SPOKE_INFORMATION, 30), (D.SPOKE_REFERRED, 12), (D.SPOKE_NOT_NOW, 13),
    (D.DO_NOT_CALL, 1),
)  # fmt: skip
FAILURES = ((D.NO_ANSWER, 48), (D.LEFT_MESSAGE, 30), (D.BUSY, 9), (D.SOMEONE_ELSE, 8), (D.WRONG_NUMBER, 5))
REACHED, TRIES, AGAIN, OFF_HOURS = 0.34, 6, 0.03, 0.08
AGREED = 20
"""With one in so many who are reached a time had been agreed before, and one in nine of these was missed."""
MINUTE, HOUR, DAY = 60, 3600, 86400
_CHUNK = 50_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIGURES = (
    "received_at", "received_on", "hour_of_week", "is_open_arrival", "target_at", "promised_by_at", "promise_kind",
    "closed_at", "closed_reason", "first_attempt_at", "first_attempt_by_id", "reached_at", "open_seconds",
    "all_seconds", "reach_open_seconds", "reach_all_seconds", "unassigned_seconds", "is_met", "is_promise_kept",
    "is_window_kept", "is_wish_kept", "is_agreed_kept", "reach_tries", "waited_open_seconds", "waited_all_seconds",
    "is_preempted", "attempt_count",
)  # fmt: skip
"""What a request and an earlier episode of it both have."""
_INSTANTS = tuple(name.endswith("_at") for name in FIGURES)
OWN = ("id", "public_id", "reference", "link_hash", "idempotency_key", "language", "source", "channel", "for_whom",
       "status", "window_from", "window_until", "is_free_time", "assignee_id", "duplicate_of_id", "reopened_count",
       "due_at", "last_attempt_at", "last_disposition")  # fmt: skip
ATTEMPT = ("id", "callback_id", "episode", "disposition", "is_attempt", "is_reach", "started_at", "logged_at", "by_id",
           "voicemail_rule", "window_from", "window_until")  # fmt: skip


class Opening:
    """Opening time as one running number, so that a wait is a difference."""

    def __init__(self, zone: str, hours: OpeningHours, since: datetime, days: int) -> None:
        pieces = [piece for day in range(days) for piece in islice(hours.pieces(since + timedelta(days=day)), 3)]
        spans = sorted({(round(start.timestamp()), round(end.timestamp())) for start, end in pieces if start > since})
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]
        self.before = [0, *accumulate(end - start for start, end in spans)]
        self.zone = ZoneInfo(zone)

    def passed(self, at: int) -> int:
        """Seconds of opening time until then."""
        place = bisect_right(self.starts, at) - 1
        return self.before[place] + min(at, self.ends[place]) - self.starts[place] if place >= 0 else 0

    def is_open(self, at: int) -> bool:
        """Whether somebody is there."""
        place = bisect_right(self.starts, at) - 1
        return place >= 0 and at < self.ends[place]

    def when(self, passed: int) -> int:
        """The instant at which so much of it has passed."""
        place = bisect_right(self.before, passed) - 1
        return self.starts[place] + passed - self.before[place]


@dataclass(slots=True)
class Run:
    """One run of a request's clock: its figures, and the calls that were made."""

    figures: dict[str, Any]
    calls: list[tuple[Disposition, int]] = field(default_factory=list)


class Story:
    """What becomes of requests until now; the same dice for the same seed."""

    def __init__(self, opening: Opening, now: int, staff: int, seed: int = 7) -> None:
        self.opening, self.now, self.staff = opening, now, staff
        self.dice = random.Random(seed)

    def pick(self, choices: Sequence[tuple[Any, int]]) -> Any:
        """One of them, by weight."""
        table = _table(choices)
        return table[int(self.dice.random() * len(table))]

    def run(self, received: int, kind: str, wish: tuple[int, int] | None) -> Run:
        """From receipt to its end, or to now."""
        opening, dice = self.opening, self.dice
        passed, local = opening.passed(received), _local(received // HOUR * HOUR, self.opening.zone)
        target = opening.when(passed + 15 * MINUTE)
        promised = max(-(-target // (15 * MINUTE)), -(-(received + MINUTE) // (15 * MINUTE))) * 15 * MINUTE
        told = dict.fromkeys(FIGURES)
        told |= {
            "received_at": received, "received_on": local[0], "hour_of_week": local[1],
            "is_open_arrival": opening.is_open(received), "target_at": target, "promised_by_at": promised,
            "promise_kind": kind, "is_preempted": False, "attempt_count": 0,
        }  # fmt: skip
        run = Run(told)
        fate = self.pick(UNCALLED)
        wait = int(min(dice.lognormvariate(6.2, 1.3), 12 * DAY))
        end = opening.when(passed + wait)
        if not told["is_open_arrival"] and dice.random() < OFF_HOURS:
            end = received + wait // 2
        if wish and fate == "":
            end = wish[0] + int(dice.triangular(-20 * MINUTE, 2.4 * HOUR, 40 * MINUTE))
        if end > self.now:
            return run
        if fate == "preempted":
            self._called_us(run, end)
        elif fate:
            self._uncalled(run, fate, end)
        else:
            self._called(run, end, wish)
        return run

    def _waited(self, run: Run, until: int) -> tuple[int, int]:
        received = run.figures["received_at"]
        return self.opening.passed(until) - self.opening.passed(received), until - received

    def _called_us(self, run: Run, at: int) -> None:
        open_seconds, all_seconds = self._waited(run, at)
        run.calls.append((D.INBOUND_REACHED, at))
        run.figures |= {
            "closed_at": at + 9 * MINUTE, "closed_reason": "information", "is_preempted": True, "reached_at": at,
            "reach_tries": 0, "reach_open_seconds": open_seconds, "reach_all_seconds": all_seconds,
            "waited_open_seconds": open_seconds, "waited_all_seconds": all_seconds,
            "is_promise_kept": False if at > run.figures["promised_by_at"] else None,
        }  # fmt: skip

    def _uncalled(self, run: Run, fate: str, at: int) -> None:
        run.figures |= {"closed_at": at, "closed_reason": fate}
        if fate == "withdrawn":
            run.figures["waited_open_seconds"], run.figures["waited_all_seconds"] = self._waited(run, at)

    def _called(self, run: Run, at: int, wish: tuple[int, int] | None) -> None:
        told, dice = run.figures, self.dice
        open_seconds, all_seconds = self._waited(run, at)
        told |= {
            "first_attempt_at": at, "first_attempt_by_id": 1 + int(dice.triangular(0, self.staff, 1)),
            "open_seconds": open_seconds, "all_seconds": all_seconds, "is_met": at <= told["target_at"],
            "is_promise_kept": at <= told["promised_by_at"], "unassigned_seconds": int(all_seconds * dice.random()),
        }  # fmt: skip
        for number in range(1, TRIES + 1):
            told["attempt_count"] = number
            if wish and not told["is_wish_kept"] and at >= wish[0]:
                told["is_wish_kept"] = told["is_window_kept"] = at < wish[1]
            if dice.random() < REACHED:
                self._reached(run, at, number)
                return
            failure = self.pick(FAILURES)
            run.calls.append((failure, at))
            if failure is D.WRONG_NUMBER:
                told |= {"closed_at": at + MINUTE, "closed_reason": "wrong_number"}
                return
            at = self.opening.when(self.opening.passed(at) + int(dice.uniform(2, 14) * HOUR))
            if at > self.now:
                return
        told |= {"closed_at": at, "closed_reason": "unreachable"}

    def _reached(self, run: Run, at: int, number: int) -> None:
        ending = self.pick(ENDINGS)
        open_seconds, all_seconds = self._waited(run, at)
        run.calls.append((ending, at))
        if at % AGREED == 0:
            run.figures["is_agreed_kept"] = at % (9 * AGREED) != 0
        run.figures |= {
            "reached_at": at, "reach_tries": number, "reach_open_seconds": open_seconds,
            "reach_all_seconds": all_seconds, "closed_at": at + 4 * MINUTE,
            "closed_reason": EFFECTS[ending].closed_reason,
        }  # fmt: skip


@cache
def _table(choices: Sequence[tuple[Any, int]]) -> list[Any]:
    return [one for one, weight in choices for _ in range(weight)]


@lru_cache(maxsize=65536)
def _local(hour: int, zone: ZoneInfo) -> tuple[str, int]:
    """The day, and the hour of the week, on the office's wall."""
    wall = datetime.fromtimestamp(hour, zone)
    return wall.date().isoformat(), wall.weekday() * 24 + wall.hour


def arrivals(many: int, opening: Opening, now: int) -> Iterator[int]:
    """So many instants in two years up to now, in order."""
    dice = random.Random(11)
    days = [datetime.fromtimestamp(now, opening.zone).date() - crowd.OVER + timedelta(days=n) for n in range(731)]
    weights = [WEEKDAYS[day.weekday()] * dice.uniform(0.85, 1.15) for day in days]
    found = [_instant(day, opening.zone, dice) for day in dice.choices(days, weights, k=many)]
    return iter(sorted(at if at < now else at - 28 * DAY for at in found))


def _instant(day: date, zone: ZoneInfo, dice: random.Random) -> int:
    return _midnight(day, zone) + dice.choice(_table(HOURS)) * HOUR + int(dice.random() * HOUR)


@lru_cache(maxsize=1024)
def _midnight(day: date, zone: ZoneInfo) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


class History:
    """All requests, with whatever was the case before they were opened again."""

    def __init__(self, sample: dict[str, Any], story: Story) -> None:
        self.story = story
        self.sample = {
            name: value for name, value in sample.items()
            if value is not None and name not in (*FIGURES, *OWN) and not name.endswith(("_encrypted", "_index"))
        }  # fmt: skip
        self.requests: list[list[Any]] = []
        self.episodes: list[list[Any]] = []
        self.attempts: list[list[Any]] = []
        self.made = 0

    def tell(self, number: int, received: int) -> None:
        """One request: its calls, its earlier run if there was one, and how it stands."""
        story = self.story
        kind = story.pick(KINDS)
        start = story.opening.when(story.opening.passed(received) + int(story.dice.uniform(3, 15) * HOUR))
        wish = (start, start + 2 * HOUR) if kind == "window" else None
        run, again = story.run(received, kind, wish), 0
        ended = run.figures["closed_at"]
        if ended and run.figures["closed_reason"] in ("unreachable", "information") and story.dice.random() < AGAIN * 3:
            anew = ended + int(story.dice.uniform(1, 9) * DAY)
            if anew < story.now:
                self._add_calls(number, 0, run, wish)
                self.episodes.append([number, 0, self.sample["calendar_id"], 1, *_plain(run.figures)])
                run, again, wish = story.run(anew, "speed", None), 1, None
        self._add_calls(number, again, run, wish)
        self._add(number, run, wish, kind, again)

    def _add(self, number: int, run: Run, wish: tuple[int, int] | None, kind: str, again: int) -> None:
        story, told = self.story, run.figures
        public_id = f"{number:032x}"
        unique = hashlib.sha256(public_id.encode()).digest()
        reason = told["closed_reason"]
        status = "withdrawn" if reason == "withdrawn" else "closed" if reason else "attempting" if run.calls else "new"
        last = run.calls[-1] if run.calls else (None, None)
        own = (
            number, public_id, crowd.reference_of(number), unique, unique, "es" if unique[2] % 8 == 0 else "en",
            story.pick(SOURCES), story.pick(CHANNELS), ("me", "other", "client", None)[unique[3] % 4], status,
            _at(wish and wish[0]), _at(wish and wish[1]), int(kind == "own_words"), told["first_attempt_by_id"],
            number - 1 - unique[4] % 40 if reason == "duplicate" and number > 50 else None, again,
            _at(told["target_at"]), _at(last[1]), last[0],
        )  # fmt: skip
        self.requests.append([*own, *_plain(told)])

    def _add_calls(self, number: int, episode: int, run: Run, wish: tuple[int, int] | None) -> None:
        window = (_at(wish[0]), _at(wish[1])) if wish else (None, None)
        for disposition, at in run.calls:
            self.made += 1
            effect, by = EFFECTS[disposition], run.figures["first_attempt_by_id"] or 1
            self.attempts.append([
                self.made, number, episode, disposition.value, int(effect.is_attempt), int(effect.is_reach), _at(at),
                _at(at + 3 * MINUTE), by, "none", *window,
            ])  # fmt: skip

    def store(self, conn: Any) -> None:
        """What was told since the last time."""
        constant = [int(value) if isinstance(value, bool) else value for value in self.sample.values()]
        columns = (*OWN, *FIGURES, *self.sample)
        bulk.store(conn, "callback_request", columns, [row + constant for row in self.requests])
        names = ("callback_id", "number", "calendar_id", "is_promised", *FIGURES)
        bulk.store(conn, "episode", names, self.episodes)
        bulk.store(conn, "call_attempt", ATTEMPT, self.attempts)
        self.requests, self.episodes, self.attempts = [], [], []


@lru_cache(maxsize=4096)
def _day(number: int) -> str:
    return f"{(_EPOCH + timedelta(days=number)).date().isoformat()} "


@cache
def _clock() -> list[str]:
    """Every second of a day in words: to look one up takes less than to write it."""
    return [f"{one // HOUR:02}:{one % HOUR // MINUTE:02}:{one % MINUTE:02}.000000" for one in range(DAY)]


def _at(at: int | None) -> str | None:
    """As both databases write it."""
    if at is None:
        return None
    return _day(at // DAY) + _clock()[at % DAY]


def _plain(figures: dict[str, Any]) -> list[Any]:
    return [
        _at(value) if is_instant else int(value) if value is True or value is False else value
        for is_instant, value in zip(_INSTANTS, figures.values(), strict=True)
    ]  # fmt: skip


def fill(sample: dict[str, Any], hours: OpeningHours, many: int, now: datetime) -> None:
    """``many`` requests like ``sample``, a stored row."""
    opening = Opening(hours.zone, hours, now - crowd.OVER - timedelta(days=40), crowd.OVER.days + 120)
    instant = round(now.timestamp())
    history = History(sample, Story(opening, instant, crowd.PEOPLE))
    numbered = enumerate(arrivals(many - 1, opening, instant), start=2)
    with bulk.filling("callback_request", "episode", "call_attempt") as conn:
        while some := list(islice(numbered, _CHUNK)):
            for number, received in some:
                history.tell(number, received)
            history.store(conn)
