"""Logging what came of a call: the attempt, the figures, and what happens next, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, insert

from intake.ledger import audit, deeds, letters, outbox
from intake.models import CallAttempt, Note
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import calls
from intake.queries.calendar import Calendar
from intake.queries.casefile import CaseFile
from intake.rules.calling import next_attempt
from intake.rules.crisis import due_at_once, is_crisis, noted
from intake.rules.due import is_at_once, settled
from intake.rules.permissions import Actor, Permission
from intake.rules.promise import NEVER_DUE
from intake.rules.workflow import (
    EFFECTS,
    TOLD_ANYHOW,
    ClosedReason,
    Disposition,
    Effect,
    Next,
    Status,
    Voicemail,
    may_leave_message,
)
from intake.services import clock, do_not_call, leases
from intake.services.claims import take, verdict_for
from intake.services.deeds import deed
from intake.services.errors import ChangedError, RefusedError
from intake.services.locking import change, ensure_decided, ensure_free, ensure_open, is_unchanged, lock, lock_to_take

SENT_TWICE_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What staff say came of a call. ``minutes_ago`` is for a call made before Call was pressed.

    ``is_settled``: whoever called us needs no other call, which is said and never taken for granted.
    """

    disposition: Disposition
    note: str = ""
    next_at: datetime | None = None
    minutes_ago: int | None = None
    agreed_from: datetime | None = None
    agreed_until: datetime | None = None
    is_confirmed: bool = False
    is_settled: bool = False
    override_reason: str = ""


@dataclass(frozen=True, slots=True)
class Logged:
    """What the outcome led to. ``is_crisis``: they may be in danger still, as far as is known.

    ``is_feared``: that is known by the words of its note, and the managers are mailed.
    """

    next_at: datetime | None
    is_closed: bool
    is_crisis: bool = False
    is_feared: bool = False


def log_attempt(
    site: Site, actor: Actor, reference: str, outcome: Outcome, *, expected_version: int | None = None, now: datetime
) -> Logged:
    """Store an outcome. RefusedError: message_not_allowed, confirm_do_not_call, time_needed, next_needed, time_past,
    reason_needed.

    ``expected_version``: the request's version on the page this came from. ChangedError if it is another by now; the
    same form sent twice (a double click) is stored once. Whoever was calling when the visitor withdrew may still
    say what came of it.
    """
    actor.require(Permission.WORK)
    with deed(actor, "callback.attempted", now=now) as conn:
        row = lock_to_take(conn, reference, actor)
        has_changed = not is_unchanged(row, expected_version)
        if has_changed and _is_sent_twice(conn, site, row, actor, outcome, now):
            return Logged(row.next_at, row.closed_at is not None, row.crisis_at is not None)
        if not _was_calling(row, actor):
            ensure_open(row)
        ensure_free(conn, row, actor)
        if has_changed:
            raise ChangedError
        ensure_decided(row)
        _check(row, outcome, now)
        if row.assignee_id is None:
            take(conn, site, actor, row, now)
            row = lock(conn, reference)
        return _log(conn, site, actor, row, outcome, now)


def _log(conn: Connection, site: Site, actor: Actor, row: Row[Any], outcome: Outcome, now: datetime) -> Logged:
    effect = _effect(row, outcome)
    started_at = _started(row, outcome, now)
    exception = _exception(conn, site, row, outcome, effect, started_at)
    plan = _known(row, outcome, started_at) if row.closed_at else plan_for(conn, site, row, outcome, started_at, now)
    is_closed = bool(row.closed_at or plan.get("closed_at"))
    is_feared = is_feared_of(row, outcome, plan, is_closed=is_closed)
    calendar = calendars.version(conn, site, row.calendar_id)
    figures = clock.attempt_figures(row, calendar, effect, started_at, actor.person_id, tries=row.attempt_count)
    _keep(conn, site, actor, row, outcome, effect, started_at, exception, plan, now)
    change(conn, row, **(_counted(row, outcome, effect, started_at) | figures | plan))
    leases.renew(conn, site, actor, row.id, now)
    _consequences(conn, site, actor, row, outcome, plan, is_feared, now)
    return Logged(plan.get("next_at"), is_closed, is_feared or is_in_crisis(row, plan), is_feared)


