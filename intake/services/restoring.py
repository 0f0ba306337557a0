"""After a backup was put back: what opened doors when it was made opens none now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Update, delete, inspect, update

from intake.database import writing
from intake.ledger import audit
from intake.models import Invitation, RecoveryCode, SecondFactor, SignIn, SignInStep
from intake.models.base import table_of
from intake.models.site import Site
from intake.rules.permissions import SYSTEM
from intake.services import one_time_codes

_SIGN_IN, _LINK = SignIn.__table__.c, Invitation.__table__.c
_CODE, _FACTOR = RecoveryCode.__table__.c, SecondFactor.__table__.c


def void_what_opens(site: Site, *, now: datetime) -> None:
    """End every session, link and recovery code, and every code of an app up to this moment; put that on record.

    Since the backup some of them were used, or ended by their person, and nobody can tell which. A backup of an older
    version may lack a table: then there is nothing in it to end.
    """
    with writing() as conn:
        present = set(inspect(conn).get_table_names())
        for statement in _voiding(now):
            if table_of(statement.entity_description["entity"]).name in present:
                conn.execute(statement)
        if SignInStep.__tablename__ in present:
            conn.execute(delete(SignInStep))
        audit.record(conn, site, SYSTEM, "service.restored", now=now)


def _voiding(now: datetime) -> tuple[Update, ...]:
    return (
        update(SignIn).where(_SIGN_IN.ended_at.is_(None)).values(ended_at=now, ended_reason="restored"),
        update(Invitation).where(_LINK.used_at.is_(None), _LINK.revoked_at.is_(None)).values(revoked_at=now),
        update(RecoveryCode).where(_CODE.used_at.is_(None)).values(used_at=now),
        update(SecondFactor).where(_FACTOR.since.is_not(None)).values(last_step=one_time_codes.step_of(now)),
    )
