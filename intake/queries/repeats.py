"""New requests whose number or email is known already, of somebody who still waits, and perhaps of the same person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from intake.models import Audit, CallbackRequest, DuplicateLink
from intake.rules.workflow import AWAITING_CALL

_C = CallbackRequest.__table__.c
_O = CallbackRequest.__table__.alias("older")
_L, _A = DuplicateLink.__table__.c, Audit.__table__.c
_AWAITED = [status.value for status in sorted(AWAITING_CALL)]
_COLUMNS = (
    "id", "public_id", "reference", "received_at", "closed_at", "status", "assignee_id", "attempt_count",
    "call_started_at", "last_disposition", "window_from", "window_until", "is_free_time", "phone_index", "email_index",
    "name_encrypted", "preferred_note_encrypted",
)  # fmt: skip
MOST_OTHERS = 1000
TOLD_BY = ("callback.asked_again", "callback.linked")


def newer(conn: Connection, *, since: datetime, most: int) -> Sequence[Row[Any]]:
    """Open requests that came since then while an older one with the same number or email was open, the newest first.

    Compared under the key they were stored by: of a pair that came just before and after a new key was taken into use
    nobody is told here, and both still show each other on their pages.
    """
    came_before = or_(_O.c.received_at < _C.received_at, and_(_O.c.received_at == _C.received_at, _O.c.id < _C.id))
    older_waits = and_(_O.c.closed_at.is_(None), _O.c.status.in_(_AWAITED), came_before)
    same_number = select(_O.c.id).where(_O.c.phone_index == _C.phone_index, older_waits).exists()
    same_email = select(_O.c.id).where(_O.c.email_index == _C.email_index, older_waits).exists()
    asked = select(*(_C[name] for name in _COLUMNS)).where(
        _C.received_at >= since, _C.closed_at.is_(None), _C.status.in_(_AWAITED), or_(same_number, same_email)
    )
    return conn.execute(asked.order_by(_C.received_at.desc(), _C.id.desc()).limit(most)).all()


def older(conn: Connection, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Open requests with a number or an email of one of these, the oldest first."""
    phones = {row.phone_index for row in rows} - {None}
    emails = {row.email_index for row in rows} - {None}
    asked = select(*(_C[name] for name in _COLUMNS)).where(
        _C.closed_at.is_(None),
        _C.status.in_(_AWAITED),
        or_(_C.phone_index.in_(phones), _C.email_index.in_(emails)),
    )
    return conn.execute(asked.order_by(_C.received_at, _C.id).limit(MOST_OTHERS)).all()


def taken_apart(conn: Connection, ids: Collection[int]) -> set[int]:
    """Which of these were joined to another once: whoever took them apart knew better than a rule."""
    return set(conn.execute(select(_L.callback_id).where(_L.callback_id.in_(ids))).scalars())


def told(conn: Connection, ids: Collection[int]) -> set[tuple[int, str]]:
    """Of which newer ones (reference) these requests are on record to have been asked again by."""
    asked = select(_A.callback_id, _A.details).where(_A.callback_id.in_(ids), _A.action.in_(TOLD_BY))
    return {(row.callback_id, str((row.details or {}).get("reference", ""))) for row in conn.execute(asked)}