def _is_sent_twice(conn: Connection, site: Site, row: Row[Any], actor: Actor, outcome: Outcome, now: datetime) -> bool:
    """All of it is what this person stored a moment ago. One word more is another save, which must not be lost."""
    last = calls.last_logged(conn, site, row.id)
    if last is None or last.by_id != actor.user_id or now - last.logged_at >= SENT_TWICE_WITHIN:
        return False
    said = (outcome.disposition, outcome.note.strip(), outcome.override_reason.strip(), outcome.minutes_ago)
    if said != (last.disposition, last.note, last.reason, last.minutes_ago):
        return False
    before = SimpleNamespace(**{**row._mapping, "window_from": last.window_from, "window_until": last.window_until})
    plan = plan_for(conn, site, before, outcome, last.started_at, last.logged_at, besides=last.attempt_id)
    until = plan.get("window_until", row.window_until)
    return (plan.get("next_at"), until) == (last.next_at, row.window_until)


def _was_calling(row: Row[Any], actor: Actor) -> bool:
    """The visitor withdrew while this person was on the phone with them."""
    return row.status == Status.WITHDRAWN and row.call_started_at is not None and row.assignee_id == actor.user_id


def _effect(row: Row[Any], outcome: Outcome) -> Effect:
    """What was told to us without a call having been begun is no call of ours: they called us."""
    effect = EFFECTS[outcome.disposition]
    was_begun = row.call_started_at is not None or outcome.minutes_ago is not None
    return effect if was_begun or outcome.disposition not in TOLD_ANYHOW else replace(effect, is_attempt=False)


def _exception(
    conn: Connection, site: Site, row: Row[Any], outcome: Outcome, effect: Effect, started_at: datetime
) -> str | None:
    """Why this attempt should not have been made when it was, if so. Pressing Call has asked for the reason already."""
    if not effect.is_attempt or row.closed_at is not None:
        return None
    verdict = verdict_for(conn, site, row, started_at)
    if not verdict.is_allowed and row.call_started_at is None and not outcome.override_reason.strip():
        raise RefusedError("reason_needed")
    return verdict.reason


def _check(row: Row[Any], outcome: Outcome, now: datetime) -> None:
    effect = EFFECTS[outcome.disposition]
    if not may_leave_message(outcome.disposition, Voicemail(row.voicemail)):
        raise RefusedError("message_not_allowed")
    if outcome.disposition is Disposition.DO_NOT_CALL and not outcome.is_confirmed:
        raise RefusedError("confirm_do_not_call")
    if outcome.disposition is Disposition.SPOKE_CALL_AGAIN and not (outcome.agreed_from or outcome.next_at):
        raise RefusedError("time_needed")
    wanted = outcome.agreed_from or outcome.next_at
    if outcome.disposition is Disposition.INBOUND_REACHED and not (wanted or outcome.is_settled or row.closed_at):
        raise RefusedError("next_needed")
    if wanted and wanted < now and effect.next is not Next.CLOSE:
        raise RefusedError("time_past")
    if outcome.agreed_from and outcome.agreed_until and outcome.agreed_until <= outcome.agreed_from:
        raise RefusedError("time_needed")


def _started(row: Row[Any], outcome: Outcome, now: datetime) -> datetime:
    """When the call began: as stated, else when Call was pressed; not before the claim or the last try."""
    if outcome.minutes_ago is not None:
        stated = now - timedelta(minutes=outcome.minutes_ago)
        bounds: list[datetime] = [
            at for at in (row.claimed_at or row.received_at, row.last_attempt_at) if at is not None
        ]
        return min(max(stated, *bounds), now)
    pressed: datetime = row.call_started_at or now
    return min(pressed, now)


