"""The alarm for what does not happen: no request for far too long, or messages that nobody takes out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert

from intake.database import reading, writing
from intake.ledger import outbox
from intake.models import Alarm
from intake.models.base import table_of
from intake.models.site import Site
from intake.queries import silence
from intake.services import alerting

_A = Alarm.__table__.c


def watch(site: Site, *, now: datetime) -> None:
    """Raise what is new and tell it once; take away what is over. Raised and told are one transaction."""
    with reading() as conn:
        if _changes(conn, now) == ({}, []):
            return
    with writing() as conn:
        alerting.alone(conn)
        new, over = _changes(conn, now)
        for kind, since in new.items():
            conn.execute(insert(table_of(Alarm)).values(kind=kind, since_at=since, raised_at=now))
            details = {"kind": kind, "since": since.isoformat()}
            outbox.enqueue(conn, "staff.alarm", "managers", details=details, now=now)
            if site.webhook_url and alerting.rules_in_force(conn).is_on_call:
                outbox.enqueue(conn, "hook.alert", outbox.HOOK, details=details, now=now)
        if over:
            conn.execute(delete(Alarm).where(_A.kind.in_(over)))


def _changes(conn: Connection, now: datetime) -> tuple[dict[str, datetime], list[str]]:
    """What is to be raised, and the kinds that are over."""
    found: dict[str, datetime | None] = {}
    if alerting.rules_in_force(conn).is_silence_watched:
        found = {"silence": silence.silent_since(conn, now), "outbox": silence.stuck_since(conn, now)}
    so = {kind: since for kind, since in found.items() if since is not None}
    had = silence.ringing(conn)
    return {kind: since for kind, since in so.items() if kind not in had}, [kind for kind in had if kind not in so]
