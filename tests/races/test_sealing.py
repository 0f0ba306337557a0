"""Twelve writers and two sealers at once: every entry ends under one seal, every seal fits, and tampering shows."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import Flask

from intake.database import reading, writing
from intake.ledger import audit, seals
from intake.models import Audit, AuditSeal
from intake.models.site import Site
from intake.rules.permissions import SYSTEM
from intake.services import sealing
from tests.conftest import running_app
from tests.making import count
from tests.points import point
from tests.services.test_sealing import past_the_triggers

WRITERS, ENTRIES = 12, 60


class _ThoughtBetterError(Exception):
    pass


def write(app: Flask, site: Site, now: datetime, seed: int, enough: threading.Event) -> int:
    """Transactions of one to three entries; every seventh is taken back, and leaves a gap in the numbers."""
    dice, kept, turn = random.Random(seed), 0, 0
    with app.app_context():
        while turn < ENTRIES or not enough.is_set():
            turn += 1
            try:
                with writing() as conn:
                    size = dice.randint(1, 3)
                    for number in range(size):
                        details = {"seed": seed, "turn": turn, "number": number}
                        audit.record(conn, site, SYSTEM, "person.refused", details=details, now=now)
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


@dataclass
class Race:
    """What became of it: how many entries were written, how many seals made meanwhile, what ``meanwhile`` said."""

    written: int
    seals: int
    said: list[tuple[int, str]]


def run(app: Flask, site: Site, now: datetime, meanwhile: Callable[[], list[tuple[int, str]]]) -> Race:
    """Writers and sealers go on until ``meanwhile`` is through."""
    enough, stop = threading.Event(), threading.Event()
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        sealers = [pool.submit(seal, app, site, now, stop) for _ in range(2)]
        writers = [pool.submit(write, app, site, now, number, enough) for number in range(WRITERS)]
        try:
            said = meanwhile()
            assert not any(writer.done() for writer in writers), "they were all still writing"
            enough.set()
            written = sum(writer.result(120) for writer in writers)
        finally:
            enough.set()
            stop.set()
        return Race(written, sum(sealer.result(30) for sealer in sealers), said)


TAMPERING = (
    ("UPDATE audit SET action = 'person.created' WHERE id = {one}",),
    ("DELETE FROM audit WHERE id = {one}",),
    ("UPDATE audit SET id = -1 WHERE id = {one}", "UPDATE audit SET id = {one} WHERE id = {other}",
     "UPDATE audit SET id = {other} WHERE id = -1"),
)  # fmt: skip
"""A changed entry, a removed one, and two that changed places."""


def verify_audit(app: Flask) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["intake", "verify-audit"])
    return done.exit_code, done.output


def after(app: Flask, statements: tuple[str, ...]) -> tuple[int, str]:
    """Tamper with two sealed entries, have the record verified, and put them back."""
    with past_the_triggers() as conn:
        one, other = conn.exec_driver_sql("SELECT id FROM audit WHERE id > 20 ORDER BY id LIMIT 2").scalars()
        conn.exec_driver_sql("CREATE TABLE put_by AS SELECT * FROM audit WHERE id IN (%s, %s)", (one, other))
        for statement in statements:
            assert conn.exec_driver_sql(statement.format(one=one, other=other)).rowcount == 1
    said = verify_audit(app)
    with past_the_triggers() as conn:
        conn.exec_driver_sql("DELETE FROM audit WHERE id IN (%s, %s)", (one, other))
        conn.exec_driver_sql("INSERT INTO audit SELECT * FROM put_by")
        conn.exec_driver_sql("DROP TABLE put_by")
    return said


def tamper(app: Flask) -> list[tuple[int, str]]:
    """Each kind of tampering, once the first entries are sealed, with whole verifications before and after."""
    for _ in range(600):
        with reading() as conn:
            if seals.newest(conn).through_id > 100:
                break
        time.sleep(0.05)
    return [verify_audit(app), *(after(app, statements) for statements in TAMPERING), verify_audit(app)]


@point(78)
def test_what_is_changed_removed_or_swapped_is_found_while_twelve_write(
    postgresql_url: str, tmp_path: Path, now: datetime
) -> None:
    with running_app(postgresql_url, tmp_path) as app:
        site = app.extensions["intake"]
        race = run(app, site, now, lambda: tamper(app))
        (whole, _), (changed, how), (removed, what), (swapped, where), (again, _) = race.said
        assert (whole, changed, removed, swapped, again) == (0, 1, 1, 1, 0), race.said
        assert "Changed: an entry" in how and "Entry missing" in what and "Changed: an entry" in where
        sealing.seal_all(site, now=now)
        checked = sealing.verify(site)
        assert checked.finding is None, checked.finding
        assert checked.end.entries == race.written == count(Audit)
        assert count(AuditSeal) == checked.end.id and race.seals >= 3
