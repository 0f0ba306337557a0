"""Sign-in through the front door: who gets in, who does not, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from intake.database import db, reading
from intake.models.site import Site
from intake.rules.permissions import SYSTEM
from intake.services import passwords, people, sign_in
from intake.web import security_mail
from tests.conftest import STOCK_HASHER, running_app
from tests.web.signing_in import BETTER, EMAIL, GOOD, INSIDE, TOKEN, Desk, actions, make_maria, new_desk


@pytest.fixture
def maria(app: Flask) -> int:
    return make_maria(app)


@pytest.fixture
def desk(app: Flask, maria: int) -> Desk:
    return new_desk(app)


def test_the_right_password_opens_the_panel(desk: Desk) -> None:
    answer = desk.sign_in()
    assert (answer.status_code, answer.location) == (302, "/admin/")
    assert desk.is_in()
    assert actions()[1] == "person.signed_in"


def test_nobody_is_in_without_signing_in(desk: Desk) -> None:
    answer = desk.get(INSIDE)
    assert answer.status_code == 302 and answer.location.startswith("/login?next=")


def test_somebody_with_two_roles_holds_the_rights_of_both(site: Site, desk: Desk) -> None:
    people.create_user(site, email="bo@example.com", roles=("auditor", "staff"), password=BETTER, now=datetime.now(UTC))
    desk.sign_in(BETTER, "bo@example.com")
    assert desk.is_in()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(desk: Desk) -> None:
    cookie = desk.sign_in().headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Expires" not in cookie and "Max-Age" not in cookie and "Domain" not in cookie


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong"), ("nobody@example.com", GOOD), ("off@example.com", GOOD), ("", ""), (EMAIL, "")],
)
def test_whatever_does_not_match_reads_alike(site: Site, desk: Desk, email: str, password: str) -> None:
    off = people.create_user(site, email="off@example.com", roles=("staff",), password=GOOD, now=datetime.now(UTC))
    people.disable(site, SYSTEM, off, now=datetime.now(UTC))
    known, other = desk.sign_in("another wrong one"), desk.sign_in(password, email)
    assert known.status_code == other.status_code == 422
    assert _without_values(known) == _without_values(other)
    assert "Email and password do not match" in other.text and not desk.is_in()
    assert "Forgotten your password? Ask an administrator" in other.text


def _without_values(answer: TestResponse) -> str:
    return re.sub(r'value="[^"]*"', "", answer.text)


def test_what_was_typed_as_password_is_never_sent_back(desk: Desk) -> None:
    answer = desk.sign_in("secret-but-wrong", '"><script>alert(1)</script>@x')
    assert "secret-but-wrong" not in answer.text and "<script>" not in answer.text


def _seconds_refused(site: Site, email: str, password: str) -> float:
    """Processor time of one refusal, which other programs on the machine do not disturb."""
    began = thread_time()
    with pytest.raises(sign_in.NotMatchedError):
        sign_in.check(site, email, password, "192.0.2.1", now=datetime.now(UTC))
    return thread_time() - began


def test_unknown_disabled_and_wrong_take_the_same_time(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    site, now = sqlite_app.extensions["intake"], datetime.now(UTC)
    monkeypatch.setattr(passwords, "_HASHER", STOCK_HASHER)  # what a password costs outside the tests
    monkeypatch.setattr(passwords, "_nobody", cache(passwords._nobody.__wrapped__))
    passwords.prepare()
    people.create_user(site, email=EMAIL, roles=("staff",), password=GOOD, now=now)
    off = people.create_user(site, email="off@example.com", roles=("staff",), password=GOOD, now=now)
    people.disable(site, SYSTEM, off, now=now)
    monkeypatch.setattr(sign_in, "TRIES", 10_000)
    monkeypatch.setattr(sign_in, "ATTACK", 10_000)
    cases = [(EMAIL, "wrong"), ("nobody@example.com", GOOD), ("off@example.com", GOOD)]
    quickest = [_seconds_refused(site, *case) for case in cases]
    for _ in range(30):
        if max(quickest) / min(quickest) < 1.10:
            break
        quickest = [min(known, _seconds_refused(site, *case)) for known, case in zip(quickest, cases, strict=True)]
    assert max(quickest) / min(quickest) < 1.10


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "wrong"), ("nobody@example.com", GOOD), ("off@example.com", GOOD)]
)
def test_each_refusal_asks_the_database_as_often(
    site: Site, desk: Desk, count_queries: Any, email: str, password: str
) -> None:
    off = people.create_user(site, email="off@example.com", roles=("staff",), password=GOOD, now=datetime.now(UTC))
    people.disable(site, SYSTEM, off, now=datetime.now(UTC))
    token = desk.token()
    count_queries()
    desk.post("/login", data={"email": email, "password": password, "csrf_token": token})
    assert count_queries() == 6


@pytest.mark.parametrize("token", ["", "x", "IjAi.Zz.Zz"])
def test_a_sign_in_from_somebody_elses_page_is_refused(desk: Desk, token: str) -> None:
    desk.get("/login")
    answer = desk.post("/login", data={"email": EMAIL, "password": GOOD, "csrf_token": token})
    assert answer.status_code == 400 and "Please sign in again" in answer.text
    assert not desk.is_in()


@pytest.mark.parametrize("target", ["/admin/queue/", "/admin/queue/K7M-4QX", "/admin/queue/?view=mine&m=ab-c_d"])
def test_sign_in_leads_to_the_page_that_was_asked_for(desk: Desk, target: str) -> None:
    assert desk.sign_in(next=target).location == target


ODD = [
    "//evil.example", "https://evil.example/admin/", "/\\evil.example", "/\t/evil.example", "/%09/evil.example",
    "/admin/\\evil", "/admin//evil.example", "/admin/../logout", "/admin/%2e%2e/", "/admin/\n", "/admin/\r\nX: y",
    "\\\\evil.example", "///evil.example/admin/", "javascript:alert(1)", "/admin/@evil.example", "http://[", "//[",
    "http:///admin/", " /admin/", "/admin", "/callback", "/admin/#x", "security.logout", "admin.index",
    "/admin/" + "a" * 600, "data:text/html,x", "/admin/\u202equeue", "/admin/\x00", "https:/admin/", "?next=/admin/",
    "/ADMIN/", "//admin/queue/",
]  # fmt: skip


def test_an_odd_target_leads_to_the_panels_start(desk: Desk) -> None:
    for target in ODD:
        page = desk.get("/login", query_string={"next": target})
        assert page.status_code == 200 and 'name="next"' not in page.text, target
        data = {"email": EMAIL, "password": GOOD, "csrf_token": desk.token(), "next": target}
        answer = desk.post("/login", query_string={"next": target}, data=data)
        assert (answer.status_code, answer.location) == (302, "/admin/"), target
        desk.sign_out()


def test_the_host_a_browser_claims_never_appears_in_a_redirect(desk: Desk) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = desk.get(INSIDE, headers=headers)
    assert "evil.example" not in answer.location
    assert "evil.example" not in desk.get("/login", headers=headers).text


def test_ten_tries_and_the_door_stays_shut_with_a_plain_word(desk: Desk) -> None:
    statuses = [desk.sign_in(f"wrong {number}").status_code for number in range(sign_in.TRIES + 1)]
    assert statuses == [422] * sign_in.TRIES + [429]
    answer = desk.sign_in()
    assert answer.status_code == 429 and "Too many tries. Please wait" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 900 and not desk.is_in()


def test_the_right_person_at_another_address_is_not_shut_out(app: Flask, desk: Desk) -> None:
    for number in range(sign_in.TRIES + 3):
        desk.sign_in(f"wrong {number}")
    other = new_desk(app)
    other.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    assert other.sign_in().status_code == 302


def test_a_made_up_forwarded_address_does_not_count_as_another(desk: Desk) -> None:
    for number in range(sign_in.TRIES):
        desk.sign_in(f"wrong {number}")
    token = desk.token()
    answer = desk.post(
        "/login",
        data={"email": EMAIL, "password": GOOD, "csrf_token": token},
        headers={"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"},
    )
    assert answer.status_code == 429


@pytest.mark.parametrize(
    "path",
    ["/register", "/reset", "/confirm", "/verify", "/change", "/tf-setup", "/us-signin", "/fs-static/js/base64.js"],
)
def test_what_is_not_offered_is_not_there(desk: Desk, path: str) -> None:
    assert desk.get(path).status_code == 404


def test_json_is_not_a_way_in(desk: Desk) -> None:
    token = desk.token()
    for path in ("/login", "/logout"):
        answer = desk.post(path, json={"email": EMAIL, "password": GOOD}, headers={"X-CSRFToken": token})
        assert answer.status_code == 415
    assert "csrf" not in desk.get("/login", headers={"Accept": "application/json"}).content_type
    assert desk.get(INSIDE, query_string={"auth_token": "x"}).status_code == 302


def test_without_its_database_sign_in_stays_shut_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_args: object, **_more: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(sign_in.throttle, "add", down)
    answer = desk.sign_in()
    assert answer.status_code == 503 and "does not work at the moment" in answer.text
    monkeypatch.undo()
    assert not desk.is_in()


def test_the_password_is_not_checked_inside_a_transaction(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    stock = passwords.is_right

    def watched(password: str, stored: str | None) -> bool:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return stock(password, stored)

    monkeypatch.setattr(passwords, "is_right", watched)
    desk.sign_in()
    assert held == [0]


def test_sign_in_pages_are_stored_by_nobody(desk: Desk) -> None:
    for path in ("/login", "/logout"):
        assert "no-store" in desk.get(path).headers["Cache-Control"]


def test_a_notice_of_flask_security_becomes_a_row_and_no_mail(app: Flask, desk: Desk, maria: int) -> None:
    class Person:
        id = maria

    security_mail.OutboxMail(app).send_mail("change_notice", "subject", EMAIL, "from", "body", "html", user=Person())
    with reading() as conn:
        rows = conn.execute(db.metadata.tables["outbox_message"].select()).mappings().all()
    assert [(row["kind"], row["recipient"]) for row in rows] == [("person.security", f"user:{maria}")]
    assert EMAIL not in str(rows)


@pytest.fixture
def production(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    more = {
        "INTAKE_ENV": "production",
        "MAIL_SERVER": "mail.example.com",
        "INTAKE_PUBLIC_URL": "https://intake.example.com",
        "INTAKE_PROVIDER_NAME": "Lakeside House",
        "INTAKE_PROVIDER_PHONE": "617-736-5000",
        "INTAKE_TEAM_EMAIL": "team@lakeside.example",
        "MAIL_DEFAULT_SENDER": "callback@lakeside.example",
        "INTAKE_REQUIRE_MFA": "off",
    }
    with running_app(sqlite_url, tmp_path, **more) as app:
        people.create_user(
            app.extensions["intake"], email=EMAIL, roles=("staff",), password=GOOD, now=datetime.now(UTC)
        )
        client = new_desk(app)
        client.environ_base["wsgi.url_scheme"] = "https"
        yield client


def test_in_production_the_cookie_is_bound_to_host_and_tls(production: Desk) -> None:
    cookie = production.get("/login", base_url="https://localhost").headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=") and "; Secure" in cookie and "Path=/" in cookie


def test_over_tls_a_form_works_from_a_page_that_sends_no_referer(production: Desk) -> None:
    page = production.get("/login", base_url="https://localhost")
    found = TOKEN.search(page.text)
    assert found
    data = {"email": EMAIL, "password": GOOD, "csrf_token": found[1]}
    assert production.post("/login", base_url="https://localhost", data=data).status_code == 302
    assert production.get(INSIDE, base_url="https://localhost").status_code == 200


@pytest.mark.parametrize("path", ["/login", "/logout", "/admin/queue/search", "/lock/open"])
def test_another_websites_form_signs_nobody_out(app: Flask, desk: Desk, path: str) -> None:
    desk.sign_in()
    stranger = app.test_client()  # the browser leaves our cookie at home and would keep the answer's
    answer = stranger.post(path, data={"email": EMAIL}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and "Set-Cookie" not in answer.headers
    assert desk.is_in()
