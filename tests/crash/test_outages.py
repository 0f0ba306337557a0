"""The database is away or the service is reloaded: nobody is told a falsehood, and it recovers by itself."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, func, select, text

from bench.processes import Process, environment, free_port, wait_until_up, web
from intake.database import db, reading
from intake.models import CallbackRequest
from tests.conftest import KEYS, running_app
from tests.crash.visitors import Visitors, answers, nothing_lost_and_nothing_doubled, wait_for


@pytest.fixture
def impatient(sqlite_app: Flask) -> Flask:
    """The service, which gives up on a locked database at once instead of after ten seconds."""
    event.listen(db.engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout = 100"))
    db.engine.dispose()
    return sqlite_app


def test_while_the_database_is_locked_the_visitor_is_told_so_and_the_same_form_works_afterwards(
    impatient: Flask,
) -> None:
    client = impatient.test_client()
    page = client.get("/callback").text
    form = {**answers(7), "token": page.split('name="token" value="')[1].split('"')[0]}
    other = sqlite3.connect(str(db.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = client.post("/callback", data=form)
    assert refused.status_code == 503
    assert "not sent" in refused.text
    assert form["name"] in refused.text, "the answers are kept"
    assert form["token"] in refused.text, "and so is the form's token"
    assert impatient.extensions["intake"].provider_phone in refused.text
    other.execute("ROLLBACK")
    other.close()
    assert client.post("/callback", data=form).status_code == 303
    with reading() as conn:
        assert conn.execute(select(func.count()).select_from(CallbackRequest.__table__)).scalar_one() == 1


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[tuple[Process, int]]:
    """gunicorn with two workers, and its port."""
    port = free_port()
    process = web(environment(database_url, tmp_path, KEYS), port, tmp_path / "web.log").start()
    try:
        wait_until_up(port)
        yield process, port
    finally:
        process.stop()


def test_reloading_under_load_fails_no_request(server: tuple[Process, int], database_url: str, tmp_path: Path) -> None:
    process, port = server
    visitors = Visitors(port, keeps_alive=False)
    visitors.start(3)
    for _ in range(2):
        told, old = len(visitors.told), set(process.children())
        wait_for(lambda told=told: len(visitors.told) > told + 10, 30)
        os.kill(process.pid, signal.SIGHUP)
        wait_for(lambda old=old: len(set(process.children()) - old) == 2 and not old & set(process.children()), 30)
    visitors.stop()
    assert (visitors.retries, visitors.surprises) == (0, [])
    with running_app(database_url, tmp_path) as app:
        nothing_lost_and_nothing_doubled(app, visitors)


def test_stopping_under_load_ends_in_time_and_breaks_no_promise(
    server: tuple[Process, int], database_url: str, tmp_path: Path
) -> None:
    process, port = server
    visitors = Visitors(port)
    visitors.start(3)
    wait_for(lambda: len(visitors.told) > 20, 30)
    began = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - began < 12
    process.start()
    wait_until_up(port)
    visitors.stop()
    with running_app(database_url, tmp_path) as app:
        nothing_lost_and_nothing_doubled(app, visitors)


def test_when_postgresql_ends_all_connections_under_load_nothing_is_lost(postgresql_url: str, tmp_path: Path) -> None:
    port = free_port()
    process = web(environment(postgresql_url, tmp_path, KEYS), port, tmp_path / "web.log").start()
    others = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    try:
        wait_until_up(port)
        visitors = Visitors(port)
        visitors.start(4)
        for _ in range(5):
            told = len(visitors.told)
            wait_for(lambda told=told: len(visitors.told) > told + 10, 30)
            with engine.connect() as conn:
                conn.execute(others)
        visitors.stop()
    finally:
        process.stop()
        engine.dispose()
    assert visitors.surprises == []
    with running_app(postgresql_url, tmp_path) as app:
        nothing_lost_and_nothing_doubled(app, visitors)
