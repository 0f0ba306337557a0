"""The calls each person made in some days: how many stand, with credit to whoever called, and which they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    union,
)

from intake.models import CallAttempt, CallbackRequest, Episode, UndoneAttempt, User
from intake.models.site import Site
from intake.queries.calls import is_undone
from intake.queries.facts import Asked
from intake.rules.workflow import Disposition

PAGE = 50
_A, _UNDONE = CallAttempt.__table__.c, UndoneAttempt.__table__.c
_C, _E = CallbackRequest.__table__.c, Episode.__table__.c
_LATER = CallAttempt.__table__.alias("later").c
_LAST = CallAttempt.__table__.alias("last").c


@dataclass(frozen=True, slots=True)
class Call:
    """One that was counted; ``is_first``: nobody had called before in that run of the request's clock."""

    id: int
    callback_id: int
    reference: str
    by: str
    started_at: datetime
    disposition: Disposition
    is_first: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Those behind the number, newest first; ``number``: how many in all; ``older``: where the next page begins."""

    rows: tuple[Call, ...]
    number: int
    older: str | None = None


def by_person(conn: Connection, site: Site, asked: Asked) -> dict[int, int]:
    """Calls that began in the period, whenever the request came in; of whoever made none nothing.

    ``asked.person`` means whoever called; no other of its conditions is looked at. All calls are counted within
    an index, person by person, and the few that stand no longer (``calls.stands``) are taken off.
    """
    made: Counter[int] = Counter()
    for by_id, n in conn.execute(_by_person(is_one=asked.person is not None), _values(site, asked)):
        made[by_id] += n
    return {by_id: n for by_id, n in made.items() if n > 0}


def page(conn: Connection, site: Site, asked: Asked, *, after: str = "", most: int = PAGE) -> Page:
    """A page of the calls of ``asked.person``, or of everybody, and their number as ``by_person`` tells it.

    ``after``: the call behind which it begins; what names none begins with the newest.
    """
    is_later = after.isascii() and after.isdigit() and len(after) <= 18
    told = _values(site, asked) | ({"last": int(after)} if is_later else {})
    newest = _newest(is_one=asked.person is not None, is_later=is_later)
    rows = conn.execute(newest.limit(most + 1), told).all()
    calls = tuple(
        Call(
            one.id,
            one.callback_id,
            one.reference,
            one.by,
            one.started_at,
            Disposition(one.disposition),
            bool(one.is_first),
        )
        for one in rows[:most]
    )
    number = sum(by_person(conn, site, asked).values())
    return Page(calls, number, str(calls[-1].id) if len(rows) > most else None)


def _values(site: Site, asked: Asked) -> dict[str, Any]:
    first, after = asked.period.bounds(site.time_zone)
    return {"first_at": first, "after": after, "person": asked.person}


@cache
def _by_person(*, is_one: bool) -> CompoundSelect[Any]:
    """Put together once: that takes longer than to ask for a month."""
    user = User.__table__.c
    which = _which(is_one=is_one)
    calls = select(func.count()).where(_A.by_id == user.id, *which).scalar_subquery()
    people = select(user.id, calls)
    if is_one:
        people = people.where(user.id == bindparam("person"))
    gone = select(_A.by_id, -func.count()).where(_A.id.in_(_no_longer()), *which).group_by(_A.by_id)
    return people.union_all(gone)


def _newest(*, is_one: bool, is_later: bool) -> Select[Any]:
    """Without what ``_by_person`` takes off."""
    caller = User.__table__.c
    is_present = _A.episode == _C.reopened_count
    first_at, first_by = (
        case((is_present, _C[name]), else_=_E[name]) for name in ("first_attempt_at", "first_attempt_by_id")
    )
    is_first = and_(first_at == _A.started_at, first_by == _A.by_id)
    whole = CallAttempt.__table__.join(CallbackRequest.__table__, _C.id == _A.callback_id)
    whole = whole.join(User.__table__, caller.id == _A.by_id)
    whole = whole.outerjoin(Episode.__table__, and_(_E.callback_id == _A.callback_id, _E.number == _A.episode))
    asked = select(
        _A.id, _A.callback_id, _C.reference, caller.name.label("by"), _A.started_at, _A.disposition,
        case((is_first, 1), else_=0).label("is_first"),
    ).select_from(whole).where(*_which(is_one=is_one), _A.id.not_in(_no_longer()))  # fmt: skip
    if is_later:
        last = select(_LAST.started_at).where(_LAST.id == bindparam("last")).scalar_subquery()
        at = func.coalesce(last, bindparam("after", type_=_A.started_at.type))
        asked = asked.where(_A.started_at <= at, or_(_A.started_at < at, _A.id < bindparam("last")))
    return asked.order_by(_A.started_at.desc(), _A.id.desc())


def _which(*, is_one: bool) -> list[ColumnElement[bool]]:
    return [_A.is_attempt, *_began(_A.started_at), *([_A.by_id == bindparam("person")] if is_one else [])]


def _began(at: Any) -> list[ColumnElement[bool]]:
    return [at >= bindparam("first_at"), at < bindparam("after")]


def _no_longer() -> Any:
    """Taken back, or corrected by what was not taken back itself: a correction tells of the same moment."""
    undone = select(_UNDONE.attempt_id).where(_UNDONE.undone_at >= bindparam("first_at"))
    corrects = (_LATER.corrects_id.is_not(None), *_began(_LATER.started_at))
    return union(undone, select(_LATER.corrects_id).where(*corrects, ~is_undone(_LATER.id)))
