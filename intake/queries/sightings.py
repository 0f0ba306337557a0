"""Who has seen a request: on its page, in a list, by what a search found, in an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Text, cast, func, or_, select, union_all

from intake.models import Audit, CallbackRequest
from intake.queries.casefile import FIRST_SENT
from intake.rules.permissions import ActorKind

MOST = 200
LISTING = ("queue.viewed", "report.listed", "callback.exported")
"""Entries that name the requests they showed in ``details["ids"]``."""
SHOWING = frozenset({
    "callback.viewed", "callback.reason_viewed", "callback.dossier_read", "callback.taken_down", "callback.claimed",
    "callback.assigned", "callback.taken_over", "callback.handed_off", "callback.call_started", "callback.attempted",
    "callback.corrected", "callback.noted", "callback.closed", "callback.reopened", "callback.rescued",
    "callback.marked_spam", "callback.time_acknowledged", "callback.skipped", "callback.offered_again",
    "callback.linked", "callback.unlinked", "callback.snoozed", "callback.woken", "callback.hold_placed",
    "callback.hold_lifted", "callback.bar_lifted",
})  # fmt: skip
"""What a person does to one request with its page before them. The rest may be done to many requests nobody looks at:
all that a disabled colleague held go back, all mails that were given up go out again, all that wait for a number that
asked for silence are set aside."""

_A, _C = Audit.__table__.c, CallbackRequest.__table__.c


@dataclass(frozen=True, slots=True)
class Subject:
    """The request that is asked about. ``received_at``: when it came first, however often it was opened again."""

    id: int
    reference: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person: how often they saw it, when first and when last."""

    actor_id: int
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """One time somebody saw it. ``is_list``: among others, with no more than a list shows."""

    id: int
    at: datetime
    actor_id: int
    action: str
    details: dict[str, Any]
    is_list: bool


def subject(conn: Connection, reference: str) -> Subject | None:
    """The request with this reference."""
    row = conn.execute(
        select(_C.id, _C.reference, FIRST_SENT.label("came_at")).where(_C.reference == reference)
    ).first()
    return Subject(row.id, row.reference, row.came_at) if row else None


def viewers(conn: Connection, of: Subject) -> tuple[Viewer, ...]:
    """Everybody who has seen it, who did so last first. Nobody is left out, however long ago it was."""
    seen = _seen(of).subquery()
    first, last = func.min(seen.c.at), func.max(seen.c.at)
    asked = select(seen.c.actor_id, func.count(), first, last).group_by(seen.c.actor_id).order_by(last.desc())
    return tuple(Viewer(*row) for row in conn.execute(asked))


def sightings(conn: Connection, of: Subject, *, most: int = MOST) -> tuple[Sighting, ...]:
    """The times it was seen, newest first."""
    seen = _seen(of).subquery()
    rows = conn.execute(select(seen).order_by(seen.c.at.desc(), seen.c.id.desc()).limit(most))
    return tuple(
        Sighting(row.id, row.at, row.actor_id, row.action, row.details, row.callback_id is None) for row in rows
    )


def _seen(of: Subject) -> CompoundSelect[Any]:
    """What a person did to it that takes looking at it, and the lists it stood in.

    Reading the record shows nothing of a request, but for a reason that was opened, which is an entry about it.

    Two arms, so that each finds its own index: by the request, and by time since it came in.
    """
    asked = select(_A.id, _A.at, _A.actor_id, _A.action, _A.details, _A.callback_id)
    asked = asked.where(_A.actor_kind == ActorKind.PERSON.value)
    on_its_page = asked.where(_A.callback_id == of.id, _A.action.in_(sorted(SHOWING)))
    in_a_list = asked.where(_A.action.in_(LISTING), _A.at >= of.received_at, _lists(of.id))
    return union_all(on_its_page, in_a_list)


def _lists(callback_id: int) -> ColumnElement[bool]:
    """Whether ``ids`` holds the number. As text, so that both databases do it alike.

    An array begins after "[", a number inside it stands behind ", ", and ends before "," or "]". Numbers elsewhere in
    the details have a name in front of them.
    """
    text, one = cast(_A.details, Text), str(callback_id)
    return or_(*(text.like(f"%{before}{one}{behind}%") for before in ("[", "[%, ") for behind in (",", "]")))
