"""Who is to be called next: open, one's own or nobody's, and callable at this instant, the most urgent first.

``rules.calling`` judges the places once for each distinct ``calling_key``, the database finds the requests. What no
column can say, whether a number asked not to be called under a key it was not stored by, is looked at afterwards.
What a colleague has before their eyes is left to them, and what this person has passed over comes again later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import aliased

from intake.models import Audit, CallAttempt, CallbackRequest, Presence, Skip, SuppressedNumber
from intake.models.base import Instant
from intake.models.site import Site
from intake.queries.calendar import Calendar
from intake.queries.calls import stands
from intake.queries.presence import HERE_FOR, LEFT_FOR
from intake.queries.suppression import phone_indexes
from intake.queries.worklist import SELECTED, SOURCE, WorklistRow, fields
from intake.rules.calling import INVITED_FOR
from intake.rules.workflow import Disposition, Status

AT_A_TIME = 10
"""So many are read at once: more than one only for the sake of numbers that asked not to be called."""

_GIVEN = ("callback.claimed", "callback.assigned", "callback.taken_over", "callback.handed_off")
USER = bindparam("user_id", type_=Integer)
NOW = bindparam("now", type_=Instant())

_A_DAY = timedelta(hours=24)
_C = CallbackRequest.__table__.c
_A = CallAttempt.__table__.c
_E = Audit.__table__.c
_P = Presence.__table__.c
_K = Skip.__table__.c
_S = SuppressedNumber.__table__.c

AT_ONCE: ColumnElement[bool] = _C.due_at <= _C.crisis_at
"""As ``rules.due.is_at_once`` says; NULL for whoever is in no danger."""
BEFORE_WINDOW: ColumnElement[bool] = _C.due_at < _C.window_from
"""As ``rules.due.is_before_window`` says; NULL for whoever asked for no time."""


def first(
    conn: Connection, site: Site, calendar: Calendar, *, user_id: int, now: datetime, besides: str = ""
) -> WorklistRow | None:
    """The request this person should call now, without name and number; ``besides``: the one they have just left."""
    found = candidates(conn, site, calendar, user_id=user_id, now=now)
    row = next((row for row in found if row.reference != besides), None)
    return WorklistRow(**fields(site, row, with_contact=False)) if row else None


def candidates(conn: Connection, site: Site, calendar: Calendar, *, user_id: int, now: datetime) -> Iterator[Row[Any]]:
    """Everybody whom this person may call now, in due order, each as ``services.claims.verdict_for`` would say."""
    for some in pages(conn, site, calendar, user_id=user_id, now=now):
        yield from some


def on_call(conn: Connection, *, user_id: int, since: datetime, besides: str = "") -> str:
    """The reference of this person's own request on which they pressed Call after ``since``, with no outcome yet."""
    asked = select(_C.reference).where(
        _C.assignee_id == user_id, _C.closed_at.is_(None), _C.call_started_at > since, _C.reference != besides
    )
    return conn.execute(asked.order_by(_C.call_started_at.desc()).limit(1)).scalar() or ""


def way_of_last_claim(conn: Connection, callback_id: int) -> str:
    """How its holder came by a request: the ``way`` of the newest entry that gave it to somebody."""
    asked = select(_E.details).where(_E.callback_id == callback_id, _E.action.in_(_GIVEN))
    details = conn.execute(asked.order_by(_E.id.desc()).limit(1)).scalar()
    return str((details or {}).get("way", ""))


def pages(conn: Connection, site: Site, calendar: Calendar, *, user_id: int, now: datetime) -> Iterator[list[Row[Any]]]:
    """The same a few at a time, so that whoever needs one pays for few; whoever claims takes the first it can lock."""
    values = moments(user_id, now) | {"daily": calendar.calling.daily, "keys": _callable_keys(conn, calendar, now)}
    asked = _page(is_first=True)
    while True:
        rows = conn.execute(asked, values).all()
        barred = barred_among(conn, site, rows)
        yield [row for row in rows if row.id not in barred]
        if len(rows) < AT_A_TIME:
            return
        asked, values = _page(is_first=False), values | {"after_at": rows[-1].due_at, "after_id": rows[-1].id}


def _callable_keys(conn: Connection, calendar: Calendar, now: datetime) -> list[str]:
    """The places at which it is a lawful hour and within the office's, of those where somebody waits."""
    return [key for key in conn.execute(places()).scalars() if calendar.callable_hours(key).is_open(now)]


@cache
def places() -> Select[Any]:
    """The distinct keys of those who wait, each found from the one before it: as many steps as there are places."""
    least = select(func.min(_C.calling_key).label("key")).where(_C.closed_at.is_(None))
    place = least.cte("place", recursive=True)
    following = least.where(_C.calling_key > place.c.key).correlate(place).scalar_subquery()
    place = place.union_all(select(following).where(place.c.key.is_not(None)))
    return select(place.c.key).where(place.c.key.is_not(None))


