"""The queue: one page of requests in due order, and how many each view holds."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, or_, select

from intake.models import CallbackRequest, User
from intake.models.site import Site
from intake.queries import search
from intake.rules.workflow import Channel, ClosedReason, ForWhom, Status, Voicemail

COUNTED_TO = 1000
"""Counts stop here and are shown as 1,000+."""
CLOSED_LOOKED_THROUGH = 10_000
"""So many ended requests, from the newest, a filter looks through for one page."""
_T = CallbackRequest.__table__
_C = _T.c
_U = User.__table__.c


class View(StrEnum):
    """The queue's fixed filters, as the address names them."""

    ALL_OPEN = "all_open"
    DUE_NOW = "due_now"
    MINE = "mine"
    UNCLAIMED = "unclaimed"
    SCHEDULED = "scheduled"
    RETRY = "retry"
    CHECK = "check"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a view is narrowed to. ``owner_id`` 0: nobody; ``source``: the code of the page it was sent from."""

    owner_id: int | None = None
    status: Status | None = None
    channel: Channel | None = None
    source: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """As SQL, over rows that the view's own index brings in order."""
        owner = _C.assignee_id.is_(None) if self.owner_id == 0 else _C.assignee_id == self.owner_id
        asked = [
            owner if self.owner_id is not None else None,
            _C.status == self.status.value if self.status else None,
            _C.channel == self.channel.value if self.channel else None,
            _C.source == self.source if self.source else None,
        ]
        return [one for one in asked if one is not None]

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One request as a line of the queue. Name and number are empty without the right to see them."""

    id: int
    public_id: str
    reference: str
    version: int
    status: Status
    due_at: datetime
    target_at: datetime
    promised_by_at: datetime
    received_at: datetime
    next_at: datetime | None
    window_from: datetime | None
    window_until: datetime | None
    is_free_time: bool
    free_time_seen_at: datetime | None
    name: str
    phone_e164: str
    last4: str
    voicemail: Voicemail
    language: str
    for_whom: ForWhom | None
    calling_key: str
    is_zone_known: bool
    attempt_count: int
    is_once_only: bool
    first_attempt_at: datetime | None
    is_marked: bool
    spam_reasons: tuple[str, ...]
    assignee_id: int | None
    assignee_name: str
    claimed_at: datetime | None
    call_started_at: datetime | None
    lease_until: datetime | None
    snoozed_at: datetime | None
    closed_at: datetime | None
    crisis_at: datetime | None
    closed_reason: ClosedReason | None


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """Up to ``limit`` rows, and where the next page begins."""

    rows: tuple[WorklistRow, ...]
    next_cursor: str | None


_PLAIN = (
    "id", "public_id", "reference", "version", "due_at", "target_at", "promised_by_at", "received_at", "next_at",
    "window_from", "window_until", "is_free_time", "free_time_seen_at", "language", "calling_key", "is_zone_known",
    "attempt_count", "is_once_only", "first_attempt_at", "is_marked", "assignee_id", "claimed_at", "call_started_at",
    "lease_until", "snoozed_at", "closed_at", "crisis_at",
)  # fmt: skip
_READ = ("status", "voicemail", "for_whom", "spam_reasons", "closed_reason", "name_encrypted", "phone_encrypted")
SELECTED = (*(_C[name] for name in (*_PLAIN, *_READ)), _U.name.label("assignee_name"))
SOURCE = _T.outerjoin(User.__table__, _U.id == _C.assignee_id)


def page(
    conn: Connection, site: Site, view: View, *, user_id: int, now: datetime, due_soon: timedelta,
    with_contact: bool, after: str | None = None, limit: int = 50, match: str | None = None,
    filters: Filters | None = None,
) -> WorklistPage:  # fmt: skip
    """One page. ``match`` (from ``search.key_for``) looks through every request, newest first, instead of a view."""
    if match is not None:
        return _found(conn, site, match, after, limit, with_contact)
    asked, narrowed = select(*SELECTED).select_from(SOURCE), filters.conditions() if filters else []
    if view is View.CLOSED:
        asked = _closed_last(asked, after) if not narrowed else _among_newest_closed(asked, narrowed, after)
    else:
        asked = _soonest(asked.where(*_condition(view, user_id, now + due_soon), *narrowed), after)
    rows = conn.execute(asked.limit(limit + 1)).all()
    shown = tuple(WorklistRow(**fields(site, row, with_contact)) for row in rows[:limit])
    ordered_by = "closed_at" if view is View.CLOSED else "due_at"
    more = len(rows) > limit
    return WorklistPage(shown, _cursor(getattr(shown[-1], ordered_by), shown[-1].id) if more else None)


def _found(conn: Connection, site: Site, match: str, after: str | None, limit: int, with_contact: bool) -> WorklistPage:
    """A page of a search. First the ids alone, so that no database is tempted to read and sort every hit."""
    place = _place(after)
    ids = search.newest(conn, match, before=place[1] if place else None, limit=limit + 1)
    asked = select(*SELECTED).select_from(SOURCE).where(_C.id.in_(ids[:limit])).order_by(_C.id.desc())
    rows = conn.execute(asked).all() if ids else []
    shown = tuple(WorklistRow(**fields(site, row, with_contact)) for row in rows)
    more = len(ids) > limit
    return WorklistPage(shown, _cursor(shown[-1].received_at, shown[-1].id) if more else None)


def counts(conn: Connection, *, user_id: int, now: datetime, due_soon: timedelta) -> dict[View, int]:
    """How many requests each open view holds, each counted to 1,000, in one statement."""
    return read_counts(conn.execute(select(*count_columns(user_id, now + due_soon))).one())


def count_columns(user_id: int, soon: datetime) -> list[Any]:
    """The same for a statement that asks for more than this; ``read_counts`` takes its row."""
    return [_count(_condition(view, user_id, soon)).label(view.value) for view in View if view is not View.CLOSED]


def read_counts(row: Row[Any]) -> dict[View, int]:
    """What ``count_columns`` have answered."""
    return {view: int(getattr(row, view.value)) for view in View if view is not View.CLOSED}


def waiting(conn: Connection, *, now: datetime) -> int:
    """How many open requests nobody has claimed, counted to 1,000: a number for a page that shows nothing else."""
    return int(conn.execute(select(_count(_condition(View.UNCLAIMED, 0, now)))).scalar_one())


def narrowed_count(
    conn: Connection, view: View, filters: Filters, *, user_id: int, now: datetime, due_soon: timedelta
) -> int:
    """How many requests of an open view the filters leave, counted to 1,000."""
    conditions = [*_condition(view, user_id, now + due_soon), *filters.conditions()]
    return int(conn.execute(select(_count(conditions))).scalar_one())


def belongs(view: View, filters: Filters, *, user_id: int, now: datetime, due_soon: timedelta) -> ColumnElement[bool]:
    """Whether a request is part of a view that is narrowed like this."""
    if view is View.CLOSED:
        return and_(_C.closed_at.is_not(None), *filters.conditions())
    return and_(*_condition(view, user_id, now + due_soon), *filters.conditions())


def between(after: str | None, until: str | None) -> list[ColumnElement[bool]]:
    """The places of an open view behind one cursor and up to another; each may be missing."""
    begin, end = _place(after), _place(until)
    behind = [_C.due_at >= begin[0], or_(_C.due_at > begin[0], _C.id > begin[1])] if begin else []
    before = [_C.due_at <= end[0], or_(_C.due_at < end[0], _C.id <= end[1])] if end else []
    return [*behind, *before]


def _count(conditions: list[ColumnElement[bool]]) -> Any:
    some = select(literal(1)).select_from(_T).where(*conditions).limit(COUNTED_TO).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _condition(view: View, user_id: int, soon: datetime) -> list[ColumnElement[bool]]:
    """What makes a request part of a view; every one starts from the open ones."""
    more: dict[View, list[ColumnElement[bool]]] = {
        View.ALL_OPEN: [],
        View.DUE_NOW: [_C.due_at <= soon, _C.status != Status.CHECK.value, _is_awake(soon)],
        View.MINE: [_C.assignee_id == user_id],
        View.UNCLAIMED: [_C.assignee_id.is_(None), _C.status != Status.CHECK.value],
        View.SCHEDULED: [_C.status == Status.SCHEDULED.value],
        View.RETRY: [_C.status == Status.ATTEMPTING.value],
        View.CHECK: [_C.status == Status.CHECK.value],
    }
    return [_C.closed_at.is_(None), *more[view]]


def _is_awake(soon: datetime) -> ColumnElement[bool]:
    """Not put off beyond then: a condition on the time, so that it comes back by itself."""
    return or_(_C.snoozed_at.is_(None), _C.next_at.is_(None), _C.next_at <= soon)


def _soonest(asked: Select[Any], after: str | None) -> Select[Any]:
    place = _place(after)
    if place:
        at, last_id = place
        asked = asked.where(_C.due_at >= at, or_(_C.due_at > at, and_(_C.due_at == at, _C.id > last_id)))
    return asked.order_by(_C.due_at, _C.id)


def _closed_last(asked: Select[Any], after: str | None) -> Select[Any]:
    asked, column, place = asked.where(_C.closed_at.is_not(None)), _C.closed_at, _place(after)
    if place:
        at, last_id = place
        asked = asked.where(column <= at, or_(column < at, and_(column == at, _C.id < last_id)))
    return asked.order_by(column.desc(), _C.id.desc())


def _among_newest_closed(asked: Select[Any], narrowed: list[ColumnElement[bool]], after: str | None) -> Select[Any]:
    """No index leads to a rare owner or source among millions that have ended, so the search has an end."""
    newest = _closed_last(select(_C.id), after).limit(CLOSED_LOOKED_THROUGH).subquery()
    joined = asked.where(_C.id.in_(select(newest.c.id)), *narrowed)
    return joined.order_by(_C.closed_at.desc(), _C.id.desc())


def _cursor(at: datetime, last_id: int) -> str:
    """The last row's place in the order, as an opaque word for the address."""
    micros = int(at.timestamp()) * 1_000_000 + at.microsecond
    return base64.urlsafe_b64encode(f"{micros}.{last_id}".encode()).rstrip(b"=").decode()


