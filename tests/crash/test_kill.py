"""SIGKILL at random under load, on real processes: nothing that was acknowledged is lost, nothing is stored twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from bench.processes import Process, deliver, environment, free_port, wait_until_up, web
from intake.database import reading
from intake.delivery import worker
from intake.delivery.mailer import mailer_for
from intake.models import CallbackRequest, OutboxMessage
from intake.models.records import OutboxState
from tests.conftest import KEYS, running_app
from tests.crash.postbox import Postbox
from tests.crash.visitors import Visitors, nothing_lost_and_nothing_doubled, wait_for

REQUESTS = 500
KILLS = ("web group", "web worker", "deliver") * 3
MOST_COPIES = 3
C = CallbackRequest.__table__.c
O = OutboxMessage.__table__.c  # noqa: E741


@dataclass
class Service:
    """The running processes, and how each of them dies and comes back."""

    web: Process
    deliver: Process
    port: int
    postbox: Postbox

    def kill(self, which: str, rng: random.Random) -> None:
        if which == "deliver":
            self.deliver.kill()
            self.deliver.start()
        elif which == "web worker":
            wait_for(lambda: bool(self.web.children()), seconds=30)  # the master may only just have begun
            os.kill(rng.choice(self.web.children()), signal.SIGKILL)
        else:
            self.web.kill()
            self.web.start()

    def wait_until_busy(self, visitors: Visitors) -> None:
        """Until people are told and mail goes out again: killing what only just starts proves little."""
        told, arrived, end = len(visitors.told), self.postbox.arrived, time.monotonic() + 30
        while time.monotonic() < end and (len(visitors.told) <= told or self.postbox.arrived <= arrived):
            time.sleep(0.01)


@contextmanager
def running(url: str, folder: Path) -> Iterator[Service]:
    smtp, port = free_port(), free_port()
    mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(smtp), "MAIL_USE_TLS": "0"}
    env = environment(url, folder, KEYS, **mail)
    with Postbox(smtp) as postbox:
        service = Service(
            web(env, port, folder / "web.log").start(), deliver(env, folder / "deliver.log").start(), port, postbox
        )
        try:
            wait_until_up(port)
            yield service
        finally:
            service.web.stop()
            service.deliver.stop()


def test_killed_at_random_under_load_nothing_is_lost_doubled_or_unannounced(database_url: str, tmp_path: Path) -> None:
    rng = random.Random(20261118)
    kills = rng.sample(KILLS, len(KILLS))
    with running(database_url, tmp_path) as service:
        visitors = Visitors(service.port, rest=0.1)
        visitors.start()
        for which in kills:
            service.wait_until_busy(visitors)
            time.sleep(rng.uniform(0.0, 0.6))
            service.kill(which, rng)
        wait_for(lambda: len(visitors.told) >= REQUESTS, 60)
        visitors.stop()
        assert visitors.surprises == []
        assert visitors.retries >= 1, "no visitor noticed anything: the kills hit nobody"
        with running_app(database_url, tmp_path, **mail_of(service)) as app:
            nothing_lost_and_nothing_doubled(app, visitors)
            assert len(visitors.told) >= REQUESTS
            let_all_be_sent()
            service.deliver.stop()
            deliver_what_the_dead_held(app)
            everybody_announced(service.postbox)


def mail_of(service: Service) -> dict[str, str]:
    return {name: value for name, value in service.deliver.env.items() if name.startswith("MAIL_")}


def waiting() -> int:
    with reading() as conn:
        return int(conn.execute(select(func.count(O.id)).where(O.state == OutboxState.PENDING)).scalar_one())


def let_all_be_sent() -> None:
    """However many there are: how many requests came in depends on the machine, that mail goes out does not."""
    left = waiting()
    while left:
        wait_for(lambda left=left: waiting() < left, 40)
        left = waiting()


def deliver_what_the_dead_held(app: Flask) -> None:
    """One lease later, by a moved clock: what a killed worker had in its hands goes out."""
    mailer = mailer_for(app, app.extensions["intake"].public_url)
    later = timedelta(seconds=worker.LEASE_SECONDS + 1)
    while worker.run_once(app.extensions["intake"], mailer, lambda: datetime.now(UTC) + later):
        pass


def everybody_announced(postbox: Postbox) -> None:
    with reading() as conn:
        references = set(conn.execute(select(C.reference)).scalars())
        states = set(conn.execute(select(O.state).distinct()).scalars())
    assert states == {OutboxState.SENT}
    assert references == set(postbox.by_reference)
    assert all(len(copies) == 1 for copies in postbox.by_reference.values()), "copies carry one Message-ID"
    assert max(copies.total() for copies in postbox.by_reference.values()) <= MOST_COPIES
