"""Somebody says that they are on shift, or that they leave: routing gives to, and alerts go to, whoever is there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from intake.database import writing
from intake.ledger import audit
from intake.models import User
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.rules.routing import is_on_shift

_USER = User.__table__.c


def come(site: Site, actor: Actor, *, now: datetime) -> bool:
    """From now on on shift, for ON_SHIFT_FOR at the longest; False for somebody who is already."""
    actor.require(Permission.WORK)
    return _set(site, actor, is_there=True, now=now)


def leave(site: Site, actor: Actor, *, now: datetime) -> bool:
    """Off shift; False for somebody who was not on. What they hold stays theirs as long as their claims last."""
    return _set(site, actor, is_there=False, now=now)


def _set(site: Site, actor: Actor, *, is_there: bool, now: datetime) -> bool:
    mine = _USER.id == actor.person_id
    with writing() as conn:
        since = conn.execute(select(_USER.on_shift_since).where(mine).with_for_update(key_share=True)).scalar_one()
        if is_on_shift(since, now) == is_there:
            return False
        conn.execute(update(User).where(mine).values(on_shift_since=now if is_there else None))
        audit.record(conn, site, actor, "person.shift_began" if is_there else "person.shift_ended", now=now)
    return True
