"""A visitor asks to be called: the request, its record and its messages are stored together or not at all."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from intake.database import Prepared, at_once, reading, together
from intake.ledger import audit, letters, outbox, search_words
from intake.models import CallbackRequest
from intake.models.base import table_of
from intake.models.keyring import link_hash
from intake.models.site import Site
from intake.queries import receipt
from intake.queries.calendar import Calendar
from intake.queries.receipt import Standing
from intake.rules.calling import key_of
from intake.rules.crisis import due_at_once, is_crisis
from intake.rules.permissions import VISITOR
from intake.rules.phone import PhoneNumber
from intake.rules.spam import Signals, SpamVerdict, assess
from intake.rules.windows import Window
from intake.rules.workflow import ForWhom, Status, Voicemail
from intake.services import clock, danger

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is misheard or misread as a digit."""
SUPPRESSED = "suppressed"
_C = CallbackRequest.__table__.c


@cache
def _prepared(columns: tuple[str, ...]) -> Prepared:
    added = insert(table_of(CallbackRequest))
    return Prepared(added if "id" in columns else added.returning(_C.id), *columns)


def _add(conn: Connection, row: dict[str, Any]) -> int:
    """Insert the row; its id. What is NULL anyway is not sent."""
    given = {name: value for name, value in row.items() if value is not None}
    statement = _prepared(tuple(given))
    if "id" not in given:
        return cast("tuple[int]", statement.one(conn, given))[0]
    statement.run(conn, given)
    return cast(int, given["id"])


@dataclass(frozen=True, slots=True)
class Answers:
    """What the visitor filled in, checked and clean."""

    name: str
    phone: PhoneNumber
    voicemail: Voicemail = Voicemail.NONE
    for_whom: ForWhom | None = None
    window: Window | None = None
    is_free_time: bool = False
    preferred_note: str = ""
    email: str | None = None
    message: str = ""
    source: str = ""
    source_path: str = ""
    language: str = "en"

    def canonical(self) -> list[str]:
        """The answers in one fixed spelling: what makes two sends the same request."""
        return [
            self.name, self.phone.e164, self.phone.extension, self.voicemail, self.for_whom or "",
            self.window.value if self.window else "", str(self.is_free_time), self.preferred_note,
            self.email or "", self.message,
        ]  # fmt: skip

    def words(self) -> tuple[str, str]:
        """What they wrote in words of their own."""
        return self.message, self.preferred_note


