"""What a new request has to know, in as few statements as possible: it is asked with every one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Text, bindparam, case, cast, exists, func, literal_column, null, or_, select

from intake.database import Prepared
from intake.models import CalendarVersion, CallbackRequest, ConsentWording, SuppressedNumber
from intake.models.base import Instant
from intake.queries.calendar import Calendar, parsed
from intake.rules.workflow import AWAITING_CALL

COUNTED_AHEAD = 500
"""Beyond this many people ahead the promise is a matter of days anyway; counting stops."""

_C = CallbackRequest.__table__.c
_V = CalendarVersion.__table__.c
_W = ConsentWording.__table__.c
_S = SuppressedNumber.__table__.c


_NEXT_ID = func.nextval("callback_request_id_seq")


@dataclass(frozen=True, slots=True)
class Standing:
    """The opening hours and wording in force, and whether this number asked not to be called again.

    ``next_id`` is what the request will be called where the database can say so beforehand (PostgreSQL): its record
    and mails then need not wait for an answer. None on SQLite. ``ahead``: ``people_ahead`` of the instant asked about.
    """

    calendar: Calendar
    consent_id: int
    is_suppressed: bool
    next_id: int | None
    ahead: int


def standing(conn: Connection, *, language: str, phone_indexes: list[bytes], instant: datetime) -> Standing | None:
    """Everything at once; None before any opening hours are stored."""
    given = {f"index_{number}": index for number, index in enumerate(phone_indexes)}
    asked = {"asked": language, "instant": instant, **given}
    row: Any = _standing(len(phone_indexes), conn.dialect.name).one(conn, asked)
    if row is None:
        return None
    calendar_id, hours, target, calling, law, consent_id, is_suppressed, next_id, ahead = row
    calendar = Calendar(calendar_id, *parsed(hours, target, calling, law))
    return Standing(calendar, consent_id, bool(is_suppressed), next_id, ahead)


@cache
def _standing(keys: int, dialect: str) -> Prepared:
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
    next_id = _NEXT_ID if dialect == "postgresql" else null()
    ahead = _ahead().scalar_subquery()
    documents = (cast(_V.hours, Text), cast(_V.target, Text), cast(_V.calling, Text), cast(_V.law, Text))
    newest = select(_V.id, *documents, wording, suppressed, next_id, ahead)
    return Prepared(newest.order_by(_V.id.desc()).limit(1))


def _ahead() -> Select[int]:
    """By status, in words: an index holds just these columns of the open requests, so that no row itself is read."""
    found = (
        select(_C.due_at)
        .where(
            _C.closed_at.is_(None),
            _C.status.in_([literal_column(f"'{status}'") for status in sorted(AWAITING_CALL)]),
            _C.due_at <= bindparam("instant", type_=Instant),
        )
        .limit(COUNTED_AHEAD)
    )
    return select(func.count()).select_from(found.subquery())


_COUNT_AHEAD = Prepared(_ahead())


def people_ahead(conn: Connection, instant: datetime) -> int:
    """How many open requests are due before ``instant`` (counted up to 500)."""
    return int((_COUNT_AHEAD.one(conn, {"instant": instant}) or (0,))[0])
