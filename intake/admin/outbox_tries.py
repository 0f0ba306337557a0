"""The page of one mail in words: to which address, what came of each try, and what it said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from intake.admin.moments import Clock, Stamp
from intake.models.records import TryOutcome
from intake.queries.outbox import Try
from intake.wording.translation import gettext


@dataclass(frozen=True, slots=True)
class TryRow:
    """One line: which try, when, the colour and sign of what came of it, the answer, and what comes next.

    ``at`` is None for a try of which nothing is known.
    """

    number: str
    at: Stamp | None
    colour: str
    shape: str
    outcome: str
    answer: str
    following: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a mail said when it went out."""

    at: Stamp
    subject: str
    text: str


def rows(tries: Iterable[Try], clock: Clock) -> list[TryRow]:
    """Each try, the first one first; a worker that was lost on the way leaves a gap in the numbers, which is said."""
    found: list[TryRow] = []
    expected = 1
    for one in tries:
        if one.number < expected:  # sent again by hand: from the start
            expected = 1
        found += [_lost(number) for number in range(expected, one.number)]
        found.append(_row(one, clock))
        expected = one.number if one.outcome is TryOutcome.HELD else one.number + 1
    return found


def sent(tries: Iterable[Try], clock: Clock) -> Sent | None:
    """The words that went out last; None if none went out, or if they were not kept."""
    words = [(one.tried_at, one.words) for one in tries if one.words]
    if not words:
        return None
    at, (subject, _, text) = words[-1][0], words[-1][1].partition("\n\n")
    return Sent(clock.stamp(at), subject, text.strip())


def _row(one: Try, clock: Clock) -> TryRow:
    colour, shape, outcome = {
        TryOutcome.SENT: ("good", "done", gettext("Sent")),
        TryOutcome.LATER: ("soon", "soon", gettext("Put off")),
        TryOutcome.DEAD: ("late", "dead", gettext("Given up")),
        TryOutcome.HELD: ("wait", "wait", gettext("Held: the mail server took nothing")),
    }[one.outcome]
    number = gettext("not counted") if one.outcome is TryOutcome.HELD else str(one.number)
    return TryRow(number, clock.stamp(one.tried_at), colour, shape, outcome, one.answer, _following(one, clock))


def _following(one: Try, clock: Clock) -> str:
    if one.outcome is TryOutcome.HELD:
        return gettext("when the mail server answers")
    return clock.stamp(one.next_at).words if one.next_at else ""


def _lost(number: int) -> TryRow:
    outcome = gettext("Not known: the worker was lost on the way")
    return TryRow(str(number), None, "wait", "wait", outcome, "", "")
