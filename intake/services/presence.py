"""Being there: a page that is open says so again and again, and says when it closes. Not an act, so on no record.

Opening the page is one, and makes the row (``viewing.record``). All else only moves the row's time, so that nobody is
seen at a request, or keeps it from others, whose page they have not opened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Update, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from intake.database import together
from intake.models import CallbackRequest, Presence
from intake.queries.presence import HERE_FOR
from intake.rules.permissions import Actor, Permission

_P = Presence.__table__.c
_C = CallbackRequest.__table__.c


def stay(actor: Actor, reference: str, *, now: datetime) -> None:
    """This person looks at the request at this moment. It renews nothing else: no claim, no session."""
    actor.require(Permission.QUEUE)
    together(lambda conn: conn.execute(_own(reference, actor).values(seen_at=now)))


def leave(actor: Actor, reference: str, *, seen_at: datetime, now: datetime) -> None:
    """The page is closed that was last there at ``seen_at``. Another one of theirs may have been there since."""
    actor.require(Permission.QUEUE)
    gone = _own(reference, actor).where(_P.seen_at <= seen_at).values(seen_at=now - HERE_FOR)
    together(lambda conn: conn.execute(gone))


def _own(reference: str, actor: Actor) -> Update:
    about = select(_C.id).where(_C.reference == reference).scalar_subquery()
    return update(Presence).where(_P.callback_id == about, _P.user_id == actor.person_id)


def note(conn: Connection, which: Any, user_id: int, now: datetime) -> None:
    """One row for each person and request, in the caller's transaction; nothing if there is no such request."""
    make: Any = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    here = select(_C.id, literal(user_id), literal(now, _P.seen_at.type)).where(which)
    row = make(Presence).from_select(["callback_id", "user_id", "seen_at"], here)
    conn.execute(row.on_conflict_do_update(index_elements=[_P.callback_id, _P.user_id], set_={"seen_at": now}))
