"""What routing has to know: the rules in force, who is on shift with how much in hand, and who was never routed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from intake.models import CallbackRequest, User
from intake.queries import people, rule_versions
from intake.queries.rule_versions import RuleKind
from intake.rules.routing import Load, Routing
from intake.rules.workflow import Status

PAGE, MOST_PAGES = 200, 10
"""So many waiting requests are looked at in one turn; those further down wait until some above are taken."""

_C, _U = CallbackRequest.__table__.c, User.__table__.c
NEVER_HELD = and_(
    _C.closed_at.is_(None),
    _C.assignee_id.is_(None),
    _C.unassigned_seconds.is_(None),
    _C.duplicate_of_id.is_(None),
    _C.status != Status.CHECK.value,
)
"""Nobody has had it since it came. What somebody gave back is not pushed upon them again: it is everybody's to pull."""


def is_free(conn: Connection, callback_id: int) -> bool:
    """Whether nobody has had this one."""
    return conn.execute(select(_C.id).where(_C.id == callback_id, NEVER_HELD)).first() is not None


def current(conn: Connection) -> Routing:
    """The rules in force."""
    return Routing.from_document(rule_versions.current(conn, RuleKind.ROUTING).document)


def loads(conn: Connection, now: datetime) -> list[Load]:
    """Everybody on shift who may call, with the open requests they hold."""
    able = [person.id for person in people.calling(conn)]
    held = and_(_C.assignee_id == _U.id, _C.closed_at.is_(None))
    asked = (
        select(_U.id, func.count(_C.id).label("held"), func.max(_C.claimed_at).label("last_at"))
        .select_from(User.__table__.outerjoin(CallbackRequest.__table__, held))
        .where(_U.id.in_(able), people.is_there(now))
        .group_by(_U.id)
    )
    return [Load(row.id, row.held, row.last_at) for row in conn.execute(asked)]


def waiting(conn: Connection, now: datetime) -> Iterator[Any]:
    """Requests that nobody has had yet and whose time has come, the most urgent first, a page at a time."""
    columns = (_C.id, _C.reference, _C.language, _C.source, _C.received_at, _C.due_at)
    asked = select(*columns).where(NEVER_HELD, or_(_C.next_at.is_(None), _C.next_at <= now))
    asked = asked.order_by(_C.due_at, _C.id).limit(PAGE)
    page = asked
    for _ in range(MOST_PAGES):
        rows = conn.execute(page).all()
        yield from rows
        if len(rows) < PAGE:
            return
        last = rows[-1]
        page = asked.where(or_(_C.due_at > last.due_at, and_(_C.due_at == last.due_at, _C.id > last.id)))
