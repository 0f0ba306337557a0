"""A row of the work list in words: what the queue page shows of one request, and what may be done with it there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime

from intake.admin import crisis_words
from intake.admin.moments import Clock, Due, due
from intake.queries.calendar import Calendar
from intake.queries.worklist import WorklistRow
from intake.queries.worklist_filters import Standing
from intake.rules import calling
from intake.rules.calling import CallVerdict
from intake.rules.due import awaited, is_unread
from intake.rules.hours import Interval
from intake.rules.permissions import Actor, Permission
from intake.rules.promise import awaits_a_number
from intake.rules.workflow import Disposition, ForWhom, Status, Voicemail, is_open
from intake.services import callbacks
from intake.wording import names, numbers, queue_states, times
from intake.wording.translation import gettext

ASKED_FOR_LATER = "asked_for_later"
_CLOSED = ("outside_legal_hours", "outside_office_hours")
_STEADY = frozenset({"reference", "due", "name", "number", "last4", "language", "for_other", "odd", "has_no_message"})
"""What a page that stays open keeps as it was: above all, names and numbers are not sent again and again."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Why the Call button is missing, or there at an hour at which one would not expect it. ``why``: in full."""

    icon: str
    words: str
    why: str
    is_fine: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, ready to be printed."""

    reference: str
    version: int
    due: Due
    name: str
    number: str
    last4: str
    language: str
    for_other: str
    odd: str
    has_no_message: bool
    there: str
    hint: Hint | None
    state: str
    tries: str
    owner: str
    can_call: bool
    can_claim: bool
    can_release: bool
    may_decide: bool
    can_rescue: bool = False
    crisis: str = ""
    is_cut: bool = False
    is_first: bool = False
    viewers: tuple[str, ...] = ()
    is_gone: bool = False

    @property
    def mark(self) -> str:
        """A short word that is another one as soon as this row has to be printed anew, be it for its version alone."""
        cells = [getattr(self, each.name) for each in fields(self) if each.name not in _STEADY]
        told = (self.due.kind, self.due.at.iso, "" if self.due.is_live else self.due.at.words, *cells)
        return hashlib.blake2s(repr(told).encode(), digest_size=4).hexdigest()

    @property
    def is_hot(self) -> bool:
        """Late or nearly so."""
        return self.due.kind in ("late", "soon")


def rows(
    found: Iterable[WorklistRow], calendar: Calendar, clock: Clock, actor: Actor,
    viewers: Mapping[int, tuple[str, ...]] | None = None,
) -> list[Row]:  # fmt: skip
    """The table. One row is the most urgent to claim, and after the last one that is due a line is drawn."""
    looking = viewers or {}
    table = [replace(_row(row, calendar, clock, actor), viewers=looking.get(row.id, ())) for row in found]
    hot = [index for index, row in enumerate(table) if row.is_hot]
    urgent = next((index for index in hot if table[index].can_claim and _is_fine(table[index].hint)), None)
    if hot and len(hot) < len(table):
        table[hot[-1]] = replace(table[hot[-1]], is_cut=True)
    if urgent is not None:
        table[urgent] = replace(table[urgent], is_first=True)
    return table


def verdict(row: WorklistRow, calendar: Calendar, clock: Clock) -> CallVerdict:
    """May this person be called now, as far as the list knows (a number on the do-not-call list shows on opening)."""
    if row.last_disposition is Disposition.WRONG_NUMBER:
        return CallVerdict(False, "wrong_number")
    return calling.may_call(
        now=clock.now,
        office=calendar.hours,
        rules=calendar.calling,
        law=calendar.law,
        key=row.calling_key,
        next_at=row.next_at,
        window=awaited(row, clock.now),
        attempts_24h=0,
        is_suppressed=False,
        received_at=row.received_at,
        is_asap=row.window_from is None and not row.is_free_time and row.attempt_count == 0,
    )


def due_of(row: WorklistRow, calendar: Calendar, clock: Clock) -> Due:
    """The due column of a row, and of its page."""
    return due(
        clock, calendar.target, status=row.status, due_at=row.due_at, window=window_of(row), closed_at=row.closed_at,
        called_at=row.last_attempt_at,
    )  # fmt: skip


def window_of(row: WorklistRow) -> Interval | None:
    """The window that was asked for, if one was."""
    return (row.window_from, row.window_until) if row.window_from and row.window_until else None


def against(reason: str, row: WorklistRow) -> str:
    """Why not to call now, in words: before the first try it is the visitor's own wish that we wait for."""
    if reason == "before_next_try" and row.snoozed_at is not None:
        return names.call_reason("snoozed")
    is_wish = reason == "before_next_try" and window_of(row) is not None and not row.attempt_count
    return names.call_reason(ASKED_FOR_LATER if is_wish else reason)


