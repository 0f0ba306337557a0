"""One's own account: who one is, where one is signed in, and ending a session that is open elsewhere."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.models import SignIn
from intake.queries import people as people_queries
from intake.services import people, shifts
from tests.admin.desk import Desk, at, words
from tests.making import PASSWORD, person
from tests.web.signing_in import actions

pytestmark = pytest.mark.words

_CHOICE = re.compile(r'name="sign_in" value="(\d+)"')


IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
    "Mobile/15E148 Safari/604.1"
)


def another(app: Flask, one: Desk, user_agent: str = IPHONE) -> Desk:
    """The same person in one more browser."""
    more = Desk(app, None)
    more.client.environ_base["HTTP_USER_AGENT"] = user_agent
    more.actor = one.actor
    more.sign_in(f"{one.actor.name.lower()}@example.com")  # type: ignore[union-attr]
    return more


def test_the_page_says_who_one_is_and_what_one_may_do(sqlite_app: Flask, now: datetime) -> None:
    grace = Desk(sqlite_app, person(sqlite_app.extensions["intake"], "Grace", "manager", "auditor", now=now))
    said = words(grace.text("/admin/account/"))
    assert "Grace" in said and "grace@example.com" in said
    assert "Manager" in said and "Auditor" in said and "Reads the record" in said and "Administrator" not in said
    assert "Second factor none" in said


def test_the_page_costs_four_queries(maria: Desk, count_queries: Any) -> None:
    count_queries()
    maria.text("/admin/account/")
    assert count_queries() == 4


def test_live_sign_ins_are_listed_with_this_one_marked(app: Flask, maria: Desk, now: datetime) -> None:
    another(app, maria)
    with at(now + timedelta(minutes=10)):
        page = maria.text("/admin/account/")
    assert len(_CHOICE.findall(page)) == 1, "this browser has a button of its own"
    said = words(page)
    assert said.index("This browser · Another program") < said.index("Safari on iPhone signed in")
    assert "Sign out there (Safari on iPhone, signed in noon ET)" in said
    assert "signed in noon ET · last used 12:10 pm ET" in said


def test_of_what_a_browser_says_only_a_label_is_kept(app: Flask, maria: Desk) -> None:
    another(app, maria, IPHONE.replace("Version/26.0", "Version/26.0 </script><b>NameOfHerPhone</b>"))
    with reading() as conn:
        rows = conn.execute(select(SignIn.__table__).order_by(SignIn.__table__.c.id)).all()
    assert [row.browser for row in rows] == ["", "Safari/iPhone"]
    assert "26.0" not in str(rows) and "NameOfHerPhone" not in str(rows) + maria.text("/admin/account/")


def test_a_session_from_before_there_were_labels_is_listed_as_before(app: Flask, maria: Desk) -> None:
    another(app, maria)
    with writing() as conn:
        conn.execute(update(SignIn).values(browser=None))
    said = words(maria.text("/admin/account/"))
    assert "This browser signed in" in said and "Another browser signed in" in said


def test_a_session_ended_from_the_list_is_over_and_its_cookie_opens_nothing(
    app: Flask, maria: Desk, now: datetime
) -> None:
    lost = another(app, maria)
    chosen = _CHOICE.findall(maria.text("/admin/account/"))
    answer = maria.post("/admin/account/sign-out", sign_in=chosen[0])
    assert answer.status_code == 303 and "Signed out there" in maria.text("/admin/account/")
    assert lost.get("/admin/queue/").location.startswith("/login")
    assert actions()[-1] == "person.own_sign_ins_ended"
    assert maria.get("/admin/queue/").status_code == 200
    maria.post("/admin/account/sign-out", sign_in=chosen[0])
    assert "was over already" in maria.text("/admin/account/")
    assert actions().count("person.own_sign_ins_ended") == 1


def test_all_others_end_at_once_and_this_one_goes_on(app: Flask, maria: Desk) -> None:
    others = [another(app, maria) for _ in range(2)]
    maria.get("/admin/account/")
    maria.post("/admin/account/sign-out-others")
    assert "Signed out in 2 other browsers" in maria.text("/admin/account/")
    assert all(one.get("/admin/queue/").location.startswith("/login") for one in others)
    maria.post("/admin/account/sign-out-others")
    assert "signed in nowhere else" in maria.text("/admin/account/")


def test_nobody_ends_a_session_of_somebody_else_from_here(maria: Desk, dev: Desk) -> None:
    theirs = own_number(dev)
    maria.get("/admin/account/")
    for chosen in (theirs, "", "x", "9" * 30, "-1"):
        assert maria.post("/admin/account/sign-out", sign_in=chosen).status_code == 303
    assert dev.get("/admin/queue/").status_code == 200


def own_number(one: Desk) -> str:
    """The number of one's own session, as a second browser of the same person sees it."""
    return _CHOICE.findall(another(one.client.application, one).text("/admin/account/"))[0]


def test_this_browser_is_signed_out_by_its_own_button(app: Flask, maria: Desk) -> None:
    own = _CHOICE.findall(another(app, maria).text("/admin/account/"))[0]
    assert maria.post("/admin/account/sign-out", sign_in=own).location == "/logout"
    assert maria.get("/admin/queue/").status_code == 200


def test_changing_the_password_leads_back_here(maria: Desk) -> None:
    assert "/admin/password" in maria.text("/admin/account/")
    maria.get("/admin/password")
    answer = maria.post("/admin/password", current=PASSWORD, new="kettle window seven")
    assert (answer.status_code, answer.location) == (303, "/admin/account/")
    assert "Your password is changed" in maria.text("/admin/account/")


def test_somebody_disabled_sees_no_account(site: Any, maria: Desk, now: datetime) -> None:
    boss = person(site, "Boss", "admin", now=now)
    people.disable(site, boss, maria.actor.person_id, now=now)  # type: ignore[union-attr]
    assert maria.get("/admin/account/").location.startswith("/login")


def test_a_shift_begins_and_ends_by_a_button_and_with_signing_out(sqlite_app: Flask, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]
    with at(now):
        grace = Desk(sqlite_app, person(site, "Grace", "manager", now=now))
        assert "Begin my shift" in grace.text("/admin/account/") and not there(now)
        grace.post("/admin/queue/shift", do="begin")
        assert "End my shift" in grace.text("/admin/account/") and there(now) == ["Grace"]
        grace.post("/admin/queue/shift", do="end")
        assert "Begin my shift" in grace.text("/admin/account/") and not there(now)
        grace.post("/admin/queue/shift", do="begin")
        grace.get("/admin/account/")
        grace.post("/logout")
    assert not there(now)
    assert [act for act in actions() if "shift" in act] == ["person.shift_began", "person.shift_ended"] * 2


def test_a_shift_nobody_ended_is_over_after_sixteen_hours_and_can_begin_again(sqlite_app: Flask, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]
    maria, later = person(site, "Maria", now=now), now + timedelta(hours=16)
    assert shifts.come(site, maria, now=now) and not shifts.come(site, maria, now=now)
    assert there(later - timedelta(seconds=1)) == ["Maria"] and not there(later)
    assert not shifts.leave(site, maria, now=later) and shifts.come(site, maria, now=later)
    assert there(later) == ["Maria"]


def there(now: datetime) -> list[str]:
    with reading() as conn:
        return [one.name for one in people_queries.on_shift(conn, now)]
