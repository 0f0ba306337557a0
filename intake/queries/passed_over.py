"""Why the more urgent ones were not offered: who waits before the one to call, what stands against it, until when."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)  # fmt: skip

from intake.models import CallbackRequest, Skip
from intake.models.base import Instant
from intake.models.site import Site
from intake.queries.calendar import Calendar
from intake.queries.next_call import AT_ONCE, BEFORE_WINDOW, NOW, USER, attempts, barred_among, moments, skipped, viewed
from intake.rules.calling import may_call
from intake.rules.due import awaited, is_unread
from intake.rules.workflow import Disposition, Status

MOST_TOLD = 20
"""So many are looked at; where there are more, more are said to be."""

_C = CallbackRequest.__table__.c
_K = Skip.__table__.c
_READ = (
    _C.id, _C.public_id, _C.status, _C.due_at, _C.received_at, _C.calling_key, _C.next_at, _C.snoozed_at,
    _C.window_from, _C.window_until, _C.is_free_time, _C.free_time_seen_at, _C.last_disposition, _C.attempt_count,
    _C.phone_encrypted, _C.assignee_id, _C.crisis_at,
)  # fmt: skip


def reasons(
    conn: Connection, site: Site, calendar: Calendar, *, user_id: int, now: datetime,
    before: tuple[datetime, int] | None = None, besides: str = "",
) -> dict[str, int]:  # fmt: skip
    """How many that come before this place in the order (due, id) were passed over, by what stands against a call.

    Codes of ``rules.calling`` and: under_check, time_not_read, wrong_number, snoozed, viewed, skipped. At most
    MOST_TOLD are counted. ``besides``: the one that was just left.
    """
    values = moments(user_id, now) | {"besides": besides, "most": MOST_TOLD}
    if before is not None:
        values |= {"before_at": before[0], "before_id": before[1]}
    rows = conn.execute(_before(is_any=before is None), values).all()
    barred = barred_among(conn, site, rows)
    found = (_against(row, calendar, row.id in barred, user_id, now) for row in rows)
    return dict(Counter(code for code in found if code is not None))


@cache
def _before(*, is_any: bool) -> Select[Any]:
    marks = [_C.id.in_(viewed()).label("is_viewed"), _C.id.in_(skipped()).label("is_skipped")]
    asked: Select[Any] = select(*_READ, attempts().label("attempts_24h"), *marks).where(
        *_theirs(), _C.reference != bindparam("besides", type_=String())
    )
    if not is_any:
        at, last_id = bindparam("before_at", type_=Instant()), bindparam("before_id", type_=BigInteger())
        asked = asked.where(_C.due_at <= at, or_(_C.due_at < at, and_(_C.due_at == at, _C.id < last_id)))
    return asked.order_by(_C.due_at, _C.id).limit(bindparam("most", type_=Integer()))


def opens_at(conn: Connection, calendar: Calendar, *, user_id: int, now: datetime) -> datetime | None:
    """When the next one may be called, if nobody may be now; None if nobody waits for whom a time can be told."""
    values = moments(user_id, now)
    again = select(func.min(_K.until_at)).join(CallbackRequest.__table__, _C.id == _K.callback_id)
    soonest = conn.execute(again.where(_K.user_id == USER, _K.until_at > NOW, *_theirs()), values).scalar()
    places = conn.execute(_ready_by_place(), values | {"daily": calendar.calling.daily}).all()
    times = [_opening(calendar, key, None if is_any_time else at, now) for key, at, is_any_time in places]
    return min((at for at in [soonest, *times] if at is not None), default=None)


def _theirs() -> list[ColumnElement[bool]]:
    """Open, and not in a colleague's hands."""
    return [_C.closed_at.is_(None), or_(_C.assignee_id.is_(None), _C.assignee_id == USER)]


def _against(row: Row[Any], calendar: Calendar, is_barred: bool, user_id: int, now: datetime) -> str | None:
    """The gravest that stands against it; None for what nothing does: somebody has it in hand at this moment."""
    if is_barred:
        return "suppressed"
    if row.status == Status.CHECK:
        return "under_check"
    if is_unread(row):
        return "time_not_read"
    if row.last_disposition == Disposition.WRONG_NUMBER:
        return "wrong_number"
    reason = _judged(row, calendar, now)
    if reason is not None:
        return "snoozed" if reason == "before_next_try" and row.snoozed_at is not None else reason
    if row.is_skipped:
        return "skipped"
    return "viewed" if row.is_viewed and row.assignee_id != user_id else None


def _judged(row: Row[Any], calendar: Calendar, now: datetime) -> str | None:
    verdict = may_call(
        now=now,
        office=calendar.hours,
        rules=calendar.calling,
        law=calendar.law,
        key=row.calling_key,
        next_at=row.next_at,
        window=awaited(row, now),
        attempts_24h=row.attempts_24h,
        is_suppressed=False,
        received_at=row.received_at,
        is_asap=row.window_from is None and not row.is_free_time and row.attempt_count == 0,
    )
    return None if verdict.is_allowed else verdict.reason


def _ready_by_place() -> Select[Any]:
    """For each place where somebody waits, from when on nothing but the hours there stands against the first of them.

    An opening after the earliest of several instants is the earliest of the openings after each.
    """
    later = case(
        (BEFORE_WINDOW, _C.next_at),
        (_C.window_from > _C.next_at, _C.window_from),
        else_=func.coalesce(_C.next_at, _C.window_from),
    )
    daily = bindparam("daily", type_=Integer())
    asked = select(_C.calling_key, func.min(later), func.count() > func.count(later)).where(
        *_theirs(),
        _C.status != Status.CHECK.value,
        or_(_C.is_free_time.is_(False), _C.free_time_seen_at.is_not(None), AT_ONCE),
        or_(_C.last_disposition.is_(None), _C.last_disposition != Disposition.WRONG_NUMBER.value),
        or_(_C.attempt_count < daily, attempts() < daily),
        _C.id.not_in(viewed()),
        _C.id.not_in(skipped()),
    )
    return asked.group_by(_C.calling_key)


def _opening(calendar: Calendar, key: str, ready: datetime | None, now: datetime) -> datetime | None:
    return calendar.callable_hours(key).next_opening(max(ready, now) if ready else now)
