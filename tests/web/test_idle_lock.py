"""An idle session without JavaScript: locked, unlocked, signed out, and nothing that was typed is lost."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from intake.models import Note
from intake.rules.permissions import SYSTEM
from intake.services import people
from intake.services.idle_lock import TRIES
from tests.making import ask, count
from tests.points import point
from tests.web.signing_in import BETTER, GOOD, INSIDE, Desk, actions, make_maria, new_desk

NOON = datetime(2026, 11, 18, 17, tzinfo=UTC)
NOTE = "Her sister answers; ask for Ana & say <who>.\nBack at two."


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def maria(sqlite_app: Flask, clock: object) -> int:
    return make_maria(sqlite_app)


@pytest.fixture
def desk(sqlite_app: Flask, maria: int) -> Desk:
    """Maria, signed in."""
    one = new_desk(sqlite_app)
    one.sign_in()
    return one


def fields(page: str) -> dict[str, str]:
    """The hidden inputs of the page's first form."""
    form = page[page.index("<form") : page.index("</form>")]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def unlock(desk: Desk, page: str, password: str = GOOD) -> Any:
    """Type the password on the lock page that was answered."""
    return desk.post("/lock/open", data={**fields(page), "password": password})


def note_form(desk: Desk, app: Flask) -> tuple[str, dict[str, str]]:
    """The address of a request's note form, and the form filled in."""
    reference = ask(app.extensions["intake"], datetime.now(UTC)).reference
    token = desk.token(f"{INSIDE}{reference}")
    return f"{INSIDE}{reference}/note", {"csrf_token": token, "remark": NOTE}


@point(80)
def test_after_fifteen_minutes_every_page_is_blank_until_the_password(desk: Desk, clock: Any) -> None:
    clock.shift(timedelta(minutes=14))
    assert desk.get(f"{INSIDE}?view=mine").status_code == 200
    clock.shift(timedelta(minutes=15))
    for path in (f"{INSIDE}?view=mine", "/admin/", "/admin/password", "/admin/second-factor", "/admin/nowhere"):
        locked = desk.get(path)
        assert locked.status_code == 423 and "<h1" in locked.text, path
        assert "Maria" not in locked.text and "maria@" not in locked.text and "rail" not in locked.text
    assert fields(desk.get(f"{INSIDE}?view=mine").text)["next"] == f"{INSIDE}?view=mine"
    answer = unlock(desk, desk.get(f"{INSIDE}?view=mine").text)
    assert (answer.status_code, answer.location) == (303, f"{INSIDE}?view=mine")
    assert actions()[-1] == "person.unlocked"
    assert desk.get(f"{INSIDE}?view=mine").status_code == 200


def test_a_wrong_password_says_so_and_keeps_the_way_back(desk: Desk, clock: Any) -> None:
    clock.shift(timedelta(minutes=15))
    answer = unlock(desk, desk.get(f"{INSIDE}?view=mine").text, "wrong")
    assert answer.status_code == 422 and "This is not your password" in answer.text
    assert desk.get(INSIDE).status_code == 423
    assert unlock(desk, answer.text).location == f"{INSIDE}?view=mine"


def test_five_wrong_passwords_sign_out_and_the_sign_in_page_says_why(desk: Desk, clock: Any) -> None:
    clock.shift(timedelta(minutes=15))
    page = desk.get(f"{INSIDE}?view=mine").text
    answers = [unlock(desk, page, "wrong") for _ in range(TRIES)]
    assert [one.status_code for one in answers] == [422] * (TRIES - 1) + [303]
    assert answers[-1].location.startswith(f"/login?next={INSIDE}?view")
    assert "a wrong password was typed too often" in desk.get("/login").text
    assert unlock(desk, page).status_code == 303 and not desk.is_in()


def test_a_lock_is_the_rows_whatever_cookie_is_sent(sqlite_app: Flask, desk: Desk, clock: Any) -> None:
    """A copy from before the lock is locked as well, and unlocking one unlocks the one session there is."""
    copy = new_desk(sqlite_app)
    copy.set_cookie("session", desk.cookie())
    clock.shift(timedelta(minutes=15))
    assert copy.get(INSIDE).status_code == desk.get(INSIDE).status_code == 423
    unlock(desk, desk.get(INSIDE).text)
    assert copy.is_in()


