"""The second step at the front door, and the pages where one's own second factor is set up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from intake.rules.permissions import SYSTEM
from intake.services import one_time_codes, people, second_factor, sign_in
from tests.conftest import running_app
from tests.web.signing_in import BETTER, EMAIL, GOOD, INSIDE, Desk, actions, make_maria, new_desk

PAGE, SET_UP = "/admin/second-factor", "/admin/second-factor/set-up"
CODE, RECOVERY = "/login/code", "/login/recovery-code"
START = datetime(2026, 11, 18, 15, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stands still at ten in the morning until it is moved."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


class Phone:
    """Maria's browser, and what her app and her printed sheet hold."""

    def __init__(self, app: Flask, desk: Desk) -> None:
        self.app, self.desk = app, desk
        self.secret, self.codes = "", [""]

    def set_up(self, password: str = GOOD) -> TestResponse:
        answer = ask(self.desk, PAGE, password=password, do="set-up")
        assert (answer.status_code, answer.location) == (303, SET_UP)
        found = re.search(r'key-text">([A-Z2-7 ]+)<', self.desk.get(SET_UP).text)
        assert found
        self.secret = found[1].replace(" ", "")
        shown = ask(self.desk, SET_UP, code=self.shows())
        self.codes = re.findall(r"<li>([0-9a-z]{5}-[0-9a-z]{5})</li>", shown.text)
        return shown

    def shows(self, steps: int = 0) -> str:
        return one_time_codes.code_at(self.secret, one_time_codes.step_of(datetime.now(UTC)) + steps)


def ask(desk: Desk, path: str, **fields: str) -> TestResponse:
    """Press a button of the page at this address, or of the page the panel shows instead."""
    token = desk.token(path)
    return desk.post(path, data={"csrf_token": token, **fields})


@pytest.fixture
def desk(sqlite_app: Flask) -> Desk:
    make_maria(sqlite_app)
    return new_desk(sqlite_app)


@pytest.fixture
def phone(clock: time_machine.Traveller, sqlite_app: Flask, desk: Desk) -> Phone:
    """Set up in one browser, which has signed out again; a minute later."""
    desk.sign_in()
    phone = Phone(sqlite_app, desk)
    phone.set_up()
    desk.sign_out()
    clock.shift(60)
    return phone


def test_setting_up_shows_a_picture_a_key_and_then_ten_codes_once(clock: object, sqlite_app: Flask, desk: Desk) -> None:
    desk.sign_in()
    phone = Phone(sqlite_app, desk)
    assert "Set it up" in desk.get(PAGE).text
    shown = phone.set_up()
    assert shown.status_code == 200 and "no-store" in shown.headers["Cache-Control"] and len(phone.codes) == 10
    state = desk.get(PAGE).text
    assert "10 recovery codes are left" in state and not any(code in state for code in phone.codes)
    assert desk.get(SET_UP).location == PAGE


def test_the_picture_needs_nothing_our_policy_forbids(clock: object, desk: Desk) -> None:
    desk.sign_in()
    ask(desk, PAGE, password=GOOD, do="set-up")
    page = desk.get(SET_UP).text
    picture = page[page.index("<svg") : page.index("</svg>")]
    assert "<title>QR code for your authenticator app</title>" in picture
    assert "style=" not in picture and "data:" not in page and "<script>" not in page
    assert re.search(r"[A-Z2-7]{4}( [A-Z2-7]{4}){7}<", page)


def test_the_key_is_shown_to_nobody_without_the_password_just_given(
    clock: time_machine.Traveller, sqlite_app: Flask, desk: Desk
) -> None:
    other = new_desk(sqlite_app)
    for one in (desk, other):
        one.sign_in()
    refused = ask(desk, PAGE, password="wrong", do="set-up")
    assert refused.status_code == 422 and "not your current password" in refused.text
    ask(desk, PAGE, password=GOOD, do="set-up")
    assert other.get(SET_UP).location == PAGE
    assert desk.get(SET_UP).status_code == 200
    clock.shift(timedelta(minutes=10))
    assert desk.get(SET_UP).location == PAGE
    assert ask(desk, PAGE, password=GOOD, do="nonsense").status_code == 303


def test_a_wrong_code_keeps_the_same_key_and_says_so(clock: object, desk: Desk) -> None:
    desk.sign_in()
    ask(desk, PAGE, password=GOOD, do="set-up")
    before, answer = desk.get(SET_UP).text, ask(desk, SET_UP, code="abc")
    key = re.compile(r'key-text">([A-Z2-7 ]+)<')
    assert answer.status_code == 422 and "does not match" in answer.text
    assert key.findall(before) == key.findall(answer.text)


