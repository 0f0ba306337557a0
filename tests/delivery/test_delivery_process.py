"""The worker as a thread and as a process: one at a time, stopped in time, killed without loss."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from intake.database import reading, writing
from intake.delivery import worker
from intake.ledger import outbox
from intake.queries import mail
from tests.conftest import KEYS, running_app
from tests.delivery.conftest import Post, post_office, raw_server

PROGRAM = """
import config
from app import create_app
from intake.delivery import worker
raise SystemExit(worker.deliver_forever(create_app(config.load())))
"""


def until(is_true: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_true():
            return True
        time.sleep(0.05)
    return False


def queue(count: int = 1) -> None:
    with writing() as conn:
        for _ in range(count):
            outbox.enqueue(conn, "team.check_digest", "team", now=worker.now_utc())


def waiting() -> int:
    with reading() as conn:
        return mail.health(conn).waiting


def test_the_thread_beside_the_web_service_writes_mails_as_files(sqlite_app: Flask) -> None:
    delivery = worker.start_embedded(sqlite_app)
    queue(3)
    assert until(lambda: waiting() == 0)
    delivery.stop()
    assert len(list(Path(sqlite_app.config["MAIL_FOLDER"]).glob("*.eml"))) == 3


def test_only_one_process_of_a_machine_delivers_and_another_takes_over(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOCK_SECONDS", 0.1)
    first, second = worker.start_embedded(sqlite_app), worker.start_embedded(sqlite_app)
    queue()
    assert until(lambda: waiting() == 0)
    first.stop()
    queue()
    assert until(lambda: waiting() == 0)
    second.stop()


def test_sending_once_sends_what_is_due_and_returns(sqlite_app: Flask) -> None:
    queue(25)
    assert worker.deliver_forever(sqlite_app, once=True) == 25
    assert waiting() == 0


def test_a_mail_under_way_does_not_keep_the_service_from_stopping(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LET_FINISH_SECONDS", 0.5)
    with raw_server(lambda wire: time.sleep(30)) as port:
        settings = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_USE_TLS": "0"}
        with running_app(sqlite_url, tmp_path, **settings) as app:
            delivery = worker.start_embedded(app)
            queue()
            assert until(lambda: leased() == 1)
            began = time.monotonic()
            delivery.stop()
            assert time.monotonic() - began < 4
            assert leased() == 0 and waiting() == 1
            with reading() as conn:
                assert mail.health(conn).down_since is None


def leased() -> int:
    with reading() as conn:
        return int(conn.execute(text("SELECT count(*) FROM outbox_message WHERE state = 'leased'")).scalar_one())


def start(url: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **KEYS, "PATH": os.environ["PATH"], "INTAKE_ENV": "development", "INTAKE_INSTANCE": str(folder),
        "DATABASE_URL": url, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_USE_TLS": "0",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, cwd=Path(__file__).parents[2])


def test_a_process_stops_in_time_while_a_silent_server_holds_a_mail(sqlite_url: str, tmp_path: Path) -> None:
    reached: list[socket.socket] = []

    def silent(wire: socket.socket) -> None:
        reached.append(wire)
        time.sleep(30)

    with raw_server(silent) as port, running_app(sqlite_url, tmp_path):
        queue()
        process = start(sqlite_url, tmp_path, port)
        assert until(lambda: bool(reached), 30)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - began < 10
        assert waiting() == 1 and leased() == 0


def test_killed_again_and_again_every_mail_is_sent_and_copies_share_their_id(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post()
    with post_office(post), running_app(database_url, tmp_path):
        queue(120)
        for _ in range(3):
            process = start(database_url, tmp_path, post.port)
            seen = len(post.mails)
            assert until(lambda seen=seen: len(post.mails) > seen + 5, 30)  # type: ignore[misc]
            process.kill()
            process.wait()
            let_leases_run_out(database_url)
        process = start(database_url, tmp_path, post.port)
        assert until(lambda: waiting() == 0, 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    names = [str(message["Message-ID"]) for message in post.mails]
    assert len(set(names)) == 120
    assert max(names.count(name) for name in names) <= 3


def let_leases_run_out(url: str) -> None:
    """As if a minute had passed since the worker died."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.begin() as conn:
        past = "datetime('now', '-1 minute')" if url.startswith("sqlite") else "now()"
        conn.execute(text(f"UPDATE outbox_message SET available_at = {past} WHERE state = 'leased'"))
    engine.dispose()
