"""Signing in and out: checking a password without giving anything away, and sessions that really end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, update

from intake.database import reading, writing
from intake.ledger import audit, outbox, throttle
from intake.models import SignIn, SignInStep
from intake.models.site import Site
from intake.queries import sign_in as queries
from intake.rules.browser import browser_label
from intake.rules.permissions import SYSTEM, Actor
from intake.services import passwords, shifts

WINDOW = timedelta(minutes=15)
TRIES = 9
"""Wrong tries within the window, for one person from one address and for one address alone; the tenth is refused."""

TRIES_UNDER_ATTACK, ATTACK = 3, 50
"""Once an account had this many tries from everywhere, an address it never signed in from gets only three."""

KNOWN_FOR = timedelta(days=30)
"""How long an address stays known to an account: there, other people's wrong tries do not count against it."""

SEEN_EVERY = timedelta(minutes=1)

_SIGN_IN = SignIn.__table__.c
_LONGEST_EMAIL = 254


class NotMatchedError(Exception):
    """No such account, another password, or a disabled account: one and the same from outside."""


class TooManyTriesError(Exception):
    """Refused unseen until this instant."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many tries")
        self.until = until


@dataclass(frozen=True, slots=True)
class Proven:
    """Whose password was right, and its hash when it was looked at.

    Checking takes a while, and the password may be changed meanwhile: then this proves nothing any more.
    """

    user_id: int
    stored: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Counters:
    """The keyed hashes under which one try of one account from one address is counted."""

    pair: bytes
    address: bytes
    account: bytes
    known: bytes

    @property
    def counted(self) -> tuple[bytes, bytes, bytes]:
        """Each try counts here."""
        return self.pair, self.address, self.account


def counters(site: Site, account: str, address: str) -> Counters:
    """``account`` stands for what is guessed at. It begins with what kind that is: the rest may be typed by anybody."""

    def key(*parts: str) -> bytes:
        return site.keyring.index_of("throttle", "|".join(parts))

    return Counters(
        key("pair", address, account), key("address", address), key("account", account), key("known", address, account)
    )


def check(site: Site, email: str, password: str, address: str, *, now: datetime) -> Proven:
    """The account this email and password belong to.

    NotMatchedError or TooManyTriesError otherwise. The try is counted before the password is looked at, so that many
    at once gain nothing; the slow check runs in no transaction.
    """
    email = _plain_email(email)
    keys = counters(site, f"email|{email}", address)
    until = count_try(site, keys, now)
    if until:
        raise TooManyTriesError(until)
    with reading() as conn:
        found = queries.credentials(conn, email)
    is_right = passwords.is_right(password, found.password if found else None)
    if found is None or not is_right or not found.is_active:
        note_refusal(site, found.user_id if found else None, now)
        raise NotMatchedError
    _note_success(keys, now)
    return Proven(found.user_id, found.password)


def _plain_email(email: str) -> str:
    """As accounts are stored; what no database takes is left out, so that nonsense is merely unknown."""
    return "".join(char for char in email.strip() if char.isprintable())[:_LONGEST_EMAIL].lower()


def count_try(
    site: Site, keys: Counters, now: datetime, *, under_attack: int = TRIES_UNDER_ATTACK, warned: int | None = None
) -> datetime | None:
    """Count it, and say until when to wait if it is one too many.

    ``under_attack``: what an address the account never came from is left with. ``warned``: the person who is told by
    mail, once in a window, when there were that many tries that it was hardly them.
    """
    with writing() as conn:
        tallies = throttle.add(conn, keys.counted, now=now, window=WINDOW)
        is_known = throttle.is_remembered(conn, keys.known, since=now - KNOWN_FOR)
        full = _full(keys, tallies, is_known, under_attack)
        if full and any(tallies[key].count == TRIES + 1 for key in (keys.pair, keys.address)):
            audit.record(conn, site, SYSTEM, "person.refused", details={"reason": "throttled"}, now=now)
        if warned is not None and tallies[keys.account].count == TRIES + 1:
            outbox.enqueue(conn, "person.security", f"user:{warned}", details={"notice": "codes_tried"}, now=now)
    return max(tallies[key].since for key in full) + WINDOW if full else None


def _full(keys: Counters, tallies: dict[bytes, throttle.Tally], is_known: bool, under_attack: int) -> list[bytes]:
    """The counters that forbid another try."""
    if tallies[keys.pair].count > TRIES:
        return [keys.pair]
    if is_known:
        return []
    full = [keys.address] if tallies[keys.address].count > TRIES else []
    if tallies[keys.account].count > ATTACK and tallies[keys.pair].count > under_attack:
        full.append(keys.pair)
    return full


def note_refusal(site: Site, user_id: int | None, now: datetime) -> None:
    """Put a wrong password on record; ``user_id`` is whose it was not, if that is anybody."""
    details = {"reason": "password", "user_id": user_id}
    with writing() as conn:
        audit.record(conn, site, SYSTEM, "person.refused", details=details, now=now)


def _note_success(keys: Counters, now: datetime) -> None:
    with writing() as conn:
        forgive(conn, keys, now)


def forgive(conn: Connection, keys: Counters, now: datetime) -> None:
    """The try was right: uncount it, and know this address from now on. In the caller's transaction."""
    throttle.hold(conn, (*keys.counted, keys.known))
    throttle.take_back(conn, (keys.address, keys.account))
    throttle.clear(conn, keys.pair)
    throttle.remember(conn, keys.known, now=now)


