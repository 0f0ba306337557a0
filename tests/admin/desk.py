"""Colleagues at their desks: signed in, pressing buttons with the real tokens."""

from __future__ import annotations

import contextvars
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import time_machine
from flask import Flask, session
from flask.testing import FlaskClient
from flask_security import login_user
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from intake.rules.permissions import Actor
from intake.web.sign_in_form import find_person
from tests.making import PASSWORD, person, proven

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Desk:
    """One person's browser: without JavaScript, with cookies."""

    def __init__(self, app: Flask, actor: Actor | None) -> None:
        self.client: FlaskClient = app.test_client()
        self.actor = actor
        self.token = ""
        if actor is not None:
            contextvars.Context().run(self._come_in, app, actor)

    def _come_in(self, app: Flask, actor: Actor) -> None:
        """Signed in as behind the form, whose three requests would be a third of many a test."""
        with app.test_request_context("/login"):
            login_user(find_person(proven(app.extensions["intake"], actor.person_id)))
            self.token = generate_csrf()
            interface, answer = app.session_interface, app.make_response("")
            interface.save_session(app, session, answer)  # type: ignore[arg-type]
        name, value = answer.headers["Set-Cookie"].split(";")[0].split("=", 1)
        self.client.set_cookie(name, value)

    def sign_in(self, email: str) -> TestResponse:
        """Through the sign-in page, as a person would."""
        self.get("/login")
        answer = self.post("/login", email=email, password=PASSWORD)
        self.token = (self._send("GET", "/lock").get_json() or {}).get("token", self.token)
        return answer

    def get(self, path: str) -> TestResponse:
        """Open a page and remember its token."""
        answer = self._send("GET", path, follow_redirects=path == "/admin/")
        found = _TOKEN.search(answer.get_data(as_text=True))
        self.token = found.group(1) if found else self.token
        return answer

    def text(self, path: str) -> str:
        """A page's words; it must open."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, path: str, **fields: str) -> TestResponse:
        """Press a button."""
        return self._send("POST", path, data={"csrf_token": self.token, **fields})

    def _send(self, method: str, path: str, **more: Any) -> TestResponse:
        """In a context of its own: the app context of the test would lend its ``g``, and with it its person, to all."""
        return contextvars.Context().run(self.client.open, path, method=method, buffered=True, **more)

    def press(self, reference: str, verb: str, **fields: str) -> TestResponse:
        """A button of one request."""
        return self.post(f"/admin/queue/{reference}/{verb}", **fields)


@contextmanager
def at(instant: datetime, *, is_running: bool = False) -> Iterator[time_machine.Traveller]:
    """The whole process at this instant; the clock stands still unless it is to run."""
    with time_machine.travel(instant, tick=is_running) as traveller:
        yield traveller


def desk(app: Flask, name: str, *roles: str, now: datetime) -> Desk:
    """A new colleague, signed in."""
    return Desk(app, person(app.extensions["intake"], name, *roles, now=now))


def words(html: str) -> str:
    """What is read: without tags, with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("\xa0", " "))
