"""Two months of ordinary days for the demo: who asks at which hour, how soon somebody calls, and what comes of it.

Drawn by a seeded generator, so that two demos made at the same minute tell the same. No number exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from intake.cli.demo_stories import CALM, DEV, MARIA, Steps, Story, call, claim, close, does
from intake.rules.spam import Signals
from intake.rules.workflow import ClosedReason, Disposition, ForWhom, Voicemail

DAYS = 60
ENDED_BEFORE = timedelta(days=6)
"""The last days are told by the stories that are written out, which are still open."""

BY_WEEKDAY = (7.5, 6.5, 6.0, 5.5, 5.0, 3.5, 4.0)
"""Requests a day, Monday first: people decide over the weekend and ask on Monday."""
BY_HOUR = (2, 1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 8, 8, 8, 7, 7, 6, 6, 6, 7, 7, 5, 3)
"""How likely each hour of the day is: the late morning, and again in the evening once the house is quiet."""

_D = Disposition
FIRST_CALL = (
    (_D.NO_ANSWER, 34), (_D.SPOKE_APPOINTMENT, 20), (_D.SPOKE_INFORMATION, 13), (_D.LEFT_MESSAGE, 11), (_D.BUSY, 4),
    (_D.SPOKE_REFERRED, 5), (_D.SPOKE_NOT_NOW, 5), (_D.SOMEONE_ELSE, 4), (_D.WRONG_NUMBER, 2), (_D.DO_NOT_CALL, 1),
)  # fmt: skip
LATER_CALL = (
    (_D.NO_ANSWER, 38), (_D.SPOKE_APPOINTMENT, 25), (_D.SPOKE_INFORMATION, 14), (_D.LEFT_MESSAGE, 10),
    (_D.SPOKE_NOT_NOW, 8), (_D.SPOKE_REFERRED, 5),
)  # fmt: skip
TRIED_AGAIN = frozenset({_D.NO_ANSWER, _D.LEFT_MESSAGE, _D.BUSY, _D.SOMEONE_ELSE})
MOST_CALLS = 4

FIRST = (
    "Aaron", "Abigail", "Ahmed", "Alicia", "Amara", "Andre", "Anita", "Ben", "Bianca", "Carlos", "Celia", "Chen",
    "Clara", "Dana", "Darnell", "Elena", "Emeka", "Erin", "Fatima", "Felix", "Gloria", "Hassan", "Ida", "Imani",
    "Ines", "Jack", "Jasmine", "Joel", "Karim", "Kayla", "Laura", "Leo", "Lucia", "Malik", "Marta", "Miguel", "Nadia",
    "Noah", "Nora", "Oscar", "Paula", "Quentin", "Rachel", "Raj", "Rosa", "Ryan", "Samira", "Sean", "Sofia", "Terrence",
    "Uma", "Vera", "Wendell", "Xiomara", "Yusuf", "Zoe",
)  # fmt: skip
LAST = (
    "Abbott", "Acosta", "Baker", "Barros", "Chang", "Cohen", "Delgado", "Dixon", "Ellis", "Espinoza", "Farouk",
    "Fischer", "Garcia", "Grant", "Haines", "Hughes", "Ito", "Jackson", "Khan", "Kelly", "Lawson", "Lopez", "Mendez",
    "Moore", "Nguyen", "Novak", "O'Brien", "Ortega", "Park", "Petrov", "Quinn", "Ramos", "Reyes", "Shah", "Silva",
    "Stone", "Tran", "Turner", "Vargas", "Walsh", "Young", "Zimmer",
)  # fmt: skip
AREAS = ("212", "646", "718", "917", "347", "929", "516", "914", "631", "845", "201", "973", "203", "860", "215", "617")
MESSAGES = (
    "", "", "", "", "", "Please call after work.", "It is about my sister.", "I have asked once before.",
    "Mornings are best.", "Do you take evening appointments?", "I would rather speak with a woman.",
)  # fmt: skip
NOTES: dict[Disposition, tuple[str, ...]] = {
    _D.SPOKE_APPOINTMENT: ("Coming on Tuesday at 9.", "Wants the first free morning.", "A friend will drive."),
    _D.SPOKE_INFORMATION: ("Asked what a first visit is like.", "Asked about cost. Sent the sheet.", ""),
    _D.SPOKE_REFERRED: ("Lives too far away. Gave two places nearby.",),
    _D.SPOKE_NOT_NOW: ("Not ready yet. Knows our number.", ""),
    _D.WRONG_NUMBER: ("A shop answered.",),
    _D.DO_NOT_CALL: ("Asked not to be called again.",),
}
_SOLD = Signals(honeypot=True, seconds_to_fill=0.8, links=2)


def crowd(now: datetime, zone: str) -> tuple[Story, ...]:
    """Some 270 requests of the last 60 days, all but a few of them settled; the same for the same day."""
    today = now.astimezone(ZoneInfo(zone)).date()
    rng = Random(today.toordinal())  # noqa: S311 - invented people, not secrets
    numbers = _numbers(rng)
    return tuple(_story(rng, next(numbers), now - at) for at in _arrivals(rng, today, zone) if at < now - ENDED_BEFORE)


def _arrivals(rng: Random, today: date, zone: str) -> Iterator[datetime]:
    """Instants in the order of time, weekday by weekday and hour by hour as people ask."""
    for before in range(DAYS, 0, -1):
        day = today - timedelta(days=before)
        count = int(BY_WEEKDAY[day.weekday()] + rng.random())
        for hour in sorted(rng.choices(range(24), BY_HOUR, k=count)):
            clock = time(hour, rng.randrange(60), rng.randrange(60))
            yield datetime.combine(day, clock, ZoneInfo(zone))


def _numbers(rng: Random) -> Iterator[str]:
    """Telephone numbers that no telephone has (555-0100 to 0199), each once; those of the written stories left out."""
    free = [f"{area}-555-01{last:02d}" for area in AREAS for last in range(20, 100) if last % 3 != 1]
    rng.shuffle(free)
    yield from free


def _story(rng: Random, number: str, since: timedelta) -> Story:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    if rng.random() < 0.04:
        steps = does("spam", rng.randrange(20, 400), rng.choice((MARIA, DEV)))
        return Story(f"{first} Offers", number, 0, steps, for_whom=None, signals=_SOLD, since=since,
                     message="Reach more customers: www.example.com www.example.net")  # fmt: skip
    voicemail = rng.choices(tuple(Voicemail), (5, 3, 2))[0]
    return Story(
        name=f"{first} {last}" if rng.random() < 0.8 else first,
        phone=number,
        ago=0,
        steps=_course(rng, may_leave_message=voicemail is not Voicemail.NONE),
        voicemail=voicemail,
        for_whom=rng.choices((ForWhom.ME, ForWhom.OTHER, ForWhom.CLIENT, None), (60, 25, 5, 10))[0],
        email=f"{first}.{last}@example.com".lower().replace("'", "") if rng.random() < 0.45 else None,
        message=rng.choice(MESSAGES),
        window=rng.choice((0, 1, -1)) if rng.random() < 0.12 else None,
        signals=Signals(seconds_to_fill=round(rng.uniform(20, 240), 1)) if rng.random() < 0.97 else CALM,
        source=rng.choices(("web", "k3", "k7", ""), (5, 3, 1, 1))[0],
        since=since,
    )


def _course(rng: Random, *, may_leave_message: bool) -> Steps:
    """What becomes of one request: cancelled now and then, mostly called, sometimes late, and called again."""
    if rng.random() < 0.03:
        return does("withdraw", rng.randrange(3, 90))
    wait = int(rng.lognormvariate(2.1, 0.75)) if rng.random() < 0.93 else rng.randrange(60, 500)
    who = rng.choice((MARIA, DEV))
    steps = claim(1 + wait // 2, who) if rng.random() < 0.4 else ()
    after = wait // 2 if steps else wait
    outcome = _D.NO_ANSWER
    for outcome in _outcomes(rng, may_leave_message):
        steps += call(1 + after, who, outcome, rng.choice(NOTES.get(outcome, ("",))), lasts=rng.randrange(2, 19))
        after = rng.randrange(40)
        if rng.random() < 0.5:
            who = MARIA if who == DEV else DEV
    if outcome in TRIED_AGAIN:
        steps += close(rng.randrange(300, 900), steps[-1].who, ClosedReason.UNREACHABLE)
    return steps


def _outcomes(rng: Random, may_leave_message: bool) -> Iterator[Disposition]:
    """One call after another until somebody was reached or nobody tries again."""
    for number in range(MOST_CALLS):
        table = LATER_CALL if number else FIRST_CALL
        outcome = rng.choices([each for each, _ in table], [weight for _, weight in table])[0]
        if outcome is _D.LEFT_MESSAGE and not may_leave_message:
            outcome = _D.NO_ANSWER
        yield outcome
        if outcome not in TRIED_AGAIN:
            return
