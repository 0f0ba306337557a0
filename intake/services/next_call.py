"""The next call: whoever presses the button has the most urgent request that may be called, and knows why this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row

from intake.ledger import audit, skips
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import next_call, passed_over
from intake.queries.calendar import Calendar
from intake.rules.due import is_at_once
from intake.rules.limits import LONGEST_CALL
from intake.rules.permissions import Actor, Permission
from intake.services import leases
from intake.services.claims import give_back, take
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import (
    ensure_free,
    ensure_open,
    lock_account,
    lock_first,
    lock_to_take,
    seconds_between,
    wait_for,
)  # fmt: skip

WAY = "next_call"
"""In the details of an entry: this is how they came by the request."""
SKIPPED_FOR = timedelta(minutes=15)
"""So long a request that was passed over is offered to others only."""
_OneOf = Callable[[Connection, Actor, Iterable[list[Row[Any]]]], Row[Any] | None]


class SkipReason(StrEnum):
    """Why somebody passes a request over."""

    LANGUAGE = "language"
    KNOWN = "known"
    COLLEAGUE = "colleague"
    PAUSE = "pause"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NextCall:
    """What the button led to.

    ``reference`` is "" when nobody may be called; then ``opens_at`` says from when the next one may. ``passed``: how
    many that come before it were passed over, by code (``queries.passed_over``). ``was_held``: it was theirs already;
    ``is_on_call``: and they have not said yet what came of their call.
    """

    reference: str = ""
    passed: Mapping[str, int] | None = None
    was_held: bool = False
    is_on_call: bool = False
    opens_at: datetime | None = None


def claim_next(site: Site, actor: Actor, *, now: datetime, besides: str = "") -> NextCall:
    """Find the most urgent request this person may call now, and claim it.

    Of many who press at once each has another. ``besides``: the request they have just left, which is not offered.
    A call whose outcome is not said yet comes first: nobody is led away from it.
    """
    actor.require(Permission.WORK)
    leases.return_idle(site, now=now)
    try:
        with deed(actor, "callback.claimed", now=now) as conn:
            return _claimed(conn, site, actor, now, besides, _first_free)
    except _InUseError:  # anew, so that nothing is held while something is waited for
        with deed(actor, "callback.claimed", now=now) as conn:
            return _claimed(conn, site, actor, now, besides, _first_waited_for)


class _InUseError(Exception):
    """All that could be had is in colleagues' hands at this moment."""


def _claimed(conn: Connection, site: Site, actor: Actor, now: datetime, besides: str, one_of: _OneOf) -> NextCall:
    lock_account(conn, actor)
    under_way = next_call.on_call(conn, user_id=actor.person_id, since=now - LONGEST_CALL, besides=besides)
    if under_way:
        return NextCall(under_way, was_held=True, is_on_call=True)
    calendar = calendars.current(conn, site)
    row = one_of(conn, actor, _offered(conn, site, actor, calendar, now, besides))
    asked: dict[str, Any] = {"user_id": actor.person_id, "now": now}
    if row is None:
        passed = passed_over.reasons(conn, site, calendar, besides=besides, **asked)
        return NextCall(passed=passed, opens_at=passed_over.opens_at(conn, calendar, **asked))
    passed = passed_over.reasons(conn, site, calendar, before=(row.due_at, row.id), besides=besides, **asked)
    _lead_to(conn, site, actor, row, passed, now)
    return NextCall(row.reference, passed, was_held=row.assignee_id is not None)


def _first_free(conn: Connection, actor: Actor, pages: Iterable[list[Row[Any]]]) -> Row[Any] | None:
    """The first that nobody has locked. _InUseError if there are only such as somebody has."""
    is_in_use = False
    for page in pages:
        row = lock_first(conn, actor, page)
        if row is not None:
            return row
        is_in_use = is_in_use or bool(page)
    if is_in_use:
        raise _InUseError
    return None


def _first_waited_for(conn: Connection, actor: Actor, pages: Iterable[list[Row[Any]]]) -> Row[Any] | None:
    """The first that its colleague lets go as it was; one at a time is waited for."""
    waited_for = (wait_for(conn, actor, found) for page in pages for found in page)
    return next((row for row in waited_for if row is not None), None)


def _offered(
    conn: Connection, site: Site, actor: Actor, calendar: Calendar, now: datetime, besides: str
) -> Iterator[list[Row[Any]]]:
    for page in next_call.pages(conn, site, calendar, user_id=actor.person_id, now=now):
        yield [row for row in page if row.reference != besides]


def _lead_to(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], passed: Mapping[str, int], now: datetime
) -> None:
    """Claim it unless it is theirs; either way the record says why it was this one, in codes and numbers."""
    late = {"is_at_once": True} if is_at_once(row) else {"late_seconds": seconds_between(row.due_at, now)}
    details: dict[str, Any] = {"way": WAY, **late, "passed": dict(passed)}
    if row.assignee_id is None:
        take(conn, site, actor, row, now, details)
    else:
        audit.record(conn, site, actor, "callback.offered_again", callback_id=row.id, details=details, now=now)


def skip(site: Site, actor: Actor, reference: str, reason: SkipReason, *, words: str = "", now: datetime) -> None:
    """Pass a request over: for a while it is offered to others only. One that came by Next call goes back to them.

    RefusedError: reason_needed (``other`` without words), on_call (say first what came of the call).
    """
    actor.require(Permission.WORK)
    if reason is SkipReason.OTHER and not words.strip():
        raise RefusedError("reason_needed")
    with deed(actor, "callback.skipped", now=now) as conn:
        row = lock_to_take(conn, reference, actor)
        ensure_open(row)
        ensure_free(conn, row, actor)
        if row.call_started_at is not None and now - row.call_started_at < LONGEST_CALL:
            raise RefusedError("on_call")
        skips.pass_over(conn, row.id, actor.person_id, until_at=now + SKIPPED_FOR, now=now)
        audit.record(
            conn, site, actor, "callback.skipped", callback_id=row.id, details={"reason": reason.value},
            typed=words.strip() or None, now=now,
        )  # fmt: skip
        if row.assignee_id is not None and _is_untouched(conn, row):
            give_back(conn, site, actor, row, {"from": row.assignee_id, "reason": "skipped"}, now)


def _is_untouched(conn: Connection, row: Row[Any]) -> bool:
    """It came by Next call, and nobody has called since: whoever was given it, or chose it, keeps it."""
    is_called = row.last_attempt_at is not None and row.claimed_at is not None and row.last_attempt_at >= row.claimed_at
    return not is_called and next_call.way_of_last_claim(conn, row.id) == WAY