@point(80)
def test_what_was_sent_to_a_locked_page_is_not_done_and_comes_back(sqlite_app: Flask, desk: Desk, clock: Any) -> None:
    path, typed = note_form(desk, sqlite_app)
    clock.shift(timedelta(minutes=20))
    locked = desk.post(path, data=typed)
    assert locked.status_code == 423 and "was not saved" in locked.text and count(Note) == 0
    assert "sister" not in locked.text, "whoever stands there reads nothing"
    wrong = unlock(desk, locked.text, "wrong")
    back = unlock(desk, wrong.text)
    assert back.status_code == 200 and count(Note) == 0, "nothing is sent before its person has looked"
    assert html.escape(NOTE) in back.text.replace("&#39;", "'")
    assert f'href="{path.removesuffix("/note")}"' in back.text
    assert desk.post(path, data=fields(back.text)).status_code == 303
    assert count(Note) == 1 and "Her sister answers" in desk.get(path.removesuffix("/note")).text


def test_passwords_sent_to_a_locked_page_are_not_kept(desk: Desk, clock: Any) -> None:
    typed = {"csrf_token": desk.token("/admin/password"), "current": GOOD, "new": BETTER}
    clock.shift(timedelta(minutes=20))
    locked = desk.post("/admin/password", data=typed)
    assert locked.status_code == 423 and "draft" not in {name for name, value in fields(locked.text).items() if value}
    back = unlock(desk, locked.text)
    assert (back.status_code, back.location) == (303, "/admin/password")
    for words in ({"remark": NOTE}, {}):
        clock.shift(timedelta(minutes=20))
        kept = unlock(desk, desk.post(f"{INSIDE}add", data={**typed, **words}).text).text
        assert GOOD not in kept and BETTER not in kept and ("sister" in kept) is bool(words)


@point(80)
def test_what_was_sent_after_the_session_ran_out_waits_until_its_person_signed_in_again(
    sqlite_app: Flask, desk: Desk, clock: Any
) -> None:
    path, typed = note_form(desk, sqlite_app)
    clock.shift(timedelta(minutes=61))
    kept = desk.post(path, data=typed)
    assert kept.status_code == 401 and "sister" not in kept.text and count(Note) == 0
    again = desk.post("/lock/kept", data=fields(kept.text))
    assert again.status_code == 401 and "not signed in yet" in again.text
    desk.sign_in()
    back = desk.post("/lock/kept", data=fields(again.text))
    assert "Her sister answers" in back.text
    assert desk.post(path, data=fields(back.text)).status_code == 303 and count(Note) == 1


def test_a_single_word_is_shown_again_too_and_no_code_beside_it(sqlite_app: Flask, desk: Desk, clock: Any) -> None:
    path, typed = note_form(desk, sqlite_app)
    clock.shift(timedelta(minutes=61))
    kept = desk.post(
        path, data={**{name: value.replace(NOTE, "Sister") for name, value in typed.items()}, "outcome": "no_answer"}
    )
    desk.sign_in()
    back = desk.post("/lock/kept", data=fields(kept.text)).text
    assert re.findall(r"<bdi>([^<]*)</bdi>", back) == ["Sister"] and 'value="no_answer"' in back


def test_what_somebody_typed_is_shown_to_nobody_else(sqlite_app: Flask, desk: Desk, clock: Any) -> None:
    path, typed = note_form(desk, sqlite_app)
    site, now = sqlite_app.extensions["intake"], datetime.now(UTC)
    people.create_user(site, email="dev@example.com", roles=("staff",), password=BETTER, now=now)
    clock.shift(timedelta(minutes=61))
    kept = desk.post(path, data=typed)
    desk.sign_in(BETTER, "dev@example.com")
    answer = desk.post("/lock/kept", data=fields(kept.text))
    assert (answer.status_code, answer.location) == (303, "/admin/")
    assert "belongs to somebody else" in desk.get(INSIDE).text


