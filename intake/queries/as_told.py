"""A request as its own visitor knows it: whether another one of theirs was joined with it is for staff to know."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select

from intake.models import CallbackRequest, DuplicateLink
from intake.rules import duplicates
from intake.rules.workflow import Status

_L = DuplicateLink.__table__.c
_J = CallbackRequest.__table__.alias("joined")
_S = CallbackRequest.__table__.alias("survivor")
_STANDS = and_(_L.unlinked_at.is_(None), _J.c.duplicate_of_id.is_not(None))


def _tells_of(callback_id: int) -> ColumnElement[bool]:
    """Joined to it; or left by its visitor, who must not change what the other one reads."""
    is_left = and_(_L.unlinked_at.is_not(None), _L.unlinked_by_id.is_(None))
    return and_(_L.survivor_id == callback_id, or_(_STANDS, is_left))


def links_that_tell(callback_id: int) -> Select[Any]:
    """What was joined to this request, as far as its own visitor knows it otherwise."""
    both = DuplicateLink.__table__.join(_J, _J.c.id == _L.callback_id)
    return select(_L.id, _L.callback_id, _L.before).select_from(both).where(_tells_of(callback_id))


def as_told(conn: Connection, row: Row[Any]) -> Any:
    """The row, with what joining changed of it as it was: it waits while the one it was joined to waits.

    One statement for every request, so that the time an answer takes tells nothing either.
    """
    all_three = DuplicateLink.__table__.join(_J, _J.c.id == _L.callback_id).outerjoin(
        _S, _S.c.id == _J.c.duplicate_of_id
    )
    asked = select(_L.callback_id, _L.before, _S.c.closed_at, _S.c.closed_reason).select_from(all_three)
    mine = and_(_L.callback_id == row.id, _STANDS)
    links = conn.execute(asked.where(or_(mine, _tells_of(row.id))).order_by(_L.id.desc())).all()
    told = duplicates.as_told(row, [link.before for link in links if link.callback_id != row.id])
    for link in links:
        if link.callback_id == row.id:
            told |= duplicates.read(link.before["duplicate"])
            if link.closed_at is not None:
                told |= {"status": Status.CLOSED, "closed_at": link.closed_at, "closed_reason": link.closed_reason}
    return SimpleNamespace(**{**row._mapping, **told}) if told else row
