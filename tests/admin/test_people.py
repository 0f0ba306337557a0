"""The page where accounts are looked after, pressed button by button."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, OutboxMessage, User
from intake.models.site import Site
from intake.queries import people as people_queries
from intake.services import claims, inviting, people
from tests.admin.desk import Desk, at, desk, words
from tests.making import ask, person, stored


@pytest.fixture
def site(sqlite_app: Flask) -> Site:
    return sqlite_app.extensions["intake"]


@pytest.fixture
def alex(sqlite_app: Flask, now: datetime) -> Desk:
    return desk(sqlite_app, "Alex", "admin", now=now)


@pytest.fixture
def maria(sqlite_app: Flask, now: datetime) -> Desk:
    return desk(sqlite_app, "Maria", now=now)


def id_of(one: Desk) -> int:
    assert one.actor is not None
    return one.actor.person_id


def roles_of(user_id: int) -> tuple[str, ...]:
    with reading() as conn:
        found = people_queries.by_id(conn, user_id)
    return found.roles if found else ()


def mark(html: str) -> str:
    return re.findall(r'name="mark" value="([^"]*)"', html)[0]


def row(html: str, name: str) -> str:
    """One line of the list, as it is read."""
    found = next(line for line in re.findall(r"<tr.*?</tr>", html, re.DOTALL) if f">{name}</bdi>" in line)
    return words(found)


def test_the_list_says_of_everybody_how_they_stand(alex: Desk, maria: Desk, site: Site, now: datetime) -> None:
    with at(now):
        inviting.invite(site, alex.actor, email="rose@example.com", name="Rose", roles=("manager",), now=now)  # type: ignore[arg-type]
        early = now - timedelta(hours=73)
        inviting.invite(site, alex.actor, email="tom@example.com", name="Tom", roles=("auditor",), now=early)  # type: ignore[arg-type]
        people.disable(site, alex.actor, person(site, "Dana", now=now).person_id, now=now)  # type: ignore[arg-type]
        html = alex.text("/admin/people/")
    assert "Manager" in row(html, "Rose") and "Invited, link works until Sat noon ET" in row(html, "Rose")
    assert "Auditor Invited, the link has run out Never signed in" in row(html, "Tom")
    assert "Disabled" in row(html, "Dana") and "Active" in row(html, "Maria")
    assert "(you)" in row(html, "Alex") and "1 live" in row(html, "Alex")


def test_a_person_is_invited_and_the_link_goes_out_by_mail(alex: Desk, sqlite_app: Flask) -> None:
    alex.get("/admin/people/")
    answer = alex.post("/admin/people/invite", name="Rose", email="rose@example.com", roles="staff")
    assert answer.status_code == 303 and "/admin/people/" in answer.location
    text = words(alex.text(answer.location))
    assert "Invited. The link goes out by mail and works for three days." in text and "Alex invited a person" in text
    with reading() as conn:
        o = OutboxMessage.__table__.c
        assert conn.execute(select(o.kind, o.recipient)).all() == [
            ("person.invite", f"user:{answer.location.split('/')[-1]}")
        ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "nobody", "name": "Rose", "roles": "staff"}, "Enter an email address"),
        ({"email": "rose@example.com", "name": " ", "roles": "staff"}, "Enter the name colleagues know them by"),
        ({"email": "rose@example.com", "name": "Rose"}, "Choose at least one role"),
        ({"email": "rose@example.com", "name": "Rose", "roles": "owner"}, "Choose at least one role"),
        ({"email": "ALEX@example.com", "name": "Rose", "roles": "staff"}, "has an account already"),
    ],
)
def test_a_wrong_invitation_says_what_to_do_and_keeps_what_was_typed(
    alex: Desk, fields: dict[str, str], said: str
) -> None:
    alex.get("/admin/people/")
    answer = alex.post("/admin/people/invite", **fields)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and html.count(said) == 2 and f'value="{fields["email"]}"' in html
    with reading() as conn:
        assert len(conn.execute(select(User.__table__.c.id)).all()) == 1


def test_everything_that_is_wrong_is_said_at_once(alex: Desk) -> None:
    alex.get("/admin/people/")
    html = alex.post("/admin/people/invite").get_data(as_text=True)
    for said in ("Enter the name colleagues", "Enter an email address", "Choose at least one role"):
        assert html.count(said) == 2


def test_new_roles_count_from_the_next_request_on(alex: Desk, maria: Desk) -> None:
    assert maria.get("/admin/people/").status_code == 403
    page = alex.text(f"/admin/people/{id_of(maria)}")
    answer = alex.post(f"/admin/people/{id_of(maria)}/change", name="Maria", roles="admin", mark=mark(page))
    assert answer.status_code == 303 and "from Intake staff to Administrator" in words(alex.text(answer.location))
    assert maria.get("/admin/people/").status_code == 200
    page = alex.text(f"/admin/people/{id_of(maria)}")
    alex.post(f"/admin/people/{id_of(maria)}/change", name="Maria", roles="auditor", mark=mark(page))
    assert maria.get("/admin/queue/").status_code == 403


def test_the_later_of_two_who_save_a_person_sees_both(
    alex: Desk, sqlite_app: Flask, maria: Desk, now: datetime
) -> None:
    sam, path = desk(sqlite_app, "Sam", "admin", now=now), f"/admin/people/{id_of(maria)}"
    old = mark(alex.text(path))
    sam.get(path)
    sam.post(f"{path}/change", name="Maria Alvarez", roles="manager", mark=old)
    answer = alex.post(f"{path}/change", name="Mary", roles="staff", mark=old)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "saved this person meanwhile: Maria Alvarez, Manager" in html
    assert 'value="Mary"' in html and roles_of(id_of(maria)) == ("manager",)
    assert alex.post(f"{path}/change", name="Mary", roles="staff", mark=mark(html)).status_code == 303
    assert roles_of(id_of(maria)) == ("staff",)


def test_before_somebody_is_disabled_the_page_says_what_comes_with_it(
    alex: Desk, maria: Desk, site: Site, now: datetime
) -> None:
    references = [ask(site, now).reference for _ in range(2)]
    for reference in references:
        claims.claim(site, maria.actor, reference, now=now)  # type: ignore[arg-type]
    path = f"/admin/people/{id_of(maria)}"
    text = words(alex.text(path))
    assert "2 open claims go back to the queue. 1 live sign-in ends." in text and "Yes, disable Maria" in text
    assert alex.post(f"{path}/disable").status_code == 303
    text = words(alex.text(path))
    assert "Disabled. 2 claims went back to the queue. 1 sign-in ended." in text and "Enable again" in text
    assert [stored(reference).assignee_id for reference in references] == [None, None]
    assert maria.get("/admin/queue/").status_code == 302
    told = words(alex.text(f"/admin/queue/{references[0]}"))
    assert "Alex released the request, because its owner’s access ended" in told
    assert alex.post(f"{path}/enable").status_code == 303
    assert maria.get("/admin/queue/").status_code == 302, "the old cookie stays worthless"


def test_one_is_told_why_one_cannot_put_oneself_out(alex: Desk, sqlite_app: Flask, now: datetime) -> None:
    path = f"/admin/people/{id_of(alex)}"
    text = words(alex.text(path))
    assert "You cannot disable yourself" in text and "Yes, disable" not in text
    answer = alex.post(f"{path}/disable")
    assert answer.status_code == 422 and "Another administrator can" in answer.get_data(as_text=True)
    answer = alex.post(f"{path}/change", name="Alex", roles="staff", mark=mark(alex.text(path)))
    assert answer.status_code == 422 and "take administration from yourself" in answer.get_data(as_text=True)
    assert roles_of(id_of(alex)) == ("admin",)


def test_a_new_link_is_sent_and_the_page_says_until_when_it_works(alex: Desk, maria: Desk) -> None:
    path = f"/admin/people/{id_of(maria)}"
    assert "Send a link for a new password" in alex.text(path)
    assert alex.post(f"{path}/link").status_code == 303
    assert "A link to choose a new password works until" in words(alex.text(path))
    alex.post(f"{path}/disable")
    answer = alex.post(f"{path}/link")
    assert answer.status_code == 422 and "Enable them first" in answer.get_data(as_text=True)


def test_all_sign_ins_of_a_person_are_ended(alex: Desk, maria: Desk) -> None:
    path = f"/admin/people/{id_of(maria)}"
    alex.get(path)
    assert alex.post(f"{path}/sign-out").status_code == 303
    text = words(alex.text(path))
    assert "Ended 1 sign-in. They can sign in again" in text and "End all sign-ins" not in text
    assert maria.get("/admin/queue/").status_code == 302
    maria.sign_in("maria@example.com")
    assert maria.get("/admin/queue/").status_code == 200


def test_the_page_of_a_person_shows_the_last_twenty_entries_about_them_only(
    alex: Desk, maria: Desk, site: Site, now: datetime
) -> None:
    person(site, "Dana", now=now)
    for number in range(25):
        people.change(site, alex.actor, id_of(maria), name=f"Maria {number}", roles=("staff",), now=now)  # type: ignore[arg-type]
    html = alex.text(f"/admin/people/{id_of(maria)}")
    assert html.count("changed a person’s name or roles") == 20 and "Maria 23 → Maria 24" in html
    text = words(alex.text(f"/admin/people/{id_of(alex)}"))
    assert "Alex signed in" in text and "changed a person" not in text


@pytest.mark.parametrize("tail", ["99", "2147483648", "9" * 30])
def test_nobody_is_at_an_id_that_is_nobodys(alex: Desk, tail: str) -> None:
    assert alex.get(f"/admin/people/{tail}").status_code == 404
    for verb in ("change", "disable", "enable", "link", "sign-out"):
        assert alex.post(f"/admin/people/{tail}/{verb}", name="x", roles="staff").status_code == 404


def test_a_thousand_people_come_fifty_at_a_time_and_cost_no_more_queries(
    app: Flask, now: datetime, count_queries: Callable[[], int]
) -> None:
    one = desk(app, "Alex", "admin", now=now)
    with app.extensions["sqlalchemy"].engine.begin() as conn:
        rows = [
            {"email": f"p{n}@example.com", "name": f"Person {n // 3:03}", "active": True, "created_at": now}
            | {"fs_uniquifier": str(n)}
            for n in range(1000)
        ]
        conn.execute(User.__table__.insert(), rows)
    path, seen, pages = "/admin/people/", [], 0
    while path:
        count_queries()
        html = one.text(path)
        assert count_queries() <= 5
        seen += re.findall(r'href="/admin/people/(\d+)"', html)
        found = re.search(r'href="(/admin/people/\?after=\d+)">Next 50', html)
        path, pages = found[1] if found else "", pages + 1
    assert pages == 21 and len(seen) == len(set(seen)) == 1001


def test_nothing_about_a_person_stands_in_the_record_but_ids(alex: Desk, sqlite_app: Flask) -> None:
    alex.get("/admin/people/")
    answer = alex.post("/admin/people/invite", name="Rose Fernandez", email="rose@example.com", roles="staff")
    alex.post(f"{answer.location}/change", name="Rosa Fernandez", roles="staff", mark=mark(alex.text(answer.location)))
    with reading() as conn:
        told = " ".join(str(row) for row in conn.execute(select(Audit.__table__.c.details)))
    assert "Ros" not in told and "Fernandez" not in told and "@" not in told