def test_a_lock_page_that_is_older_than_the_session_still_gives_the_words_back(
    sqlite_app: Flask, desk: Desk, clock: Any
) -> None:
    path, typed = note_form(desk, sqlite_app)
    clock.shift(timedelta(minutes=20))
    locked = desk.post(path, data=typed).text
    desk.sign_out()
    desk.sign_in()
    assert "Her sister answers" in unlock(desk, locked, "not even looked at").text


def test_a_forged_form_is_neither_done_nor_kept(sqlite_app: Flask, desk: Desk, clock: Any) -> None:
    path, typed = note_form(desk, sqlite_app)
    clock.shift(timedelta(minutes=20))
    answer = desk.post(path, data={**typed, "csrf_token": "x"})
    assert answer.status_code == 400 and "draft" not in answer.text


def test_unlocking_needs_the_forms_own_token(desk: Desk, clock: Any) -> None:
    clock.shift(timedelta(minutes=20))
    desk.post("/lock/open", data={"password": GOOD})
    assert desk.get(INSIDE).status_code == 423


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/callback", "/admin/\\evil", ""])
def test_unlocking_leads_into_the_panel_only(desk: Desk, clock: Any, target: str) -> None:
    clock.shift(timedelta(minutes=20))
    page = fields(desk.get(INSIDE).text)
    answer = desk.post("/lock/open", data={**page, "next": target, "password": GOOD})
    assert (answer.status_code, answer.location) == (303, "/admin/")


def test_a_locked_page_can_be_signed_out_of(sqlite_app: Flask, desk: Desk, clock: Any) -> None:
    copy = desk.cookie()
    clock.shift(timedelta(minutes=20))
    answer = desk.sign_out()
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"' and actions()[-1] == "person.signed_out"
    thief = new_desk(sqlite_app)
    thief.set_cookie("session", copy)
    assert thief.get(INSIDE).location.startswith("/login")


def test_what_a_page_may_ask_says_no_more_than_it_must(sqlite_app: Flask, desk: Desk, clock: Any) -> None:
    site = sqlite_app.extensions["intake"]
    ask(site, NOON)
    quiet = {"X-Background": "1"}
    clock.shift(timedelta(minutes=10))
    seen = desk.get("/lock", headers=quiet).json
    assert set(seen) == {"state", "who", "left", "token"} and (seen["state"], seen["left"]) == ("open", 300)
    clock.shift(timedelta(minutes=5))
    locked = {"state": "locked", "waiting": 1, "ring": 1}
    assert desk.get("/lock", headers=quiet).json == locked
    assert desk.get("/lock").json == locked, "asking does not unlock, by hand or not"
    ask(site, NOON, name="Bo")
    assert desk.get("/lock", headers=quiet).json == locked | {"waiting": 2, "ring": 2}
    clock.shift(timedelta(minutes=45))
    over = desk.get("/lock", headers=quiet)
    assert (over.status_code, over.json) == (401, {"state": "out"})


def test_somebody_who_types_tells_so_and_a_poll_does_not(desk: Desk, clock: Any) -> None:
    for _ in range(6):
        clock.shift(timedelta(minutes=10))
        assert desk.get("/lock").json["state"] == "open"
    clock.shift(timedelta(minutes=10))
    assert desk.get("/lock", headers={"X-Background": "1"}).json["left"] == 300
    clock.shift(timedelta(minutes=10))
    assert desk.get("/lock", headers={"X-Background": "1"}).json["state"] == "locked"


def test_a_script_unlocks_without_a_page(desk: Desk, clock: Any) -> None:
    clock.shift(timedelta(minutes=20))
    data, asks = fields(desk.get(INSIDE).text), {"Accept": "application/json"}
    wrong = desk.post("/lock/open", data={**data, "password": "wrong"}, headers=asks)
    assert (wrong.status_code, wrong.json) == (422, {"state": "locked", "error": "This is not your password"})
    assert desk.post("/lock/open", data={**data, "password": GOOD}, headers=asks).json["state"] == "open"
    assert desk.is_in()
    clock.shift(timedelta(minutes=61))
    late = desk.post("/lock/open", data={**data, "password": GOOD}, headers=asks)
    assert (late.status_code, late.json) == (401, {"state": "out"})


