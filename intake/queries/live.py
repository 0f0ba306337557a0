"""What a page that stays open asks again and again: what has changed in a list, and where one request stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, or_, select, true

from intake.models import Audit, CallbackRequest, Presence, User
from intake.models.site import Site
from intake.queries import leases, mail, outbox, people, presence, saved_views, worklist
from intake.queries.casefile import IS_ACT
from intake.queries.mail import MailAlarm
from intake.queries.presence import Viewers
from intake.queries.saved_views import Saved
from intake.queries.worklist import SELECTED, SOURCE, Filters, Tally, View, WorklistRow, fields
from intake.queries.worklist_filters import belongs
from intake.rules.permissions import ActorKind, Permission
from intake.rules.workflow import Status

MOST = 100
"""A tab and a bar above a list count to here."""
ENDED_WITHIN = timedelta(days=1)
NOTHING = Filters()
_T = CallbackRequest.__table__
_C = _T.c
_A = Audit.__table__.c
_P = Presence.__table__.c
_U = User.__table__.c


@dataclass(frozen=True, slots=True)
class Asked:
    """The part of a view that a list shows: who asks for it and when, and between which places it lies.

    ``after`` and ``until`` are cursors of ``worklist``; None: from the beginning, to the end.
    """

    view: View
    filters: Filters
    user_id: int
    now: datetime
    due_soon: timedelta
    after: str | None = None
    until: str | None = None
    is_search: bool = False

    def holds(self) -> ColumnElement[bool]:
        """Whether a request belongs to the view. What a search found belongs to it for good."""
        if self.is_search:
            return true()
        return and_(*belongs(self.view, self.user_id, self.now, self.due_soon), *self.filters.conditions(self.now))


@dataclass(frozen=True, slots=True)
class Glance:
    """What lies around a list: how many each view holds, how many ring, who looks at what, whether a claim lapsed.

    ``on_shift``: id and name of who is there. ``saved``: the views this person may open by name; ``workers``: id and
    name of colleagues; ``given_up``: mails that were; ``mail``: what of them is worth an alarm. Empty if not asked for.
    """

    tally: Tally
    unclaimed: int
    viewers: Viewers
    on_shift: tuple[tuple[int, str], ...]
    has_lapsed: bool = False
    saved: tuple[Saved, ...] = ()
    workers: tuple[tuple[int, str], ...] = ()
    given_up: int = 0
    mail: MailAlarm | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a tab counts, and what it rings for: due and nobody's, and not put off. Both are counted to MOST."""

    due: int
    unclaimed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one request stands; nothing of it is personal."""

    id: int
    version: int
    status: Status
    closed_at: datetime | None
    assignee_id: int | None
    assignee_name: str
    call_started_at: datetime | None
    viewers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to a request. ``given_to``: the person it went to, if it did.

    ``is_of_a_note``: all that was done was to take a note back.
    """

    id: int
    at: datetime
    actor_kind: ActorKind
    actor_id: int | None
    actor_name: str
    action: str
    given_to: int | None
    is_of_a_note: bool = False


def versions(conn: Connection, asked: Asked, references: Collection[str]) -> list[tuple[str, int, bool]]:
    """Of the rows that a list shows the version, and whether each belongs there still: whether all is as it was."""
    wanted: Select[Any] = select(_C.reference, _C.version, asked.holds().label("holds"))
    found = conn.execute(wanted.where(_told(asked, references)).order_by(_C.id)) if references else ()
    return [(row.reference, row.version, bool(row.holds)) for row in found]


def _told(asked: Asked, references: Collection[str]) -> ColumnElement[bool]:
    """Of these the ones that still change: open, or ended within a day. What has ended long ago is read on record."""
    lately = or_(_C.closed_at.is_(None), _C.closed_at > asked.now - ENDED_WITHIN)
    return and_(_C.reference.in_(references), lately)


def shown(conn: Connection, site: Site, asked: Asked, references: Collection[str]) -> list[tuple[WorklistRow, bool]]:
    """The rows that a list shows as they are now, without names and numbers, each with whether it belongs there still.

    In the order of ``references``; what has been deleted, or ended more than a day ago, is missing.
    """
    if not references:
        return []
    order = {reference: place for place, reference in enumerate(references)}
    wanted: Select[Any] = select(*SELECTED, asked.holds().label("holds")).select_from(SOURCE)
    found = conn.execute(wanted.where(_told(asked, references))).all()
    rows = [(WorklistRow(**fields(site, row, with_contact=False)), bool(row.holds)) for row in found]
    return sorted(rows, key=lambda each: order[each[0].reference])