@cache
def _page(*, is_first: bool) -> Select[Any]:
    """A page of them. Statements are made once: putting one together costs more than finding the rows.

    At open places nobody's and one's own apart, so that each is read in order from the index that begins with the
    owner. Besides those there is whoever asked within the hour for a call as soon as possible: few, and found by when
    they came, with the owner hidden from a planner that would rather walk all that are nobody's.
    """
    offered, unseen = _C.id.not_in(skipped()), _C.id.not_in(viewed())
    at_open_places = [
        _C.calling_key.in_(bindparam("keys", expanding=True)),
        attempts() < bindparam("daily", type_=Integer),
    ]
    lately = [func.coalesce(_C.assignee_id, 0).in_((0, USER)), or_(_C.assignee_id == USER, unseen), *_invited()]
    by_owner, by_time = (_C.assignee_id, _C.due_at, _C.id), (_C.due_at, _C.id)
    branches = [
        _branch([_C.assignee_id.is_(None), unseen, offered, *at_open_places, *_ready()], by_owner, is_first),
        _branch([_C.assignee_id == USER, offered, *at_open_places, *_ready()], by_owner, is_first),
        _branch([*lately, offered, attempts() < 1, *_ready()], by_time, is_first),
    ]
    ids = select(union_all(*branches).subquery().c.id)
    asked = select(*SELECTED).select_from(SOURCE).where(_C.id.in_(ids)).order_by(_C.due_at, _C.id)
    return asked.limit(AT_A_TIME)


def _branch(conditions: list[ColumnElement[bool]], order: tuple[Any, ...], is_first: bool) -> Select[tuple[int]]:
    asked = select(_C.id, _C.due_at).where(_C.closed_at.is_(None), *conditions)
    if not is_first:
        at, last_id = bindparam("after_at", type_=Instant()), bindparam("after_id", type_=BigInteger())
        asked = asked.where(_C.due_at >= at, or_(_C.due_at > at, and_(_C.due_at == at, _C.id > last_id)))
    some = asked.order_by(*order).limit(AT_A_TIME).subquery()
    return select(some.c.id)


def _ready() -> list[ColumnElement[bool]]:
    """What stands against a call at any hour: not decided yet, too early, a wish unread, a number that is wrong.

    A time asked for does not where a call is due before it, nor one unread where somebody may be in danger.
    """
    return [
        _C.status != Status.CHECK.value,
        or_(_C.next_at.is_(None), _C.next_at <= NOW),
        or_(_C.window_from.is_(None), _C.window_from <= NOW, BEFORE_WINDOW),
        or_(_C.is_free_time.is_(False), _C.free_time_seen_at.is_not(None), AT_ONCE),
        or_(_C.last_disposition.is_(None), _C.last_disposition != Disposition.WRONG_NUMBER.value),
    ]


def _invited() -> list[ColumnElement[bool]]:
    """At whatever hour: as soon as possible, they said, and it is not an hour ago."""
    return [
        and_(_C.received_at > bindparam("invited_since", type_=Instant()), _C.received_at <= NOW),
        _C.window_from.is_(None),
        _C.is_free_time.is_(False),
        _C.attempt_count == 0,
    ]


def moments(user_id: int, now: datetime) -> dict[str, Any]:
    """The values of the statements here and in ``passed_over``: who asks, and the instants that matter."""
    return {
        "user_id": user_id,
        "now": now,
        "a_day_ago": now - _A_DAY,
        "invited_since": now - INVITED_FOR,
        "present_since": now - HERE_FOR,
        "opened_since": now - LEFT_FOR,
    }


def viewed() -> Select[tuple[int]]:
    """The ids of what is left to somebody else who looks at it: for each of them the one where they were seen last.

    So nobody keeps more than one from the others by looking, nor longer than LEFT_FOR after opening its page. Who is
    overdue, and a crisis, wait for nobody's reading: whoever asks for the next call has them, whoever reads is told.
    """
    present_since, later = bindparam("present_since", type_=Instant()), aliased(Presence)
    elsewhere = exists().where(later.user_id == _P.user_id, later.seen_at > _P.seen_at)
    opened = exists().where(
        _E.actor_id == _P.user_id,
        _E.at > bindparam("opened_since", type_=Instant()),
        _E.callback_id == _P.callback_id,
        _E.action == "callback.viewed",
    )
    looked_at = select(_P.callback_id).join(CallbackRequest, _C.id == _P.callback_id)
    is_looking = (_P.user_id != USER, _P.seen_at > present_since, ~elsewhere, opened)
    return looked_at.where(*is_looking, _C.due_at >= NOW, _C.crisis_at.is_(None))


def skipped() -> Select[tuple[int]]:
    """The ids of what this person has passed over a while ago."""
    return select(_K.callback_id).where(_K.user_id == USER, _K.until_at > NOW)


def attempts() -> ColumnElement[int]:
    """How often we have tried in the last 24 hours."""
    since = bindparam("a_day_ago", type_=Instant())
    made = select(func.count()).where(_A.callback_id == _C.id, _A.is_attempt, _A.started_at > since, stands())
    return made.correlate(CallbackRequest.__table__).scalar_subquery()


def barred_among(conn: Connection, site: Site, rows: Sequence[Row[Any]]) -> set[int]:
    """Those whose number asked not to be called; mostly such a request is set aside already."""
    indexes = {row.id: phone_indexes(site, row) for row in rows}
    asked = [index for some in indexes.values() for index in some]
    if not asked:
        return set()
    found = set(conn.execute(select(_S.phone_index).where(_S.phone_index.in_(asked))).scalars())
    return {row_id for row_id, some in indexes.items() if not found.isdisjoint(some)}