def _place(cursor: str | None) -> tuple[datetime, int] | None:
    """Read a cursor; anything that is not one means the first page."""
    try:
        text = base64.urlsafe_b64decode(f"{cursor}{'=' * (-len(cursor or '') % 4)}").decode() if cursor else ""
        micros, _, last_id = text.partition(".")
        at = datetime.fromtimestamp(int(micros) // 1_000_000, UTC) + timedelta(microseconds=int(micros) % 1_000_000)
        return at, max(0, min(int(last_id), 2**62))
    except (ValueError, OverflowError, OSError):
        return None


def fields(site: Site, row: Row[Any], with_contact: bool) -> dict[str, Any]:
    """The values of a WorklistRow, opened only where the reader may see them."""
    name, phone = (opened(site, row, part) if with_contact else "" for part in ("name", "phone"))
    e164 = phone.partition(";")[0]
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "status": Status(row.status),
        "voicemail": Voicemail(row.voicemail),
        "for_whom": ForWhom(row.for_whom) if row.for_whom else None,
        "spam_reasons": tuple(filter(None, row.spam_reasons.split(","))),
        "closed_reason": ClosedReason(row.closed_reason) if row.closed_reason else None,
        "assignee_name": row.assignee_name or "",
        "name": name,
        "phone_e164": e164,
        "last4": e164[-4:],
    }


def opened(site: Site, row: Row[Any], part: str) -> str:
    """One sealed column of a request in clear; empty when it is not there (any more)."""
    return site.keyring.open(f"callback_request.{part}", row.public_id, getattr(row, f"{part}_encrypted")) or ""
