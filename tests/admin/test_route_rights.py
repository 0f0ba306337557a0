"""Every route of the service and who gets in. A new route that is not listed here fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from intake.rules.permissions import SYSTEM
from intake.services import people
from tests.admin.desk import Desk
from tests.making import person

KINDS = ("staff", "manager", "admin", "auditor")
WORKERS = ("staff", "manager", "admin")

OPEN = {
    "/": "GET",
    "/accessibility": "GET",
    "/callback": "GET POST",
    "/callback/<token>": "GET POST",
    "/callback/<token>/cancel": "GET POST",
    "/favicon.<any(svg, ico):kind>": "GET",
    "/leave": "GET",
    "/livez": "GET",
    "/lock": "GET",
    "/lock/kept": "POST",
    "/lock/open": "POST",
    "/login": "GET POST",
    "/login/code": "GET POST",
    "/login/recovery-code": "GET POST",
    "/logout": "GET POST",
    "/metrics": "GET",
    "/privacy": "GET",
    "/readyz": "GET",
    "/robots.txt": "GET",
    "/static/<path:filename>": "GET",
    "/staying-private": "GET",
    "/welcome/<token>": "GET POST",
}
"""Anybody: the visitor's pages, signing in and out, whether the service runs, and (with a token) its figures."""

OWN = {
    "/admin/password": "GET POST",
    "/admin/second-factor": "GET POST",
    "/admin/second-factor/recovery-codes.txt": "POST",
    "/admin/second-factor/set-up": "GET POST",
}
"""Whoever is signed in, for themself."""

