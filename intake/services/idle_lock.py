"""A session that lay idle: unlocking it with the password, ending it in time, and keeping what was typed meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, or_, update

from intake.database import reading, writing
from intake.ledger import audit, throttle
from intake.models import SignIn
from intake.models.keyring import SealError
from intake.models.site import Site
from intake.queries import sign_in as queries
from intake.queries.sign_in import LOCKED_AFTER, LONGEST_QUIET, LONGEST_SESSION, Ending
from intake.rules.permissions import SYSTEM, Actor
from intake.services import passwords, sign_in

TRIES = 5
"""Wrong passwords for one lock. The last one ends the session, and sign-in with all its own limits comes next."""

_SIGN_IN = SignIn.__table__.c
_CELL = "lock_page.draft_sealed"


class SignedOutError(Exception):
    """There is nothing to unlock: the session is over, perhaps by this very try."""


def unlock(site: Site, actor: Actor, sign_in_id: int, password: str, *, now: datetime) -> None:
    """Go on with one's own session. The second factor is not asked for again: the session already passed it.

    ``sign_in.NotMatchedError`` when the password is wrong, SignedOutError when it was wrong too often or the session
    is over. The try is counted before the password is looked at; the slow check runs in no transaction.
    """
    key = site.keyring.index_of("throttle", f"unlock|{sign_in_id}")
    with writing() as conn:
        tries = throttle.add(conn, [key], now=now, window=LONGEST_QUIET)[key].count
    with reading() as conn:
        found = queries.credentials_of(conn, actor.person_id)
    is_right = tries <= TRIES and passwords.is_right(password, found.password if found else None)
    with writing() as conn:
        went_on = is_right and _go_on(conn, site, actor, sign_in_id, now)
        if is_right:
            throttle.clear(conn, key)
        else:
            _refuse(conn, site, actor, sign_in_id, is_last=tries >= TRIES, now=now)
    if not is_right and tries < TRIES:
        raise sign_in.NotMatchedError
    if not went_on:
        raise SignedOutError


def _go_on(conn: Connection, site: Site, actor: Actor, sign_in_id: int, now: datetime) -> bool:
    """False when it ended meanwhile; an ended session is never opened again."""
    found = conn.execute(
        update(SignIn)
        .where(_SIGN_IN.id == sign_in_id, _SIGN_IN.user_id == actor.person_id, *queries.going_on(now))
        .values(last_seen_at=now)
    )
    if found.rowcount:
        audit.record(conn, site, actor, "person.unlocked", now=now)
    return found.rowcount == 1


def _refuse(conn: Connection, site: Site, actor: Actor, sign_in_id: int, *, is_last: bool, now: datetime) -> None:
    details = {"reason": "unlock", "user_id": actor.person_id}
    audit.record(conn, site, SYSTEM, "person.refused", details=details, now=now)
    if is_last:  # still locked: not if the right password came in another tab at the same moment
        is_locked = and_(_SIGN_IN.id == sign_in_id, _SIGN_IN.last_seen_at <= now - LOCKED_AFTER)
        _end(conn, site, is_locked, Ending.WRONG_UNLOCK.value, now)


def expire(site: Site, sid: str, *, now: datetime) -> None:
    """Write down that a session ran out; harmless when another request has done so, or when it goes on."""
    is_idle = _SIGN_IN.last_seen_at <= now - LONGEST_QUIET
    ran_out = or_(is_idle, _SIGN_IN.started_at <= now - LONGEST_SESSION)
    reason = case((is_idle, Ending.IDLE.value), else_=Ending.TOO_LONG.value)
    with writing() as conn:
        _end(conn, site, and_(_SIGN_IN.sid_hash == sign_in.sid_hash(sid), ran_out), reason, now)


def _end(conn: Connection, site: Site, which: ColumnElement[bool], reason: object, now: datetime) -> None:
    ended = conn.execute(
        update(SignIn)
        .where(which, _SIGN_IN.ended_at.is_(None))
        .values(ended_at=now, ended_reason=reason)
        .returning(_SIGN_IN.user_id, _SIGN_IN.ended_reason)
    ).first()
    if ended:
        details = {"user_id": ended.user_id, "reason": ended.ended_reason}
        audit.record(conn, site, SYSTEM, "person.sign_in_ended", details=details, now=now)


def owner_mark(site: Site, user_id: int) -> str:
    """What a page remembers of whose it is: 16 hexadecimal digits that say nothing without our key."""
    return site.keyring.index_of("page_owner", str(user_id)).hex()[:16]


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that met a locked page: where it was going, and its fields in order."""

    path: str
    fields: tuple[tuple[str, str], ...]


def sealed(site: Site, user_id: int, draft: Draft) -> str:
    """The draft as the lock page carries it: whoever looks at the page reads nothing, and only its owner opens it."""
    text = json.dumps([draft.path, draft.fields])
    return base64.urlsafe_b64encode(site.keyring.seal(_CELL, str(user_id), text) or b"").decode()


def opened(site: Site, user_id: int, text: str) -> Draft | None:
    """Back again; None if it is nobody's, or somebody else's."""
    try:
        plain = site.keyring.open(_CELL, str(user_id), base64.urlsafe_b64decode(text))
    except (SealError, binascii.Error, ValueError, IndexError):
        return None
    path, fields = json.loads(plain or "")
    return Draft(path, tuple((name, value) for name, value in fields))
