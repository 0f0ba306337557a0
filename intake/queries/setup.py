"""How far a new installation has been set up, as far as what is stored tells it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, exists, literal, select

from intake.models import OutboxMessage, SecondFactor, User
from intake.models.records import MailChannel, OutboxState
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import people
from intake.rules.permissions import Permission

_U, _F, _M, _CH = (model.__table__.c for model in (User, SecondFactor, OutboxMessage, MailChannel))


@dataclass(frozen=True, slots=True)
class Progress:
    """``administrators``: who have come; ``without_factor``: those of them with a password only.

    ``has_mail``: one has gone out, and the mail server answers as far as is known.
    """

    has_looked_at_hours: bool
    administrators: frozenset[int]
    without_factor: frozenset[int]
    has_mail: bool


def progress(conn: Connection, site: Site) -> Progress:
    """Two statements: the hours' versions, and all the rest."""
    went_out = exists(select(literal(1)).where(_M.state == OutboxState.SENT))
    is_down = exists(select(literal(1)).where(_CH.down_since.is_not(None)))
    asked = select(_U.id, _F.since, went_out.label("went_out"), is_down.label("is_down")).select_from(
        User.__table__.outerjoin(SecondFactor.__table__, _F.user_id == _U.id)
    )
    rows = conn.execute(asked.where(people.may(Permission.SETTINGS))).all()
    return Progress(
        has_looked_at_hours=calendars.has_looked_at_hours(conn, site),
        administrators=frozenset(row.id for row in rows),
        without_factor=frozenset(row.id for row in rows if row.since is None),
        has_mail=any(row.went_out and not row.is_down for row in rows),
    )
