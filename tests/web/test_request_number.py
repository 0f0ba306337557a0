"""Every request has a number: in its answer, in each of its lines, and on the page that says something failed."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

import config
from app import create_app
from intake import logs
from intake.database import db
from intake.logs import JsonLine
from tests.conftest import running_app
from tests.test_config import production
from tests.web.visiting import ask, open_form, send, words

MADE = re.compile(r"[0-9a-hj-km-np-tv-z]{4}(-[0-9a-hj-km-np-tv-z]{4}){2}")


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    sqlite_app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    return sqlite_app.test_client()


@pytest.fixture
def behind_a_proxy(sqlite_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    with running_app(sqlite_url, tmp_path, INTAKE_TRUSTED_PROXIES="1") as app:
        yield app.test_client()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What a handler with our JSON lines would have written, at the moment it was said."""
    written: list[str] = []

    class Written(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler, logger = Written(), logging.getLogger()
    handler.setFormatter(JsonLine())
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


def test_each_answer_carries_a_number_of_its_own_that_can_be_read_out(visitor: FlaskClient) -> None:
    answers = [visitor.get(path) for path in ("/callback", "/login", "/livez", "/nowhere", "/static/public.css")]
    answers[-1].close()
    numbers = [answer.headers["X-Request-ID"] for answer in answers]
    assert all(MADE.fullmatch(number) for number in numbers) and len(set(numbers)) == 5
    assert logs.NUMBER.get() == ""


@pytest.mark.parametrize("given", ["3f1c2b9a-0000-4000-8000-1234567890ab", "a" * 64])
def test_a_number_from_a_proxy_of_ours_is_kept(behind_a_proxy: FlaskClient, given: str) -> None:
    assert behind_a_proxy.get("/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["short", "a" * 65, "ana@example.org", "(212) 555-0182", "<b>12345678", "äöü-12345678"]
)
def test_a_number_that_is_none_is_replaced(behind_a_proxy: FlaskClient, given: str) -> None:
    answer = behind_a_proxy.get("/livez", headers={"X-Request-ID": given})
    assert MADE.fullmatch(answer.headers["X-Request-ID"])


def test_without_a_proxy_nobody_chooses_their_number(visitor: FlaskClient) -> None:
    assert MADE.fullmatch(visitor.get("/livez", headers={"X-Request-ID": "a" * 16}).headers["X-Request-ID"])


@pytest.mark.parametrize(
    ("place", "words"), [("private.show", "you can give this number"), ("admin.index", "in the log by this number")]
)
def test_the_page_of_a_fault_tells_the_number_that_its_line_in_the_log_has(
    visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch, lines: list[str], place: str, words: str
) -> None:
    def fail(**_kwargs: object) -> None:
        raise RuntimeError("Zoe Long-Name")

    path = ask(visitor) if place.startswith("private.") else "/admin/"
    for endpoint in [name for name in visitor.application.view_functions if name.split(".")[0] == place.split(".")[0]]:
        monkeypatch.setitem(visitor.application.view_functions, endpoint, fail)
    answer = visitor.get(path)
    number = answer.headers["X-Request-ID"]
    assert answer.status_code == 500 and number in answer.text and words in answer.text
    (told,) = [json.loads(line) for line in lines if "a page failed" in line]
    assert told["request"] == number and told["level"] == "error"
    assert "Zoe" not in "".join(lines)
    assert place != "private.show" or path.rpartition("/")[2] not in "".join(lines)


def test_a_visitor_whom_the_database_fails_has_a_number_for_the_telephone_in_both_languages(
    visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, token = ask(visitor), open_form(visitor)

    def broken(*_args: object, **_more: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("the disk is full"))

    monkeypatch.setattr(type(db.engine), "connect", broken)
    for answer in (visitor.get(path), send(visitor, token)):
        number = answer.headers["X-Request-ID"]
        assert answer.status_code == 503 and answer.text.count(number) == 1
        assert f"If you call us, you can give this number: {number}" in words(answer.text)
        assert '<span lang="es">Si nos llama, puede darnos este número.</span>' in answer.text


def test_a_page_that_only_does_not_exist_bothers_nobody_with_a_number(visitor: FlaskClient) -> None:
    answer = visitor.get("/nowhere")
    assert answer.status_code == 404 and answer.headers["X-Request-ID"] not in answer.text


def test_in_production_each_request_is_a_line_without_path_query_or_sender(
    sqlite_url: str, tmp_path: Path, lines: list[str]
) -> None:
    app = create_app(config.load(production(tmp_path, DATABASE_URL=sqlite_url)))
    with app.app_context():
        visitor = app.test_client()
        path = ask(visitor)
        hers = {"X-Forwarded-For": "203.0.113.9", "User-Agent": "Zoe"}
        visitor.get(f"{path}?name=Zoe", headers=hers, buffered=True)
        visitor.get("/nowhere/Zoe%0aforged", buffered=True)
        visitor.get("/livez", buffered=True)
        db.engine.dispose()
    print(
        lines,
        logging.getLogger("intake.requests").getEffectiveLevel(),
        logging.getLogger("intake").level,
        logging.getLogger("intake").handlers,
    )
    told = [json.loads(line) for line in lines if '"route"' in line]
    assert [(one["method"], one["route"], one["status"]) for one in told] == [
        ("GET", "/callback/<token>", 200),
        ("GET", "no route", 404),
    ]
    assert all(one["milliseconds"] >= 0 and MADE.fullmatch(one["request"]) for one in told)
    for private in ("Zoe", "203.0.113.9", "127.0.0.1", path.rpartition("/")[2], "forged"):
        assert private not in "".join(lines)
