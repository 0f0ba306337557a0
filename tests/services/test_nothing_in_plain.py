"""What a thief of the files reads: the raw database, the logs, the mails and a backup, after two hundred secrets."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url

from intake.database import db
from intake.delivery import worker
from intake.models import Base
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.phone import parse
from intake.rules.workflow import Disposition
from intake.services import backup, calls, casework, claims, handing, visitor
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at
from tests.making import ask, person
from tests.web.visiting import send

PEOPLE = 40
CONTROL = "zanzibarberry"
"""Something that is stored in plain and logged in plain: a scan that does not find it finds nothing."""

_HEX = re.compile(rb"\\\\?x((?:[0-9a-f]{2})+)")


@dataclass(frozen=True)
class Somebody:
    """A visitor, and what is said about them. Nothing of it may be readable anywhere. Letters stand for the number."""

    number: int

    @property
    def code(self) -> str:
        """Three letters of their own."""
        return "".join(chr(ord("a") + self.number // 5**power % 5) for power in (2, 1, 0))

    @property
    def name(self) -> str:
        return f"Wexlowrim{self.code}"

    @property
    def phone(self) -> str:
        return f"(212) 736-{2003 + self.number * 131:04d}"

    @property
    def message(self) -> str:
        return f"After the third lighthouse{self.code} please"

    @property
    def note(self) -> str:
        return f"Speaks to nobody but Quandrel{self.code}"

    @property
    def email(self) -> str:
        return f"vombatus{self.code}@example.net"

    def secrets(self) -> tuple[str, ...]:
        """In the spelling that no other word contains; numbers by their ten digits and as typed."""
        digits = re.sub(r"\D", "", self.phone)
        return self.name, self.phone, digits, f"lighthouse{self.code}", f"Quandrel{self.code}", f"vombatus{self.code}"


ALL = [Somebody(number) for number in range(PEOPLE)]


def _lived_through(app: Flask, site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    """Everybody asks; staff look, search, call, write and hand over; some visitors change their mind."""
    desk = Desk(app, maria)
    for one in ALL:
        typed = {"name": one.name, "phone": one.phone, "message": one.message, "email": one.email}
        if one.number % 4 == 0:
            assert send(app.test_client(), **typed).status_code == 303
            continue
        asked = ask(site, now, **typed)
        later = now + timedelta(minutes=5)
        claims.claim(site, maria, asked.reference, now=later)
        casework.add_note(site, maria, asked.reference, one.note, now=later)
        if one.number % 4 == 1:
            calls.log_attempt(site, maria, asked.reference, Outcome(Disposition.BUSY, one.note), now=later)
            visitor.change_number(site, asked.link_token, parse(ALL[-1 - one.number].phone), now=later)
        elif one.number % 4 == 2:
            handing.take_over(site, dev, asked.reference, holder_id=maria.person_id, reason=one.note, now=later)
        desk.get(f"/admin/queue/{asked.reference}")
        for words in (one.name, one.phone, one.email):
            desk.post("/admin/queue/search", find=words)
        desk.post(f"/admin/queue/{asked.reference}/attempt", outcome="", remark=one.note)


def _spellings(text: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield text.lower().encode(encoding)


def found(where: bytes, texts: Iterable[str]) -> list[str]:
    """Which of the texts can be read there, in any of the spellings; hexadecimal runs are read as well."""
    read = where.lower()
    read += b"\n".join(bytes.fromhex(run.decode()) for run in _HEX.findall(read)).lower()
    return [text for text in texts if any(spelled in read for spelled in _spellings(text))]


def _raw_database(url: str) -> bytes:
    """SQLite's files as they lie there; every row of every table of PostgreSQL."""
    if url.startswith("sqlite"):
        path = make_url(url).database or ""
        return b"".join(file.read_bytes() for file in Path(path).parent.glob(f"{Path(path).name}*"))
    parts = []
    with psycopg.connect(url.replace("+psycopg", "")) as conn, conn.cursor() as cursor:
        for table in Base.metadata.sorted_tables:
            with cursor.copy(f'COPY "{table.name}" TO STDOUT') as rows:  # type: ignore[arg-type]  # our own names
                parts += [bytes(row) for row in rows]
    return b"".join(parts)


def _raw_backup(url: str, file: Path) -> bytes:
    """A backup of PostgreSQL is packed: unpacked, as its own program does it."""
    if url.startswith("sqlite"):
        return file.read_bytes()
    return subprocess.run(["pg_restore", "--file=-", str(file)], capture_output=True, check=True).stdout


def test_two_hundred_names_numbers_and_notes_are_nowhere_in_plain(
    app: Flask, site: Site, database_url: str, tmp_path: Path, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = [text for one in ALL for text in one.secrets()]
    assert len(set(planted)) == len(planted) >= 200
    maria, dev = person(site, "Maria", now=now), person(site, CONTROL.capitalize(), now=now)
    with at(now):
        _lived_through(app, site, maria, dev, now)
        worker.deliver_forever(app, once=True)
    logging.getLogger("intake").warning("seen by %s", CONTROL)
    file = tmp_path / "copy.backup"
    backup.back_up(file)
    db.engine.dispose()
    mails = b"".join(mail.read_bytes() for mail in (tmp_path / "mail").glob("*.eml"))
    assert mails.count(b"Subject:") > PEOPLE
    places = {"database": _raw_database(database_url), "backup": _raw_backup(database_url, file)}
    places["log"] = "\n".join(logging.Formatter().format(record) for record in caplog.records).encode()
    for place, raw in places.items():
        assert found(raw, [CONTROL]) == [CONTROL], f"the scan of the {place} is blind"
        assert found(raw, planted) == [], place
    to_whom = [text for text in planted if text.startswith("vombatus")]  # their own address heads their own mail
    assert found(mails, [text for text in planted if text not in to_whom]) == []


def test_the_scan_reads_every_spelling() -> None:
    for raw in (b"x LIGHTHOUSEAAB", "lighthouseaab".encode("utf-16-le"), rb"\x" + b"lighthouseaab".hex().encode()):
        assert found(raw, ["lighthouseaab", "lighthouseaac"]) == ["lighthouseaab"]
