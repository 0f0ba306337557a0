"""A sealed record: whoever changes, removes, adds or swaps an entry past the triggers is found out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text

from intake.database import db, reading, writing
from intake.ledger import audit, seals
from intake.models import Audit, AuditSeal
from intake.models.site import Site
from intake.queries.proof import Fault
from intake.rules.permissions import SYSTEM
from intake.services import sealing
from tests.making import count


@contextmanager
def past_the_triggers(*tables: str) -> Iterator[Connection]:
    """As somebody who owns the database: the triggers are out of the way."""
    with db.engine.connect() as conn, conn.begin():
        if conn.dialect.name == "postgresql":
            conn.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            conn.execute(text("PRAGMA defer_foreign_keys = ON"))
            for table in tables or ("audit", "audit_seal"):
                for verb in ("update", "delete"):
                    conn.execute(text(f"DROP TRIGGER IF EXISTS {table}_refuses_{verb}"))
        yield conn


def write(site: Site, now: datetime, entries: int = 3) -> None:
    for number in range(entries):
        with writing() as conn:
            audit.record(conn, site, SYSTEM, "person.refused", details={"reason": "throttled", "n": number}, now=now)


@pytest.fixture
def sealed(app: Flask, site: Site, now: datetime) -> Site:
    """Nine entries under three seals, and two that are not sealed yet."""
    for turn in range(3):
        write(site, now)
        assert sealing.seal_all(site, now=now + timedelta(seconds=turn)) == 1
    write(site, now, 2)
    return site


def test_every_entry_is_sealed_once_and_the_chain_fits(sealed: Site, now: datetime) -> None:
    checked = sealing.verify(sealed)
    assert checked.is_complete and (checked.end.id, checked.end.entries) == (3, 9)
    assert sealing.seal_all(sealed, now=now) == 1 and sealing.seal_all(sealed, now=now) == 0
    checked = sealing.verify(sealed)
    assert checked.finding is None and (checked.end.id, checked.end.entries) == (4, 11)


def test_a_long_arrear_is_sealed_in_bounded_pieces(
    app: Flask, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(site, now, 5)
    monkeypatch.setattr(sealing, "BATCH", 2)
    assert sealing.seal_all(site, now=now) == 3
    assert sealing.verify(site).end.entries == 5


TAMPERED = {
    "a changed detail": ('UPDATE audit SET details = \'{"reason": "x", "n": 1}\' WHERE id = 5', Fault.CHANGED),
    "another instant": ("UPDATE audit SET at = '2026-11-18 17:00:00.000001+00' WHERE id = 5", Fault.CHANGED),
    "another action": ("UPDATE audit SET action = 'person.created' WHERE id = 5", Fault.CHANGED),
    "a removed entry": ("DELETE FROM audit WHERE id = 5", Fault.ENTRY_MISSING),
    "an entry with another number": ("UPDATE audit SET id = 500 WHERE id = 5", Fault.ENTRY_MISSING),
    "a removed last entry of a seal": ("DELETE FROM audit WHERE id = 6", Fault.ENTRY_MISSING),
    "a removed seal": ("DELETE FROM audit_seal WHERE id = 2", Fault.SEAL_MISSING),
    "a seal with another hash": ("UPDATE audit_seal SET hash = previous_hash WHERE id = 2", Fault.CHANGED),
    "a seal with another time": ("UPDATE audit_seal SET sealed_at = '2026-11-18 12:00:00' WHERE id = 2", Fault.CHANGED),
    "a seal that covers less": ("UPDATE audit_seal SET through_id = 5 WHERE id = 2", Fault.ENTRY_MISSING),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_whatever_was_done_to_the_second_seal_is_named(sealed: Site, what: str) -> None:
    statement, fault = TAMPERED[what]
    with past_the_triggers() as conn:
        if conn.dialect.name == "sqlite":
            statement = statement.replace("+00'", "'")
        assert conn.exec_driver_sql(statement).rowcount == 1
    found = sealing.verify(sealed)
    assert found.finding is not None and not found.is_complete
    assert (found.finding.fault, found.finding.seal_id, found.end.id) == (fault, 2, 1)
    assert found.finding.first_id == 4


def test_two_entries_that_changed_places_are_found(sealed: Site) -> None:
    with past_the_triggers() as conn:
        for step in ("-1 WHERE id = 4", "4 WHERE id = 5", "5 WHERE id = -1"):
            assert conn.exec_driver_sql(f"UPDATE audit SET id = {step}").rowcount == 1
    found = sealing.verify(sealed).finding
    assert found is not None and (found.fault, found.seal_id, found.first_id, found.last_id) == (Fault.CHANGED, 2, 4, 6)


def test_an_entry_slipped_in_below_the_first_is_found(sealed: Site) -> None:
    with past_the_triggers() as conn:
        conn.exec_driver_sql(
            "INSERT INTO audit (id, at, actor_kind, action, details) SELECT -7, at, actor_kind, action, details "
            "FROM audit WHERE id = 1"
        )
    found = sealing.verify(sealed).finding
    assert found is not None and (found.fault, found.seal_id, found.sealed, found.found) == (Fault.ENTRY_ADDED, 1, 3, 4)


def test_an_entry_that_cannot_even_be_read_is_named(sqlite_app: Flask, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]
    write(site, now)
    sealing.seal_all(site, now=now)
    with past_the_triggers() as conn:
        conn.exec_driver_sql("UPDATE audit SET details = '{broken', at = 'some day', text_digest = 7 WHERE id = 2")
    found = sealing.verify(site).finding
    assert found is not None and found.fault is Fault.CHANGED


def test_with_another_key_no_seal_fits(sealed: Site) -> None:
    import dataclasses

    forger = dataclasses.replace(sealed, keyring=dataclasses.replace(sealed.keyring, audit=b"another key" * 3))
    found = sealing.verify(forger).finding
    assert found is not None and found.seal_id == 1


def test_the_newest_seal_is_in_the_log_and_its_removal_shows_there(
    sealed: Site, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    sealing.seal_all(sealed, now=now)
    with reading() as conn:
        anchor = sealing.anchor(seals.newest(conn))
    assert anchor in caplog.text and sealing.stands(anchor)
    with past_the_triggers() as conn:
        conn.exec_driver_sql("DELETE FROM audit_seal WHERE id = 4")
    sealing.seal_all(sealed, now=now + timedelta(minutes=1))
    assert sealing.verify(sealed).finding is None, "the database alone cannot know"
    assert not sealing.stands(anchor)
    assert not sealing.stands("nonsense") and not sealing.stands("9" * 30 + ":00")


def test_the_same_entry_is_the_same_bytes_on_both_databases(app: Flask, site: Site, now: datetime) -> None:
    with writing() as conn:
        audit.record(
            conn,
            site,
            SYSTEM,
            "person.refused",
            details={"b": [1, "é"], "a": None},
            now=now + timedelta(milliseconds=5),
        )
    with reading() as conn:
        (row,) = seals.entries(conn, after=0, through=9, most=9)
    cells = ["1", "2026-11-18T17:00:00.005000Z", "system", None, "person.refused", None, '{"a":null,"b":[1,"\\u00e9"]}']
    wanted = b"".join(b"\0" if one is None else b"\1" + len(one).to_bytes(4, "big") + one.encode() for one in cells)
    assert seals.encoded(row) == wanted + b"\0"


def test_a_sealer_that_comes_second_shrugs(sealed: Site, now: datetime) -> None:
    with reading() as conn:
        last = seals.newest(conn)
    first, second = (sealing._made(sealed, last, 100, now + timedelta(seconds=turn)) for turn in range(2))
    assert first and second
    assert sealing._kept(first) and not sealing._kept(second)
    assert sealing.verify(sealed).end == first
    assert count(AuditSeal) == 4


def test_entries_that_are_still_being_written_are_not_sealed_over(app: Flask, site: Site, now: datetime) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time: nobody seals while somebody writes")
    write(site, now, 1)
    with writing() as slow:
        audit.record(slow, site, SYSTEM, "person.refused", now=now)
        write(site, now, 1)
        assert sealing.seal(site, now=now) is None, "a lower number is still on its way"
        assert count(AuditSeal) == 0
    made = sealing.seal(site, now=now)
    assert made is not None and made.entries == 3
    with reading() as conn:
        assert made.through_id == conn.execute(select(Audit.id).order_by(Audit.id.desc()).limit(1)).scalar_one()
