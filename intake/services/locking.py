"""One request, held for the length of a transaction, so that of two people only one changes it at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from intake.models import CallbackRequest, User
from intake.rules.permissions import Actor
from intake.rules.workflow import Status, check_transition
from intake.services.errors import ChangedError, EndedError, NotFoundError, RefusedError, TakenError

_T = CallbackRequest.__table__


def lock(conn: Connection, reference: str) -> Row[Any]:
    """The row, locked until the transaction ends. NotFoundError if there is none."""
    return _one(conn, _T.c.reference == reference)


def lock_link(conn: Connection, digest: bytes) -> Row[Any]:
    """Likewise, by the digest of its private link."""
    return _one(conn, _T.c.link_hash == digest)


def lock_held_by(conn: Connection, user_id: int) -> Sequence[Row[Any]]:
    """The open requests this person holds, locked in the order of their ids."""
    held = select(_T).where(_T.c.assignee_id == user_id, _T.c.closed_at.is_(None))
    return conn.execute(held.order_by(_T.c.id).with_for_update()).all()


def _one(conn: Connection, condition: Any) -> Row[Any]:
    row = conn.execute(select(_T).where(condition).with_for_update()).first()
    if row is None:
        raise NotFoundError
    return row


def ensure_open(row: Row[Any]) -> None:
    """EndedError if nobody will call about it any more."""
    if row.closed_at is not None:
        raise EndedError


def ensure_unchanged(row: Row[Any], expected_version: int | None) -> None:
    """ChangedError if it is another version by now than on the page this came from (None: that does not matter)."""
    if not is_unchanged(row, expected_version):
        raise ChangedError


def is_unchanged(row: Row[Any], expected_version: int | None) -> bool:
    """Whether it still is what that page showed."""
    return expected_version in (None, row.version)


def ensure_decided(row: Row[Any]) -> None:
    """RefusedError while it lies under "Check": first somebody says whether it is genuine."""
    if row.status == Status.CHECK:
        raise RefusedError("under_check")


def ensure_free(conn: Connection, row: Row[Any], actor: Actor) -> None:
    """TakenError if somebody else holds it."""
    if row.assignee_id is not None and row.assignee_id != actor.user_id:
        raise TakenError(person_name(conn, row.assignee_id), row.claimed_at)


def person_name(conn: Connection, user_id: int) -> str:
    """The name colleagues know this person by."""
    name = conn.execute(select(User.__table__.c.name).where(User.__table__.c.id == user_id)).scalar()
    return str(name or "")


def change(conn: Connection, row: Row[Any], **values: Any) -> None:
    """Write columns of a locked row and raise its version; a new status must be one it may go to."""
    target = values.get("status")
    if target is not None and target != row.status:
        check_transition(Status(row.status), Status(target))
    conn.execute(update(CallbackRequest).where(_T.c.id == row.id).values(version=row.version + 1, **values))


def seconds_between(earlier: datetime, later: datetime) -> int:
    """Whole seconds, never negative: a clock that was set back does not make one."""
    return max(0, int((later - earlier).total_seconds()))
