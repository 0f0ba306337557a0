"""How many calls each person made in some days: what stands of them, with credit to whoever called."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, bindparam, func, select, union

from intake.models import CallAttempt, UndoneAttempt, User
from intake.models.site import Site
from intake.queries.calls import is_undone
from intake.queries.facts import Asked

_A, _UNDONE = CallAttempt.__table__.c, UndoneAttempt.__table__.c
_LATER = CallAttempt.__table__.alias("later").c


def by_person(conn: Connection, site: Site, asked: Asked) -> dict[int, int]:
    """Calls that began in the period, whenever the request came in; of whoever made none nothing.

    ``asked.person`` means whoever called; no other of its conditions is looked at. All calls are counted within
    an index, person by person, and the few that stand no longer (``calls.stands``) are taken off.
    """
    first, after = asked.period.bounds(site.time_zone)
    told = {"first_at": first, "after": after, "person": asked.person}
    made: Counter[int] = Counter()
    for by_id, n in conn.execute(_by_person(is_one=asked.person is not None), told):
        made[by_id] += n
    return {by_id: n for by_id, n in made.items() if n > 0}


@cache
def _by_person(*, is_one: bool) -> CompoundSelect[Any]:
    """Put together once: that takes longer than to ask for a month."""
    user = User.__table__.c
    which = [_A.is_attempt, *_began(_A.started_at), *([_A.by_id == bindparam("person")] if is_one else [])]
    calls = select(func.count()).where(_A.by_id == user.id, *which).scalar_subquery()
    people = select(user.id, calls)
    if is_one:
        people = people.where(user.id == bindparam("person"))
    gone = select(_A.by_id, -func.count()).where(_A.id.in_(_no_longer()), *which).group_by(_A.by_id)
    return people.union_all(gone)


def _began(at: Any) -> list[ColumnElement[bool]]:
    return [at >= bindparam("first_at"), at < bindparam("after")]


def _no_longer() -> Any:
    """Taken back, or corrected by what was not taken back itself: a correction tells of the same moment."""
    undone = select(_UNDONE.attempt_id).where(_UNDONE.undone_at >= bindparam("first_at"))
    corrects = (_LATER.corrects_id.is_not(None), *_began(_LATER.started_at))
    return union(undone, select(_LATER.corrects_id).where(*corrects, ~is_undone(_LATER.id)))
