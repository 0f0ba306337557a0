"""Twenty-four requests whose figures are worked out by hand in docs/metrics.md, told as they happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import update

from intake.database import writing
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.promise import ResponseTarget
from intake.rules.windows import Window
from intake.rules.workflow import Channel, ClosedReason, Disposition
from intake.services import by_hand, calls, casework, claims, counting, duplicates, settings, visitor
from intake.services.calls import Outcome
from tests.making import answers, ask, person, stored
from tests.told_once import told_once

EASTERN = ZoneInfo("America/New_York")
D = Disposition


def at(clock: str, day: int = 18) -> datetime:
    """A time of day in November 2026 on the office's wall; the 18th is a Wednesday."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=EASTERN)


END = at("14:00")
"""When the figures are looked at."""


@dataclass(frozen=True, slots=True)
class Story:
    """The people in it, and the references by their number in docs/metrics.md."""

    maria: Actor
    dev: Actor
    lee: Actor
    references: dict[int, str]


class Teller:
    """Tells what happened to each."""

    def __init__(self, site: Site) -> None:
        self.site = site
        begin = at("8:00", 17)
        self.maria, self.dev = (person(site, name, now=begin) for name in ("Maria", "Dev"))
        self.lee = person(site, "Lee", "manager", now=begin)
        ada = person(site, "Ada", "admin", now=begin)
        settings.change_target(
            site, ada, ResponseTarget(callers_on_duty=500), seen=None, words="many callers", now=begin
        )
        self.references: dict[int, str] = {}

    def ask(self, number: int, clock: str, day: int = 18, **more) -> str:
        """A request of its own number. Sources: ``k3`` unless said otherwise."""
        more = {"phone": f"212-555-{1000 + number}", "name": f"Visitor {number}", "source": "k3"} | more
        self.references[number] = ask(self.site, at(clock, day), **more).reference
        return self.references[number]

    def call(self, number: int, clock: str, what: Disposition, who: Actor | None = None, day: int = 18, **more) -> None:
        """Somebody calls, and says at once what came of it."""
        who, moment = who or self.maria, at(clock, day)
        claims.start_call(self.site, who, self.references[number], override_reason="asked to", now=moment)
        calls.log_attempt(self.site, who, self.references[number], Outcome(what, **more), now=moment)

    def heard(self, number: int, clock: str, **agreed) -> None:
        """They called us, and need no other call unless one was agreed."""
        claims.claim(self.site, self.maria, self.references[number], now=at(clock))
        outcome = Outcome(D.INBOUND_REACHED, is_settled=not agreed, **agreed)
        calls.log_attempt(self.site, self.maria, self.references[number], outcome, now=at(clock))

    def withdraw(self, number: int, clock: str) -> None:
        """The visitor takes it back."""
        row = stored(self.references[number])
        visitor.withdraw(self.site, self.site.keyring.link_token(row.public_id, row.link_version), now=at(clock))

    def close(self, number: int, clock: str, reason: ClosedReason) -> None:
        """Ended without a call."""
        casework.close(self.site, self.maria, self.references[number], reason, now=at(clock))


def tell(site: Site) -> Story:
    """All of it, on a database where nothing was told yet."""
    return told_once("story", site, _tell)


def _tell(site: Site) -> Story:
    """In order of time where one depends on the other."""
    told = Teller(site)
    _called(told)
    _uncalled(told)
    _apart(told)
    return Story(told.maria, told.dev, told.lee, told.references)


def _called(told: Teller) -> None:
    told.ask(1, "10:00")
    told.call(1, "10:04", D.SPOKE_APPOINTMENT)
    told.ask(2, "10:10")
    told.call(2, "10:24", D.NO_ANSWER, told.dev)
    told.call(2, "12:30", D.SPOKE_INFORMATION, told.dev)
    told.ask(3, "10:20", source="w1")
    told.call(3, "10:45", D.WRONG_NUMBER, told.dev)
    told.ask(14, "22:00", 17)
    told.call(14, "8:05", D.SPOKE_INFORMATION)
    told.ask(15, "22:30", 17, source="w1")
    told.call(15, "22:40", D.NO_ANSWER, told.dev, 17)
    told.ask(19, "9:00")
    told.call(19, "9:05", D.SPOKE_REFERRED)
    casework.reopen(told.site, told.lee, told.references[19], now=at("13:00"))
    told.call(19, "13:20", D.BUSY)


def _uncalled(told: Teller) -> None:
    told.ask(4, "10:30")
    told.ask(5, "13:55", language="es")
    told.ask(6, "11:00")
    told.withdraw(6, "11:05")
    told.ask(7, "11:10")
    told.withdraw(7, "11:40")
    told.ask(8, "11:20")
    told.heard(8, "11:25", agreed_from=at("12:00"))
    told.call(8, "12:10", D.SPOKE_REFERRED)
    told.ask(9, "11:30")
    told.heard(9, "12:00")
    told.ask(23, "13:30")
    told.close(23, "13:31", ClosedReason.INFORMATION)


def _apart(told: Teller) -> None:
    told.ask(10, "11:45")
    told.close(10, "11:50", ClosedReason.SPAM)
    told.ask(11, "11:50")
    told.close(11, "12:30", ClosedReason.SPAM)
    told.ask(12, "11:55")
    told.close(12, "12:31", ClosedReason.TEST)
    counting.leave_out(told.site, told.lee, (told.references[12],), now=at("13:00"))
    told.ask(13, "10:40", phone="212-555-1004")
    duplicates.link(told.site, told.maria, told.references[4], told.references[13], now=at("10:41"))
    told.ask(16, "12:00", window=Window(at("13:00"), at("15:00")))
    told.call(16, "13:10", D.SPOKE_CALL_AGAIN, agreed_from=at("10:00", 19))
    told.ask(17, "9:10", window=Window(at("10:00"), at("12:00")))
    told.call(17, "12:20", D.NO_ANSWER)
    told.call(17, "13:00", D.SPOKE_CALL_AGAIN, agreed_from=at("13:20"), agreed_until=at("13:40"))
    told.ask(18, "13:00", is_free_time=True, preferred_note="after work")
    heard = by_hand.Heard(Channel.PHONE, at("13:40"), "a form")
    taken = by_hand.take_down(told.site, told.maria, answers(phone="212-555-1020"), heard, now=at("13:45"))
    told.references[20] = taken.reference
    told.ask(21, "13:50")
    with writing() as conn:
        conn.execute(
            update(CallbackRequest).where(CallbackRequest.reference == told.references[21]).values(is_imported=True)
        )
    told.ask(22, "9:20", phone="212-555-1022")
    told.call(22, "9:25", D.DO_NOT_CALL, is_confirmed=True)
    told.ask(24, "13:56", phone="212-555-1022")
