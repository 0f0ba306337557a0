"""One form sent twelve times at once, over real sockets to real processes: one request, one address for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench.processes import Browser, environment, free_port, wait_until_up, web
from intake.database import reading
from intake.models import Audit, CallbackRequest, OutboxMessage
from tests.conftest import KEYS, running_app
from tests.crash.visitors import answers

TIMES = 12


@pytest.fixture
def port(database_url: str, tmp_path: Path) -> Iterator[int]:
    """Two gunicorn processes on a fresh database."""
    port = free_port()
    server = web(environment(database_url, tmp_path, KEYS), port, tmp_path / "web.log").start()
    try:
        wait_until_up(port)
        yield port
    finally:
        server.stop()


def send_at_once(port: int, forms: list[dict[str, str]]) -> list[tuple[int, str]]:
    start = threading.Barrier(len(forms))

    def one(form: dict[str, str]) -> tuple[int, str]:
        with Browser(port, timeout=30) as browser:
            start.wait(20)
            return browser.send(form)

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(one, forms))


def token_from(port: int) -> str:
    with Browser(port) as browser:
        return browser.token()


def stored(url: str, folder: Path) -> tuple[int, int, int]:
    with running_app(url, folder), reading() as conn:
        tables = (CallbackRequest.__table__, OutboxMessage.__table__, Audit.__table__)
        first, second, third = (conn.execute(select(func.count()).select_from(t)).scalar_one() for t in tables)
        return first, second, third


def test_twelve_posts_of_one_form_at_once_make_one_request(port: int, database_url: str, tmp_path: Path) -> None:
    form = {**answers(1), "token": token_from(port)}
    came = send_at_once(port, [form] * TIMES)
    assert {status for status, _ in came} == {303}
    assert len({location for _, location in came}) == 1
    assert send_at_once(port, [form]) == came[:1], "and a reload leads there too"
    assert stored(database_url, tmp_path) == (1, 1, 1)


def test_one_form_with_two_peoples_answers_makes_two_requests(port: int, database_url: str, tmp_path: Path) -> None:
    token = token_from(port)
    came = send_at_once(port, [{**answers(number % 2), "token": token} for number in range(TIMES)])
    assert {status for status, _ in came} == {303}
    assert len({location for _, location in came}) == 2
    assert stored(database_url, tmp_path) == (2, 2, 2)
