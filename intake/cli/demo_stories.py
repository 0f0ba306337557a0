"""Who asks to be called in the demo and what becomes of it: forty invented people, told as data. No number exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from intake.rules.spam import Signals
from intake.rules.workflow import Channel, ClosedReason, Disposition, ForWhom, Voicemail

MARIA, DEV, MANAGER = "staff@example.com", "dev@example.com", "manager@example.com"
_D, _C, _V = Disposition, ClosedReason, Voicemail
CALM = Signals(seconds_to_fill=48.0)
"""How a person's form arrives."""


@dataclass(frozen=True, slots=True)
class Step:
    """One deed, ``after`` opening minutes after the step before it; a call also waits for the time it is due."""

    verb: str
    after: int
    who: str = ""
    what: Any = None
    note: str = ""


Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One request. ``ago``: opening minutes before now at which it came; ``window``: which of the offered times.

    ``is_by_night``: it came after closing on that day. ``since``: so long before now by the clock, in place of ``ago``.
    ``channel``: how it reached us; what did not come by the form was written down by ``MARIA`` some minutes later.
    """

    name: str
    phone: str
    ago: int
    steps: Steps = ()
    voicemail: Voicemail = _V.NONE
    for_whom: ForWhom | None = ForWhom.ME
    email: str | None = None
    message: str = ""
    window: int | None = None
    time_in_words: str = ""
    signals: Signals = CALM
    source: str = ""
    is_by_night: bool = False
    since: timedelta | None = None
    channel: Channel = Channel.WEB


def claim(after: int, who: str) -> Steps:
    """Take it."""
    return (Step("claim", after, who),)


def ring(after: int, who: str) -> Steps:
    """Press Call, and no outcome yet."""
    return (Step("ring", after, who),)


def call(after: int, who: str, outcome: Disposition, note: str = "", lasts: int = 4) -> Steps:
    """Press Call and log what came of it ``lasts`` minutes later."""
    return (*ring(after, who), Step("outcome", lasts, who, outcome, note))


def close(after: int, who: str, reason: ClosedReason, note: str = "") -> Steps:
    """End it without a call."""
    return (Step("close", after, who, reason, note),)


def does(verb: str, after: int, who: str = "", what: Any = None, note: str = "") -> Steps:
    """Any other deed: note, assign, hand_off, take_over, correct, rescue, spam, reopen, read_time, withdraw, once."""
    return (Step(verb, after, who, what, note),)


_TWO_SIGNS = Signals(honeypot=True, seconds_to_fill=0.7)
_LINKS_AT_ONCE = Signals(seconds_to_fill=0.9, links=3)
_CAREFUL = "Please do not say where you are calling from."

ENDED = (
    Story("Angela Whitfield", "(212) 555-0107", 5900, claim(2, MARIA) + call(3, MARIA, _D.SPOKE_APPOINTMENT,
          "Coming Thursday at 10. Brings her insurance card."), voicemail=_V.SAY_WHO, source="web"),
    Story("Marcus Bell", "718-555-0112", 5600, call(9, DEV, _D.NO_ANSWER) + call(2, DEV, _D.LEFT_MESSAGE)
          + call(5, MARIA, _D.SPOKE_APPOINTMENT, "Third call. Glad we kept trying."), voicemail=_V.NUMBER_ONLY),
    Story("Guadalupe Hernández", "+1 917 555 0119", 5300, claim(1, MARIA)
          + does("note", 1, MARIA, note="Prefers Spanish.")
          + call(2, MARIA, _D.SPOKE_APPOINTMENT, "Spoke Spanish. Appointment on Monday at 2."),
          message="Hablo poco inglés. Gracias.", email="lupe.hernandez@example.com", voicemail=_V.NUMBER_ONLY),
    Story("Tom Okafor", "646.555.0123", 5000, call(12, DEV, _D.SPOKE_INFORMATION, "Asked about visiting hours."),
          for_whom=ForWhom.OTHER, message="It is about my brother. What can our family do?"),
    Story("Priya Raman", "914-555-0131", 4700, call(22, MARIA, _D.SPOKE_INFORMATION, "Asked which insurance we take."),
          email="priya.raman@example.com", source="k3"),
    Story("Caroline Stead", "(516) 555-0138", 4400, call(7, DEV, _D.SPOKE_REFERRED, "Needs a place near Albany."),
          for_whom=ForWhom.CLIENT, message="I am a social worker calling for a client."),
    Story("Jamal Whitaker", "201-555-0142", 4200, call(14, MARIA, _D.SPOKE_NOT_NOW, "Wants to think it over.")),
    Story("Ellen Fitzgerald", "973 555 0149", 4000, call(10, DEV, _D.WRONG_NUMBER, "A bakery answered.")),
    Story("Kevin Lindqvist", "203-555-0153", 3900, call(8, MARIA, _D.NO_ANSWER) + call(4, DEV, _D.NO_ANSWER)
          + does("outcome", 30, DEV, _D.UNREACHABLE, "Two tries, no machine. He has our number."), is_by_night=True),
    Story("Deborah Nash", "617-555-0158", 3600, call(6, DEV, _D.DO_NOT_CALL, "Asked us firmly never to call again.")),
    Story("Sam Tillery", "215-555-0164", 3400, claim(3, MARIA)
          + call(1, MARIA, _D.SPOKE_INFORMATION, "Sent a checklist."),
          for_whom=None),
    Story("Sam Tillery", "215 555 0164", 3395, close(20, MARIA, _C.DUPLICATE, "The same person, from two tabs."),
          for_whom=None),
    Story("Best Web Traffic", "305-555-0170", 3100, does("spam", 40, MARIA), signals=_LINKS_AT_ONCE, for_whom=None,
          message="First page in search! www.example.com www.example.net www.example.org"),
    Story("Test Test", "212-555-0100", 2900, close(5, MANAGER, _C.TEST, "Our own, after the website change."),
          for_whom=None),
    Story("Joan Baptiste", "718-555-0178", 2650, claim(3, MARIA) + call(5, MARIA, _D.NO_ANSWER)
          + does("correct", 2, MARIA, _D.SPOKE_APPOINTMENT, "Pressed the wrong key: we did speak."),
          channel=Channel.VOICEMAIL),
    Story("Harold Munro", "914-555-0179", 2550, claim(6, DEV)
          + does("hand_off", 3, DEV, MARIA, "Asks for somebody who knows the insurance forms.")
          + call(8, MARIA, _D.SPOKE_INFORMATION, "Went through the forms together."), channel=Channel.REFERRAL,
          message="Sent by Dr. Lowell at the county clinic."),
    Story("Nora Castellano", "347-555-0175", 2700, does("withdraw", 4), email="nora.c@example.com"),
    Story("Victor Amadi", "929-555-0177", 2400, does("withdraw", 55), is_by_night=True),
)  # fmt: skip
"""Every reason a request can be closed for, and one withdrawn after we were late."""

WAITING = (
    Story("Walter Prescott", "631-555-0181", 2300, call(11, MARIA, _D.SPOKE_NOT_NOW) + does("reopen", 1500, MANAGER,
          note="His daughter called: he has changed his mind."), voicemail=_V.SAY_WHO),
    Story("Deborah Nash", "617-555-0158", 1500, message="Could you call me after all?"),
    Story("Grace Adeyemi", "845-555-0184", 1300, call(9, DEV, _D.SPOKE_CALL_AGAIN) + call(3, DEV, _D.NO_ANSWER),
          email="grace.adeyemi@example.com", voicemail=_V.NUMBER_ONLY),
    Story("Henry Zhao", "732-555-0186", 1000, call(13, MARIA, _D.NO_ANSWER) + call(6, DEV, _D.NO_ANSWER), source="k3"),
    Story("Cheap Meds Direct", "786-555-0188", 700, signals=_TWO_SIGNS, for_whom=None,
          message="Pharmacy discount for your patients."),
    Story("Olivia Brandt", "551-555-0190", 600, does("rescue", 30, MARIA) + claim(4, MARIA)
          + call(2, MARIA, _D.BUSY), signals=_TWO_SIGNS, message="My password manager filled this in for me."),
    Story("Rafael Ortiz Peña", "(718) 555-0192", 420, call(7, MARIA, _D.WRONG_NUMBER, "Somebody else's number."),
          email="rafael.ortiz@example.com", message="Español, por favor."),
    Story("Lena Hoffmann", "332-555-0194", 360, call(6, DEV, _D.LEFT_MESSAGE), voicemail=_V.SAY_WHO),
    Story("Isaac Feldman", "585-555-0195", 300, does("once", 3) + claim(6, DEV) + does("note", 2, DEV, note=_CAREFUL)),
    Story("Tanisha Brooks", "718-555-0196", 200, call(8, MARIA, _D.CRISIS,
          "Stayed on the line until the 988 counselor took over. Safe with her sister now."), for_whom=ForWhom.ME),
    Story("Andrew McKay", "607-555-0197", 150, time_in_words="Before my shift starts, around 9, or after 6",
          message=_CAREFUL),
    Story("Beatriz Santos", "862-555-0198", 140, does("read_time", 20, DEV), time_in_words="Lunch time, any day",
          email="b.santos@example.com"),
    Story("Jerome Pickett", "212-555-0199", 110, call(9, DEV, _D.NO_ANSWER), voicemail=_V.NUMBER_ONLY),
    Story("Bernice Colton", "845-555-0193", 105, claim(4, DEV)
          + does("take_over", 9, MARIA, DEV, "Dev is in a meeting until three."), channel=Channel.ANSWERING_SERVICE,
          message="Rang twice last evening."),
    Story("Hannah Weiss", "646-555-0101", 95, for_whom=ForWhom.OTHER,
          message="My husband does not know that I am asking."),
    Story("Diego Morales", "310-555-0102", 70, source="k3", email="diego.morales@example.com"),
    Story("Patricia Lund", "860-555-0103", 60, call(8, MARIA, _D.SPOKE_CALL_AGAIN, "At work now. Agreed on a time.")),
    Story("Omar Haddad", "908-555-0104", 41, claim(6, DEV), voicemail=_V.SAY_WHO),
    Story("Joyce Kim", "201-555-0105", 35, window=0, email="joyce.kim@example.com"),
    Story("Steven Alvarez", "917-555-0106", 30, window=-1, for_whom=ForWhom.CLIENT),
    Story("Mia Kowalski", "716-555-0108", 22, does("assign", 4, MANAGER, MARIA), signals=Signals(seconds_to_fill=1.4)),
    Story("Ruth Bernstein", "914-555-0109", 14, ring(9, MARIA), voicemail=_V.NUMBER_ONLY),
    Story("Calvin Reed", "347-555-0110", 12, message="I have two weeks off work starting Monday."),
    Story("Yolanda Pérez", "929-555-0111", 6, email="yolanda.perez@example.com", voicemail=_V.SAY_WHO),
    Story("Daniel Price", "516-555-0113", 2),
)  # fmt: skip
"""Everything still open: on time, late, being called, tried, arranged, and doubtful."""

STORIES = ENDED + WAITING
