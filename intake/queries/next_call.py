"""Who is to be called next: open, one's own or nobody's, and callable at this instant, the most urgent first.

``rules.calling`` judges the places once for each distinct ``calling_key``, the database finds the requests. What no
column can say, whether a number asked not to be called under a key it was not stored by, is looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, union_all

from intake.models import CallAttempt, CallbackRequest, SuppressedNumber
from intake.models.site import Site
from intake.queries.calendar import Calendar
from intake.queries.calls import stands
from intake.queries.suppression import phone_indexes
from intake.queries.worklist import SELECTED, SOURCE, WorklistRow, fields
from intake.rules.calling import INVITED_FOR
from intake.rules.workflow import Disposition, Status

AT_A_TIME = 10
"""So many are read at once: more than one only for the sake of numbers that asked not to be called."""

_A_DAY = timedelta(hours=24)
_C = CallbackRequest.__table__.c
_A = CallAttempt.__table__.c
_S = SuppressedNumber.__table__.c


def first(
    conn: Connection, site: Site, calendar: Calendar, *, user_id: int, now: datetime, besides: str = ""
) -> WorklistRow | None:
    """The request this person should call now, without name and number; ``besides``: the one they have just left."""
    found = candidates(conn, site, calendar, user_id=user_id, now=now)
    row = next((row for row in found if row.reference != besides), None)
    return WorklistRow(**fields(site, row, with_contact=False)) if row else None


def candidates(conn: Connection, site: Site, calendar: Calendar, *, user_id: int, now: datetime) -> Iterator[Row[Any]]:
    """Everybody whom this person may call now, in due order, each as ``services.claims.verdict_for`` would say.

    Read a few at a time, so that whoever needs one pays for few; whoever claims takes the first it can lock.
    """
    keys = _callable_keys(conn, calendar, now)
    after: tuple[datetime, int] | None = None
    while True:
        ids = _found(keys, user_id, now, calendar.calling.daily, after)
        asked = select(*SELECTED).select_from(SOURCE).where(_C.id.in_(ids)).order_by(_C.due_at, _C.id)
        rows = conn.execute(asked.limit(AT_A_TIME)).all()
        barred = _barred(conn, site, rows)
        yield from (row for row in rows if row.id not in barred)
        if len(rows) < AT_A_TIME:
            return
        after = (rows[-1].due_at, rows[-1].id)


def _callable_keys(conn: Connection, calendar: Calendar, now: datetime) -> list[str]:
    """The places at which it is a lawful hour and within the office's, of those where somebody waits."""
    keys = conn.execute(select(_C.calling_key).where(_C.closed_at.is_(None)).distinct()).scalars()
    return [key for key in keys if calendar.callable_hours(key).is_open(now)]


def _found(
    keys: list[str], user_id: int, now: datetime, daily: int, after: tuple[datetime, int] | None
) -> Select[tuple[int]]:
    """The ids: nobody's and one's own apart, so that each is read in order from the index that begins with the owner.

    Besides those at an open place there is whoever asked within the hour for a call as soon as possible.
    """
    branches = []
    for owner in (_C.assignee_id.is_(None), _C.assignee_id == user_id):
        for place in ([_C.calling_key.in_(keys)] if keys else [], _invited(now)):
            if place:
                most = daily if len(place) == 1 else 1
                branches.append(_branch([owner, *place, *_ready(now), _attempts(now) < most], after))
    return select(union_all(*branches).subquery().c.id)


def _branch(conditions: list[ColumnElement[bool]], after: tuple[datetime, int] | None) -> Select[tuple[int]]:
    asked = select(_C.id, _C.due_at).where(_C.closed_at.is_(None), *conditions)
    if after is not None:
        at, last_id = after
        asked = asked.where(_C.due_at >= at, or_(_C.due_at > at, and_(_C.due_at == at, _C.id > last_id)))
    some = asked.order_by(_C.assignee_id, _C.due_at, _C.id).limit(AT_A_TIME).subquery()
    return select(some.c.id)


def _ready(now: datetime) -> list[ColumnElement[bool]]:
    """What stands against a call at any hour: not decided yet, too early, a wish unread, a number that is wrong."""
    return [
        _C.status != Status.CHECK.value,
        or_(_C.next_at.is_(None), _C.next_at <= now),
        or_(_C.window_from.is_(None), _C.window_from <= now),
        or_(_C.is_free_time.is_(False), _C.free_time_seen_at.is_not(None)),
        or_(_C.last_disposition.is_(None), _C.last_disposition != Disposition.WRONG_NUMBER.value),
    ]


def _invited(now: datetime) -> list[ColumnElement[bool]]:
    """At whatever hour: as soon as possible, they said, and it is not an hour ago."""
    return [
        and_(_C.received_at > now - INVITED_FOR, _C.received_at <= now),
        _C.window_from.is_(None),
        _C.is_free_time.is_(False),
        _C.attempt_count == 0,
    ]


def _attempts(now: datetime) -> ColumnElement[int]:
    """How often we have tried in the last 24 hours."""
    made = select(func.count()).where(_A.callback_id == _C.id, _A.is_attempt, _A.started_at > now - _A_DAY, stands())
    return made.correlate(CallbackRequest.__table__).scalar_subquery()


def _barred(conn: Connection, site: Site, rows: Sequence[Row[Any]]) -> set[int]:
    """Those whose number asked not to be called; mostly such a request is set aside already."""
    indexes = {row.id: phone_indexes(site, row) for row in rows}
    asked = [index for some in indexes.values() for index in some]
    if not asked:
        return set()
    found = set(conn.execute(select(_S.phone_index).where(_S.phone_index.in_(asked))).scalars())
    return {row_id for row_id, some in indexes.items() if not found.isdisjoint(some)}
