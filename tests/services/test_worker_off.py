"""A day without the worker: what was put off, tried, asked for, doubted, feared or claimed is where it belongs.

Everything here was worked out by hand from docs/metrics.md and docs/operating.md; no rule of ours is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from intake.database import reading
from intake.models import OutboxMessage
from intake.models.site import Site
from intake.queries import calendar, next_call, worklist
from intake.queries.rule_versions import RuleKind
from intake.queries.worklist import View
from intake.rules.alerting import AlertRules
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import Disposition
from intake.services import calls, casework, claims, leases, rule_versions, snoozing
from intake.services.calls import Outcome
from tests.making import ask, mails, person
from tests.services.test_alerting import MONDAY, local, look, told

VIEWS = (View.DUE_NOW, View.MINE, View.UNCLAIMED, View.SCHEDULED, View.RETRY, View.SNOOZED, View.CHECK)


@dataclass(frozen=True)
class Hour:
    """What Sam's lists hold in their order, by letter: due now, his, nobody's, at a time asked for, to try again, put
    off, under "Check"; whom "Next call" offers him, what is said to have gone back, and every digest that is written.
    """

    day: int
    hour: int
    minute: int
    lists: tuple[str, str, str, str, str, str, str]
    offered: str = ""
    back: str = ""
    digests: str = ""

    @property
    def at(self) -> datetime:
        return local(self.day, self.hour, self.minute)

    @property
    def is_worker_on(self) -> bool:
        """Off from Tuesday half past twelve for a day."""
        return not local(1, 12, 30) <= self.at < local(2, 12, 30)


# N comes Mon 10 pm, the target is 8:15, called Tue 8:20. W comes Tue 9:00 for 4 to 6 pm, is due 4:30 pm, never called.
# R comes 10:00, no answer at 10:05, to be tried at 3 pm, called 3:50 pm. S comes 11:00, is due 11:15, claimed, at 11:05
# put off to Wed 9 am, called Wed 12:40 pm. C comes 12:00 with two signs, to be decided by 1 pm, genuine at 5 pm, due
# since 12:15 pm. L comes 12:10, is due 12:25 pm, claimed 12:15, left alone, called 3:20 pm. D is feared for at 2 pm,
# called 2:30 pm. A claim lapses after 30 minutes, of what is tried or put off 30 minutes after that time.
TABLE = (
    #    when      due    mine   free   asked retry off check
    Hour(0, 22, 5, ("", "", "N", "", "", "", ""), "N", digests="sam: N on_call"),
    Hour(0, 22, 40, ("", "", "N", "", "", "", ""), "N", digests="mara: N on_call_late; sam: N on_call_late"),
    Hour(1, 8, 12, ("N", "", "N", "", "", "", ""), "N", digests="team: N soon"),
    Hour(1, 8, 35, ("", "", "", "", "", "", "")),
    Hour(1, 10, 30, ("", "R", "W", "W", "R", "", "")),
    Hour(1, 11, 20, ("", "SR", "W", "W", "R", "S", ""), digests="sam: S late"),
    Hour(1, 12, 20, ("L", "SLR", "W", "W", "R", "S", "C"), "L", digests="mara: S escalated; sam: L soon"),
    Hour(1, 13, 5, ("L", "SR", "LW", "W", "R", "S", "C"), "L", back="L"),
    Hour(1, 14, 5, ("DL", "SR", "DLW", "W", "R", "S", "C"), "D"),
    Hour(1, 15, 5, ("LR", "SR", "LW", "W", "R", "S", "C"), "L"),
    Hour(1, 15, 35, ("R", "S", "RW", "W", "R", "S", "C"), "R", back="R"),
    Hour(1, 16, 5, ("", "S", "W", "W", "", "S", "C"), "W"),
    Hour(1, 16, 35, ("W", "S", "W", "W", "", "S", "C"), "W"),
    Hour(1, 17, 5, ("CW", "S", "CW", "W", "", "S", ""), "C"),
    Hour(1, 21, 5, ("CW", "S", "CW", "W", "", "S", "")),
    Hour(2, 8, 30, ("CW", "S", "CW", "W", "", "S", ""), "C"),
    Hour(2, 9, 5, ("SCW", "S", "CW", "W", "", "", ""), "S"),
    Hour(2, 9, 35, ("SCW", "", "SCW", "W", "", "", ""), "S", back="S"),
    Hour(2, 12, 5, ("SCW", "", "SCW", "W", "", "", ""), "S"),
    Hour(2, 12, 30, ("SCW", "", "SCW", "W", "", "", ""), "S",
         digests="mara: S escalated, C escalated, W escalated; team: S late, C late, W late"),
    Hour(2, 12, 50, ("CW", "", "CW", "W", "", "", ""), "C", digests="mara: C escalated, W escalated"),
)  # fmt: skip


class Days:
    """What happens, each at its own instant, and how it stands."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.sam, self.mara = person(site, "Sam", now=MONDAY), person(site, "Mara", "manager", now=MONDAY)
        admin = person(site, "Ada", "admin", now=MONDAY)
        rules = AlertRules(is_on_call=True, on_call=(self.sam.person_id,)).to_document()
        rule_versions.change(site, admin, RuleKind.ALERTS, rules, seen=0, words="", now=MONDAY)
        self.of: dict[str, str] = {}
        self.waiting = sorted(self._events(), key=lambda event: event[0])
        self.digests = 0

    def _events(self) -> list[tuple[datetime, Callable[[datetime], None]]]:
        window = Window(local(1, 16), local(1, 18))
        return [
            (local(0, 22), self._comes("N")), (local(1, 8, 20), self._called("N")),
            (local(1, 9), self._comes("W", window=window)),
            (local(1, 10), self._comes("R")), (local(1, 10, 5), self._not_reached("R", local(1, 15))),
            (local(1, 15, 50), self._called("R")),
            (local(1, 11), self._comes("S")), (local(1, 11, 2), self._claimed("S")),
            (local(1, 11, 5), self._put_off("S", local(2, 9))), (local(2, 12, 40), self._called("S")),
            (local(1, 12), self._comes("C", signals=Signals(honeypot=True, seconds_to_fill=0.3))),
            (local(1, 17), lambda at: casework.rescue(self.site, self.sam, self.of["C"], now=at)),
            (local(1, 12, 10), self._comes("L")), (local(1, 12, 15), self._claimed("L")),
            (local(1, 15, 20), self._called("L")),
            (local(1, 14), self._comes("D", message="I want to die")), (local(1, 14, 30), self._called("D")),
        ]  # fmt: skip

    def _comes(self, letter: str, **more: object) -> Callable[[datetime], None]:
        def happens(at: datetime) -> None:
            self.of[letter] = ask(self.site, at, phone=f"(212) 555-01{ord(letter)}", **more).reference

        return happens

    def _claimed(self, letter: str) -> Callable[[datetime], None]:
        return lambda at: claims.claim(self.site, self.sam, self.of[letter], now=at)

    def _put_off(self, letter: str, until: datetime) -> Callable[[datetime], None]:
        def happens(at: datetime) -> None:
            snoozing.snooze(self.site, self.sam, self.of[letter], until, reason="line is busy", now=at)

        return happens

    def _not_reached(self, letter: str, again: datetime) -> Callable[[datetime], None]:
        return lambda at: self._call(letter, Outcome(Disposition.NO_ANSWER, next_at=again), at)

    def _called(self, letter: str) -> Callable[[datetime], None]:
        return lambda at: self._call(letter, Outcome(Disposition.SPOKE_INFORMATION), at)

    def _call(self, letter: str, outcome: Outcome, at: datetime) -> None:
        claims.start_call(self.site, self.sam, self.of[letter], now=at)
        calls.log_attempt(self.site, self.sam, self.of[letter], outcome, now=at)

    def go_on(self, until: datetime) -> None:
        """Everything up to this instant."""
        while self.waiting and self.waiting[0][0] <= until:
            at, happens = self.waiting.pop(0)
            happens(at)

    def letters(self, references: list[str]) -> str:
        names = {reference: letter for letter, reference in self.of.items()}
        return "".join(names[reference] for reference in references)

    def lists(self, at: datetime) -> tuple[str, ...]:
        soon = timedelta(minutes=5)
        asked = {"user_id": self.sam.person_id, "now": at, "due_soon": soon, "with_contact": False}
        with reading() as conn:
            pages = [worklist.page(conn, self.site, view, **asked) for view in VIEWS]  # type: ignore[arg-type]
        return tuple(self.letters([row.reference for row in page.rows]) for page in pages)

    def offered(self, at: datetime) -> str:
        with reading() as conn:
            in_force = calendar.current(conn, self.site)
            found = next_call.first(conn, self.site, in_force, user_id=self.sam.person_id, now=at)
        return self.letters([found.reference]) if found else ""

    def new_digests(self) -> str:
        names = {f"user:{who.person_id}": name for who, name in ((self.sam, "sam"), (self.mara, "mara"))}
        new, self.digests = told()[self.digests :], len(told())
        words = [
            f"{names.get(to, to)}: {', '.join(f'{self.letters([reference])} {kind}' for reference, kind in items)}"
            for to, items in new
        ]
        return "; ".join(sorted(words))


def test_a_day_without_the_worker_loses_nothing_and_what_was_missed_is_told_as_it_stands(site: Site) -> None:
    days = Days(site)
    for hour in TABLE:
        days.go_on(hour.at)
        back = leases.look_after(site, days.sam, now=hour.at)  # as each of his pages does
        if hour.is_worker_on:
            look(site, hour.at)
        seen = Hour(
            hour.day, hour.hour, hour.minute, days.lists(hour.at), days.offered(hour.at),  # type: ignore[arg-type]
            days.letters([one.reference for one in back]), days.new_digests(),
        )  # fmt: skip
        assert seen == hour
    assert not days.waiting
    new, danger = ("team.new", "team"), ("manager.crisis", "managers")
    assert {letter: mails(reference) for letter, reference in days.of.items()} == {
        **{letter: [new] for letter in "NWRSCL"}, "D": [new, danger],
    }  # fmt: skip
    with reading() as conn:
        o = OutboxMessage.__table__.c
        asked = select(o.available_at).where(o.kind == "team.check_digest")
        assert list(conn.execute(asked).scalars()) == [local(1, 12, 15)]
