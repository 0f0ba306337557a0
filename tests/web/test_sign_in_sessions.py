"""Sessions: signing out is final, idle ones end, and a visitor's page never touches them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import SignIn
from intake.models.site import Site
from intake.rules.permissions import SYSTEM, Actor, ActorKind
from intake.services import passwords, people, sign_in
from intake.web import sign_in_form
from tests.making import count
from tests.web.signing_in import BETTER, EMAIL, GOOD, INSIDE, Desk, actions, make_maria, new_desk


@pytest.fixture
def maria(app: Flask) -> int:
    return make_maria(app)


@pytest.fixture
def desk(app: Flask, maria: int) -> Desk:
    return new_desk(app)


def test_a_cookie_replayed_after_signing_out_opens_nothing(app: Flask, desk: Desk) -> None:
    desk.sign_in()
    stolen = desk.cookie()
    answer = desk.sign_out()
    assert answer.status_code == 302 and answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not desk.is_in() and not desk.cookie()
    thief = new_desk(app)
    thief.set_cookie("session", stolen)
    assert not thief.is_in()
    assert actions()[-1] == "person.signed_out"


def test_signing_out_ends_this_session_and_no_other(app: Flask, desk: Desk) -> None:
    other = new_desk(app)
    desk.sign_in()
    other.sign_in()
    desk.sign_out()
    assert other.is_in() and not desk.is_in()


def test_following_a_link_to_sign_out_signs_nobody_out(desk: Desk) -> None:
    desk.sign_in()
    assert "<button" in desk.get("/logout").text
    assert desk.is_in()
    desk.sign_out()
    assert "You are signed out" in desk.get("/logout").text


def test_a_disabled_person_is_out_with_their_next_request(site: Site, maria: int, desk: Desk) -> None:
    desk.sign_in()
    people.disable(site, SYSTEM, maria, now=datetime.now(UTC))
    assert not desk.is_in()
    assert desk.sign_in().status_code == 422


def test_signing_in_leaves_nothing_of_the_session_before(app: Flask, desk: Desk) -> None:
    planted_token, planted = desk.token(), desk.cookie()
    desk.post("/login", data={"email": EMAIL, "password": GOOD, "csrf_token": planted_token})
    assert desk.is_in() and desk.cookie() != planted
    attacker = new_desk(app)
    attacker.set_cookie("session", planted)
    assert not attacker.is_in()
    assert desk.post("/logout", data={"csrf_token": planted_token}).location == "/logout"
    assert desk.is_in()


def test_every_sign_in_is_a_new_session(app: Flask, desk: Desk) -> None:
    desk.sign_in()
    first = desk.cookie()
    desk.sign_out()
    desk.sign_in()
    assert desk.is_in() and desk.cookie() != first
    with reading() as conn:
        assert len(set(conn.execute(select(SignIn.__table__.c.sid_hash)).scalars())) == 2


def test_a_sign_out_from_somebody_elses_page_is_refused(desk: Desk) -> None:
    desk.sign_in()
    assert desk.post("/logout").location == "/logout"
    assert desk.is_in()


def test_a_second_tab_with_an_old_form_finds_the_person_signed_in(desk: Desk) -> None:
    old = desk.token()
    desk.sign_in()
    answer = desk.post("/login", data={"email": EMAIL, "password": GOOD, "csrf_token": old})
    assert (answer.status_code, answer.location) == (302, "/admin/")


def test_an_idle_session_is_over_and_the_page_says_so(desk: Desk) -> None:
    with time_machine.travel(datetime(2026, 11, 18, 15, tzinfo=UTC), tick=False) as clock:
        desk.sign_in()
        for _ in range(3):
            clock.shift(timedelta(minutes=14))
            assert desk.is_in()
        clock.shift(timedelta(minutes=60))
        assert not desk.is_in()
        assert actions()[-1] == "person.sign_in_ended"
        assert "after 60 minutes without use" in desk.get("/login").text
        assert desk.sign_in().status_code == 302 and desk.is_in()


def test_polling_does_not_keep_a_session_alive(desk: Desk) -> None:
    with time_machine.travel(datetime(2026, 11, 18, 15, tzinfo=UTC), tick=False) as clock:
        desk.sign_in()
        met = []
        for _ in range(12):
            clock.shift(timedelta(minutes=5))
            met.append(desk.get(INSIDE, headers={"X-Background": "1"}).status_code)
        assert met == [200] * 2 + [423] * 9 + [302]


def test_nobody_stays_signed_in_for_more_than_twelve_hours(desk: Desk) -> None:
    with time_machine.travel(datetime(2026, 11, 18, 6, tzinfo=UTC), tick=False) as clock:
        desk.sign_in()
        for _ in range(51):
            clock.shift(timedelta(minutes=14))
            assert desk.get("/lock").status_code == 200
        clock.shift(timedelta(minutes=6))
        assert not desk.is_in()
        assert "after 12 hours" in desk.get("/login").text


def test_last_use_is_written_once_a_minute_at_most(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(datetime(2026, 11, 18, 15, tzinfo=UTC), tick=False) as clock:
        desk.sign_in()
        written: list[datetime] = []
        stock = sign_in.seen
        monkeypatch.setattr(sign_in, "seen", lambda sid, *, now: (written.append(now), stock(sid, now=now)))
        for _ in range(12):
            desk.get(INSIDE)
            clock.shift(timedelta(seconds=20))
        assert len(written) == 3


def test_the_sign_in_check_costs_two_queries(desk: Desk, count_queries: Any) -> None:
    desk.sign_in()
    count_queries()
    desk.get("/logout")
    assert count_queries() == 2


def test_a_changed_password_signs_the_other_browsers_out(app: Flask, desk: Desk) -> None:
    other = new_desk(app)
    desk.sign_in()
    other.sign_in()
    data = {"csrf_token": desk.token("/admin/password"), "current": GOOD, "new": BETTER}
    answer = desk.post("/admin/password", data=data)
    assert (answer.status_code, answer.location) == (303, "/admin/account/")
    assert desk.is_in() and not other.is_in()
    assert other.sign_in().status_code == 422 and other.sign_in(BETTER).status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "words"),
    [
        ("wrong", BETTER, "not your current password"),
        (GOOD, "short", "at least 12"),
        (GOOD, "password1234", "lists that attackers try first"),
    ],
)
def test_a_refused_new_password_changes_nothing(desk: Desk, current: str, new: str, words: str) -> None:
    desk.sign_in()
    data = {"csrf_token": desk.token("/admin/password"), "current": current, "new": new}
    answer = desk.post("/admin/password", data=data)
    assert answer.status_code == 422 and words in answer.text
    assert desk.is_in() and desk.sign_out() and desk.sign_in().status_code == 302


def test_changing_a_password_needs_a_sign_in_and_the_forms_own_token(desk: Desk) -> None:
    assert desk.get("/admin/password").location == "/login?next=/admin/password"
    desk.sign_in()
    assert desk.post("/admin/password", data={"current": GOOD, "new": BETTER}).status_code == 400


@pytest.mark.parametrize("path", ["/callback", "/static/panel.css", "/privacy", "/callback/nonsense", "/nowhere"])
def test_a_visitors_page_never_sets_or_reads_the_cookie(desk: Desk, path: str) -> None:
    for is_signed_in in (False, True):
        if is_signed_in:
            desk.sign_in()
        with desk.get(path) as answer:
            assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")


def _in_the_middle(monkeypatch: pytest.MonkeyPatch, where: object, name: str, deed: Callable[[], object]) -> None:
    """Whatever ``name`` does, the deed is done just after it, once."""
    stock, todo = getattr(where, name), [deed]

    def slow(*args: Any, **more: Any) -> Any:
        answer = stock(*args, **more)
        if todo:
            todo.pop()()
        return answer

    monkeypatch.setattr(where, name, slow)


def test_a_sign_in_with_the_old_password_ends_when_it_is_changed_meanwhile(
    app: Flask, maria: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, desk, now = app.extensions["intake"], new_desk(app), datetime.now(UTC)
    themself = Actor(ActorKind.PERSON, maria)
    _in_the_middle(
        monkeypatch, passwords, "is_right",
        lambda: people.change_password(site, themself, current=GOOD, new=BETTER, now=now),
    )  # fmt: skip
    answer = desk.sign_in()
    assert (answer.status_code, desk.is_in()) == (422, False)
    assert desk.sign_in(BETTER).status_code == 302


def test_of_two_changes_with_the_same_old_password_only_the_first_stands(
    app: Flask, maria: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, now, themself = app.extensions["intake"], datetime.now(UTC), Actor(ActorKind.PERSON, maria)
    _in_the_middle(
        monkeypatch, passwords, "hashed",
        lambda: people.change_password(site, themself, current=GOOD, new=BETTER, now=now),
    )  # fmt: skip
    with pytest.raises(sign_in.NotMatchedError):
        people.change_password(site, themself, current=GOOD, new="kettle window seven", now=now)
    assert sign_in.check(site, EMAIL, BETTER, "10.0.0.1", now=now).user_id == maria


@pytest.mark.parametrize(("where", "name"), [(passwords, "is_right"), (sign_in_form, "find_person")])
def test_a_sign_in_during_which_the_person_is_disabled_stays_out_once_they_are_enabled_again(
    app: Flask, maria: int, monkeypatch: pytest.MonkeyPatch, where: object, name: str
) -> None:
    site, desk, now = app.extensions["intake"], new_desk(app), datetime.now(UTC)
    _in_the_middle(monkeypatch, where, name, lambda: people.disable(site, SYSTEM, maria, now=now))
    assert desk.sign_in().status_code == 422
    people.enable(site, SYSTEM, maria, now=now)
    assert not desk.is_in()
    assert count(SignIn, SignIn.user_id == maria, SignIn.ended_at.is_(None)) == 0
