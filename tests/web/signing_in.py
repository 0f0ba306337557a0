"""A browser without JavaScript that signs in and out, for the tests of sign-in."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from intake.database import reading
from intake.models import Audit
from intake.services import people
from tests.conftest import Browser

EMAIL, GOOD, BETTER = "maria@example.com", "lamp tuesday orange", "kettle window seven"
INSIDE = "/admin/queue/"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Desk(Browser):
    """A browser of somebody who works here."""

    def token(self, page: str = "/login") -> str:
        found = TOKEN.search(self.get(page).text)
        assert found
        return found[1]

    def sign_in(self, password: str = GOOD, email: str = EMAIL, **more: str) -> TestResponse:
        return self.post("/login", data={"email": email, "password": password, "csrf_token": self.token(), **more})

    def sign_out(self) -> TestResponse:
        return self.post("/logout", data={"csrf_token": self.token("/logout")})

    def is_in(self) -> bool:
        return self.get(INSIDE).status_code == 200

    def cookie(self, name: str = "session") -> str:
        cookie = self.get_cookie(name)
        return cookie.value if cookie else ""


def make_maria(app: Flask) -> int:
    """A member of staff; returns her id."""
    site = app.extensions["intake"]
    return people.create_user(site, email=EMAIL, name="Maria", roles=("staff",), password=GOOD, now=datetime.now(UTC))


def new_desk(app: Flask) -> Desk:
    """One more browser, with no cookie yet."""
    return Desk(app, app.response_class)


def actions() -> list[str]:
    """What the record holds, oldest first."""
    with reading() as conn:
        return list(conn.execute(select(Audit.__table__.c.action).order_by(Audit.__table__.c.id)).scalars())