def test_the_codes_are_saved_as_plain_text(phone: Phone) -> None:
    enter(phone)
    data = {"csrf_token": phone.desk.token(PAGE), "code": [*phone.codes, "<script>", "x" * 99]}
    answer = phone.desk.post(f"{PAGE}/recovery-codes.txt", data=data)
    assert answer.mimetype == "text/plain" and "attachment" in answer.headers["Content-Disposition"]
    assert re.findall(r"^[0-9a-z]{5}-[0-9a-z]{5}\r?$", answer.text, re.MULTILINE) != []
    assert all(code in answer.text for code in phone.codes) and "script" not in answer.text


def enter(phone: Phone, desk: Desk | None = None, **more: str) -> TestResponse:
    """Password, then the code."""
    desk = desk or phone.desk
    first = desk.sign_in(**more)
    assert (first.status_code, first.location) == (303, CODE)
    return ask(desk, CODE, code=phone.shows())


def test_after_the_password_a_code_is_asked_and_nothing_is_open_yet(phone: Phone) -> None:
    answer = phone.desk.sign_in()
    assert (answer.status_code, answer.location) == (303, CODE)
    assert not phone.desk.is_in() and phone.desk.get(PAGE).status_code == 302
    page = phone.desk.get(CODE).text
    assert 'autocomplete="one-time-code"' in page and 'inputmode="numeric"' in page and EMAIL in page
    assert "person.signed_in" not in actions()[-1:]


def test_the_right_code_opens_the_page_that_was_asked_for_in_a_new_session(phone: Phone) -> None:
    before = phone.desk.cookie()
    answer = enter(phone, next="/admin/queue/?view=mine")
    assert (answer.status_code, answer.location) == (303, "/admin/queue/?view=mine")
    assert phone.desk.is_in() and phone.desk.cookie() != before
    assert actions()[-2:] == ["person.signed_in", "queue.viewed"]


def test_a_code_may_be_typed_with_spaces_and_a_little_late(phone: Phone) -> None:
    phone.desk.sign_in()
    code = phone.shows(-1)
    assert ask(phone.desk, CODE, code=f" {code[:3]} {code[3:]} ").status_code == 303
    assert phone.desk.is_in()


def test_a_used_code_opens_no_second_browser(phone: Phone) -> None:
    enter(phone)
    other = new_desk(phone.app)
    other.sign_in()
    answer = ask(other, CODE, code=phone.shows())
    assert answer.status_code == 422 and "was used already" in answer.text and not other.is_in()


def test_the_cookie_from_between_the_steps_opens_nothing_afterwards(phone: Phone) -> None:
    phone.desk.sign_in()
    between = phone.desk.cookie()
    ask(phone.desk, CODE, code=phone.shows())
    thief = new_desk(phone.app)
    thief.set_cookie("session", between)
    assert not thief.is_in() and thief.get(CODE).location == "/login"


def test_without_the_password_there_is_no_second_step(phone: Phone) -> None:
    stranger = new_desk(phone.app)
    for path in (CODE, RECOVERY):
        assert stranger.get(path).location == "/login"
        token = stranger.token()
        assert stranger.post(path, data={"csrf_token": token, "code": phone.shows()}).location == "/login"
    assert "too long" in stranger.get("/login").text and not stranger.is_in()


def test_the_step_is_over_after_ten_minutes_and_when_the_password_changes(
    phone: Phone, clock: time_machine.Traveller
) -> None:
    phone.desk.sign_in()
    clock.shift(timedelta(minutes=10))
    assert phone.desk.get(CODE).location == "/login"
    inside, halfway = new_desk(phone.app), new_desk(phone.app)
    enter(phone, inside)
    halfway.sign_in()
    ask(inside, "/admin/password", current=GOOD, new=BETTER)
    assert halfway.get(CODE).location == "/login"


def test_wrong_codes_are_slowed_down_here_and_not_elsewhere(phone: Phone) -> None:
    phone.desk.sign_in()
    statuses = [ask(phone.desk, CODE, code="12345x").status_code for _ in range(sign_in.TRIES + 1)]
    assert statuses == [422] * sign_in.TRIES + [429]
    answer = ask(phone.desk, CODE, code=phone.shows())
    assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 900 and not phone.desk.is_in()
    elsewhere = new_desk(phone.app)
    elsewhere.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    assert enter(phone, elsewhere).status_code == 303 and elsewhere.is_in()


def test_a_recovery_code_opens_once_and_the_page_says_how_many_are_left(phone: Phone) -> None:
    phone.desk.sign_in()
    assert "recovery code" in phone.desk.get(CODE).text
    answer = ask(phone.desk, RECOVERY, code=phone.codes[3].upper().replace("-", " "))
    assert answer.status_code == 303
    assert "9 recovery codes are left" in phone.desk.get(INSIDE).text
    phone.desk.sign_out()
    phone.desk.sign_in()
    again = ask(phone.desk, RECOVERY, code=phone.codes[3])
    assert again.status_code == 422 and not phone.desk.is_in()


