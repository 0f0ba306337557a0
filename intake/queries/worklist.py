"""The queue: one page of requests in due order, and how many each view holds."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, literal, or_, select

from intake.models import CallbackRequest, User
from intake.models.site import Site
from intake.queries import calls, checked, search, worklist_ended
from intake.queries.checked import Rescued
from intake.queries.worklist_filters import Filters, View, belongs
from intake.rules.workflow import ClosedReason, Disposition, ForWhom, Status, Voicemail

COUNTED_TO = 1000
"""Counts stop here and are shown as 1,000+."""
FOUND_LOOKED_THROUGH = 2000
"""So many requests that a search found, from the newest, a filter looks through for one page."""
__all__ = ["Filters", "Tally", "View", "WorklistPage", "WorklistRow", "between", "due_now", "page", "waiting"]
_COUNTED = tuple(one for one in View if one is not View.CLOSED)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_T = CallbackRequest.__table__
_C = _T.c
_U = User.__table__.c


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One request as a line of the queue. Name and number are empty without the right to see them.

    ``said``: of whoever may be in danger, what the last call that reached them was stored as.
    """

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
    last_attempt_at: datetime | None
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
    reached_at: datetime | None
    closed_reason: ClosedReason | None
    last_disposition: Disposition | None
    said: Disposition | None


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """Up to ``limit`` rows, and where the next page begins."""

    rows: tuple[WorklistRow, ...]
    next_cursor: str | None


_PLAIN = (
    "id", "public_id", "reference", "version", "due_at", "target_at", "promised_by_at", "received_at", "next_at",
    "window_from", "window_until", "is_free_time", "free_time_seen_at", "language", "calling_key", "is_zone_known",
    "attempt_count", "last_attempt_at", "is_once_only", "first_attempt_at", "is_marked", "assignee_id", "claimed_at",
    "call_started_at", "lease_until", "snoozed_at", "closed_at", "crisis_at", "reached_at",
)  # fmt: skip
_READ = (
    "status", "voicemail", "for_whom", "spam_reasons", "closed_reason", "last_disposition", "name_encrypted",
    "phone_encrypted",
)  # fmt: skip
SELECTED = (
    *(_C[name] for name in (*_PLAIN, *_READ)),
    _U.name.label("assignee_name"),
    case((_C.crisis_at.is_not(None), calls.SAID)).label("said"),
)
SOURCE = _T.outerjoin(User.__table__, _U.id == _C.assignee_id)


def page(
    conn: Connection, site: Site, view: View, *, user_id: int, now: datetime, due_soon: timedelta,
    with_contact: bool, after: str | None = None, limit: int = 50, match: str | None = None,
    filters: Filters | None = None,
) -> WorklistPage:  # fmt: skip
    """One page. ``match`` (from ``search.key_for``) looks through every request, newest first, instead of a view."""
    place, asked, narrow = _place(after), select(*SELECTED).select_from(SOURCE), filters or Filters()
    if match is not None:
        newest = search.newest(conn, match, before=place[1] if place else None, **_few(narrow, limit))
        asked = asked.where(_C.id.in_(select(newest.subquery().c.callback_id)), *narrow.conditions(now)).order_by(
            _C.id.desc()
        )
    elif view is View.CLOSED:
        order = _C.received_at if narrow else _C.closed_at
        found = worklist_ended.ids(narrow, place, limit + 1, now).subquery()
        asked = asked.where(_C.id.in_(select(found.c.id))).order_by(order.desc(), _C.id.desc())
    else:
        asked = _soonest(asked.where(*belongs(view, user_id, now, due_soon), *narrow.conditions(now)), place)
    rows = conn.execute(asked.limit(limit + 1)).all()
    shown = tuple(WorklistRow(**fields(site, row, with_contact)) for row in rows[:limit])
    ordered_by = "due_at" if match is None and view is not View.CLOSED else "received_at"
    if view is View.CLOSED and not narrow and match is None:
        ordered_by = "closed_at"
    more = len(rows) > limit
    return WorklistPage(shown, _cursor(getattr(shown[-1], ordered_by), shown[-1].id) if more else None)


