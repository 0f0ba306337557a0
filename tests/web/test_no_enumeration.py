"""From outside nobody learns whether an account is there, disabled, or waiting for its first password."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

from intake.models import Audit
from intake.models.site import Site
from intake.rules.permissions import SYSTEM
from intake.services import inviting, passwords, people
from tests.conftest import Browser
from tests.making import PASSWORD, count, person
from tests.web.signing_in import new_desk

CASES = {
    "wrong": ("maria@example.com", "not her password"),
    "unknown": ("nobod@example.com", PASSWORD),
    "disabled": ("danas@example.com", PASSWORD),
    "invited": ("roses@example.com", PASSWORD),
    "invited, with nothing typed": ("roses@example.com", ""),
}


@pytest.fixture
def accounts(app: Flask) -> Site:
    site, now = app.extensions["intake"], datetime.now(UTC)
    person(site, "Maria", now=now)
    people.disable(site, SYSTEM, person(site, "Danas", now=now).person_id, now=now)
    inviting.invite(site, SYSTEM, email="roses@example.com", name="Rose", roles=("staff",), now=now)
    return site


def tried(app: Flask, email: str, password: str) -> tuple[int, list[tuple[str, str]], str]:
    """Status, headers and page, without what was typed and what is drawn anew for every browser."""
    desk: Browser = new_desk(app)
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', desk.get("/login").text)[0]
    answer = desk.post("/login", data={"email": email, "password": password, "csrf_token": token})
    page = re.sub(r'(name="csrf_token"[^>]*value=)"[^"]+"', r"\1", answer.text.replace(email, ""))
    headers = [(name, value) for name, value in answer.headers if name not in ("Set-Cookie", "Date", "X-Request-ID")]
    return answer.status_code, headers, page


def test_every_sign_in_that_is_refused_reads_alike_and_does_the_same_work(
    app: Flask, accounts: Site, count_queries: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[str] = []
    stock = passwords._HASHER.verify

    class Counted:
        def verify(self, stored: str, password: bytes) -> bool:
            checks.append(stored.rpartition("$")[0].rpartition("$")[0])
            return stock(stored, password)

        hash = staticmethod(passwords._HASHER.hash)

    passwords.prepare()
    monkeypatch.setattr(passwords, "_HASHER", Counted())
    seen = {}
    for case, (email, password) in CASES.items():
        checks.clear()
        entries = count(Audit)
        count_queries()
        answer = tried(app, email, password)
        seen[case] = (answer, tuple(checks), count_queries(), count(Audit) - entries)
    assert seen["wrong"][0][0] == 422 and len(seen["wrong"][1]) == 1 and seen["wrong"][3] == 1
    assert {case: told == seen["wrong"] for case, told in seen.items()} == dict.fromkeys(CASES, True)