def test_new_codes_and_turning_off_ask_for_the_password(phone: Phone) -> None:
    enter(phone)
    for wanted in ("codes", "off"):
        assert ask(phone.desk, PAGE, password="wrong", do=wanted).status_code == 422
    fresh = ask(phone.desk, PAGE, password=GOOD, do="codes")
    assert fresh.status_code == 200 and phone.codes[0] not in fresh.text
    assert ask(phone.desk, PAGE, password=GOOD, do="off").status_code == 303
    assert "password alone" in phone.desk.get(PAGE).text
    phone.desk.sign_out()
    assert phone.desk.sign_in().location == "/admin/" and phone.desk.is_in()


def test_a_code_sent_from_somebody_elses_page_is_refused(phone: Phone) -> None:
    phone.desk.sign_in()
    assert phone.desk.post(CODE, data={"code": phone.shows()}).location == "/login"
    assert not phone.desk.is_in()


def test_an_account_with_a_second_factor_looks_like_any_other_until_its_password_is_right(phone: Phone) -> None:
    known, unknown = phone.desk.sign_in("wrong"), phone.desk.sign_in("wrong", "nobody@example.com")
    strip = re.compile(r'value="[^"]*"')
    assert known.status_code == unknown.status_code == 422
    assert strip.sub("", known.text) == strip.sub("", unknown.text)


@pytest.fixture
def strict(clock: object, sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An installation where everybody needs a second factor."""
    with running_app(sqlite_url, tmp_path, INTAKE_REQUIRE_MFA="on") as app:
        yield app


FIRST = {PAGE, SET_UP, f"{PAGE}/recovery-codes.txt", "/admin/password"}


def test_where_it_is_needed_nothing_else_opens_before_it_is_set_up(strict: Flask) -> None:
    people.create_user(
        strict.extensions["intake"], email=EMAIL, name="Maria", roles=("staff", "manager", "admin", "auditor"),
        password=GOOD, now=datetime.now(UTC),
    )  # fmt: skip
    desk = new_desk(strict)
    desk.sign_in()
    token, reached = desk.token(PAGE), set()
    for rule in strict.url_map.iter_rules():
        if not rule.rule.startswith("/admin"):
            continue
        path = re.sub(r"<int:[^>]+>", "1", rule.rule)
        path = re.sub(r"<[^>]+>", "K7M-4QX", path)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = desk.open(path, method=method, data={"csrf_token": token})
            if (answer.status_code, answer.location) != (303, PAGE):
                reached.add(path)
    assert reached <= FIRST and "/admin/password" in reached
    assert desk.get("/admin/nowhere").location == PAGE
    assert desk.get("/logout").status_code == 200


def test_where_it_is_needed_work_begins_once_it_is_set_up_and_it_cannot_be_turned_off(strict: Flask) -> None:
    make_maria(strict)
    desk = new_desk(strict)
    desk.sign_in()
    assert desk.get(INSIDE).location == PAGE and "Everybody here" in desk.get(PAGE).text
    Phone(strict, desk).set_up()
    assert desk.is_in()
    refused = ask(desk, PAGE, password=GOOD, do="off")
    assert refused.status_code == 422 and "cannot be turned off" in refused.text
    assert "Turn it off" not in refused.text


def test_after_a_reset_the_next_sign_in_leads_to_setting_up_again(strict: Flask, clock: time_machine.Traveller) -> None:
    site, user_id = strict.extensions["intake"], make_maria(strict)
    desk = new_desk(strict)
    desk.sign_in()
    Phone(strict, desk).set_up()
    second_factor.reset(site, SYSTEM, user_id, now=datetime.now(UTC))
    assert desk.get(INSIDE).location.startswith("/login")
    assert desk.sign_in().location == "/admin/" and desk.get(INSIDE).location == PAGE


def test_reset_mfa_from_a_shell_says_what_it_did(phone: Phone) -> None:
    def run(email: str) -> tuple[int, str]:
        done = phone.app.test_cli_runner().invoke(args=["intake", "reset-mfa", email])
        return done.exit_code, done.output

    assert run("nobody@example.com") == (1, "Error: Nobody here has the email nobody@example.com.\n")
    code, words = run(EMAIL.upper())
    assert code == 0 and "password alone" in words
    assert run(EMAIL) == (1, f"Error: {EMAIL} has no second factor.\n")
    assert phone.desk.sign_in().location == "/admin/"