def plan_for(
    conn: Connection, site: Site, row: Any, outcome: Outcome, started_at: datetime, now: datetime,
    *, besides: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The columns that say what happens next; ``besides``: an attempt that this outcome stands for instead.

    Words of a crisis in the note put whoever was not reached above all others; whoever was, it is asked of in the call.
    """
    planned = _planned(conn, site, row, outcome, started_at, now, besides)
    if not EFFECTS[outcome.disposition].is_reach and not planned.get("closed_at"):
        planned |= noted(row, outcome.note, now)
    return settled(row, {"last_disposition": outcome.disposition} | planned)


def _planned(
    conn: Connection, site: Site, row: Any, outcome: Outcome, started_at: datetime, now: datetime, besides: int | None
) -> dict[str, Any]:
    effect = EFFECTS[outcome.disposition]
    if effect.next is Next.CLOSE:
        return _closed(effect.closed_reason, now)
    if effect.next is Next.STAY:
        return _in_crisis(row, outcome, started_at)
    if effect.next is Next.NOW:
        at = outcome.next_at or (now if row.due_at >= NEVER_DUE else None)
        return {"next_at": outcome.next_at} | ({"due_at": at} if at else {})
    if effect.next is Next.ASK:
        return _agreed(outcome) or _closed(ClosedReason.INFORMATION, now)
    if effect.next is Next.MAIL_OR_CLOSE:
        if not row.email_encrypted:
            return _closed(effect.closed_reason, now)
        return {"status": Status.ATTEMPTING, "next_at": None}
    return _retry(conn, site, row, outcome, started_at, now, besides)


def _known(row: Any, outcome: Outcome, started_at: datetime) -> dict[str, Any]:
    """What is kept of a call during which they took it back: if they want one after all, a crisis is one still."""
    is_crisis = outcome.disposition is Disposition.CRISIS
    return due_at_once(row.crisis_at or started_at) if is_crisis else {}


def is_feared_of(row: Any, outcome: Outcome, plan: Mapping[str, Any], *, is_closed: bool) -> bool:
    """Whether what was written of a call that did not reach them is news to the managers: it puts the request above all
    others, or nobody calls about it any more.
    """
    if EFFECTS[outcome.disposition].is_reach:
        return False
    return is_crisis(outcome.note) if is_closed else plan.get("crisis_at") is not None and not is_at_once(row)


def is_in_crisis(row: Any, plan: Mapping[str, Any]) -> bool:
    """Whether they may be in danger still once these columns are stored."""
    return plan.get("crisis_at", row.crisis_at) is not None


def _in_crisis(row: Any, outcome: Outcome, started_at: datetime) -> dict[str, Any]:
    """On top of the queue until somebody ends it or sets another time; known since when it was known first."""
    later = {"due_at": outcome.next_at} if outcome.next_at else {}
    return due_at_once(row.crisis_at or started_at) | {"next_at": outcome.next_at} | later


def _retry(
    conn: Connection, site: Site, row: Any, outcome: Outcome, started_at: datetime, now: datetime, besides: int | None
) -> dict[str, Any]:
    made = calls.made(conn, row.id, row.reopened_count, besides=besides)
    counted = (*made.now, started_at) if EFFECTS[outcome.disposition].is_attempt else made.now
    calendar = calendars.current(conn, site)
    proposed = _proposal(row, outcome.disposition, counted, made.earlier, calendar, now)
    wanted = proposed and (outcome.next_at or proposed)
    if wanted is None:
        return _closed(ClosedReason.UNREACHABLE, now)
    return {"status": Status.ATTEMPTING, "next_at": wanted, "due_at": wanted}


def _proposal(
    row: Any, disposition: Disposition, made: tuple[datetime, ...], earlier: tuple[datetime, ...],
    calendar: Calendar, now: datetime,
) -> datetime | None:  # fmt: skip
    return next_attempt(
        disposition=disposition,
        ended_at=now,
        attempts=made,
        earlier=earlier,
        office=calendar.hours,
        rules=calendar.calling,
        law=calendar.law,
        key=row.calling_key,
        window=(row.window_from, row.window_until) if row.window_from else None,
        is_once_only=row.is_once_only,
    )


def proposed_next(
    conn: Connection, site: Site, case: CaseFile, disposition: Disposition,
    *, calendar: Calendar | None = None, now: datetime,
) -> datetime | None:  # fmt: skip
    """When the next try would be after this outcome; None where it ends the request or the tries are used up."""
    if EFFECTS[disposition].next is not Next.RETRY:
        return None
    calendar = calendar or calendars.current(conn, site)
    return _proposal(case, disposition, (*case.attempts, now), case.earlier_attempts, calendar, now)


def _agreed(outcome: Outcome) -> dict[str, Any] | None:
    """A time agreed with the visitor is a new promise with its own clock."""
    start = outcome.agreed_from or outcome.next_at
    if start is None:
        return None
    return clock.agreed_columns(start, outcome.agreed_until) | {"is_window_kept": None, "is_free_time": False}


def _closed(reason: ClosedReason | None, now: datetime) -> dict[str, Any]:
    return {"status": Status.CLOSED, "closed_reason": reason, "closed_at": now, "next_at": None}


def _counted(row: Row[Any], outcome: Outcome, effect: Effect, started_at: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"last_disposition": outcome.disposition, "call_started_at": None}
    if effect.is_attempt:
        values |= {"attempt_count": row.attempt_count + 1, "last_attempt_at": started_at}
    return values


def _keep(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], outcome: Outcome, effect: Effect, started_at: datetime,
    exception: str | None, plan: dict[str, Any], now: datetime,
) -> None:  # fmt: skip
    """The attempt itself, its note, and the entry in the record."""
    attempt = insert(CallAttempt).values(
        callback_id=row.id, episode=row.reopened_count, disposition=outcome.disposition, is_attempt=effect.is_attempt,
        is_reach=effect.is_reach, started_at=started_at, logged_at=now, by_id=actor.person_id,
        voicemail_rule=row.voicemail, window_from=row.window_from, window_until=row.window_until,
        agreed_until=row.agreed_until, next_at=plan.get("next_at"), override_reason=exception,
    )  # fmt: skip
    attempt_id = int(conn.execute(attempt.returning(CallAttempt.id)).scalar_one())
    note_attempt(conn, row.id, attempt_id)
    if outcome.note.strip():
        write_note(conn, site, actor, row.id, outcome.note.strip(), attempt_id=attempt_id, now=now)
    stated = {} if outcome.minutes_ago is None else {"minutes_ago": outcome.minutes_ago}
    audit.record(
        conn, site, actor, "callback.attempted", callback_id=row.id,
        details={"disposition": outcome.disposition, "attempt_id": attempt_id} | stated,
        typed=outcome.override_reason.strip() or None, now=now,
    )  # fmt: skip


def note_attempt(conn: Connection, callback_id: int, attempt_id: int) -> None:
    """An attempt cannot be deleted: whoever undoes the deed has to say that it does not stand."""
    noted = deeds.of(conn)
    if noted is not None:
        noted.item(callback_id).attempts.append(attempt_id)


def write_note(
    conn: Connection, site: Site, actor: Actor, callback_id: int, text: str, *, attempt_id: int | None, now: datetime
) -> str:
    """Store what somebody wrote, sealed. The note's public id."""
    public_id = uuid.uuid4().hex
    conn.execute(
        insert(Note).values(
            public_id=public_id,
            callback_id=callback_id,
            attempt_id=attempt_id,
            by_id=actor.person_id,
            written_at=now,
            text_encrypted=site.keyring.seal("note.text", public_id, text),
        )
    )
    return public_id


def _consequences(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], outcome: Outcome, plan: dict[str, Any], is_feared: bool,
    now: datetime,
) -> None:  # fmt: skip
    """What an outcome sets off beyond the request itself."""
    if outcome.disposition is Disposition.DO_NOT_CALL:
        do_not_call.suppress(conn, site, actor, row, now)
    if outcome.disposition is Disposition.WRONG_NUMBER:
        tell_of_wrong_number(conn, site, row, in_danger=is_feared or is_in_crisis(row, plan), now=now)
    elif outcome.disposition is Disposition.CRISIS or is_feared:
        outbox.enqueue(conn, "manager.crisis", "managers", callback_id=row.id, now=now)
    if plan.get("closed_at"):
        audit.record(
            conn, site, actor, "callback.closed", callback_id=row.id,
            details={"reason": plan["closed_reason"]}, now=now,
        )  # fmt: skip


def tell_of_wrong_number(conn: Connection, site: Site, row: Row[Any], *, in_danger: bool, now: datetime) -> None:
    """The visitor is asked for another one; of somebody in danger, whom nobody can call now, the managers hear."""
    letters.enqueue_for(conn, site, row, "visitor.wrong_number", now=now, delay=letters.AT_ONCE)
    if in_danger:
        outbox.enqueue(conn, "manager.crisis", "managers", callback_id=row.id, now=now)