def sid_hash(sid: str) -> bytes:
    """What is stored of a session's secret."""
    return hashlib.sha256(sid.encode()).digest()


def start(
    site: Site, actor: Actor, sid: str, *, stored: str | None, instead_of: str = "", user_agent: str = "",
    now: datetime,
) -> None:  # fmt: skip
    """Open the session that ``sid`` names. The one this browser had before, if it still goes on, is over.

    ``stored``: the hash of the password that led here; NotMatchedError if it is another by now, or they are disabled.
    Of ``user_agent`` only a coarse label is kept, by which its person tells their sessions apart.
    """
    row = {
        "user_id": actor.person_id, "sid_hash": sid_hash(sid), "browser": browser_label(user_agent),
        "started_at": now, "last_seen_at": now,
    }  # fmt: skip
    with writing() as conn:
        ensure_still(conn, Proven(actor.person_id, stored))
        if instead_of:
            _replace(conn, site, instead_of, now)
        conn.execute(insert(SignIn).values(row))
        audit.record(conn, site, actor, "person.signed_in", now=now)
        throttle.forget_before(conn, now - KNOWN_FOR)


def ensure_still(conn: Connection, proven: Proven) -> None:
    """NotMatchedError unless it still proves something; nobody changes that until the caller's transaction is over."""
    found = queries.held_credentials_of(conn, proven.user_id)
    if found is None or not found.is_active or found.password != proven.stored:
        raise NotMatchedError


def _replace(conn: Connection, site: Site, sid: str, now: datetime) -> None:
    before = conn.execute(
        update(SignIn)
        .where(_SIGN_IN.sid_hash == sid_hash(sid), *queries.going_on(now))
        .values(ended_at=now, ended_reason="replaced")
        .returning(_SIGN_IN.user_id)
    ).first()
    if before:
        details = {"user_id": before.user_id, "reason": "replaced"}
        audit.record(conn, site, SYSTEM, "person.sign_in_ended", details=details, now=now)


def seen(sid: str, *, now: datetime) -> None:
    """Note that the person did something; harmless when another request has just done so or ended the session."""
    with writing() as conn:
        conn.execute(
            update(SignIn)
            .where(_SIGN_IN.sid_hash == sid_hash(sid), _SIGN_IN.ended_at.is_(None))
            .where(_SIGN_IN.last_seen_at <= now - SEEN_EVERY)
            .values(last_seen_at=now)
        )


def end(site: Site, actor: Actor, sid: str, *, now: datetime) -> None:
    """Sign out: nobody can go on with this session, whoever kept its cookie."""
    with writing() as conn:
        ended = conn.execute(
            update(SignIn)
            .where(_SIGN_IN.sid_hash == sid_hash(sid), _SIGN_IN.ended_at.is_(None))
            .values(ended_at=now, ended_reason="signed_out")
        )
        if ended.rowcount:
            audit.record(conn, site, actor, "person.signed_out", now=now)
    shifts.leave(site, actor, now=now)


def end_own(site: Site, actor: Actor, sign_in_id: int, *, now: datetime) -> bool:
    """End one of one's own sessions from another; False when it was over already, or never one's own."""
    return _end_of(site, actor, _SIGN_IN.id == sign_in_id, now) > 0


def end_others(site: Site, actor: Actor, kept_id: int, *, now: datetime) -> int:
    """End all of one's own sessions but this; returns how many there were."""
    return _end_of(site, actor, _SIGN_IN.id != kept_id, now)


def _end_of(site: Site, actor: Actor, which: ColumnElement[bool], now: datetime) -> int:
    user_id = actor.person_id
    with writing() as conn:
        ended = conn.execute(
            update(SignIn)
            .where(_SIGN_IN.user_id == user_id, which, *queries.going_on(now))
            .values(ended_at=now, ended_reason="elsewhere")
        ).rowcount
        if ended:
            details = {"user_id": user_id, "sign_ins": ended}
            audit.record(conn, site, actor, "person.own_sign_ins_ended", details=details, now=now)
    return ended


def end_besides(conn: Connection, user_id: int, kept_id: int, *, reason: str, now: datetime) -> None:
    """Every session of a person but one, and a sign-in halfway through; in the caller's transaction."""
    conn.execute(delete(SignInStep).where(SignInStep.__table__.c.user_id == user_id))
    others = (_SIGN_IN.user_id == user_id, _SIGN_IN.id != kept_id, _SIGN_IN.ended_at.is_(None))
    conn.execute(update(SignIn).where(*others).values(ended_at=now, ended_reason=reason))


def end_all(conn: Connection, user_id: int, *, reason: str, now: datetime) -> int:
    """End every session of a person inside the caller's transaction, a sign-in halfway through too.

    Returns how many sessions there were.
    """
    conn.execute(delete(SignInStep).where(SignInStep.__table__.c.user_id == user_id))
    ended = conn.execute(
        update(SignIn)
        .where(_SIGN_IN.user_id == user_id, _SIGN_IN.ended_at.is_(None))
        .values(ended_at=now, ended_reason=reason)
    )
    return ended.rowcount