PANEL = {
    ("GET", "/admin/"): (*KINDS,),
    ("GET", "/admin/account/"): (*KINDS,),
    ("GET", "/admin/account/figures"): WORKERS,
    ("GET", "/admin/account/figures/calls"): WORKERS,
    ("GET", "/admin/account/figures/requests"): WORKERS,
    ("GET", "/admin/account/preferences"): (*KINDS,),
    ("POST", "/admin/account/preferences"): (*KINDS,),
    ("POST", "/admin/account/sign-out"): (*KINDS,),
    ("POST", "/admin/account/sign-out-others"): (*KINDS,),
    ("GET", "/admin/audit/"): ("auditor",),
    ("GET", "/admin/audit/seen/<reference>"): ("auditor",),
    ("POST", "/admin/audit/<int:entry_id>/reason"): ("auditor",),
    ("POST", "/admin/audit/check"): ("auditor",),
    ("POST", "/admin/audit/export"): ("auditor",),
    ("GET", "/admin/reports/"): ("manager", "admin", "auditor"),
    ("POST", "/admin/reports/agree"): ("manager", "admin"),
    ("GET", "/admin/reports/calls"): ("manager", "admin", "auditor"),
    ("GET", "/admin/reports/csv"): ("manager", "admin", "auditor"),
    ("POST", "/admin/reports/csv"): ("manager", "admin", "auditor"),
    ("GET", "/admin/reports/data"): ("manager", "admin", "auditor"),
    ("GET", "/admin/reports/requests"): ("manager", "admin", "auditor"),
    ("GET", "/admin/reports/mailing"): ("manager", "admin", "auditor"),
    ("POST", "/admin/reports/mailing"): ("manager", "admin", "auditor"),
    ("GET", "/admin/reports/notes"): ("manager", "admin", "auditor"),
    ("POST", "/admin/reports/notes"): ("manager", "admin"),
    ("POST", "/admin/reports/notes/<int:note_id>/remove"): ("manager", "admin"),
    ("GET", "/admin/outbox/"): ("manager", "admin"),
    ("GET", "/admin/outbox/<public_id>"): ("manager", "admin"),
    ("POST", "/admin/outbox/<public_id>/again"): ("manager", "admin"),
    ("POST", "/admin/outbox/again"): ("manager", "admin"),
    ("POST", "/admin/outbox/test"): ("manager", "admin"),
    ("GET", "/admin/people/"): ("admin",),
    ("GET", "/admin/people/<int:user_id>"): ("admin",),
    ("POST", "/admin/people/<int:user_id>/change"): ("admin",),
    ("POST", "/admin/people/<int:user_id>/disable"): ("admin",),
    ("POST", "/admin/people/<int:user_id>/enable"): ("admin",),
    ("POST", "/admin/people/<int:user_id>/link"): ("admin",),
    ("POST", "/admin/people/<int:user_id>/second-factor"): ("admin",),
    ("POST", "/admin/people/<int:user_id>/sign-out"): ("admin",),
    ("POST", "/admin/people/invite"): ("admin",),
    ("GET", "/admin/queue/"): WORKERS,
    ("GET", "/admin/queue/<reference>"): WORKERS,
    ("POST", "/admin/queue/<reference>/again"): WORKERS,
    ("POST", "/admin/queue/<reference>/assign"): ("manager", "admin"),
    ("POST", "/admin/queue/<reference>/attempt"): WORKERS,
    ("POST", "/admin/queue/<reference>/call"): WORKERS,
    ("POST", "/admin/queue/<reference>/call-again"): ("manager", "admin"),
    ("POST", "/admin/queue/<reference>/claim"): WORKERS,
    ("POST", "/admin/queue/<reference>/close"): WORKERS,
    ("POST", "/admin/queue/<reference>/correct"): WORKERS,
    ("POST", "/admin/queue/<reference>/hand-off"): WORKERS,
    ("POST", "/admin/queue/<reference>/link"): WORKERS,
    ("POST", "/admin/queue/<reference>/unlink"): WORKERS,
    ("POST", "/admin/queue/<reference>/here"): WORKERS,
    ("POST", "/admin/queue/<reference>/mail/<public_id>"): ("manager", "admin"),
    ("POST", "/admin/queue/<reference>/note"): WORKERS,
    ("POST", "/admin/queue/<reference>/phrase"): WORKERS,
    ("POST", "/admin/queue/<reference>/release"): WORKERS,
    ("POST", "/admin/queue/<reference>/reopen"): WORKERS,
    ("POST", "/admin/queue/<reference>/rescue"): WORKERS,
    ("POST", "/admin/queue/<reference>/skip"): WORKERS,
    ("POST", "/admin/queue/<reference>/snooze"): WORKERS,
    ("POST", "/admin/queue/<reference>/spam"): WORKERS,
    ("POST", "/admin/queue/<reference>/take-over"): WORKERS,
    ("POST", "/admin/queue/<reference>/time"): WORKERS,
    ("POST", "/admin/queue/<reference>/wake"): WORKERS,
    ("GET", "/admin/queue/add"): WORKERS,
    ("POST", "/admin/queue/add"): WORKERS,
    ("GET", "/admin/queue/board"): WORKERS,
    ("GET", "/admin/queue/handover"): WORKERS,
    ("GET", "/admin/queue/morning"): WORKERS,
    ("GET", "/admin/queue/shift"): WORKERS,
    ("POST", "/admin/queue/shift"): WORKERS,
    ("POST", "/admin/queue/next"): WORKERS,
    ("POST", "/admin/queue/bulk"): WORKERS,
    ("POST", "/admin/queue/export"): ("manager", "admin"),
    ("POST", "/admin/queue/export/csv"): ("manager", "admin"),
    ("GET", "/admin/queue/live"): WORKERS,
    ("POST", "/admin/queue/search"): WORKERS,
    ("GET", "/admin/queue/views"): WORKERS,
    ("POST", "/admin/queue/views"): WORKERS,
    ("POST", "/admin/queue/views/<public_id>"): WORKERS,
    ("POST", "/admin/queue/undo"): WORKERS,
    ("GET", "/admin/reports/dossier/<reference>"): ("manager", "admin", "auditor"),
    ("POST", "/admin/reports/dossier/<reference>"): ("manager", "admin", "auditor"),
    ("POST", "/admin/reports/dossier/<reference>/hold"): ("manager", "admin"),
    ("POST", "/admin/reports/dossier/<reference>/lift"): ("manager", "admin"),
    ("GET", "/admin/reports/holds"): ("manager", "admin", "auditor"),
    ("GET", "/admin/settings/"): ("manager", "admin"),
    ("GET", "/admin/settings/alerts"): ("manager", "admin"),
    ("POST", "/admin/settings/alerts"): ("admin",),
    ("POST", "/admin/settings/alerts/test"): ("admin",),
    ("GET", "/admin/settings/calling"): ("manager", "admin"),
    ("POST", "/admin/settings/calling"): ("admin",),
    ("GET", "/admin/settings/history"): ("manager", "admin"),
    ("GET", "/admin/settings/holidays"): ("manager", "admin"),
    ("GET", "/admin/settings/hours"): ("manager", "admin"),
    ("GET", "/admin/settings/law"): ("manager", "admin"),
    ("POST", "/admin/settings/law"): ("admin",),
    ("GET", "/admin/settings/routing"): ("manager", "admin"),
    ("POST", "/admin/settings/routing"): ("admin",),
    ("GET", "/admin/settings/script"): ("manager", "admin"),
    ("POST", "/admin/settings/script"): ("manager", "admin"),
    ("GET", "/admin/settings/targets"): ("manager", "admin"),
    ("POST", "/admin/settings/holidays"): ("admin",),
    ("POST", "/admin/settings/holidays/remove"): ("admin",),
    ("POST", "/admin/settings/holidays/suggested"): ("admin",),
    ("POST", "/admin/settings/hours"): ("admin",),
    ("POST", "/admin/settings/targets"): ("admin",),
}
"""The panel, route by route: the roles that get in."""

