"""The link in an invitation: opening it changes nothing, it works once, and what does not open reads alike."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from intake.database import reading
from intake.logs import OneLine
from intake.models import Base, OutboxMessage
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.services import inviting, people
from tests.admin.desk import at
from tests.making import PASSWORD, person
from tests.web.signing_in import BETTER, INSIDE, TOKEN, Desk, new_desk

EMAIL = "rose@example.com"


@pytest.fixture
def site(sqlite_app: Flask) -> Site:
    return sqlite_app.extensions["intake"]


@pytest.fixture
def boss(site: Site) -> Actor:
    return person(site, "Alex", "admin", now=datetime.now(UTC))


@pytest.fixture
def rose(site: Site, boss: Actor) -> int:
    return inviting.invite(site, boss, email=EMAIL, name="Rose", roles=("staff",), now=datetime.now(UTC))


@pytest.fixture
def desk(sqlite_app: Flask) -> Desk:
    return new_desk(sqlite_app)


def path(site: Site) -> str:
    with reading() as conn:
        o = OutboxMessage.__table__.c
        rows = conn.execute(select(o.details).where(o.kind == "person.invite").order_by(o.id.desc())).scalars()
        return site.invitation_link(rows.first()["invitation"]).removeprefix(site.public_url)  # type: ignore[index]


def choose(desk: Desk, link: str, password: str = BETTER) -> TestResponse:
    """Open the page and send its form; where there is none, with the token of another page."""
    found = TOKEN.search(desk.get(link).text)
    token = found[1] if found else desk.token("/login")
    return desk.post(link, data={"csrf_token": token, "new": password})


def everything() -> list[object]:
    with reading() as conn:
        tables = Base.metadata.sorted_tables
        return [tuple(row) for table in tables for row in conn.execute(select(table).order_by(*table.primary_key))]


def test_the_page_says_who_invites_whom_to_which_provider(site: Site, desk: Desk, rose: int) -> None:
    text = desk.get(path(site)).text
    assert f"Alex invites you, Rose, to work with the callback requests of {site.provider_name}." in text
    assert f'value="{EMAIL}"' in text and 'autocomplete="new-password"' in text and "12 to 128 characters" in text


def test_opening_the_link_changes_nothing(site: Site, desk: Desk, rose: int) -> None:
    before = everything()
    for _ in range(10):
        assert desk.get(path(site)).status_code == 200
        assert desk.head(path(site)).status_code == 200
    assert everything() == before


def test_a_chosen_password_leads_to_signing_in_and_says_so(site: Site, desk: Desk, rose: int) -> None:
    answer = choose(desk, path(site))
    assert (answer.status_code, answer.location) == (303, "/login")
    assert "Your password is set. Sign in with it now." in desk.get("/login").text
    assert "Your password is set" not in desk.get("/login").text
    assert desk.sign_in(BETTER, EMAIL).status_code == 302 and desk.is_in()


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "at least 12"),
        ("x" * 129, "at most 128"),
        ("Christopher1", "lists that attackers try first"),
        ("Password2026!", "Too easy"),
        ("rose@example", "Leave out"),
    ],
)
def test_a_weak_password_is_refused_beside_its_field(
    site: Site, desk: Desk, rose: int, password: str, said: str
) -> None:
    answer = choose(desk, path(site), password)
    assert answer.status_code == 422 and said in answer.text and 'aria-invalid="true"' in answer.text
    assert password not in answer.text.replace(EMAIL, "") and desk.get(path(site)).status_code == 200


def test_used_replaced_disabled_late_and_made_up_links_answer_alike(
    site: Site, desk: Desk, boss: Actor, rose: int
) -> None:
    now = datetime.now(UTC)
    replaced = path(site)
    inviting.send_link(site, boss, rose, now=now)
    used = path(site)
    choose(desk, used)
    desk.get("/login")  # where the sentence that it worked is shown
    inviting.send_link(site, boss, rose, now=now)
    disabled = path(site)
    people.disable(site, boss, rose, now=now)
    made_up = [
        f"/welcome/{'A' * 43}",
        f"/welcome/{used[-43:][::-1]}",
        "/welcome/x",
        f"{used}x",
        f"/welcome/{'x' * 2000}",
    ]
    answers = [desk.get(link) for link in (replaced, used, disabled, *made_up)]
    answers += [choose(desk, link) for link in (replaced, used, disabled, *made_up)]
    people.enable(site, boss, rose, now=now)
    inviting.send_link(site, boss, rose, now=now)
    late = path(site)
    with at(now + timedelta(hours=72, seconds=1)):
        answers.append(desk.get(late))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1
    assert "to send you a new link" in answers[0].text


def test_each_link_that_does_not_open_asks_the_database_as_often(app: Flask, count_queries: Callable[[], int]) -> None:
    site, now, desk = app.extensions["intake"], datetime.now(UTC), new_desk(app)
    boss = person(site, "Alex", "admin", now=now)
    rose = inviting.invite(site, boss, email=EMAIL, name="Rose", roles=("staff",), now=now)
    links = [path(site), "/welcome/x"]
    people.disable(site, boss, rose, now=now)
    count_queries()
    counted = []
    for link in links:
        desk.get(link)
        counted.append(count_queries())
    assert counted == [1, 1]


def test_a_link_opened_where_somebody_is_signed_in_does_nothing(
    site: Site, desk: Desk, sqlite_app: Flask, rose: int
) -> None:
    person(site, "Maria", now=datetime.now(UTC))
    desk.sign_in(PASSWORD, "maria@example.com")
    answer = desk.get(path(site))
    assert answer.status_code == 409 and "Maria is signed in with this browser" in answer.text
    token = desk.token("/logout")
    assert desk.post(path(site), data={"csrf_token": token, "new": BETTER}).status_code == 409
    assert new_desk(sqlite_app).get(path(site)).status_code == 200


def test_a_form_from_somebody_elses_page_sets_no_password(site: Site, desk: Desk, rose: int) -> None:
    desk.get(path(site))
    assert desk.post(path(site), data={"new": BETTER}).status_code == 400
    assert desk.get(path(site)).status_code == 200


def test_whoever_was_signed_in_with_the_old_password_is_out(
    site: Site, desk: Desk, sqlite_app: Flask, boss: Actor
) -> None:
    maria = person(site, "Maria", now=datetime.now(UTC))
    thief = new_desk(sqlite_app)
    thief.sign_in(PASSWORD, "maria@example.com")
    assert thief.is_in()
    inviting.send_link(site, boss, maria.person_id, now=datetime.now(UTC))
    choose(desk, path(site))
    assert thief.get(INSIDE).status_code == 302
    assert thief.sign_in(PASSWORD, "maria@example.com").status_code == 422


def test_no_line_of_the_log_holds_the_link(
    site: Site, desk: Desk, rose: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = path(site)
    caplog.set_level(logging.DEBUG)
    desk.get(link)
    choose(desk, link, "short")

    def broken(*_args: object, **_more: object) -> None:
        raise ValueError(link)

    monkeypatch.setattr(inviting, "choose_password", broken)
    desk.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert choose(desk, link).status_code == 500
    assert "welcome.choose" not in caplog.text and link[-43:] not in caplog.text
    assert OneLine("%(message)s").format(logging.makeLogRecord({"msg": f"Error handling request {link}?x=1"})) == (
        "Error handling request /welcome/…"
    )


def test_the_page_is_stored_by_nobody_and_tells_no_other_site_where_it_was(site: Site, desk: Desk, rose: int) -> None:
    headers = desk.get(path(site)).headers
    assert "no-store" in headers["Cache-Control"] and headers["Referrer-Policy"] == "no-referrer"
