"""What an administrator sees of other people's second factors, and the button that takes one away."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries import second_factor as queries
from intake.services import one_time_codes, second_factor
from tests.admin.desk import Desk, at, desk, words
from tests.making import PASSWORD, newest_sign_in


@pytest.fixture
def site(sqlite_app: Flask) -> Site:
    return sqlite_app.extensions["intake"]


def set_up(site: Site, one: Desk, now: datetime) -> None:
    assert one.actor
    second_factor.propose(site, one.actor, password=PASSWORD, now=now)
    with reading() as conn:
        secret = second_factor.proposal_of(site, conn, one.actor.person_id, now=now) or ""
    code = one_time_codes.code_at(secret, one_time_codes.step_of(now))
    second_factor.confirm(site, one.actor, code, kept_id=newest_sign_in(one.actor.person_id), now=now)


def test_an_administrator_sees_who_has_one_and_takes_a_lost_one_away(
    sqlite_app: Flask, site: Site, now: datetime
) -> None:
    with at(now):
        alex, maria = desk(sqlite_app, "Alex", "admin", now=now), desk(sqlite_app, "Maria", now=now)
        assert maria.actor
        path = f"/admin/people/{maria.actor.person_id}"
        assert "Take the second factor away" not in alex.text(path) and "Second factor none" in words(alex.text(path))
        set_up(site, maria, now)
        assert "Second factor: On" in words(alex.text("/admin/people/"))
        assert "Second factor on since noon ET" in words(alex.text(path))
        wrong = alex.post(f"{path}/second-factor", password="guessed")
        assert wrong.status_code == 422 and "This is not your password" in wrong.text and "guessed" not in wrong.text
        answer = alex.post(f"{path}/second-factor", password=PASSWORD)
        page = words(alex.text(answer.location))
        assert answer.status_code == 303 and "is taken away" in page and "Second factor none" in page
        assert "took a person’s second factor away" in page
        with reading() as conn:
            assert queries.factor_of(conn, maria.actor.person_id) is None
        assert maria.get("/admin/queue/").status_code == 302
        again = alex.post(f"{path}/second-factor", password=PASSWORD)
        assert again.status_code == 422 and "no second factor to take away" in again.get_data(as_text=True)


def test_ones_own_is_not_taken_away_here(sqlite_app: Flask, site: Site, now: datetime) -> None:
    with at(now):
        alex = desk(sqlite_app, "Alex", "admin", now=now)
        set_up(site, alex, now)
        assert alex.actor
        path = f"/admin/people/{alex.actor.person_id}"
        assert "take it away" not in alex.text(path)
        refused = alex.post(f"{path}/second-factor")
        assert refused.status_code == 422 and "under your name" in refused.get_data(as_text=True)


def test_a_wrong_code_is_told_as_one_on_the_persons_page(sqlite_app: Flask, site: Site, now: datetime) -> None:
    with at(now):
        alex, maria = desk(sqlite_app, "Alex", "admin", now=now), desk(sqlite_app, "Maria", now=now)
        set_up(site, maria, now)
        other = Desk(sqlite_app, None)
        other.get("/login")
        assert other.post("/login", email="maria@example.com", password=PASSWORD).location == "/login/code"
        other.get("/login/code")
        assert other.post("/login/code", code="12345x").status_code == 422
        assert maria.actor
        assert "code from the app was wrong or used" in alex.text(f"/admin/people/{maria.actor.person_id}")
