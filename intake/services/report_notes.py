"""Dated notes beside the figures ("phones down"): written and taken away by whoever hands out the work."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update

from intake.database import writing
from intake.ledger import audit
from intake.models import ReportNote
from intake.models.base import table_of
from intake.models.site import Site
from intake.rules.periods import LONGEST
from intake.rules.permissions import Actor, Permission
from intake.services.errors import NotFoundError, RefusedError

LONGEST_TEXT = 120
AHEAD = timedelta(days=366)
"""So far ahead may be noted what is known already: a move, a holiday of the telephone company."""
_N = table_of(ReportNote)


def add(site: Site, actor: Actor, noted_on: date, text: str, *, now: datetime) -> int:
    """Its number. ``text`` is a clean line; it holds nothing about a visitor.

    RefusedError: text_needed, text_too_long (LONGEST_TEXT), day_too_far (no report tells of it, or AHEAD).
    """
    actor.require(Permission.ASSIGN)
    text = text.strip()
    if not text:
        raise RefusedError("text_needed")
    if len(text) > LONGEST_TEXT:
        raise RefusedError("text_too_long")
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    if not today - LONGEST <= noted_on <= today + AHEAD:
        raise RefusedError("day_too_far")
    with writing() as conn:
        row = {"noted_on": noted_on, "text": text, "created_at": now, "created_by_id": actor.person_id}
        note_id = int(conn.execute(insert(_N).values(**row).returning(_N.c.id)).scalar_one())
        details = {"note_id": note_id, "noted_on": noted_on.isoformat()}
        audit.record(conn, site, actor, "report.note_added", details=details, typed=text, now=now)
    return note_id


def remove(site: Site, actor: Actor, note_id: int, *, now: datetime) -> None:
    """Take it off the reports; the row stays. NotFoundError if there is none of this number any more."""
    actor.require(Permission.ASSIGN)
    with writing() as conn:
        standing = (_N.c.id == note_id, _N.c.removed_at.is_(None))
        gone = conn.execute(update(_N).where(*standing).values(removed_at=now).returning(_N.c.noted_on)).scalar()
        if gone is None:
            raise NotFoundError
        details = {"note_id": note_id, "noted_on": gone.isoformat()}
        audit.record(conn, site, actor, "report.note_removed", details=details, now=now)
