"""The calls already made for a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, select

from intake.models import Audit, AuditText, CallAttempt, CallbackRequest, Note, UndoneAttempt
from intake.models.site import Site
from intake.rules.workflow import Disposition

_A = CallAttempt.__table__.c
_C = CallbackRequest.__table__.c


@dataclass(frozen=True, slots=True)
class LastLogged:
    """An outcome as it was stored, with all that was typed with it. ``window_from``: what was wished before it."""

    attempt_id: int
    by_id: int
    disposition: Disposition
    started_at: datetime
    logged_at: datetime
    next_at: datetime | None
    window_from: datetime | None
    window_until: datetime | None
    note: str
    reason: str
    minutes_ago: int | None


@dataclass(frozen=True, slots=True)
class Made:
    """When outbound attempts began, oldest first: in the request's present episode, and before it."""

    now: tuple[datetime, ...]
    earlier: tuple[datetime, ...]

    @property
    def all(self) -> tuple[datetime, ...]:
        """Every attempt ever: what counts among three in 24 hours."""
        return self.earlier + self.now


def stands() -> ColumnElement[bool]:
    """Neither taken back nor corrected by a later outcome that was not taken back itself."""
    later = CallAttempt.__table__.alias()
    corrects = (later.c.callback_id == _A.callback_id, later.c.corrects_id == _A.id)
    return and_(~is_undone(_A.id), ~exists().where(*corrects, ~is_undone(later.c.id)))


def is_undone(attempt_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Taken back as soon as it was logged."""
    undone = UndoneAttempt.__table__.alias()
    return exists().where(undone.c.attempt_id == attempt_id)


def standing(conn: Connection, callback_id: int, episode: int) -> list[Row[Any]]:
    """The outcomes of one episode that have not been corrected, in the order they were logged first."""
    asked = select(CallAttempt.__table__).where(_A.callback_id == callback_id, _A.episode == episode, stands())
    return list(conn.execute(asked.order_by(_A.started_at, _A.id)))


def made(conn: Connection, callback_id: int, episode: int, *, besides: int | None = None) -> Made:
    """The attempts of one request; ``episode``: how often it was opened again; ``besides``: one that is wrong."""
    asked = select(_A.started_at, _A.episode).where(_A.callback_id == callback_id, _A.is_attempt, stands())
    if besides is not None:
        asked = asked.where(_A.id != besides)
    rows = conn.execute(asked.order_by(_A.started_at)).all()
    return Made(
        tuple(row.started_at for row in rows if row.episode == episode),
        tuple(row.started_at for row in rows if row.episode != episode),
    )


SAID = (
    select(_A.disposition)
    .where(_A.callback_id == _C.id, _A.episode == _C.reopened_count, _A.is_reach, stands())
    .order_by(_A.started_at.desc(), _A.id.desc())
    .limit(1)
    .correlate(CallbackRequest.__table__)
    .scalar_subquery()
)
"""What the last call that reached them in the present episode was stored as: a column of a request."""


def said(conn: Connection, row: Row[Any]) -> Disposition | None:
    """Likewise of one request."""
    found = conn.execute(select(SAID).select_from(CallbackRequest.__table__).where(_C.id == row.id)).scalar()
    return Disposition(found) if found else None


def was_called(conn: Connection, row: Row[Any]) -> bool:
    """Whether an outcome stands with a request's row, in this episode or an earlier one."""
    if row.last_disposition is not None or not row.reopened_count:
        return row.last_disposition is not None
    asked = select(_A.id).where(_A.callback_id == row.id, stands()).limit(1)
    return conn.execute(asked).first() is not None


def note_of(conn: Connection, site: Site, attempt: Row[Any]) -> str:
    """What was written with an outcome, or with the first of those that it corrects; "" if nothing was."""
    n, earlier = Note.__table__.c, CallAttempt.__table__.alias()
    chain = select(_A.id, _A.corrects_id).where(_A.id == attempt.id).cte("chain", recursive=True)
    chain = chain.union_all(select(earlier.c.id, earlier.c.corrects_id).where(earlier.c.id == chain.c.corrects_id))
    asked = select(n.public_id, n.text_encrypted).where(n.callback_id == attempt.callback_id)
    note = conn.execute(asked.where(n.attempt_id.in_(select(chain.c.id)))).first()
    return (note and site.keyring.open("note.text", note.public_id, note.text_encrypted)) or ""


def last_logged(conn: Connection, site: Site, callback_id: int) -> LastLogged | None:
    """The outcome stored last; None also where that was a correction, which is no call, or was taken back."""
    a, t = Audit.__table__.c, AuditText.__table__.c
    row = conn.execute(
        select(CallAttempt.__table__, is_undone(_A.id).label("is_undone"))
        .where(_A.callback_id == callback_id)
        .order_by(_A.id.desc())
        .limit(1)
    ).first()
    if row is None or row.corrects_id is not None or row.is_undone:
        return None
    entry = conn.execute(
        select(a.details, t.public_id, t.text_encrypted)
        .select_from(Audit.__table__.outerjoin(AuditText.__table__, t.audit_id == a.id))
        .where(a.callback_id == callback_id, a.action == "callback.attempted")
        .order_by(a.id.desc())
        .limit(1)
    ).one()
    keyring = site.keyring
    return LastLogged(
        row.id, row.by_id, Disposition(row.disposition), row.started_at, row.logged_at, row.next_at,
        row.window_from, row.window_until,
        note=note_of(conn, site, row),
        reason=(entry.public_id and keyring.open("audit_text.text", entry.public_id, entry.text_encrypted)) or "",
        minutes_ago=entry.details.get("minutes_ago"),
    )  # fmt: skip