def unseen(conn: Connection, asked: Asked, references: Collection[str]) -> int:
    """How many requests lie in this part of the view besides those that are shown, counted to MOST.

    Neither what has ended nor what a search found is a list that anybody waits at, so nothing is ever new in those.
    """
    if asked.is_search or asked.view is View.CLOSED:
        return 0
    between = [asked.holds(), *worklist.between(asked.after, asked.until)]
    if references:
        between.append(_C.reference.not_in(references))
    return int(conn.execute(select(_counted(*between))).scalar_one())


def glance(
    conn: Connection, *, user_id: int, now: datetime, due_soon: timedelta, longest_call: timedelta | None = None,
    view: View = View.ALL_OPEN, filters: Filters = NOTHING, has_lists: bool = False,
) -> Glance:  # fmt: skip
    """All of it in one statement; whether a claim has lapsed only with ``longest_call``, how long a call holds one.

    ``has_lists``: with the views and the people that a page offers, the number on its rail and how the mails are
    doing; one that only looks for news needs none of it.
    """
    columns = worklist.tally_columns(view, filters, user_id=user_id, now=now, due_soon=due_soon)
    more = literal(False) if longest_call is None else leases.to_do(user_id, now, longest_call)
    ring, seen = _counted(_is_unclaimed(now, due_soon)), presence.told(besides=user_id, now=now)
    workers = people.named(conn, "workers", people.may(Permission.WORK))
    there = people.named(conn, "on_shift", people.may(Permission.WORK), people.is_there(now))
    lists = [saved_views.column(conn, user_id), workers, outbox.given_up_column(), *mail.alarm_columns(now)]
    row: Any = conn.execute(
        select(
            *columns, ring.label("ring"), seen.label("seen"), there, more.label("more"), *(lists if has_lists else ())
        )
    ).one()
    found = row._mapping
    return Glance(
        worklist.read_tally(row), int(row.ring), presence.read(row.seen), people.read_named(row.on_shift),
        bool(row.more),
        saved_views.read(found.get("saved"), user_id), people.read_named(found.get("workers")),
        int(found.get("given_up", 0)), mail.read_alarm(row) if has_lists else None,
    )  # fmt: skip


def alarm(conn: Connection, *, now: datetime, due_soon: timedelta) -> Alarm:
    """How many are due, and how many of those wait for somebody, in one statement."""
    row = conn.execute(select(_counted(_is_due(now, due_soon)), _counted(_is_unclaimed(now, due_soon)))).one()
    return Alarm(int(row[0]), int(row[1]))


def _is_due(now: datetime, due_soon: timedelta) -> ColumnElement[bool]:
    return and_(*belongs(View.DUE_NOW, 0, now, due_soon))


def _is_unclaimed(now: datetime, due_soon: timedelta) -> ColumnElement[bool]:
    return and_(_is_due(now, due_soon), _C.assignee_id.is_(None), or_(_C.next_at.is_(None), _C.next_at <= now))


def standing(conn: Connection, reference: str, *, besides: int, now: datetime) -> Standing | None:
    """One request, and who else looks at it; None if there is none, or they (``besides``) have not opened it."""
    seen = presence.told(besides=besides, now=now).label("viewers")
    asked = select(
        _C.id, _C.version, _C.status, _C.closed_at, _C.assignee_id, _C.call_started_at, _U.name.label("assignee_name"),
        seen,
    ).select_from(SOURCE)  # fmt: skip
    is_opened = exists().where(_P.callback_id == _C.id, _P.user_id == besides)
    row: Any = conn.execute(asked.where(_C.reference == reference, is_opened)).first()
    if row is None:
        return None
    viewers = presence.read(row.viewers).get(row.id, ())
    values = row._asdict() | {"status": Status(row.status), "assignee_name": row.assignee_name or ""}
    return Standing(**values | {"viewers": viewers})


def acts_since(conn: Connection, callback_id: int, act_id: int) -> list[Act]:
    """What was done to it after that entry, newest first, at most MOST."""
    asked = select(_A.id, _A.at, _A.actor_kind, _A.actor_id, _A.action, _A.details, _U.name).select_from(
        Audit.__table__.outerjoin(User.__table__, _U.id == _A.actor_id)
    )
    asked = asked.where(_A.callback_id == callback_id, _A.id > act_id, *IS_ACT)
    return [
        Act(
            row.id, row.at, ActorKind(row.actor_kind), row.actor_id, row.name or "", row.action, _person(row.details),
            is_of_a_note="struck_note" in row.details,
        )
        for row in conn.execute(asked.order_by(_A.id.desc()).limit(MOST))
    ]  # fmt: skip


def _person(details: dict[str, Any]) -> int | None:
    """Whom it was given to. (A visitor's new time is told under the same word, as a text.)"""
    given_to = details.get("to")
    return given_to if isinstance(given_to, int) else None


def _counted(*conditions: ColumnElement[bool]) -> Any:
    some = select(literal(1)).select_from(_T).where(*conditions).limit(MOST).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