def _sign_out(_app: Flask, desk: Desk, _user_id: int) -> None:
    desk.sign_out()


def _change_password(_app: Flask, desk: Desk, _user_id: int) -> None:
    token = desk.token("/admin/password")
    desk.post("/admin/password", data={"csrf_token": token, "current": GOOD, "new": BETTER})


def _disable(app: Flask, _desk: Desk, user_id: int) -> None:
    people.disable(app.extensions["intake"], SYSTEM, user_id, now=datetime.now(UTC))


def _end_from_the_list(app: Flask, _desk: Desk, _user_id: int) -> None:
    other = new_desk(app)
    other.sign_in()
    other.post("/admin/account/sign-out-others", data={"csrf_token": other.token("/admin/account/")})


def _administrator(app: Flask, _desk: Desk, user_id: int) -> None:
    people.end_sign_ins(app.extensions["intake"], SYSTEM, user_id, now=datetime.now(UTC))


WAYS_TO_END = [_sign_out, _change_password, _disable, _end_from_the_list, _administrator]


@point(80)
@pytest.mark.parametrize("end", WAYS_TO_END)
def test_a_replayed_cookie_opens_nothing_after_the_session_ended(
    sqlite_app: Flask, desk: Desk, maria: int, end: Callable[[Flask, Desk, int], None]
) -> None:
    copy = desk.cookie()
    end(sqlite_app, desk, maria)
    assert_opens_nothing(sqlite_app, copy)


@point(80)
@pytest.mark.parametrize(("step", "times"), [(60, 1), (14, 52)])
def test_a_replayed_cookie_opens_nothing_after_the_session_ran_out(
    sqlite_app: Flask, desk: Desk, clock: Any, step: int, times: int
) -> None:
    """An hour idle; twelve hours in use."""
    copy = desk.cookie()
    for _ in range(times):
        desk.get("/lock")
        clock.shift(timedelta(minutes=step))
    assert_opens_nothing(sqlite_app, copy)
    assert actions()[-1] == "person.sign_in_ended"


def test_a_replayed_cookie_opens_nothing_after_too_many_wrong_passwords(
    sqlite_app: Flask, desk: Desk, clock: Any
) -> None:
    copy = desk.cookie()
    clock.shift(timedelta(minutes=20))
    for _ in range(TRIES):
        unlock(desk, desk.get(INSIDE).text, "wrong")
    assert_opens_nothing(sqlite_app, copy)


def assert_opens_nothing(app: Flask, cookie: str) -> None:
    thief = new_desk(app)
    thief.set_cookie("session", cookie)
    for path in (INSIDE, "/admin/account/", "/admin/password"):
        assert thief.get(path).location.startswith("/login"), path
    assert thief.get("/lock").json == {"state": "out"}


def test_signing_in_over_a_locked_session_ends_it(sqlite_app: Flask, desk: Desk, clock: Any) -> None:
    copy = desk.cookie()
    clock.shift(timedelta(minutes=20))
    desk.sign_in()
    assert desk.is_in()
    assert_opens_nothing(sqlite_app, copy)


def test_no_answer_of_the_panel_and_of_its_lock_is_stored(sqlite_app: Flask, clock: Any) -> None:
    site, desk = sqlite_app.extensions["intake"], new_desk(sqlite_app)
    people.create_user(site, email="all@example.com", roles=("admin", "auditor"), password=BETTER, now=NOON)
    desk.sign_in(BETTER, "all@example.com")
    reference = ask(site, NOON).reference
    paths = [rule.rule for rule in sqlite_app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    ours = [path for path in paths if path.startswith(("/admin", "/lock", "/log"))]
    ours = [path.replace("<reference>", reference).replace("<int:user_id>", "1") for path in ours]
    assert len(ours) > 10
    for _ in range(2):  # open, then locked
        assert {path for path in ours if desk.get(path).headers.getlist("Cache-Control") != ["no-store"]} == set()
        clock.shift(timedelta(minutes=20))
