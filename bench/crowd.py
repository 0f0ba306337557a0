"""Fills a database with many made-up requests within minutes: most have ended, some wait. No real person is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert

from bench import bulk
from intake.database import reading
from intake.models import CallbackRequest, SearchToken
from intake.models.base import Base, table_of
from intake.models.site import Site

OVER = timedelta(days=730)
PEOPLE = 8
"""The ids 1 to 8 are colleagues."""
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHANNELS = ("web",) * 17 + ("voicemail", "phone", "answering_service")
_SOURCES = ("",) * 10 + tuple(f"k{number}" for number in range(10))
_WAITING = ("new",) * 5 + ("assigned",) * 2 + ("attempting", "scheduled", "check")
_OWNERLESS = ("new", "check")
_KEPT = 20_000


def name_of(number: int) -> str:
    """One of 2,000 names."""
    return f"Ada{number % 40:02} Vance{number % 2000:04}"


def phone_of(number: int) -> str:
    """A number of its own."""
    return f"+1212{2000000 + number:07}"


def fill(site: Site, sample: dict[str, Any], many: int, waiting: int, now: datetime) -> None:
    """``many`` requests like ``sample`` (a stored row), of which ``waiting`` are open. Indexes are made afterwards."""
    with bulk.filling("callback_request", "search_token") as conn:
        _store(conn, CallbackRequest, _requests(site, sample, many, waiting, now))
        _store(conn, SearchToken, _tokens(site, many))


def reference_of(number: int) -> str:
    """A reference of its own, never all letters."""
    digits = [_LETTERS[(number >> shift) & 31] for shift in (15, 10, 5, 0)]
    return f"{digits[0]}{digits[1]}9-{digits[2]}{digits[3]}{number >> 20 & 7}"


def _requests(site: Site, sample: dict[str, Any], many: int, waiting: int, now: datetime) -> Iterator[dict[str, Any]]:
    """In order of arrival; those who wait came last, one a minute."""
    step = OVER / many
    sample = {name: value for name, value in sample.items() if value is not None and not name.endswith("_encrypted")}
    for number in range(2, many + 1):
        public_id = f"{number:032x}"
        unique = hashlib.sha256(public_id.encode()).digest()
        received = now - (many - number) * step
        row = sample | {
            "id": number, "public_id": public_id, "reference": reference_of(number), "link_hash": unique,
            "idempotency_key": unique, "received_at": received, "target_at": received + timedelta(minutes=15),
            "channel": _CHANNELS[unique[0] % 20], "source": _SOURCES[unique[1] % 20],
            "language": "es" if unique[2] % 8 == 0 else "en", "received_on": received.date(),
            "due_at": received + timedelta(minutes=15), "promised_by_at": received + timedelta(minutes=30),
            "name_encrypted": site.keyring.seal("callback_request.name", public_id, name_of(number)),
            "phone_encrypted": site.keyring.seal("callback_request.phone", public_id, phone_of(number)),
        }  # fmt: skip
        state = _open(number, unique[3], now, many) if number > many - waiting else _ended(number, unique[3], received)
        yield row | state


def _open(number: int, die: int, now: datetime, many: int) -> dict[str, Any]:
    status = _WAITING[die % 10]
    owner = None if status in _OWNERLESS else 1 + number % PEOPLE
    waits = {"status": status, "closed_reason": None, "closed_at": None, "assignee_id": owner}
    return waits | {"due_at": now + timedelta(minutes=1200 - (many - number))}


def _ended(number: int, die: int, received: datetime) -> dict[str, Any]:
    ended = received + timedelta(minutes=20 + die)
    status = "withdrawn" if die % 16 == 0 else "closed"
    reason = "withdrawn" if status == "withdrawn" else "information"
    owner = 1 + number % PEOPLE
    return {"status": status, "closed_reason": reason, "closed_at": ended, "assignee_id": owner}


def _tokens(site: Site, many: int) -> Iterator[dict[str, Any]]:
    """What a request can be found by: its name's words and their beginnings, its number and its last digits."""
    known: dict[tuple[str, str], int] = {}

    def token(kind: str, value: str) -> int:
        if (kind, value) not in known:
            [made] = site.keyring.search_alternatives(kind, value)
            if kind == "phone":
                return made
            known[kind, value] = made
        return known[kind, value]

    for number in range(2, many + 1):
        words = [("name", word[:8]) for word in name_of(number).lower().split()]
        e164 = phone_of(number)
        words += [("name", "van"), ("phone", e164), ("last4", e164[-4:]), ("email", f"a{number % 5000}@example.com")]
        for kind, value in dict.fromkeys(
            (kind, value[:8]) if kind == "name" else (kind, value) for kind, value in words
        ):
            yield {"token": token(kind, value), "callback_id": number}


def _store(conn: Connection, model: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    table = table_of(model)
    if conn.dialect.name == "postgresql":
        _copy(conn, table.name, rows)
        return
    while some := list(islice(rows, _KEPT)):
        conn.execute(insert(table), some)


def _copy(conn: Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    columns = list(first)
    with conn.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:  # type: ignore[attr-defined]
        copy.write_row([first[name] for name in columns])
        for row in rows:
            copy.write_row([row[name] for name in columns])


def sample_of(reference: str) -> dict[str, Any]:
    """A stored request as a mapping."""
    table = table_of(CallbackRequest)
    with reading() as conn:
        return dict(conn.execute(table.select().where(table.c.reference == reference)).one()._mapping)
