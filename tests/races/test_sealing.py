"""Twelve writers and two sealers at once: every entry ends under exactly one seal, and every seal fits."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask

from intake.database import writing
from intake.ledger import audit
from intake.models import Audit, AuditSeal
from intake.models.site import Site
from intake.queries.proof import Fault
from intake.rules.permissions import SYSTEM
from intake.services import sealing
from tests.conftest import running_app
from tests.making import count
from tests.services.test_sealing import past_the_triggers

WRITERS, ENTRIES = 12, 60


class _ThoughtBetterError(Exception):
    pass


def write(app: Flask, site: Site, now: datetime, seed: int) -> int:
    """Transactions of one to three entries; every seventh is taken back, and leaves a gap in the numbers."""
    dice, kept = random.Random(seed), 0
    with app.app_context():
        for turn in range(ENTRIES):
            try:
                with writing() as conn:
                    size = dice.randint(1, 3)
                    for _ in range(size):
                        audit.record(conn, site, SYSTEM, "person.refused", details={"turn": turn}, now=now)
                    if turn % 7 == 0:
                        raise _ThoughtBetterError
                kept += size
            except _ThoughtBetterError:
                pass
    return kept


def seal(app: Flask, site: Site, now: datetime, stop: threading.Event) -> int:
    made = 0
    with app.app_context():
        while not stop.is_set():
            made += sealing.seal(site, now=now) is not None
            stop.wait(0.005)
    return made


def run(app: Flask, site: Site, now: datetime) -> tuple[int, int]:
    """How many entries were written and how many seals were made meanwhile."""
    stop = threading.Event()
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        sealers = [pool.submit(seal, app, site, now, stop) for _ in range(2)]
        writers = [pool.submit(write, app, site, now, number) for number in range(WRITERS)]
        try:
            written = sum(writer.result(120) for writer in writers)
        finally:
            stop.set()
        return written, sum(sealer.result(30) for sealer in sealers)


@pytest.fixture
def raced(postgresql_url: str, tmp_path, now: datetime):
    with running_app(postgresql_url, tmp_path) as app:
        written, seals = run(app, app.extensions["intake"], now)
        yield app.extensions["intake"], written, seals


def test_what_twelve_wrote_while_two_sealed_fits_and_tampering_shows(
    raced: tuple[Site, int, int], now: datetime
) -> None:
    site, written, seals = raced
    assert seals >= 3, "the sealers had their turns while the others wrote"
    sealing.seal_all(site, now=now)
    checked = sealing.verify(site)
    assert checked.finding is None, checked.finding
    assert checked.end.entries == written == count(Audit)
    assert count(AuditSeal) == checked.end.id
    for statement, fault in (
        ("UPDATE audit SET action = 'person.created' WHERE id = {one}", Fault.CHANGED),
        ("DELETE FROM audit WHERE id = {one}", Fault.ENTRY_MISSING),
    ):
        assert found_after(site, statement) is fault
    assert sealing.verify(site).finding is None, "put back, it fits again"


def found_after(site: Site, statement: str) -> Fault | None:
    """Tamper, look, and put the entry back."""
    with past_the_triggers() as conn:
        one = conn.exec_driver_sql("SELECT min(id) FROM audit WHERE id > 100").scalar_one()
        conn.exec_driver_sql("CREATE TABLE put_by AS SELECT * FROM audit WHERE id = %s", (one,))
        conn.exec_driver_sql(statement.format(one=one))
    found = sealing.verify(site).finding
    with past_the_triggers() as conn:
        conn.exec_driver_sql("DELETE FROM audit WHERE id = %s", (one,))
        conn.exec_driver_sql("INSERT INTO audit SELECT * FROM put_by")
        conn.exec_driver_sql("DROP TABLE put_by")
    return found.fault if found else None
