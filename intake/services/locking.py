"""One request, held for the length of a transaction, so that of two people only one changes it at a time.

Whoever needs a person's row too locks that one first, here and in ``accounts``: locks taken in one order only cannot
wait for each other in a circle. Of several requests the one with the lowest id is locked first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CTE, Connection, Row, Select, bindparam, select, true, tuple_, update

from intake.ledger import deeds
from intake.models import CallbackRequest, User
from intake.rules.due import settled
from intake.rules.permissions import Actor, ForbiddenError, Permission
from intake.rules.workflow import Status, check_transition
from intake.services.errors import ChangedError, EndedError, NotFoundError, RefusedError, TakenError

_T = CallbackRequest.__table__
_U = User.__table__.c


def in_hand(asked: Select[Any], *, skip_locked: bool = False) -> Select[Any]:
    """These requests, locked against whoever changes them, until the transaction ends.

    Rows that merely refer to a request, as an alert or an entry about a look at it does, wait for nobody: they are
    written in any order.
    """
    return asked.with_for_update(of=_T, key_share=True, skip_locked=skip_locked)


def lock(conn: Connection, reference: str) -> Row[Any]:
    """The row, locked until the transaction ends. NotFoundError if there is none."""
    return _one(conn, _T.c.reference == reference)


def lock_to_give(conn: Connection, reference: str, user_id: int) -> Row[Any]:
    """The row, and before it the account of whoever is to have it, which nobody disables until the transaction ends.

    One statement. Only such a row can be given away (``ensure_may_have``). NotFoundError if there is no such request,
    or no such person any more.
    """
    row = conn.execute(_with_person(reference, _steady(select(_U.id, _U.active).where(_U.id == user_id)))).first()
    if row is None or not row.person_active:
        raise NotFoundError
    return row


def lock_to_take(conn: Connection, reference: str, actor: Actor) -> Row[Any]:
    """Likewise for the actor themself. ForbiddenError if they were disabled after their session was asked for."""
    steady = _steady(select(_U.id, _U.active).where(_U.id == actor.person_id))
    row = conn.execute(_with_person(reference, steady)).first()
    if row is None:
        raise NotFoundError
    if not row.person_active:
        raise ForbiddenError(Permission.WORK)
    return row


def lock_account(conn: Connection, actor: Actor) -> None:
    """The actor's own account, before any request: nobody disables it until the transaction ends.

    ForbiddenError if they were disabled after their session was asked for.
    """
    asked = select(_U.active).where(_U.id == actor.person_id).with_for_update(read=True)
    if not conn.execute(asked).scalar():
        raise ForbiddenError(Permission.WORK)


def lock_first(conn: Connection, actor: Actor, found: Sequence[Row[Any]]) -> Row[Any] | None:
    """The most urgent of these that is still the version it was found as, for an actor who holds ``lock_account``.

    What somebody else has locked is passed by.
    """
    if not found:
        return None
    as_found = [(row.id, row.version) for row in found]
    return conn.execute(_first(is_patient=False), {"user_id": actor.person_id, "as_found": as_found}).first()


def wait_for(conn: Connection, actor: Actor, found: Row[Any]) -> Row[Any] | None:
    """Likewise this one, as soon as nobody else has it locked. If it has changed by then, it is let go again."""
    asked = {"user_id": actor.person_id, "as_found": [(found.id, found.version)]}
    with conn.begin_nested() as attempt:
        row = conn.execute(_first(is_patient=True), asked).first()
        if row is None:
            attempt.rollback()
    return row


@cache
def _first(*, is_patient: bool) -> Select[Any]:
    columns = (_T, _U.id.label("person_id"), _U.active.label("person_active"))
    asked = select(*columns).select_from(_T.join(User.__table__, _U.id == bindparam("user_id")))
    asked = asked.where(tuple_(_T.c.id, _T.c.version).in_(bindparam("as_found", expanding=True)))
    return in_hand(asked, skip_locked=not is_patient).order_by(_T.c.due_at, _T.c.id).limit(1)


def lock_with_holder(conn: Connection, reference: str) -> Row[Any]:
    """Likewise with whoever holds it, for what opens it again in their hands. ChangedError if they change meanwhile."""
    held = select(_U.id, _U.active).join(_T, _T.c.assignee_id == _U.id).where(_T.c.reference == reference)
    row = conn.execute(_with_person(reference, _steady(held), is_outer=True)).first()
    if row is None:
        raise NotFoundError
    if row.assignee_id not in (None, row.person_id):
        raise ChangedError
    return row


def _steady(person: Select[Any]) -> CTE:
    """Read and locked before the request is, as PostgreSQL carries out whatever locks in a WITH; disabling waits."""
    return person.with_for_update(read=True, of=User.__table__).cte("person")


def _with_person(reference: str, person: CTE, *, is_outer: bool = False) -> Select[Any]:
    columns = (_T, person.c.id.label("person_id"), person.c.active.label("person_active"))
    both = _T.join(person, true(), isouter=is_outer)
    return in_hand(select(*columns).select_from(both).where(_T.c.reference == reference))


def ensure_may_have(row: Row[Any], user_id: int) -> None:
    """A request goes to nobody whose account is not held with it: that is how a disabled person would come by one."""
    if row.person_id != user_id or not row.person_active:
        raise LookupError("lock the request together with whoever is to have it")


def lock_link(conn: Connection, digest: bytes) -> Row[Any]:
    """Likewise, by the digest of its private link."""
    return _one(conn, _T.c.link_hash == digest)


def lock_held_by(conn: Connection, user_id: int) -> Sequence[Row[Any]]:
    """The open requests this person holds, locked in the order of their ids."""
    held = select(_T).where(_T.c.assignee_id == user_id, _T.c.closed_at.is_(None))
    return conn.execute(in_hand(held.order_by(_T.c.id))).all()


def lock_all(conn: Connection, ids: Sequence[int]) -> Sequence[Row[Any]]:
    """These requests, locked in the order of their ids."""
    return conn.execute(in_hand(select(_T).where(_T.c.id.in_(ids)).order_by(_T.c.id))).all()


def lock_with_older(conn: Connection, reference: str) -> tuple[Row[Any], Row[Any] | None]:
    """The row, and the one that it was joined to, if it was. NotFoundError if there is none.

    Where it is joined to another one while it is waited for, it is let go, and it begins anew.
    """
    while True:
        with conn.begin_nested() as attempt:
            joined = conn.execute(select(_T.c.id, _T.c.duplicate_of_id).where(_T.c.reference == reference)).first()
            if joined is None:
                raise NotFoundError
            rows = {row.id: row for row in lock_all(conn, [one for one in joined if one is not None])}
            older_id = rows[joined.id].duplicate_of_id
            if older_id is None or older_id in rows:
                return rows[joined.id], rows.get(older_id)
            attempt.rollback()


def lock_accounts(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Those of these people who may still have a request, and whom nobody disables until the transaction ends."""
    if not ids:
        return []
    held = select(_U.id).where(_U.id.in_(ids), _U.active).order_by(_U.id).with_for_update(read=True)
    return list(conn.execute(held).scalars())


