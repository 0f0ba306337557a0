"""A log that somebody steals or greps holds no name, no private link, and no line that nobody wrote."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from intake.database import db, writing
from intake.web.fault_log import OneLine, one_line, what_failed
from tests.points import point
from tests.web.visiting import ask

NAME = "Zoë Long-Name"


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    sqlite_app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    return sqlite_app.test_client()


@pytest.fixture
def broken_link(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A private link behind which something fails with a name in its text."""

    def fail(*_args: object, **_more: object) -> None:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise RuntimeError(f"{NAME}\nERROR forged") from error

    path = ask(visitor)
    for endpoint in [name for name in visitor.application.view_functions if name.startswith("private.")]:
        monkeypatch.setitem(visitor.application.view_functions, endpoint, fail)
    yield path


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_fault_on_a_private_page_names_the_place_and_nothing_else(
    visitor: FlaskClient, broken_link: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert visitor.open(broken_link, method=method).status_code == 500
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    said = record.getMessage()
    assert f"{method} /callback/<" in said and "RuntimeError < KeyError at " in said
    assert "tests/web/test_fault_log.py:" in said and " fail" in said
    assert record.exc_info is None and "\n" not in said
    token = broken_link.rpartition("/")[2]
    assert token not in caplog.text and NAME not in caplog.text and "forged" not in caplog.text


def test_a_path_forged_to_look_like_a_log_line_writes_none(
    visitor: FlaskClient, broken_link: str, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.get("/callback/abc%0d%0aERROR%20forged%00%e2%80%ae")
    visitor.open(broken_link, method="POST", query_string="a=%0aERROR forged")
    visitor.open("/nowhere%0aERROR forged", method="POST\nERROR forged")
    assert "forged" not in caplog.text
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_a_fault_of_the_database_hides_its_parameters(app: Flask) -> None:
    with pytest.raises(IntegrityError) as caught, writing() as conn:
        conn.execute(text("INSERT INTO role (id, name) VALUES (:id, :name)"), {"id": 1, "name": None})
        conn.execute(text("INSERT INTO role (id, name) VALUES (:id, :name)"), {"id": 1, "name": NAME})
    assert db.engine.hide_parameters
    assert NAME not in str(caught.value).partition("DETAIL")[0]
    assert NAME not in what_failed(caught.value)


def record_of(message: str, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("gunicorn.error", logging.ERROR, __file__, 1, message, (), exc_info)


@point(31)
def test_a_line_of_the_server_is_cut_at_a_private_link() -> None:
    line = OneLine("%(message)s").format(record_of("Error handling request /callback/AbC-123_x?y=1", ValueError(NAME)))
    assert line == "Error handling request /callback/… (ValueError at no frame)"


@pytest.mark.parametrize("bad", ["\r", "\n", "\x00", "\x1b", "\x85", "\u2028", "\u202e", "\u2066", "\u200b", "\udc80"])
def test_what_breaks_or_turns_a_line_is_made_visible(bad: str) -> None:
    assert one_line(f"a{bad}b") == f"a{bad.encode('unicode_escape').decode()}b"


def test_errors_that_name_each_other_as_cause_end() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert what_failed(one).startswith("ValueError < KeyError at ")


def test_the_own_handler_of_flask_writes_safe_lines(sqlite_app: Flask) -> None:
    from flask.logging import default_handler

    from intake.web import fault_log

    sqlite_app.logger.addHandler(default_handler)
    try:
        fault_log.init_app(sqlite_app)
        assert isinstance(default_handler.formatter, OneLine)
    finally:
        sqlite_app.logger.removeHandler(default_handler)
