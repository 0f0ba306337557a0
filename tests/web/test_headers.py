"""What every answer carries, and what an error looks like."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.test import EnvironBuilder

from intake.web.look import load
from tests.web.visiting import words

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


def policy_of(header: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.strip().partition(" ") for part in header.split(";"))}


def fingerprint(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/admin/queue?view=mine", "/admin/queue/?view=mine"), ("/callback//xyz", "/callback/xyz"),
        ("/admin/account", "/admin/account/"), ("//evil.example/admin//queue/", "/admin/queue/"),
    ],
)  # fmt: skip
def test_no_redirect_names_the_host_that_the_request_says(visitor: FlaskClient, path: str, target: str) -> None:
    said = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    response = visitor.open(EnvironBuilder(path="/", headers=said).get_environ() | _asking(path))
    assert (response.status_code, response.headers["Location"]) == (308, target)
    assert "evil.example" not in response.text


def _asking(target: str) -> dict[str, str]:
    path, _, query = target.partition("?")
    return {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_URI": target, "RAW_URI": target}


PUBLIC = ["/callback", "/privacy", "/accessibility", "/staying-private", "/callback/nothing", "/nowhere"]


@pytest.mark.parametrize("path", PUBLIC)
def test_a_visitors_page_runs_only_its_own_style_and_script(visitor: FlaskClient, path: str) -> None:
    response = visitor.get(path)
    policy = policy_of(response.headers["Content-Security-Policy"])
    style = re.search(r"(?s)<style>(.*?)</style>", response.text)
    script = re.search(r"(?s)<script>(.*?)</script>", response.text)
    assert style and script
    assert (policy["style-src"], policy["script-src"]) == (fingerprint(style[1]), fingerprint(script[1]))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == policy["connect-src"] == policy["img-src"] == "'self'"
    body = response.text[response.text.index("<body") : response.text.index("<script")]
    assert not re.search(r"\s(style|on\w+)=", body)


OTHERS = ["/leave", "/favicon.svg", "/robots.txt", "/admin/", "/login", "/static/public.css"]


@pytest.mark.parametrize("path", [*PUBLIC, *OTHERS])
def test_every_answer_is_guarded(visitor: FlaskClient, path: str) -> None:
    with visitor.get(path) as response:
        headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    policy = policy_of(headers["Content-Security-Policy"])
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Cache-Control" in headers


@pytest.mark.parametrize("path", [*PUBLIC, "/leave", "/favicon.ico", "/robots.txt"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "TRACE", "OPTIONS"])
def test_no_public_answer_sets_a_cookie(visitor: FlaskClient, path: str, method: str) -> None:
    response = visitor.open(path, method=method)
    assert "Set-Cookie" not in response.headers
    assert response.status_code < 500


def test_a_sign_in_page_is_kept_by_nobody(visitor: FlaskClient) -> None:
    for path in ("/login", "/logout", "/nowhere"):
        assert visitor.get(path).headers.getlist("Cache-Control") == ["no-store"]


def test_staff_pages_may_load_our_own_files_only(visitor: FlaskClient) -> None:
    policy = policy_of(visitor.get("/login").headers["Content-Security-Policy"])
    assert policy["script-src"] == policy["style-src"] == policy["img-src"] == policy["form-action"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == "'none'"


def test_transport_is_pinned_to_tls_in_production_only(visitor: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in visitor.get("/callback").headers
    assert "max-age=" in dict(load(ROOT / "static", is_production=True).headers)["Strict-Transport-Security"]


@pytest.mark.parametrize("code", [400, 403, 404, 405, 413, 429, 500, 503])
def test_an_error_is_a_plain_page_with_our_number(sqlite_app: Flask, code: int) -> None:
    app = failing(sqlite_app, code)
    response = app.test_client().get("/fails")
    assert response.status_code == code
    assert "212-736-5000" in response.text and response.text.count("<h1") == 1
    assert "Set-Cookie" not in response.headers and response.headers["Cache-Control"] == "no-store"
    assert not re.search(r"Traceback|werkzeug|Error:|Exception", words(response.text))


def failing(app: Flask, code: int) -> Flask:
    def fails() -> str:
        if code == 500:
            raise RuntimeError("a secret")
        if code == 400:
            raise DataError("SELECT 'a secret'", {}, Exception("a NUL in a text"))
        if code == 503:
            raise OperationalError("SELECT 'a secret'", {}, Exception("gone"))
        abort(code)

    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/fails", "fails", fails)
    return app


def test_an_error_at_the_desk_leads_back_to_the_queue(visitor: FlaskClient) -> None:
    response = visitor.get("/admin/no-such-place")
    assert response.status_code == 404
    assert 'href="/admin/"' in response.text and "Leave this page" not in response.text


def test_trace_is_off_and_405_names_what_is_allowed(visitor: FlaskClient) -> None:
    response = visitor.open("/callback", method="TRACE")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_body_that_breaks_while_it_is_read_is_a_400(sqlite_app: Flask) -> None:
    class Broken:
        def read(self, *_args: object) -> bytes:
            raise ValueError("bad chunk")

        readline = read

    sqlite_app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    kind = "application/x-www-form-urlencoded"
    response = sqlite_app.test_client().post(
        "/callback",
        environ_overrides={"wsgi.input": Broken(), "CONTENT_LENGTH": "20", "CONTENT_TYPE": kind},
    )
    assert response.status_code == 400
    assert "We could not read this" in response.text
