"""Who has asked twice: what one person sends twice is joined by itself, and whoever is to call knows of all else.

Done by the worker a moment after a request is stored. So the form does the same work for everybody, and nobody can
tell from its answer that their number, or somebody else's, is known here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.exc import OperationalError

from intake.database import reading, writing
from intake.ledger import audit
from intake.models import Alert, CallbackRequest
from intake.models.base import table_of
from intake.models.site import Site
from intake.queries import alerting, repeats
from intake.queries.worklist import opened
from intake.rules.alerting import AlertKind
from intake.rules.duplicates import folded_name, joins_by_itself
from intake.rules.limits import LONGEST_CALL
from intake.rules.permissions import SYSTEM
from intake.services.duplicates import join, lock_joined
from intake.services.locking import lock_all

log = logging.getLogger(__name__)
REPEATS_LOCK = 0x696E7264
"""The PostgreSQL advisory lock of whoever joins: of several workers one does it at a time."""
LOOKED_BACK = timedelta(hours=24)
"""A request may be looked at again: a call is over, a colleague has found it genuine, no worker ran for a while."""
AT_A_TIME = 200
_C = CallbackRequest.__table__.c


def look(site: Site, *, now: datetime) -> int:
    """Join what is one person's wish sent twice, and note the rest for whoever holds the older; how many it changed.

    A pair that fails is left, and told once all the others are done: an ExceptionGroup of what came of such pairs.
    """
    with reading() as conn:
        came = repeats.newer(conn, since=now - LOOKED_BACK, most=AT_A_TIME)
        if not came:
            return 0
        known = repeats.older(conn, came)
        apart = repeats.taken_apart(conn, [row.id for row in came])
        told = repeats.told(conn, {row.id for row in known})
    changed, failed = 0, list[Exception]()
    for row in reversed(came):
        others = [one for one in known if _is_before(one, row) and _has_same(one, row)]
        if not others:  # beyond what is looked at in one turn
            continue
        survivor = None if row.id in apart else _survivor(site, row, others, failed, now)
        if survivor is not None:
            with _each(survivor, row, failed):
                changed += _join(site, survivor.id, row.id, now)
            continue
        for one in others:
            if (one.id, row.reference) not in told:
                with _each(one, row, failed):
                    changed += _note(site, one.id, row, now)
    if failed:
        raise ExceptionGroup("some who asked twice were left as they are", failed)
    return changed


@contextmanager
def _each(one: Row[Any], other: Row[Any], failed: list[Exception]) -> Iterator[None]:
    """A pair that fails keeps no other waiting. A database that is away, or too busy, fails for all of them."""
    try:
        yield
    except OperationalError:
        raise
    except Exception as error:
        log.exception("requests %d and %d could not be looked at together", one.id, other.id)
        failed.append(error)


def _is_before(one: Row[Any], other: Row[Any]) -> bool:
    return bool((one.received_at, one.id) < (other.received_at, other.id))


def _has_same(one: Row[Any], other: Row[Any]) -> bool:
    return bool(
        (one.phone_index == other.phone_index and one.phone_index is not None)
        or (one.email_index == other.email_index and one.email_index is not None)
    )


def _survivor(
    site: Site, row: Row[Any], others: Sequence[Row[Any]], failed: list[Exception], now: datetime
) -> Row[Any] | None:
    """The oldest that stands for the same wish of the same person, with nobody on the phone about either."""
    for one in others:
        with _each(one, row, failed):
            if _is_one_wish(site, one, row, now):
                return one
    return None


def _is_one_wish(site: Site, survivor: Any, later: Any, now: datetime) -> bool:
    is_same_number = survivor.phone_index is not None and survivor.phone_index == later.phone_index
    if not is_same_number or not joins_by_itself(survivor, later):
        return False
    if any(row.call_started_at is not None and now - row.call_started_at < LONGEST_CALL for row in (survivor, later)):
        return False
    names = [folded_name(opened(site, row, "name")) for row in (survivor, later)]
    return names[0] == names[1] != ""


def _join(site: Site, survivor_id: int, later_id: int, now: datetime) -> int:
    """0 if either is no longer what it was when it was looked at."""
    with writing() as conn:
        _alone(conn)
        rows = {row.id: row for row in lock_joined(conn, _C.id.in_((survivor_id, later_id)))}
        survivor, later = rows[survivor_id], rows[later_id]
        if not _is_one_wish(site, survivor, later, now) or repeats.taken_apart(conn, [later_id]):
            return 0
        join(conn, site, SYSTEM, survivor, later, now)
        _tell(conn, survivor, later, now)
    return 1


def _note(site: Site, older_id: int, newer: Row[Any], now: datetime) -> int:
    """Put it on record once, for the page of the older request, and tell whoever is to call."""
    with writing() as conn:
        _alone(conn)
        row = lock_all(conn, [older_id])[0]
        if row.closed_at is not None or (older_id, newer.reference) in repeats.told(conn, [older_id]):
            return 0
        details = {"reference": newer.reference}
        audit.record(conn, site, SYSTEM, "callback.asked_again", callback_id=older_id, details=details, now=now)
        _tell(conn, row, newer, now)
    return 1


def _tell(conn: Connection, row: Row[Any], newer: Row[Any], now: datetime) -> None:
    """An alert for its owner, told in their digest; a request that nobody holds shows it to whoever opens it."""
    if row.assignee_id is None or row.assignee_id == newer.assignee_id:
        return
    alert = {
        "callback_id": row.id, "due_at": newer.received_at, "kind": AlertKind.AGAIN.value,
        "recipient": f"user:{row.assignee_id}", "number": 1, "raised_at": now,
    }  # fmt: skip
    occasion = tuple(alert[name] for name in ("callback_id", "due_at", "kind", "recipient", "number"))
    had = alerting.raised(conn, [(row.id, newer.received_at, AlertKind.AGAIN.value, 1)])
    if occasion not in had:
        conn.execute(insert(table_of(Alert)).values(alert))


def _alone(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(REPEATS_LOCK)))