@dataclass(frozen=True, slots=True)
class Arrival:
    """How the answers came: the form's nonce, the signs of a program, and the sender's address.

    ``calendar``: the opening hours they were checked by, so that one question asks everything; they may have changed.
    """

    nonce: str
    signals: Signals
    address: str | None = field(default=None, repr=False)
    calendar: Calendar | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A stored request. ``is_replay`` says that it was stored before."""

    reference: str
    link_token: str
    is_replay: bool = False


def submitted_before(site: Site, answers: Answers, nonce: str) -> Submitted | None:
    """The request that this very form already became, however old the form is."""
    key = site.keyring.idempotency_key(nonce, answers.canonical())
    with reading() as conn:
        found = conn.execute(
            select(_C.reference, _C.public_id, _C.link_version).where(_C.idempotency_key == key)
        ).first()
    if found is None:
        return None
    return Submitted(found.reference, site.keyring.link_token(found.public_id, found.link_version), is_replay=True)


def submit(site: Site, answers: Answers, arrival: Arrival, *, now: datetime) -> Submitted:
    """Store a request with its promise, its audit entry and its outbox rows; the same form twice gives one request.

    Two programs' signs put it under "Check", promised like any other; a number that must not be called is kept for a
    manager to decide on. Nothing is dropped. Of whoever may be in danger by their own words the managers hear. Raises
    SQLAlchemy's OperationalError when the database cannot store it.
    """
    for _ in range(5):
        try:
            return _store(site, answers, arrival, now)
        except IntegrityError:
            replay = submitted_before(site, answers, arrival.nonce)
            if replay:
                return replay
    raise RuntimeError("no free reference was found in five tries")


def new_reference() -> str:
    """Something to say on the phone, like K7M-4QX; one in a thousand million, retried if taken."""
    letters = [ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(6)]  # 256 is a multiple of 32
    return "".join(letters[:3]) + "-" + "".join(letters[3:])


def _store(site: Site, answers: Answers, arrival: Arrival, now: datetime) -> Submitted:
    public_id, reference = secrets.token_hex(16), new_reference()
    token = site.keyring.link_token(public_id, 1)
    verdict = assess(arrival.signals)
    values = (
        sealed_columns(site, public_id, answers, arrival.address)
        | plain_columns(answers)
        | clock.arrival_columns(site, now)
    )
    values |= {
        "public_id": public_id,
        "reference": reference,
        "link_hash": link_hash(token),
        "idempotency_key": site.keyring.idempotency_key(arrival.nonce, answers.canonical()),
    }
    tokens = search_words.tokens(site, name=answers.name, e164=answers.phone.e164, email=answers.email)
    in_danger = due_at_once(now) if is_crisis(*answers.words()) else {}

    def keep(conn: Connection) -> None:
        row = values | decided_columns(conn, site, answers, values["calling_key"], verdict, now, arrival.calendar)
        row |= in_danger
        with at_once(conn):
            callback_id = _add(conn, row)
            search_words.write(conn, callback_id, tokens)
            audit.record(
                conn, site, VISITOR, "callback.received", callback_id=callback_id,
                details={"reasons": row["spam_reasons"]}, now=now,
            )  # fmt: skip
            if row["status"] is Status.CHECK:
                tell_later(conn, now)
            else:
                outbox.enqueue(conn, "team.new", "team", callback_id=callback_id, now=now)
        if in_danger:
            danger.tell_managers(conn, site, callback_id, is_doubtful=verdict.is_check, now=now)
        if row["email_index"] is not None and row["status"] is not Status.CHECK:
            letters.enqueue_first(
                conn, site, "visitor.received", callback_id=callback_id, email_index=row["email_index"], now=now
            )

    together(keep, is_one_statement=answers.email is None and not in_danger)
    return Submitted(reference, token)


def contact_columns(site: Site, public_id: str, phone: PhoneNumber) -> dict[str, Any]:
    """Everything that follows from a number: sealed as dialled and as typed, findable, and where it may be."""
    seal = site.keyring.seal
    return {
        "phone_encrypted": seal("callback_request.phone", public_id, phone.dialled),
        "phone_typed_encrypted": seal("callback_request.phone_typed", public_id, phone.typed),
        "phone_index": site.keyring.index_of("phone", phone.e164),
        "calling_key": key_of(phone, site.time_zone),
        "is_zone_known": len(phone.zones) == 1,
    }


def sealed_columns(site: Site, public_id: str, answers: Answers, address: str | None = None) -> dict[str, Any]:
    """What the visitor gave, sealed, and the keyed hashes it can be found by."""
    ring = site.keyring
    texts = {
        "name": answers.name,
        "email": answers.email,
        "message": answers.message or None,
        "preferred_note": answers.preferred_note or None,
        "source_path": answers.source_path or None,
    }
    return contact_columns(site, public_id, answers.phone) | {
        **{f"{name}_encrypted": ring.seal(f"callback_request.{name}", public_id, text) for name, text in texts.items()},
        "email_index": ring.index_of("email", answers.email.casefold()) if answers.email else None,
        "address_index": ring.index_of("address", address) if address else None,
    }


def plain_columns(answers: Answers) -> dict[str, Any]:
    """What of it lies open."""
    return clock.wish_columns(answers.window, answers.is_free_time) | {
        "language": answers.language,
        "source": answers.source,
        "for_whom": answers.for_whom,
        "voicemail": answers.voicemail,
    }


def decided_columns(
    conn: Connection, site: Site, answers: Answers, key: str, verdict: SpamVerdict, now: datetime,
    expected: Calendar | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The promise and where the request goes: the queue, or "Check"."""
    expected = expected or clock.calendar_in_force(conn, site, now)
    standing = _standing(conn, site, answers, clock.target_at(expected, key, now), now)
    calendar, is_suppressed = standing.calendar, standing.is_suppressed
    made = clock.promised(
        conn, site, calendar, key, now, window=answers.window, is_free_time=answers.is_free_time,
        ahead=standing.ahead if calendar.id == expected.id else None,
    )  # fmt: skip
    reasons = ((SUPPRESSED,) if is_suppressed else ()) + tuple(verdict.reasons)
    status = Status.CHECK if is_suppressed or verdict.is_check else Status.SCHEDULED if answers.window else Status.NEW
    undecided = clock.check_columns(calendar, now) if status is Status.CHECK else {}
    return (
        clock.promise_columns(calendar, made, key)
        | undecided
        | {
            "id": standing.next_id,
            "status": status,
            "consent_id": standing.consent_id,
            "is_marked": verdict.is_marked,
            "is_promised": not is_suppressed,
            "spam_reasons": ",".join(reasons),
        }
    )


def _standing(conn: Connection, site: Site, answers: Answers, instant: datetime, now: datetime) -> Standing:
    indexes = site.keyring.indexes_of("phone", answers.phone.e164)
    found = receipt.standing(conn, language=answers.language, phone_indexes=indexes, instant=instant)
    if found is None:
        clock.calendar_in_force(conn, site, now)
        found = receipt.standing(conn, language=answers.language, phone_indexes=indexes, instant=instant)
    return cast(Standing, found)


def tell_later(conn: Connection, now: datetime) -> None:
    """One digest a quarter hour about what waits under "Check", not a mail for each."""
    if not outbox.is_waiting(conn, "team.check_digest"):
        past = timedelta(minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond)
        outbox.enqueue(conn, "team.check_digest", "team", now=now, available_at=now - past + timedelta(minutes=15))
