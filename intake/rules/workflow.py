"""The states of a request, the outcomes of a call, and which of them may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a request stands. Stored as text with a CHECK."""

    NEW = "new"
    ASSIGNED = "assigned"
    ATTEMPTING = "attempting"
    SCHEDULED = "scheduled"
    CHECK = "check"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


AWAITING_CALL = frozenset({Status.NEW, Status.ASSIGNED, Status.ATTEMPTING, Status.SCHEDULED})
"""Somebody is going to call: open, and not waiting for a decision first."""


class ClosedReason(StrEnum):
    """Why nobody will call about this request any more."""

    APPOINTMENT = "appointment"
    INFORMATION = "information"
    REFERRED = "referred"
    NOT_NOW = "not_now"
    WRONG_NUMBER = "wrong_number"
    UNREACHABLE = "unreachable"
    DO_NOT_CALL = "do_not_call"
    DUPLICATE = "duplicate"
    SPAM = "spam"
    TEST = "test"
    WITHDRAWN = "withdrawn"


class Voicemail(StrEnum):
    """What may be left on an answering machine. The safe answer is the default."""

    NONE = "none"
    NUMBER_ONLY = "number_only"
    SAY_WHO = "say_who"


class ForWhom(StrEnum):
    """Who the request is for; we always call the person who asked."""

    ME = "me"
    OTHER = "other"
    CLIENT = "client"


class Channel(StrEnum):
    """How a request reached us: by the form, or told to somebody who wrote it down."""

    WEB = "web"
    VOICEMAIL = "voicemail"
    PHONE = "phone"
    REFERRAL = "referral"
    ANSWERING_SERVICE = "answering_service"
    WALK_IN = "walk_in"
    OTHER = "other"


class Disposition(StrEnum):
    """The outcome of a call."""

    SPOKE_APPOINTMENT = "spoke_appointment"
    SPOKE_INFORMATION = "spoke_information"
    SPOKE_CALL_AGAIN = "spoke_call_again"
    SPOKE_REFERRED = "spoke_referred"
    SPOKE_NOT_NOW = "spoke_not_now"
    NO_ANSWER = "no_answer"
    LEFT_MESSAGE = "left_message"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    SOMEONE_ELSE = "someone_else"
    INBOUND_REACHED = "inbound_reached"
    LINE_FAILED = "line_failed"
    DO_NOT_CALL = "do_not_call"
    CRISIS = "crisis"
    UNREACHABLE = "unreachable"


class Next(StrEnum):
    """What happens to the request after an outcome, unless staff say otherwise."""

    CLOSE = "close"
    ASK = "ask"
    RETRY = "retry"
    NOW = "now"
    STAY = "stay"
    MAIL_OR_CLOSE = "mail_or_close"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one disposition does: does it count as an attempt, did it reach the person, what comes next."""

    key: str
    is_attempt: bool
    is_reach: bool
    next: Next
    closed_reason: ClosedReason | None = None


_D, _C = Disposition, ClosedReason
EFFECTS: Mapping[Disposition, Effect] = {
    _D.SPOKE_APPOINTMENT: Effect("1", True, True, Next.CLOSE, _C.APPOINTMENT),
    _D.SPOKE_INFORMATION: Effect("2", True, True, Next.CLOSE, _C.INFORMATION),
    _D.SPOKE_CALL_AGAIN: Effect("3", True, True, Next.ASK),
    _D.SPOKE_REFERRED: Effect("4", True, True, Next.CLOSE, _C.REFERRED),
    _D.SPOKE_NOT_NOW: Effect("5", True, True, Next.CLOSE, _C.NOT_NOW),
    _D.NO_ANSWER: Effect("6", True, False, Next.RETRY),
    _D.LEFT_MESSAGE: Effect("7", True, False, Next.RETRY),
    _D.BUSY: Effect("8", True, False, Next.RETRY),
    _D.WRONG_NUMBER: Effect("9", True, False, Next.MAIL_OR_CLOSE, _C.WRONG_NUMBER),
    _D.SOMEONE_ELSE: Effect("o", True, False, Next.RETRY),
    _D.INBOUND_REACHED: Effect("i", False, True, Next.ASK),
    _D.LINE_FAILED: Effect("l", False, False, Next.NOW),
    _D.DO_NOT_CALL: Effect("d", True, True, Next.CLOSE, _C.DO_NOT_CALL),
    _D.CRISIS: Effect("!", True, True, Next.STAY),
    _D.UNREACHABLE: Effect("", False, False, Next.CLOSE, _C.UNREACHABLE),
}
"""The only table of dispositions in the service (docs/metrics.md)."""

TOLD_ANYHOW = frozenset({_D.DO_NOT_CALL, _D.CRISIS})
"""What somebody may say to us without having been called: where no call was begun, it is no attempt of ours."""

CORRECTABLE = frozenset(_D) - {_D.SPOKE_CALL_AGAIN, _D.DO_NOT_CALL, _D.CRISIS, _D.UNREACHABLE}
"""What an outcome may be corrected to: the others ask for more, or set something off that is not taken back."""

_OPEN = frozenset({Status.NEW, Status.ASSIGNED, Status.ATTEMPTING, Status.SCHEDULED, Status.CHECK})
_ENDED = frozenset({Status.WITHDRAWN, Status.CLOSED})
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    **{status: _OPEN | _ENDED for status in _OPEN},
    Status.WITHDRAWN: frozenset({Status.NEW, Status.SCHEDULED, Status.CHECK, Status.CLOSED}),
    # Under "Check" comes a duplicate that is none, if its number asked for silence meanwhile.
    Status.CLOSED: frozenset({Status.NEW, Status.ASSIGNED, Status.ATTEMPTING, Status.SCHEDULED, Status.CHECK}),
}


class TransitionError(ValueError):
    """A request cannot go from this state to that one."""

    def __init__(self, current: Status, target: Status) -> None:
        super().__init__(f"{current} cannot become {target}")
        self.current, self.target = current, target


def is_open(status: Status) -> bool:
    """Somebody still has to do something about it."""
    return status in _OPEN


def check_transition(current: Status, target: Status) -> None:
    """Raise TransitionError unless ``current`` may become ``target``."""
    if target not in TRANSITIONS[current]:
        raise TransitionError(current, target)


def may_leave_message(disposition: Disposition, voicemail: Voicemail) -> bool:
    """A message may be recorded as left only where the visitor allowed one."""
    return disposition is not Disposition.LEFT_MESSAGE or voicemail is not Voicemail.NONE
