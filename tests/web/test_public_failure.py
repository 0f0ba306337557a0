"""When the database is down: the visitor is told the truth, keeps every answer, and has a number to call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from intake.database import db
from tests.points import point
from tests.web.visiting import ANA, ask, open_form, send, stored, token_in, words


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


@pytest.fixture
def break_database(monkeypatch: pytest.MonkeyPatch) -> Any:
    def broken(*_args: object, **_more: object) -> None:
        raise OperationalError("SELECT 'secret name'", {}, Exception("the disk is full"))

    def now() -> None:
        monkeypatch.setattr(type(db.engine), "connect", broken)

    return now


@point(25)
def test_the_visitor_reads_that_it_was_not_sent_and_keeps_every_answer(
    visitor: FlaskClient, sqlite_app: Flask, break_database: Any, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    token = open_form(visitor)
    break_database()
    response = send(visitor, token, name="Zoë Long-Name", message="Ring twice")
    assert response.status_code == 503
    assert "<title>Not sent: Request a callback" in response.text
    said = words(response.text)
    assert "Your request was not sent" in said and "your answers are still below" in said
    assert "212-736-5000" in said
    assert 'value="Zoë Long-Name"' in response.text and "Ring twice" in response.text
    assert token_in(response.text) == token
    assert response.text.count("<h1") == 1
    assert "secret name" not in caplog.text and "Zoë" not in caplog.text
    monkeypatch.undo()
    assert send(visitor, token).status_code == 303
    assert len(stored(sqlite_app)) == 1


def test_the_form_is_still_there_with_what_was_known_before(
    visitor: FlaskClient, break_database: Any, clock: time_machine.Coordinates
) -> None:
    open_form(visitor)
    break_database()
    clock.shift(timedelta(hours=9))
    said = words(visitor.get("/callback").text)
    assert "We are closed now" in said
    assert "Tomorrow, Thursday" in said


def test_a_process_that_never_saw_the_database_offers_a_call_without_a_time(
    visitor: FlaskClient, break_database: Any
) -> None:
    break_database()
    response = visitor.get("/callback")
    assert response.status_code == 200
    said = words(response.text)
    assert "As soon as possible" in said and "Another time" in said
    assert "minutes" not in said and "open now" not in said
    assert "to talk now" not in said and "Call us at 212-736-5000 in our opening hours." in said
    refused = visitor.post("/callback", data={**ANA, "token": token_in(response.text)})
    assert refused.status_code == 503


def test_a_private_page_says_that_it_cannot_be_shown_now(visitor: FlaskClient, break_database: Any) -> None:
    path = ask(visitor)
    break_database()
    for response in (visitor.get(path), visitor.get(path + "/cancel"), visitor.post(path + "/cancel")):
        assert response.status_code == 503
        assert "212-736-5000" in response.text
        assert response.headers["Retry-After"]


def test_an_error_page_judges_by_the_hours_it_knew_and_asks_a_broken_database_nothing(
    visitor: FlaskClient, break_database: Any, clock: time_machine.Coordinates
) -> None:
    path = ask(visitor)
    break_database()
    assert "to talk now" in words(visitor.get(path).text)
    clock.shift(timedelta(hours=9))
    assert "Call us at" not in words(visitor.get(path).text)


def test_an_error_page_without_any_hours_promises_nobody_on_the_line(visitor: FlaskClient, break_database: Any) -> None:
    break_database()
    said = words(visitor.get("/callback/nothing").text)
    assert "to talk now" not in said and "Call us at 212-736-5000 in our opening hours." in said


@pytest.mark.parametrize("path", ["/admin/no-such-place", "/login/no-such-place"])
def test_an_error_at_the_desk_does_not_speak_to_a_visitor(visitor: FlaskClient, path: str) -> None:
    said = words(visitor.get(path).text)
    assert "The address may be mistyped, or what it named has been deleted." in said
    assert "wait for our call" not in said and "call us" not in said


def test_an_unknown_error_of_the_database_is_no_false_thank_you(
    visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise SQLAlchemyError("odd")

    token = open_form(visitor)
    monkeypatch.setattr("intake.services.callbacks.submit", fail)
    assert send(visitor, token).status_code == 503


def test_a_counter_that_is_down_loses_no_request(visitor: FlaskClient, sqlite_app: Flask) -> None:
    class Down:
        def incr(self, *_args: object) -> int:
            raise ConnectionError

    sqlite_app.extensions["intake_public"].counter._storage = Down()
    ask(visitor)
    assert len(stored(sqlite_app)) == 1
