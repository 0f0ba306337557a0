"""One's own second factor: set up, recovery codes made anew, turned off; and taken away for somebody who lost it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from intake.database import writing
from intake.ledger import audit, outbox, throttle
from intake.models import RecoveryCode, SecondFactor, User
from intake.models.site import Site
from intake.queries import people as people_queries
from intake.queries import second_factor as queries
from intake.rules.permissions import Actor
from intake.services import accounts, one_time_codes, people, sign_in
from intake.services.errors import NotFoundError, RefusedError
from intake.services.second_step import open_secret, seal_secret

TRIES = 5
"""Wrong codes on the way to a new factor; whoever reads the picture needs one or two."""
_FACTOR = SecondFactor.__table__.c
_CODE = RecoveryCode.__table__.c


def propose(site: Site, actor: Actor, *, password: str, now: datetime) -> None:
    """Make a new secret that waits to be confirmed; a factor in use stays in use until then.

    ``sign_in.NotMatchedError`` when the password is wrong, ``sign_in.TooManyTriesError`` after many wrong ones.
    """
    user_id = actor.person_id
    people.check_current(site, user_id, password, now)
    proposal = {"proposed_encrypted": seal_secret(site, user_id, one_time_codes.new_secret()), "proposed_at": now}
    with writing() as conn:
        # Whoever presses twice at once: the account's row is the place in line.
        conn.execute(select(User.__table__.c.id).where(User.__table__.c.id == user_id).with_for_update())
        throttle.clear(conn, _tries_of(site, user_id))
        changed = conn.execute(update(SecondFactor).where(_FACTOR.user_id == user_id).values(proposal))
        if not changed.rowcount:
            conn.execute(insert(SecondFactor).values(user_id=user_id, **proposal))


def confirm(site: Site, actor: Actor, typed: str, *, kept_id: int, now: datetime) -> tuple[str, ...]:
    """The app shows the right code: from now on signing in asks for one. Returns the recovery codes, this once.

    Sessions that began with the password alone end, all but the one this happens in (``kept_id``).

    NotFoundError when nothing waits to be confirmed any more, ``sign_in.NotMatchedError`` when the code is wrong.
    Every try is counted; after TRIES the secret is void, and the next one asks for the password again.
    """
    user_id = actor.person_id
    with writing() as conn:
        if (
            throttle.add(conn, [key := _tries_of(site, user_id)], now=now, window=queries.LONGEST_STEP)[key].count
            > TRIES
        ):
            _void(conn, user_id)
    with writing() as conn:
        sealed = queries.proposed(conn, user_id, now=now)
        secret = open_secret(site, user_id, sealed) if sealed else None
        if secret is None:
            raise NotFoundError
        step = one_time_codes.matching_step(secret, typed, now=now)
        if step is None:
            raise sign_in.NotMatchedError
        codes = _set(conn, site, user_id, sealed, step, now)
        sign_in.end_besides(conn, user_id, kept_id, reason="second_factor", now=now)
        _tell(conn, site, actor, user_id, "factor_set", now)
    return codes


def _tries_of(site: Site, user_id: int) -> bytes:
    return site.keyring.index_of("throttle", f"confirm_factor|{user_id}")


def _void(conn: Connection, user_id: int) -> None:
    void = {"proposed_encrypted": None, "proposed_at": None}
    conn.execute(update(SecondFactor).where(_FACTOR.user_id == user_id).values(void))


def _set(conn: Connection, site: Site, user_id: int, sealed: bytes | None, step: int, now: datetime) -> tuple[str, ...]:
    """The code that confirmed it does not serve to sign in as well."""
    changed = conn.execute(
        update(SecondFactor)
        .where(_FACTOR.user_id == user_id, _FACTOR.proposed_encrypted == sealed)
        .values(secret_encrypted=sealed, since=now, last_step=step, proposed_encrypted=None, proposed_at=None)
    )
    if changed.rowcount != 1:
        raise NotFoundError
    return _new_codes(conn, site, user_id)


def _new_codes(conn: Connection, site: Site, user_id: int) -> tuple[str, ...]:
    codes = one_time_codes.new_recovery_codes()
    conn.execute(delete(RecoveryCode).where(_CODE.user_id == user_id))
    conn.execute(insert(RecoveryCode), [_row(site, user_id, code) for code in codes])
    return codes


def _row(site: Site, user_id: int, code: str) -> dict[str, object]:
    plain = one_time_codes.plain_recovery_code(code)
    return {"user_id": user_id, "digest": site.keyring.index_of("recovery_code", f"{user_id}|{plain}")}


def renew_codes(site: Site, actor: Actor, *, password: str, now: datetime) -> tuple[str, ...]:
    """Ten new recovery codes; the old ones no longer work. Errors as ``propose``, RefusedError without a factor."""
    user_id = actor.person_id
    people.check_current(site, user_id, password, now)
    with writing() as conn:
        _ensure_set(conn, user_id)
        codes = _new_codes(conn, site, user_id)
        _tell(conn, site, actor, user_id, "codes_made", now)
    return codes


def turn_off(site: Site, actor: Actor, *, password: str, now: datetime) -> None:
    """Sign in with the password alone again. Errors as ``propose``; RefusedError where a second factor is needed."""
    if site.needs_second_factor:
        raise RefusedError("factor_needed")
    user_id = actor.person_id
    people.check_current(site, user_id, password, now)
    with writing() as conn:
        _ensure_set(conn, user_id)
        _take(conn, user_id)
        _tell(conn, site, actor, user_id, "factor_off", now)


def reset(site: Site, actor: Actor, user_id: int, *, password: str = "", now: datetime) -> None:
    """Take somebody's second factor and recovery codes away, and end all their sessions: the telephone is lost.

    ForbiddenError without the right, NotFoundError for nobody, RefusedError for one's own account (which asks for the
    password instead) and when there is none to take away. A person, not a shell, gives their own ``password``:
    ``sign_in.NotMatchedError`` when it is wrong, ``sign_in.TooManyTriesError`` after many wrong ones.
    """
    accounts.require_people(actor)
    if actor.user_id == user_id:
        raise RefusedError("own_factor")
    if actor.user_id is not None:
        people.check_current(site, actor.user_id, password, now)
    with writing() as conn:
        if people_queries.by_id(conn, user_id) is None:
            raise NotFoundError
        _ensure_set(conn, user_id)
        _take(conn, user_id)
        sign_in.end_all(conn, user_id, reason="second_factor", now=now)
        _tell(conn, site, actor, user_id, "factor_reset", now)


def _ensure_set(conn: Connection, user_id: int) -> None:
    """Waits for whoever changes the same person's factor at this moment."""
    query = select(_FACTOR.secret_encrypted).where(_FACTOR.user_id == user_id).with_for_update()
    if conn.execute(query).scalar() is None:
        raise RefusedError("no_factor")


def _take(conn: Connection, user_id: int) -> None:
    conn.execute(delete(RecoveryCode).where(_CODE.user_id == user_id))
    conn.execute(delete(SecondFactor).where(_FACTOR.user_id == user_id))


def _tell(conn: Connection, site: Site, actor: Actor, user_id: int, notice: str, now: datetime) -> None:
    """On record, and to the person by mail."""
    audit.record(conn, site, actor, f"person.{notice}", details={"user_id": user_id}, now=now)
    outbox.enqueue(conn, "person.security", f"user:{user_id}", details={"notice": notice}, now=now)


def proposal_of(site: Site, conn: Connection, user_id: int, *, now: datetime) -> str | None:
    """The secret that waits to be confirmed, for the person to copy into their app; None if none does."""
    sealed = queries.proposed(conn, user_id, now=now)
    return open_secret(site, user_id, sealed) if sealed else None
