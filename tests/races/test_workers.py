"""Several delivery workers on one outbox: no message is in two hands at once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from intake.database import reading, writing
from intake.delivery import worker
from intake.delivery.mailer import Posting
from intake.ledger import outbox
from intake.models import Audit, OutboxMessage
from intake.models.records import OutboxState
from intake.models.site import Site

WORKERS, MESSAGES = 4, 120


class Mailbox:
    """Counts what it is given; one for all workers."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self._lock = threading.Lock()

    def send(self, posting: Posting, *, now: datetime) -> None:
        with self._lock:
            self.sent[posting.public_id] += 1

    def close(self) -> None: ...

    def stop(self) -> None: ...


@pytest.fixture
def waiting(app: Flask, now: datetime) -> None:
    """A full outbox."""
    with writing() as conn:
        for _ in range(MESSAGES):
            outbox.enqueue(conn, "team.check_digest", "team", now=now)


def work(app: Flask, site: Site, mailbox: Mailbox, now: datetime, start: threading.Barrier) -> int:
    total = 0
    with app.app_context():
        start.wait(20)
        while handled := worker.run_once(site, mailbox, lambda: now):
            total += handled
    return total


@pytest.mark.usefixtures("waiting")
def test_workers_side_by_side_send_every_message_once(app: Flask, site: Site, now: datetime) -> None:
    mailbox, start = Mailbox(), threading.Barrier(WORKERS)
    with ThreadPoolExecutor(WORKERS) as pool:
        totals = [pool.submit(work, app, site, mailbox, now, start) for _ in range(WORKERS)]
        assert sum(total.result(60) for total in totals) >= MESSAGES
    while worker.run_once(site, mailbox, lambda: now):
        pass
    assert len(mailbox.sent) == MESSAGES
    assert set(mailbox.sent.values()) == {1}
    with reading() as conn:
        states = set(conn.execute(select(OutboxMessage.__table__.c.state).distinct()).scalars())
        marks = conn.execute(select(func.count()).where(Audit.__table__.c.action == "mail.sent")).scalar_one()
    assert states == {OutboxState.SENT}
    assert marks == MESSAGES


@pytest.mark.usefixtures("waiting")
def test_what_one_worker_holds_no_other_is_given_until_the_lease_is_over(app: Flask, now: datetime) -> None:
    def take(key: str, at: datetime) -> set[int]:
        with writing() as conn:
            held = outbox.claim(conn, now=at, lease_key=key, lease_seconds=worker.LEASE_SECONDS, limit=MESSAGES)
        return {message.id for message in held}

    first = take("first", now)
    assert len(first) == MESSAGES
    assert take("second", now + timedelta(seconds=worker.LEASE_SECONDS - 1)) == set()
    over = now + timedelta(seconds=worker.LEASE_SECONDS)
    assert set().union(*(take("second", over) for _ in range(MESSAGES))) == first, "one by one, but all of them"
