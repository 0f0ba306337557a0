"""Saying that another thing came of the last call: a new outcome beside the old one, and everything that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, insert

from intake.ledger import audit
from intake.models import CallAttempt
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import calls
from intake.rules.permissions import Actor, Permission
from intake.rules.promise import AHEAD_OF_ALL
from intake.rules.workflow import CORRECTABLE, EFFECTS, Disposition, Effect, Next, Status, Voicemail, may_leave_message
from intake.services import clock, danger, leases
from intake.services.calls import (
    Logged,
    Outcome,
    is_feared_of,
    is_in_crisis,
    note_attempt,
    plan_for,
    tell_of_wrong_number,
)
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import change, ensure_free, ensure_unchanged, lock_with_holder


def correct(
    site: Site, actor: Actor, reference: str, attempt_id: int, disposition: Disposition, *, reason: str,
    expected_version: int | None = None, now: datetime,
) -> Logged:  # fmt: skip
    """Correct the last outcome of a request: its caller may, or a manager. The old one stays on record.

    What comes next and the figures are worked out as if this had been logged then. RefusedError: reason_needed,
    not_yours, not_correctable, same_outcome, message_not_allowed, moved_on (something else has happened since).
    """
    actor.require(Permission.WORK)
    if not reason.strip():
        raise RefusedError("reason_needed")
    with deed(actor, "callback.corrected", now=now) as conn:
        row = lock_with_holder(conn, reference)
        if not actor.may(Permission.ASSIGN):
            ensure_free(conn, row, actor)
        ensure_unchanged(row, expected_version)
        logged = calls.standing(conn, row.id, row.reopened_count)
        wrong = next((one for one in logged if one.id == attempt_id), None)
        if wrong is None or wrong.id != max(one.id for one in logged) or _has_moved_on(row, wrong):
            raise RefusedError("moved_on")
        _check(wrong, disposition, actor)
        return _replace(conn, site, actor, row, logged, wrong, disposition, reason.strip(), now)


def _has_moved_on(row: Row[Any], wrong: Row[Any]) -> bool:
    """Whether the request stands elsewhere than where that outcome left it."""
    is_elsewhere = row.closed_at != wrong.logged_at if row.closed_at else row.next_at != wrong.next_at
    is_busy = row.call_started_at is not None or row.status in (Status.CHECK, Status.WITHDRAWN)
    return is_elsewhere or is_busy or row.last_disposition != wrong.disposition or row.phone_encrypted is None


def _check(wrong: Row[Any], disposition: Disposition, actor: Actor) -> None:
    if wrong.by_id != actor.user_id and not actor.may(Permission.ASSIGN):
        raise RefusedError("not_yours")
    if disposition not in CORRECTABLE or wrong.disposition == Disposition.DO_NOT_CALL:
        raise RefusedError("not_correctable")
    if disposition == wrong.disposition:
        raise RefusedError("same_outcome")
    if not may_leave_message(disposition, Voicemail(wrong.voicemail_rule)):
        raise RefusedError("message_not_allowed")


def _replace(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], logged: list[Row[Any]], wrong: Row[Any],
    disposition: Disposition, reason: str, now: datetime,
) -> Logged:  # fmt: skip
    effect = EFFECTS[disposition]
    told = [(_effect_of(one), one.started_at, one.by_id) for one in logged if one.id != wrong.id]
    told.append((effect, wrong.started_at, wrong.by_id))
    has_agreed = EFFECTS[Disposition(wrong.disposition)].next is Next.ASK and wrong.next_at is not None
    wish = {name: getattr(wrong if has_agreed else row, name) for name in ("window_from", "window_until")}
    missed = {name: False for name in ("is_promise_kept", "is_wish_kept") if getattr(row, name) is False}
    known = _known_before(row, wrong)
    before = SimpleNamespace(**{**row._mapping, **clock.NOT_CALLED, **missed, **wish, **known})
    told_of = Outcome(disposition, note=calls.note_of(conn, site, wrong))
    plan = plan_for(conn, site, before, told_of, wrong.started_at, wrong.logged_at, besides=wrong.id)
    is_held = row.assignee_id is not None and row.person_active
    holder = {} if is_held else {"assignee_id": None, "claimed_at": None}
    open_again: dict[str, Any] = holder | {
        "status": Status.ASSIGNED if is_held else Status.NEW,
        "closed_at": None,
        "closed_reason": None,
        "due_at": _due_again(before, told, wrong),
    }
    columns = open_again | known | wish | _figures(conn, site, before, missed, told)
    columns |= _agreed(row, logged, wrong, wish, effect, now) | _counted(told, disposition) | plan
    added = insert(CallAttempt).values(
        callback_id=row.id, episode=row.reopened_count, disposition=disposition, is_attempt=effect.is_attempt,
        is_reach=effect.is_reach, started_at=wrong.started_at, logged_at=wrong.logged_at, by_id=wrong.by_id,
        voicemail_rule=wrong.voicemail_rule, next_at=plan.get("next_at"), override_reason=wrong.override_reason,
        agreed_until=wrong.agreed_until, corrects_id=wrong.id, **wish,
    )  # fmt: skip
    attempt_id = int(conn.execute(added.returning(CallAttempt.id)).scalar_one())
    note_attempt(conn, row.id, attempt_id)
    change(conn, row, **columns)
    leases.renew(conn, site, actor, row.id, now)
    details = {"attempt_id": attempt_id, "corrected_id": wrong.id, "before": wrong.disposition}
    audit.record(
        conn, site, actor, "callback.corrected", callback_id=row.id,
        details=details | {"disposition": disposition}, typed=reason, now=now,
    )  # fmt: skip
    return _told(conn, site, row, told_of, columns, now)


def _told(
    conn: Connection, site: Site, row: Row[Any], outcome: Outcome, columns: Mapping[str, Any], now: datetime
) -> Logged:
    """The mails that follow: what was written is as new as with the outcome itself, if that had reached somebody."""
    is_closed = columns["closed_at"] is not None
    is_feared = is_feared_of(row, outcome, columns, is_closed=is_closed) and not danger.was_told(conn, row.id, now)
    in_danger = is_feared or is_in_crisis(row, columns)
    if outcome.disposition is Disposition.WRONG_NUMBER:
        tell_of_wrong_number(conn, site, row, in_danger=in_danger, now=now)
    elif is_feared:
        danger.tell_at_once(conn, row.id, now)
    return Logged(columns.get("next_at"), is_closed, in_danger, is_feared)


def _due_again(before: Any, told: list[tuple[Effect, datetime, int]], wrong: Row[Any]) -> datetime:
    """Since that outcome, unless the plan says more; ahead of all in a crisis, once no call to them is left."""
    known: datetime | None = before.crisis_at
    calls = (at for effect, at, _ in told if effect.is_attempt or effect.is_reach)
    at: datetime = wrong.logged_at
    return at if known is None or any(called >= known for called in calls) else known - AHEAD_OF_ALL


def _known_before(row: Row[Any], wrong: Row[Any]) -> dict[str, Any]:
    """A crisis that was known by the wrong outcome alone is none."""
    is_by_it = wrong.disposition == Disposition.CRISIS and row.crisis_at == wrong.started_at != row.received_at
    return {"crisis_at": None} if is_by_it else {}


def _effect_of(logged: Row[Any]) -> Effect:
    """What was told to us without a call is an attempt no more afterwards than it was then."""
    return replace(EFFECTS[Disposition(logged.disposition)], is_attempt=logged.is_attempt)


def _figures(
    conn: Connection, site: Site, before: SimpleNamespace, missed: Mapping[str, Any],
    told: list[tuple[Effect, datetime, int]],
) -> dict[str, Any]:  # fmt: skip
    """What the calls that stand come to, one after the other; what was missed stays missed, whoever called."""
    calendar, tries = calendars.version(conn, site, before.calendar_id), 0
    figures = {**clock.NOT_CALLED, **missed}
    for effect, started_at, by_id in told:
        figures |= clock.attempt_figures(before, calendar, effect, started_at, by_id, tries=tries)
        vars(before).update(figures)
        tries += effect.is_attempt
    return figures


def _agreed(
    row: Row[Any], logged: list[Row[Any]], wrong: Row[Any], wish: Mapping[str, Any], effect: Effect, now: datetime
) -> dict[str, Any]:  # fmt: skip
    """What the times agreed later come to: the calls before this one stand, and it is judged by what came of it.

    One that has passed without a call stays missed, though it should never have been agreed.
    """
    is_kept = clock.missed_so_far(row, now).get("is_agreed_kept", row.is_agreed_kept)
    if wrong.agreed_until is not None and is_kept:
        is_kept = any(_keeps_time(one) for one in logged if one.id != wrong.id) or None
    is_same = wrong.window_until == wish["window_until"]
    columns = {"is_agreed_kept": is_kept, "agreed_until": wrong.agreed_until if is_same else row.agreed_until}
    before = SimpleNamespace(**columns, window_from=wish["window_from"])
    return columns | clock.agreed_figures(before, effect, wrong.started_at)


def _keeps_time(logged: Row[Any]) -> bool:
    agreed_until = logged.agreed_until if logged.is_attempt else None
    return agreed_until is not None and logged.window_from <= logged.started_at < agreed_until


def _counted(told: list[tuple[Effect, datetime, int]], disposition: Disposition) -> dict[str, Any]:
    tries = [started_at for effect, started_at, _ in told if effect.is_attempt]
    return {"attempt_count": len(tries), "last_attempt_at": max(tries, default=None), "last_disposition": disposition}
