"""A log that somebody steals or greps holds no name, no private link, and no line that nobody wrote."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from intake import logs
from intake.database import db, writing
from intake.logs import JsonLine, OneLine, one_line, what_failed
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


@contextmanager
def bare_root() -> Iterator[logging.Logger]:
    """The root logger without the handlers pytest has put there."""
    root = logging.getLogger()
    kept, root.handlers = root.handlers, []
    yield root
    root.handlers = kept


@pytest.mark.parametrize(("form", "kind"), [("json", JsonLine), ("text", OneLine)])
def test_a_process_without_a_handler_gets_one_that_writes_safe_lines(form: str, kind: type) -> None:
    with bare_root() as root:
        logs.init(form)
        logs.init(form)
        (handler,) = root.handlers
    assert type(handler.formatter) is kind


def test_a_handler_of_the_operators_is_left_alone() -> None:
    own = logging.NullHandler()
    with bare_root() as root:
        root.addHandler(own)
        logs.init("json")
        assert root.handlers == [own] and own.formatter is None


@pytest.mark.parametrize("formatter", [OneLine("%(message)s"), JsonLine()], ids=["text", "json"])
def test_no_line_holds_a_link_a_query_a_sender_or_an_exceptions_text(formatter: logging.Formatter) -> None:
    said = [
        "Error handling request GET /callback/AbC-123_x?name=Zoe",
        "Error handling request GET /welcome/AbC-123_x",
        "Error handling request GET /admin/queue/?m=AbC-123_x",
        "Invalid request from ip=203.0.113.9: Invalid HTTP request line: 'GET /AbC-123_x?name=Zoe'",
    ]
    lines = [formatter.format(record_of(text, ValueError(NAME))) for text in said]
    for private in ("AbC-123_x", "Zoe", "203.0.113.9", NAME, "Long-Name"):
        assert not any(private in line for line in lines), lines
    assert all("ValueError at no frame" in line for line in lines)


def test_a_json_line_is_one_object_in_ascii_with_time_level_and_place() -> None:
    line = JsonLine().format(record_of("a\r\nb\u202ec\x00"))
    told = json.loads(line)
    assert line.isascii() and len(line.splitlines()) == 1
    assert told["message"] == "a\r\nb\u202ec\x00" and told["level"] == "error" and told["logger"] == "gunicorn.error"
    assert told["time"].endswith("Z") and "request" not in told and "fault" not in told
