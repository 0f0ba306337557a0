"""The calls already made for a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select

from intake.models import CallAttempt
from intake.rules.workflow import Disposition

_A = CallAttempt.__table__.c


@dataclass(frozen=True, slots=True)
class LastLogged:
    """Who stored an outcome, which, and when."""

    by_id: int
    disposition: Disposition
    logged_at: datetime


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
    """Not corrected by a later outcome."""
    later = CallAttempt.__table__.alias()
    return ~exists().where(later.c.callback_id == _A.callback_id, later.c.corrects_id == _A.id)


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


def last_logged(conn: Connection, callback_id: int) -> LastLogged | None:
    """The outcome stored last."""
    asked = select(_A.by_id, _A.disposition, _A.logged_at).where(_A.callback_id == callback_id)
    row = conn.execute(asked.order_by(_A.id.desc()).limit(1)).first()
    return LastLogged(row.by_id, Disposition(row.disposition), row.logged_at) if row else None
