"""The second step of signing in: a code after the right password. Until it is right there is no session."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, update

from intake.database import reading, writing
from intake.ledger import audit, outbox
from intake.models import RecoveryCode, SecondFactor, SignInStep
from intake.models.keyring import SealError
from intake.models.site import Site
from intake.queries import second_factor as queries
from intake.queries import sign_in as sign_in_queries
from intake.rules.permissions import SYSTEM, Actor, ActorKind
from intake.services import one_time_codes, sign_in
from intake.services.errors import NotFoundError
from intake.services.sign_in import Proven

log = logging.getLogger(__name__)
SECRET_CELL = "second_factor.secret_encrypted"
NO_MORE_FROM_STRANGERS = 0
"""Once an account had ``sign_in.ATTACK`` wrong codes, an address it never came from is left with no code of the app.

A million codes can be tried by many addresses at once. Recovery codes are beyond guessing and still open the door.
"""

_FACTOR = SecondFactor.__table__.c
_CODE = RecoveryCode.__table__.c
_STEP = SignInStep.__table__.c


@dataclass(frozen=True, slots=True)
class Recovered:
    """Who came in with a recovery code, and how many are left."""

    proven: Proven
    codes_left: int


def ask_for_code(site: Site, proven: Proven, key: str, *, now: datetime) -> bool:
    """After the right password: False if this account has no second factor, else ``key`` opens the second step.

    ``sign_in.NotMatchedError`` if the password is another by now.
    """
    user_id = proven.user_id
    with writing() as conn:
        sign_in.ensure_still(conn, proven)
        factor = queries.factor_of(conn, user_id)
        if factor is None or factor.since is None:
            return False
        conn.execute(delete(SignInStep).where(_STEP.started_at <= now - queries.LONGEST_STEP))
        conn.execute(insert(SignInStep).values(key_hash=sign_in.sid_hash(key), user_id=user_id, started_at=now))
    return True


def pass_code(site: Site, key: str, typed: str, address: str, *, now: datetime) -> Proven:
    """The person whose app shows this code; the step is used up, and so is the code.

    NotFoundError when the step is over, ``sign_in.NotMatchedError`` when the code is wrong or was used,
    ``sign_in.TooManyTriesError`` after many wrong ones. The try is counted before the code is looked at.
    """
    person = _person(key, now)
    counters = _count(site, person, address, now, under_attack=NO_MORE_FROM_STRANGERS)
    secret = open_secret(site, person.user_id, person.secret_encrypted)
    step = one_time_codes.matching_step(secret, typed, now=now) if secret else None
    with writing() as conn:
        is_right = step is not None and _use_step(conn, site, person, step, secret)
        if is_right:
            proven = _finish(conn, key, person.user_id)
            sign_in.forgive(conn, counters, now)
        else:
            _refuse(conn, site, person, "code", now)
    if not is_right:
        raise sign_in.NotMatchedError
    return proven


def pass_recovery_code(site: Site, key: str, typed: str, address: str, *, now: datetime) -> Recovered:
    """Likewise with a recovery code, which never works again; the person is told by mail."""
    person = _person(key, now)
    counters = _count(site, person, address, now, under_attack=sign_in.TRIES_UNDER_ATTACK)
    plain = one_time_codes.plain_recovery_code(typed)
    with writing() as conn:
        is_right = plain is not None and _use_recovery_code(conn, site, person.user_id, plain, now)
        if is_right:
            proven = _finish(conn, key, person.user_id)
            sign_in.forgive(conn, counters, now)
        else:
            _refuse(conn, site, person, "recovery_code", now)
        left = queries.codes_left(conn, person.user_id)
    if not is_right:
        raise sign_in.NotMatchedError
    return Recovered(proven, left)


def _person(key: str, now: datetime) -> queries.Halfway:
    with reading() as conn:
        found = queries.halfway(conn, sign_in.sid_hash(key), now=now)
    if found is None:
        raise NotFoundError
    return found


def _count(site: Site, person: queries.Halfway, address: str, now: datetime, *, under_attack: int) -> sign_in.Counters:
    counters = sign_in.counters(site, f"code|{person.user_id}", address)
    until = sign_in.count_try(site, counters, now, under_attack=under_attack, warned=person.user_id)
    if until:
        raise sign_in.TooManyTriesError(until)
    return counters


def open_secret(site: Site, user_id: int, sealed: bytes) -> str | None:
    """What the app shares with us; None, and a line in the log, when its key is not among the settings any more."""
    try:
        return site.keyring.second_factor.open(SECRET_CELL, str(user_id), sealed)
    except SealError:
        log.error("the second factor of account %d cannot be read: is a key of INTAKE_TOTP_KEYS missing?", user_id)
        return None


def seal_secret(site: Site, user_id: int, secret: str) -> bytes | None:
    """Under the newest key, bound to this account."""
    return site.keyring.second_factor.seal(SECRET_CELL, str(user_id), secret)


def _use_step(conn: Connection, site: Site, person: queries.Halfway, step: int, secret: str | None) -> bool:
    """Two who send the same code at once: the database lets one of them raise ``last_step``.

    A secret under an older key moves to the newest one, so that the old key can go some day.
    """
    changes: dict[str, object] = {"last_step": step}
    if not site.keyring.second_factor.is_of_newest_key(person.secret_encrypted):
        changes["secret_encrypted"] = seal_secret(site, person.user_id, secret or "")
    used = conn.execute(
        update(SecondFactor)
        .where(_FACTOR.user_id == person.user_id, _FACTOR.secret_encrypted == person.secret_encrypted)
        .where(or_(_FACTOR.last_step.is_(None), _FACTOR.last_step < step))
        .values(changes)
    )
    return used.rowcount == 1


def _use_recovery_code(conn: Connection, site: Site, user_id: int, plain: str, now: datetime) -> bool:
    digests = site.keyring.indexes_of("recovery_code", f"{user_id}|{plain}")
    used = conn.execute(
        update(RecoveryCode)
        .where(_CODE.user_id == user_id, _CODE.digest.in_(digests), _CODE.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:
        return False
    actor = Actor(ActorKind.PERSON, user_id)
    audit.record(conn, site, actor, "person.code_used", details={"user_id": user_id}, now=now)
    outbox.enqueue(conn, "person.security", f"user:{user_id}", details={"notice": "code_used"}, now=now)
    return True


def _finish(conn: Connection, key: str, user_id: int) -> Proven:
    """The step is used up. Gone meanwhile: nothing of this transaction is kept, and the person starts again."""
    gone = conn.execute(delete(SignInStep).where(_STEP.key_hash == sign_in.sid_hash(key)))
    person = sign_in_queries.credentials_of(conn, user_id)
    if gone.rowcount != 1 or person is None:
        raise NotFoundError
    return Proven(user_id, person.password)


def _refuse(conn: Connection, site: Site, person: queries.Halfway, reason: str, now: datetime) -> None:
    details = {"reason": reason, "user_id": person.user_id}
    audit.record(conn, site, SYSTEM, "person.refused", details=details, now=now)