def _one(conn: Connection, condition: Any) -> Row[Any]:
    row = conn.execute(in_hand(select(_T).where(condition))).first()
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
    name = conn.execute(select(_U.name).where(_U.id == user_id)).scalar()
    return str(name or "")


def change(conn: Connection, row: Row[Any], **values: Any) -> None:
    """Write columns of a locked row and raise its version; a new status must be one it may go to.

    What belongs to nobody has no lease, another time for the next try is no snooze any more, and the due time is the
    one that ``rules.due`` says, whatever was written.
    """
    values = settled(row, values)
    target = values.get("status")
    if target is not None and target != row.status:
        check_transition(Status(row.status), Status(target))
    if "assignee_id" in values and values["assignee_id"] is None:
        values["lease_until"] = None
    if "next_at" in values:
        values.setdefault("snoozed_at", None)
    noted = deeds.of(conn)
    if noted is not None:
        noted.changed(row, values)
    overwrite(conn, row, values)


def overwrite(conn: Connection, row: Row[Any], columns: Mapping[str, Any]) -> None:
    """Write columns of a locked row as they are given, as no deed of anybody's: what is undone, or ends by itself."""
    conn.execute(update(CallbackRequest).where(_T.c.id == row.id).values(version=row.version + 1, **columns))


def seconds_between(earlier: datetime, later: datetime) -> int:
    """Whole seconds, never negative: a clock that was set back does not make one."""
    return max(0, int((later - earlier).total_seconds()))
