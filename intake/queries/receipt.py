"""What a new request has to know, in as few statements as possible: it is asked with every one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Text, bindparam, case, cast, exists, func, or_, select

from intake.database import Prepared
from intake.models import CalendarVersion, CallbackRequest, ConsentWording, SuppressedNumber
from intake.models.base import Instant
from intake.queries.calendar import Calendar, parsed
from intake.rules.workflow import Status

COUNTED_AHEAD = 500
"""Beyond this many people ahead the promise is a matter of days anyway; counting stops."""

_C = CallbackRequest.__table__.c
_V = CalendarVersion.__table__.c
_W = ConsentWording.__table__.c
_S = SuppressedNumber.__table__.c


@dataclass(frozen=True, slots=True)
class Standing:
    """The opening hours and wording in force, and whether this number asked not to be called again."""

    calendar: Calendar
    consent_id: int
    is_suppressed: bool


def standing(conn: Connection, *, language: str, phone_indexes: list[bytes]) -> Standing | None:
    """Everything at once; None before any opening hours are stored."""
    given = {f"index_{number}": index for number, index in enumerate(phone_indexes)}
    row: Any = _standing(len(phone_indexes)).one(conn, {"asked": language, **given})
    if row is None:
        return None
    calendar_id, hours, target, consent_id, is_suppressed = row
    return Standing(Calendar(calendar_id, *parsed(hours, target)), consent_id, bool(is_suppressed))


@cache
def _standing(keys: int) -> Prepared:
    """The statement for so many live index keys."""
    asked = bindparam("asked", type_=Text)
    wording = (
        select(_W.id)
        .where(or_(_W.language == asked, _W.language == "en"))
        .order_by(case((_W.language == asked, 0), else_=1), _W.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    names = [f"index_{number}" for number in range(keys)]
    suppressed = exists().where(or_(*(_S.phone_index == bindparam(name, type_=_S.phone_index.type) for name in names)))
    newest = select(_V.id, cast(_V.hours, Text), cast(_V.target, Text), wording, suppressed)
    return Prepared(newest.order_by(_V.id.desc()).limit(1))


_AHEAD = (
    select(_C.id)
    .where(
        _C.closed_at.is_(None),
        _C.due_at <= bindparam("instant", type_=Instant),
        _C.status != Status.CHECK.value,
    )
    .limit(COUNTED_AHEAD)
)
_COUNT_AHEAD = Prepared(select(func.count()).select_from(_AHEAD.subquery()))


def people_ahead(conn: Connection, instant: datetime) -> int:
    """How many open requests are due before ``instant`` (counted up to 500)."""
    return int((_COUNT_AHEAD.one(conn, {"instant": instant}) or (0,))[0])