def _may_be_called(row: WorklistRow) -> bool:
    """Its number has not asked to be left alone, as far as was known when it came."""
    return callbacks.SUPPRESSED not in row.spam_reasons


def _is_managers(row: WorklistRow, actor: Actor) -> bool:
    """Its number asked not to be called, which a manager decides about and this person is none."""
    return not _may_be_called(row) and not actor.may(Permission.ASSIGN)


def _is_fine(hint: Hint | None) -> bool:
    return hint is None or hint.is_fine


def _row(row: WorklistRow, calendar: Calendar, clock: Clock, actor: Actor) -> Row:
    is_mine = row.assignee_id is not None and row.assignee_id == actor.user_id
    may_work = actor.may(Permission.WORK) and is_open(row.status)
    is_check = row.status is Status.CHECK
    judged, can_be_called = verdict(row, calendar, clock), not (is_check or awaits_a_number(row.due_at, row.closed_at))
    return Row(
        reference=row.reference,
        version=row.version,
        due=due_of(row, calendar, clock),
        name=row.name,
        number=numbers.national(row.phone_e164) if is_mine and is_open(row.status) and row.phone_e164 else "",
        last4=row.last4,
        language="" if row.language == "en" else row.language.upper(),
        for_other=gettext("for other") if row.for_whom in (ForWhom.OTHER, ForWhom.CLIENT) else "",
        odd=gettext("maybe spam") if row.is_marked and not is_check else "",
        has_no_message=row.voicemail is Voicemail.NONE,
        there=clock.there(row.calling_key, clock.now) if is_open(row.status) else "",
        hint=_hint(judged, row, calendar, clock) if is_open(row.status) else None,
        state=_state(row, clock, actor),
        tries=gettext("%(tries)s of %(most)s", tries=row.attempt_count, most=calendar.calling.most(row.is_once_only)),
        owner=gettext("You") if is_mine else row.assignee_name or "",
        can_call=may_work
        and can_be_called
        and not is_unread(row)
        and judged.is_allowed
        and (row.assignee_id is None or is_mine),
        can_claim=may_work and can_be_called and row.assignee_id is None,
        can_release=may_work and is_mine,
        may_decide=may_work and is_check and not _is_managers(row, actor),
        can_rescue=may_work and is_check and _may_be_called(row) and (is_mine or row.assignee_id is None),
        crisis=crisis_words.tag(crisis_words.of(row)),
    )


def is_snoozed(row: WorklistRow, now: datetime) -> bool:
    """Put off, and its time has not come."""
    return row.snoozed_at is not None and row.next_at is not None and row.next_at > now and is_open(row.status)


def _state(row: WorklistRow, clock: Clock, actor: Actor) -> str:
    if row.closed_reason is not None:
        return names.closed_reason(row.closed_reason)
    if awaits_a_number(row.due_at, row.closed_at):
        return queue_states.standing(Standing.NUMBER)
    if row.is_free_time and row.free_time_seen_at is None and is_open(row.status) and row.status is not Status.CHECK:
        return queue_states.standing(Standing.READ_TIME)
    if row.call_started_at is not None:
        return queue_states.standing(Standing.ON_CALL)
    if is_snoozed(row, clock.now) and row.next_at:
        return gettext("Snoozed until %(time)s", time=clock.stamp(row.next_at).words)
    if row.status is Status.CHECK and _is_managers(row, actor):
        return gettext("Check, by a manager")
    return names.status(row.status)


def _hint(judged: CallVerdict, row: WorklistRow, calendar: Calendar, clock: Clock) -> Hint | None:
    """Why the number is not to be called now, or may be at this hour, in as few words as a cell has room for."""
    if judged.reason is None:
        return None
    why = against(judged.reason, row)
    if judged.is_allowed:
        return Hint("moon", gettext("asked for it now"), why, is_fine=True)
    if judged.reason in _CLOSED:
        return Hint("moon", _until(judged.opens_at, row.calling_key, clock), why)
    is_open_there = calendar.callable_hours(row.calling_key).is_open(clock.now)
    return Hint("wait" if is_open_there else "moon", gettext("later"), why)


def _until(opens_at: datetime | None, key: str, clock: Clock) -> str:
    if opens_at is None:
        return gettext("not now")
    zones = calling.zones_of(key)
    opens = times.clock(opens_at, zones[0]) if len(zones) == 1 else clock.stamp(opens_at).words
    return gettext("until %(time)s", time=opens)
