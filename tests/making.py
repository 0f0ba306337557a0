"""Makes what tests need again and again: people, answers, requests, and a row as it is stored."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from intake.database import reading, writing
from intake.models import Audit, Base, CallbackRequest, OutboxMessage, SignIn
from intake.models.site import Site
from intake.queries import sign_in as sign_in_queries
from intake.rules.permissions import Actor, ActorKind, permissions_of
from intake.rules.phone import parse
from intake.rules.spam import Signals
from intake.services import callbacks, people, presence, sign_in
from intake.services.sign_in import Proven

PASSWORD = "a quiet harbour at noon"


def person(site: Site, name: str, *roles: str, now: datetime) -> Actor:
    """A colleague with an account; staff unless roles are given."""
    roles = roles or ("staff",)
    user_id = people.create_user(
        site, email=f"{name.lower()}@example.com", name=name, roles=roles, password=PASSWORD, now=now
    )
    return Actor(ActorKind.PERSON, user_id, name, permissions_of(roles))


def answers(**more: Any) -> callbacks.Answers:
    """A visitor's answers, plain unless said otherwise. ``phone`` may be given as typed."""
    typed = more.pop("phone", "(212) 555-0182")
    return callbacks.Answers(**{"name": "Ana", "phone": parse(typed), **more})


def ask(
    site: Site, now: datetime, *, signals: Signals | None = None, nonce: str = "", **more: Any
) -> callbacks.Submitted:
    """A stored request."""
    arrival = callbacks.Arrival(nonce or uuid.uuid4().hex, signals or Signals(), "198.51.100.7")
    return callbacks.submit(site, answers(**more), arrival, now=now)


def stored(reference: str) -> Row[Any]:
    """The request's row."""
    with reading() as conn:
        table = CallbackRequest.__table__
        return conn.execute(select(table).where(table.c.reference == reference)).one()


def as_shown(references: Iterable[str]) -> dict[str, int]:
    """Several requests as a list shows them: each with its version; one that is not there with some version."""
    table = CallbackRequest.__table__.c
    with reading() as conn:
        found = conn.execute(select(table.reference, table.version).where(table.reference.in_(set(references))))
        versions = {row.reference: row.version for row in found}
    return {reference: versions.get(reference, 1) for reference in references}


def look(actor: Actor, reference: str, now: datetime) -> None:
    """What opening the page leaves of somebody beside the record: that they are there."""
    with writing() as conn:
        presence.note(conn, CallbackRequest.__table__.c.reference == reference, actor.person_id, now)


def count(model: type[Base], *conditions: Any) -> int:
    """How many rows a table holds."""
    with reading() as conn:
        return int(conn.execute(select(func.count()).select_from(model).where(*conditions)).scalar_one())


def actions(reference: str) -> list[str]:
    """The audit entries of a request, oldest first."""
    callback_id = stored(reference).id
    with reading() as conn:
        return list(
            conn.execute(select(Audit.action).where(Audit.callback_id == callback_id).order_by(Audit.id)).scalars()
        )


def mails(reference: str) -> list[tuple[str, str]]:
    """Kind and recipient of a request's outbox rows, oldest first."""
    callback_id = stored(reference).id
    with reading() as conn:
        o = OutboxMessage.__table__.c
        rows = conn.execute(select(o.kind, o.recipient).where(o.callback_id == callback_id).order_by(o.id))
        return [(row.kind, row.recipient) for row in rows]


def proven(site: Site, user_id: int) -> Proven:
    """What a right password proves, without the slow check of it."""
    with reading() as conn:
        found = sign_in_queries.credentials_of(conn, user_id)
    assert found is not None
    return Proven(user_id, found.password)


def open_session(site: Site, actor: Actor, sid: str, *, now: datetime, **more: str) -> None:
    """A session as it begins after a right password."""
    sign_in.start(site, actor, sid, stored=proven(site, actor.person_id).stored, now=now, **more)


def newest_sign_in(user_id: int) -> int:
    """The session this person began last; 0 if none goes on."""
    with reading() as conn:
        asked = select(func.max(SignIn.id)).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))
        return conn.execute(asked).scalar() or 0