NOWHERE, NOBODY = "000-000", "99999"
_FIELDS = {
    "outcome": "busy",
    "right_outcome": "busy",
    "why_wrong": "x",
    "remark": "x",
    "reason": "test",
    "person": "1",
    "take_over_reason": "x",
    "hand_off_to": "1",
    "hand_off_note": "x",
    "recipient": "x",
    "purpose": "x",
    "name": "Rose",
    "email": "rose@example.com",
    "roles": "staff",
}


def _routes(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, rule.rule


def test_every_route_is_listed_with_who_may_reach_it(sqlite_app: Flask) -> None:
    listed = {(method, rule) for rule, methods in {**OPEN, **OWN}.items() for method in methods.split()} | set(PANEL)
    found = set(_routes(sqlite_app))
    assert found - listed == set(), "say who may reach a new route"


def test_the_panel_list_holds_no_route_that_is_gone(sqlite_app: Flask) -> None:
    assert set(PANEL) - set(_routes(sqlite_app)) == set()


def test_everything_under_admin_is_the_panels(sqlite_app: Flask) -> None:
    under = {rule for _, rule in _routes(sqlite_app) if rule.startswith("/admin")}
    assert under == {rule for _, rule in PANEL} | set(OWN)


def _knock(desk: Desk, method: str, rule: str) -> int:
    return _answer(desk, method, rule).status_code


def _answer(desk: Desk, method: str, rule: str) -> TestResponse:
    path = rule.replace("<reference>", NOWHERE).replace("<int:user_id>", NOBODY)
    path = path.replace("<int:entry_id>", NOBODY).replace("<int:note_id>", NOBODY)
    return desk._send("GET", path) if method == "GET" else desk.post(path, **_FIELDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_person_gets_in_where_the_table_says_and_nowhere_else(sqlite_app: Flask, now: datetime, kind: str) -> None:
    one = Desk(sqlite_app, person(sqlite_app.extensions["intake"], "Kim", kind, now=now))
    assert one.get("/admin/password").status_code == 200
    for (method, rule), allowed in PANEL.items():
        code = _knock(one, method, rule)
        if rule == "/admin/":  # to the first place of one's own
            assert code == 302
        elif kind in allowed:
            assert code in (200, 303, 404, 422), (method, rule, code)
        else:
            assert code == 403, (method, rule, code)


@pytest.mark.parametrize(("method", "rule"), PANEL)
def test_a_stranger_is_asked_to_sign_in(sqlite_app: Flask, method: str, rule: str) -> None:
    stranger = Desk(sqlite_app, None)
    stranger.get("/login")
    answer = _answer(stranger, method, rule)
    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=/admin/") or answer.location.startswith("/login?next=%2Fadmin%2F")


@pytest.mark.parametrize("rule", [rule for rule, methods in OWN.items() if "GET" in methods])
def test_ones_own_pages_ask_a_stranger_to_sign_in(sqlite_app: Flask, rule: str) -> None:
    assert "/login" in Desk(sqlite_app, None)._send("GET", rule).location


def _told(answer: TestResponse) -> tuple[int, str | None, bytes]:
    """What somebody sees of an answer; the form's token is each browser's own."""
    return answer.status_code, answer.location, re.sub(rb'(name="csrf_token"[^>]*value=)"[^"]+"', rb"\1", answer.data)


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_was_disabled_is_a_stranger_from_the_next_request_on(
    sqlite_app: Flask, now: datetime, kind: str
) -> None:
    """With the cookie they had while they were signed in, everywhere in the panel and on their own pages."""
    site = sqlite_app.extensions["intake"]
    one, stranger = Desk(sqlite_app, person(site, "Kim", kind, now=now)), Desk(sqlite_app, None)
    person(site, "Alex", "admin", now=now)
    assert one.get("/admin/password").status_code == 200
    people.disable(site, SYSTEM, one.actor.person_id, now=now)  # type: ignore[union-attr]
    stranger.get("/login")
    own = [(method, rule) for rule, methods in OWN.items() for method in methods.split()]
    for method, rule in [*PANEL, *own]:
        answer = _answer(one, method, rule)
        assert answer.status_code == 302 and answer.location.startswith("/login?next="), (method, rule)
        assert _told(answer) == _told(_answer(stranger, method, rule)), (method, rule)


def test_after_signing_in_one_is_where_one_wanted_to_be(sqlite_app: Flask, now: datetime) -> None:
    person(sqlite_app.extensions["intake"], "Kim", now=now)
    one = Desk(sqlite_app, None)
    asked = one._send("GET", "/admin/queue/?view=mine").location
    one.get(asked)
    answer = one.post(asked, email="kim@example.com", password="a quiet harbour at noon")
    assert answer.status_code == 302 and answer.location.endswith("/admin/queue/?view=mine")


def test_a_button_pressed_after_the_session_ended_leads_back_to_the_page_it_stood_on(sqlite_app: Flask) -> None:
    stranger = Desk(sqlite_app, None)
    stranger.get("/login")
    assert stranger.press("K7M-4QX", "claim").location.endswith("next=/admin/queue/K7M-4QX")
