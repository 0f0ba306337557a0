"""Who is on shift: seen above the queue, listed on a page of its own, and begun and ended from either."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from intake.database import writing
from intake.models.site import Site
from intake.rules.permissions import Role
from intake.services import accounts, claims, shifts
from tests.admin.desk import Desk, at, desk, words
from tests.admin.live import open_list
from tests.making import ask, person

SHIFT = "/admin/queue/shift"


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    return sqlite_app


def test_the_page_lists_who_is_there_since_when_with_what_they_hold(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    shifts.come(site, dev.actor, now=now - timedelta(hours=15, minutes=50))
    for _ in range(2):
        claims.claim(site, dev.actor, ask(site, now).reference, now=now)
    text = words(maria.text(SHIFT))
    assert "You are not on shift. You may take requests all the same." in text
    assert "Dev since Tue 8:10 pm ET 2 open requests of Dev" in text and "Maria since" not in text
    maria.post(SHIFT, do="begin")
    text = words(maria.text(SHIFT))
    assert "You are on shift since noon ET . It ends when you say so" in text and "at the latest Thu 4 am ET" in text
    assert "Maria (you) since noon ET no open request" in text
    with at(now + timedelta(minutes=10)):
        assert "Dev since" not in maria.text(SHIFT)


def test_where_nobody_is_on_shift_the_page_says_what_follows(maria: Desk) -> None:
    assert "Nobody is on shift No rule gives anything away" in words(maria.text(SHIFT))


def test_whoever_may_not_work_any_more_is_not_on_shift(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    shifts.come(site, dev.actor, now=now)
    with writing() as conn:
        accounts.set_roles(conn, dev.actor.person_id, (Role.AUDITOR,))
    assert "Nobody is on shift" in maria.text(SHIFT) and "On shift: nobody" in words(maria.text("/admin/queue/"))


def test_the_queue_names_a_few_and_a_page_that_stays_open_hears_of_it(maria: Desk, site: Site, now: datetime) -> None:
    page = open_list(maria)
    assert page.news()["counts"]["on_shift"] == "nobody"
    for name in ("Bea", "Cal", "Dov", "Eve"):
        shifts.come(site, person(site, name, now=now), now=now)
    assert page.news()["counts"]["on_shift"] == "Bea, Cal, Dov, 1 more"
    assert "On shift: Bea, Cal, Dov, 1 more" in words(maria.text("/admin/queue/"))


def test_a_shift_begun_above_the_queue_leads_back_to_the_same_place_in_it(maria: Desk) -> None:
    assert "Begin my shift" in maria.text("/admin/queue/?view=unclaimed")
    answer = maria.post(SHIFT, do="begin", **{"from": "queue"})
    assert answer.location == "/admin/queue/?view=unclaimed"
    assert "On shift: Maria" in words(maria.text(answer.location))
    assert maria.post(SHIFT, do="end").location == SHIFT


def test_an_administrator_finds_it_beside_the_people(app: Flask, now: datetime) -> None:
    assert f'href="{SHIFT}"' in desk(app, "Alex", "admin", now=now).text("/admin/people/")
