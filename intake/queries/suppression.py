"""Whether a number asked never to be called again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from intake.models import Audit, CallbackRequest, SuppressedNumber
from intake.models.site import Site
from intake.rules.workflow import ClosedReason

_S = SuppressedNumber.__table__.c
_C = CallbackRequest.__table__.c
_A = Audit.__table__.c
_LIFTED = CallbackRequest.__table__.alias("lifted")


def phone_indexes(site: Site, row: Any) -> list[bytes]:
    """The keyed hashes, under every live key, of a stored request's number; none once it is redacted."""
    dialled = site.keyring.open("callback_request.phone", row.public_id, row.phone_encrypted)
    return site.keyring.indexes_of("phone", dialled.partition(";")[0]) if dialled else []


def count(conn: Connection) -> int:
    """How many numbers asked never to be called again."""
    return int(conn.execute(select(func.count()).select_from(SuppressedNumber)).scalar_one())


def is_suppressed(conn: Connection, phone_indexes: list[bytes]) -> bool:
    """Whether somebody asked us never to call this number; ``phone_indexes``: its hashes under every live key."""
    if not phone_indexes:
        return False
    return conn.execute(select(_S.id).where(_S.phone_index.in_(phone_indexes)).limit(1)).first() is not None


def is_said_of_another(callback_id: int) -> ColumnElement[bool]:
    """Of a barred number: whether another request ended with that wish as well, since the bar was lifted last.

    A lift on record for a request that is emptied by now is not found; then the number stays barred.
    """
    lifts = Audit.__table__.join(_LIFTED, _LIFTED.c.id == _A.callback_id)
    lift = select(func.max(_A.at)).select_from(lifts).where(_A.action == "callback.bar_lifted")
    lifted_at = lift.where(_LIFTED.c.phone_index == _S.phone_index).scalar_subquery()
    of_another = (_C.phone_index == _S.phone_index, _C.id != callback_id)
    is_wished = _C.closed_reason == ClosedReason.DO_NOT_CALL.value
    return exists().where(*of_another, is_wished, or_(lifted_at.is_(None), _C.closed_at >= lifted_at))