def _few(filters: Filters, limit: int) -> dict[str, int]:
    """How many hits of a search are read: no more than a page of them, or enough to filter."""
    return {"limit": FOUND_LOOKED_THROUGH if filters else limit + 1}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many requests each open view holds, and how many of the one on show the filters leave; up to 1,000.

    ``check_late``: past their time under "Check"; ``rescued``: what became of those decided, for that view alone.
    """

    views: dict[View, int]
    left: int
    check_late: int
    rescued: Rescued | None


def tally_columns(
    view: View, filters: Filters, *, user_id: int, now: datetime, due_soon: timedelta
) -> list[ColumnElement[Any]]:
    """All of the queue's figures as columns of one statement; ``read_tally`` takes its row."""
    columns = [_count(belongs(one, user_id, now, due_soon)).label(one.value) for one in _COUNTED]
    late = [*belongs(View.CHECK, user_id, now, due_soon), _C.check_by_at < now]
    columns.append(_count(late).label("check_late"))
    if filters and view is not View.CLOSED:
        columns.append(_count([*belongs(view, user_id, now, due_soon), *filters.conditions(now)]).label("kept"))
    return [*columns, *(checked.figures(now) if view is View.CHECK else ())]


def read_tally(row: Row[Any]) -> Tally:
    """What ``tally_columns`` have answered; ``left`` is 0 for what has ended, which nobody counts."""
    found = row._mapping
    rescued = Rescued.read(row) if "decided" in found else None
    held: dict[View, int] = {one: int(found[one.value]) for one in _COUNTED}
    return Tally(held, int(found.get("kept", 0)), int(found["check_late"]), rescued)


def due_now(now: datetime, due_soon: timedelta) -> ColumnElement[Any]:
    """How many are due, counted to 1,000: a column for a page that shows no other count."""
    return _count(belongs(View.DUE_NOW, 0, now, due_soon))  # type: ignore[no-any-return]


def waiting(conn: Connection, *, now: datetime) -> int:
    """How many open requests nobody has claimed, counted to 1,000: a number for a page that shows nothing else."""
    return int(conn.execute(select(_count(belongs(View.UNCLAIMED, 0, now, timedelta())))).scalar_one())


def between(after: str | None, until: str | None) -> list[ColumnElement[bool]]:
    """The places of an open view behind one cursor and up to another; each may be missing."""
    begin, end = _place(after), _place(until)
    behind = [_C.due_at >= begin[0], or_(_C.due_at > begin[0], _C.id > begin[1])] if begin else []
    before = [_C.due_at <= end[0], or_(_C.due_at < end[0], _C.id <= end[1])] if end else []
    return [*behind, *before]


def _count(conditions: list[ColumnElement[bool]]) -> Any:
    some = select(literal(1)).select_from(_T).where(*conditions).limit(COUNTED_TO).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _soonest(asked: Select[Any], place: tuple[datetime, int] | None) -> Select[Any]:
    if place:
        at, last_id = place
        asked = asked.where(_C.due_at >= at, or_(_C.due_at > at, and_(_C.due_at == at, _C.id > last_id)))
    return asked.order_by(_C.due_at, _C.id)


def _cursor(at: datetime, last_id: int) -> str:
    """The last row's place in the order, as an opaque word for the address."""
    micros = (at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(f"{micros}.{last_id}".encode()).rstrip(b"=").decode()


def _place(cursor: str | None) -> tuple[datetime, int] | None:
    """Read a cursor; anything that is not one means the first page."""
    try:
        text = base64.urlsafe_b64decode(f"{cursor}{'=' * (-len(cursor or '') % 4)}").decode() if cursor else ""
        micros, _, last_id = text.partition(".")
        return _EPOCH + timedelta(microseconds=int(micros)), max(0, min(int(last_id), 2**62))
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
        "last_disposition": Disposition(row.last_disposition) if row.last_disposition else None,
        "said": Disposition(row.said) if row.said else None,
        "assignee_name": row.assignee_name or "",
        "name": name,
        "phone_e164": e164,
        "last4": e164[-4:],
    }


def opened(site: Site, row: Row[Any], part: str) -> str:
    """One sealed column of a request in clear; empty when it is not there (any more)."""
    return site.keyring.open(f"callback_request.{part}", row.public_id, getattr(row, f"{part}_encrypted")) or ""
