"""The next call: whoever presses the button has the most urgent request that may be called, and knows why this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert

from intake.database import writing
from intake.ledger import audit
from intake.models import Skip
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import next_call, passed_over
from intake.queries.calendar import Calendar
from intake.rules.permissions import Actor, Permission
from intake.services import leases
from intake.services.claims import LONGEST_CALL, give_back, take
from intake.services.deeds import deed
from intake.services.errors import RefusedError
from intake.services.locking import ensure_free, ensure_open, lock_account, lock_first, lock_to_take, seconds_between

WAY = "next_call"
"""In the details of an entry: this is how they came by the request."""
SKIPPED_FOR = timedelta(minutes=15)
"""So long a request that was passed over is offered to others only."""
_K = Skip.__table__.c


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
    """Find the most urgent request this person may call now, and claim it, in one transaction.

    Of many who press at once each has another. ``besides``: the request they have just left, which is not offered.
    A call whose outcome is not said yet comes first: nobody is led away from it.
    """
    actor.require(Permission.WORK)
    with deed(actor, "callback.claimed", now=now) as conn:
        lock_account(conn, actor)
        leases.give_back_idle(conn, site, now)
        under_way = next_call.on_call(conn, user_id=actor.person_id, since=now - LONGEST_CALL, besides=besides)
        if under_way:
            return NextCall(under_way, was_held=True, is_on_call=True)
        calendar = calendars.current(conn, site)
        row = _locked(conn, site, actor, calendar, now, besides)
        asked: dict[str, Any] = {"user_id": actor.person_id, "now": now}
        if row is None:
            passed = passed_over.reasons(conn, site, calendar, besides=besides, **asked)
            return NextCall(passed=passed, opens_at=passed_over.opens_at(conn, calendar, **asked))
        passed = passed_over.reasons(conn, site, calendar, before=(row.due_at, row.id), besides=besides, **asked)
        _lead_to(conn, site, actor, row, passed, now)
        return NextCall(row.reference, passed, was_held=row.assignee_id is not None)


def _locked(
    conn: Connection, site: Site, actor: Actor, calendar: Calendar, now: datetime, besides: str
) -> Row[Any] | None:
    """The first that can be had. What colleagues have locked is passed by, and waited for only if that is all."""
    for is_patient in (False, True):
        some_in_use = False
        for page in _offered(conn, site, actor, calendar, now, besides):
            row = lock_first(conn, actor, page, is_patient=is_patient)
            if row is not None:
                return row
            some_in_use = some_in_use or bool(page)
        if not some_in_use:
            break
    return None


def _offered(
    conn: Connection, site: Site, actor: Actor, calendar: Calendar, now: datetime, besides: str
) -> Iterator[list[Row[Any]]]:
    for page in next_call.pages(conn, site, calendar, user_id=actor.person_id, now=now):
        yield [row for row in page if row.reference != besides]


def _lead_to(
    conn: Connection, site: Site, actor: Actor, row: Row[Any], passed: Mapping[str, int], now: datetime
) -> None:
    """Claim it unless it is theirs; either way the record says why it was this one, in codes and numbers."""
    details = {"way": WAY, "late_seconds": seconds_between(row.due_at, now), "passed": dict(passed)}
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
    with writing() as conn:
        row = lock_to_take(conn, reference, actor)
        ensure_open(row)
        ensure_free(conn, row, actor)
        if row.call_started_at is not None and now - row.call_started_at < LONGEST_CALL:
            raise RefusedError("on_call")
        mine = (_K.callback_id == row.id) | (_K.until_at <= now)
        conn.execute(delete(Skip).where(_K.user_id == actor.person_id, mine))
        kept = {"callback_id": row.id, "user_id": actor.person_id, "skipped_at": now, "until_at": now + SKIPPED_FOR}
        conn.execute(insert(Skip).values(**kept))
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
