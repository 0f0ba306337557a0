"""A visitor's page has no session: it opens none, sets no cookie, and is the same for whoever is signed in."""

from __future__ import annotations

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from intake.web.sign_in_session import _VISITORS
from tests.web.visiting import ask, send

pytestmark = pytest.mark.usefixtures("clock")
PAGES = ["/", "/callback", "/callback/nothing", "/privacy", "/accessibility", "/staying-private", "/leave",
         "/favicon.svg", "/favicon.ico", "/robots.txt"]  # fmt: skip


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


@pytest.fixture
def no_signer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("a session was opened")

    monkeypatch.setattr(SecureCookieSessionInterface, "get_signing_serializer", refuse)


@pytest.mark.usefixtures("no_signer")
@pytest.mark.parametrize("cookie", ["", "abc.def.ghi"])
@pytest.mark.parametrize("path", PAGES)
def test_a_visitors_page_opens_no_session_with_or_without_a_cookie(
    visitor: FlaskClient, path: str, cookie: str
) -> None:
    visitor.set_cookie("session", cookie) if cookie else None
    response = visitor.get(path)
    assert response.status_code < 500
    assert "Set-Cookie" not in response.headers and "Vary" not in response.headers


@pytest.mark.usefixtures("no_signer")
def test_sending_and_changing_a_request_open_no_session(visitor: FlaskClient) -> None:
    visitor.set_cookie("session", "abc.def.ghi")
    path = ask(visitor)
    for response in (send(visitor, name=""), visitor.get(path), visitor.post(path, data={"change": "once"})):
        assert response.status_code in (200, 303, 422)
        assert "Set-Cookie" not in response.headers and "Vary" not in response.headers


def test_at_the_desk_the_session_is_what_the_cookie_says(sqlite_app: Flask) -> None:
    def remembers() -> str:
        session["seen"] = session.get("seen", 0) + 1
        return str(session["seen"])

    sqlite_app.add_url_rule("/desk", "desk", remembers)
    client = sqlite_app.test_client()
    assert [client.get("/desk").text for _ in range(3)] == ["1", "2", "3"]


def test_every_visitors_route_and_no_other_goes_without_a_session(sqlite_app: Flask) -> None:
    first: dict[bool, set[str]] = {True: set(), False: set()}
    for rule in sqlite_app.url_map.iter_rules():
        first[rule.endpoint.startswith(("public.", "private."))].add(rule.rule.split("/")[1])
    icons = {name for name in first[True] if name.startswith("favicon.<")}
    assert first[True] - icons | {"favicon.svg", "favicon.ico"} == _VISITORS
    assert not first[False] & _VISITORS
