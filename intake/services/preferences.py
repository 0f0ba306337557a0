"""Somebody changes how they themself like to work. It holds from their next page on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from intake.database import writing
from intake.ledger import audit
from intake.models import User
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.preferences import Preferences, from_document, to_document

_USER = User.__table__.c


def change(site: Site, actor: Actor, wanted: Preferences, *, now: datetime) -> bool:
    """Keep it for this person; whether anything was different. The record says what, and nothing else."""
    user_id = actor.person_id
    with writing() as conn:
        asked = select(_USER.preferences).where(_USER.id == user_id).with_for_update(key_share=True)
        before, after = to_document(from_document(conn.execute(asked).scalar_one())), to_document(wanted)
        if before == after:
            return False
        conn.execute(update(User).where(_USER.id == user_id).values(preferences=after))
        different = {name: value for name, value in after.items() if before[name] != value}
        details = {"user_id": user_id, **different}
        audit.record(conn, site, actor, "person.preferences_changed", details=details, now=now)
    return True
