"""Sending the form: what is stored, what is asked again, and that nothing is lost or doubled."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from intake.rules.workflow import ForWhom, Status, Voicemail
from intake.web.tokens import FormTokens
from tests.points import point
from tests.web.visiting import ANA, ask, open_form, send, stored, token_in, words

EMOJI_FAMILY = "\U0001f469\u200d\U0001f467"


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


def filling_in_time(clock: time_machine.Coordinates) -> None:
    """A person takes a while."""
    clock.shift(timedelta(seconds=30))


def test_a_good_form_is_stored_and_leads_to_its_page(app: Flask, clock: time_machine.Coordinates) -> None:
    client = app.test_client()
    token = open_form(client, "?source=k3&page=/help")
    filling_in_time(clock)
    response = send(client, token, email="ana@example.com", message="Ring twice", for_whom="other", source="k3",
                    page="/help", voicemail="say_who")  # fmt: skip
    assert response.status_code == 303
    assert re.fullmatch(r"/callback/[A-Za-z0-9_-]{43}", response.headers["Location"])
    assert "Set-Cookie" not in response.headers
    (row,) = stored(app)
    assert (row["name"], row["phone"], row["phone_typed"]) == ("Ana", "+12127360182", "(212) 736-0182")
    assert (row["email"], row["message"], row["source"], row["source_path"]) == (
        "ana@example.com",
        "Ring twice",
        "k3",
        "/help",
    )
    assert (row["status"], row["for_whom"], row["voicemail"]) == (Status.NEW, ForWhom.OTHER, Voicemail.SAY_WHO)
    assert not row["is_marked"]


SPELLINGS = {
    "212.736.0182": "+12127360182",
    "212-736-0182": "+12127360182",
    "212\u2013736\u20130182": "+12127360182",
    "(212) 736-0182": "+12127360182",
    "+1 212 736 0182": "+12127360182",
    "1-212-736-0182": "+12127360182",
    "212 736 0182 ext 5": "+12127360182",
    "\uff12\uff11\uff12 \uff17\uff13\uff16 \uff10\uff11\uff18\uff12": "+12127360182",
    "\u200e212 736 0182": "+12127360182",
    "tel:+12127360182": "+12127360182",
    "1-800-662-4357": "+18006624357",
    "+52 55 5123 4567": "+525551234567",
    "011 52 55 5123 4567": "+525551234567",
    "  212   736   0182  ": "+12127360182",
}


@point(11)
def test_phone_numbers_are_read_in_every_usual_spelling(visitor: FlaskClient, sqlite_app: Flask) -> None:
    for typed in SPELLINGS:
        ask(visitor, phone=typed)
    rows = stored(sqlite_app)
    assert [row["phone"].partition(";")[0] for row in rows] == list(SPELLINGS.values())
    assert rows[2]["phone_typed"] == "212\u2013736\u20130182"


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"name": ""}, "Enter the name we should ask for"),
        ({"name": "\u200b\u202e \u0000"}, "Enter the name we should ask for"),
        ({"name": "x" * 101}, "Name must be 100 characters or fewer"),
        ({"phone": ""}, "Enter a phone number"),
        ({"phone": "736-5000"}, "Phone number must include the area code"),
        ({"phone": "123-456-7890"}, "Enter a phone number, like 212 555 0182"),
        ({"phone": "212 736 0182 or 212 736 0183"}, "Enter one phone number"),
        ({"phone": "2" * 500}, "Enter a phone number, like 212 555 0182"),
        ({"email": "ana.lopez@"}, "Enter an email address, like name@example.com"),
        ({"email": "a@b@c.com"}, "Enter an email address, like name@example.com"),
        ({"email": "ana@example.com\r\nBcc: x@example.com"}, "Enter an email address, like name@example.com"),
        ({"email": "a" * 250 + "@example.com"}, "Enter an email address, like name@example.com"),
        ({"message": "x" * 501}, "Note must be 500 characters or fewer"),
        ({"preferred_time": "20200101T1200Z-20200101T1400Z"}, "Choose another time, that one has passed"),
        ({"preferred_time": "whenever"}, "Choose one of the times below"),
        ({"preferred_time": "other"}, "Enter when is a good time to call"),
        ({"preferred_time": "other", "preferred_time_note": "x" * 201}, "Time must be 200 characters or fewer"),
    ],
)
@point(12, 24)
def test_a_mistake_has_its_own_words_twice_and_nothing_is_stored(
    visitor: FlaskClient, sqlite_app: Flask, answers: dict[str, str], message: str
) -> None:
    response = send(visitor, **answers)
    assert response.status_code == 422
    assert "<title>Error: Request a callback" in response.text
    said = words(response.text)
    assert "There is a problem" in said
    assert said.count(message) == 2
    assert f"Error: {message}" in said
    (name,) = re.findall(r'<li><a href="#(\w+)">', response.text)
    assert f'id="{name}"' in response.text and f'id="{name}-error"' in response.text
    assert not re.search(r"\b(valid|invalid|please(?! do not)|sorry|oops|required)\b", said, re.IGNORECASE)
    assert stored(sqlite_app) == []


@point(22, 23)
def test_every_answer_good_or_bad_comes_back_and_errors_are_tied_to_their_field(visitor: FlaskClient) -> None:
    page = send(
        visitor, name="José <b>", phone="736-5000", email="ana@", message="Line one\nline two", for_whom="client",
        voicemail="number_only", preferred_time="other", preferred_time_note="evenings",
    ).text  # fmt: skip
    assert 'value="José &lt;b&gt;"' in page
    assert 'value="736-5000" aria-describedby="phone-hint phone-error" aria-invalid="true"' in page
    assert 'value="ana@"' in page and 'value="evenings"' in page and ">\nLine one\nline two</textarea>" in page
    for name, value in (("for_whom", "client"), ("voicemail", "number_only"), ("preferred_time", "other")):
        assert f'name="{name}" value="{value}" checked' in page


def test_a_corrected_form_keeps_its_token_and_becomes_one_request(visitor: FlaskClient, sqlite_app: Flask) -> None:
    token = open_form(visitor)
    page = send(visitor, token, phone="").text
    assert token_in(page) == token
    assert send(visitor, token).status_code == 303
    assert len(stored(sqlite_app)) == 1


@pytest.mark.parametrize("number", ["911", "988", " 9-1-1 ", "112"])
@point(12)
def test_a_crisis_number_brings_help_not_an_error(visitor: FlaskClient, sqlite_app: Flask, number: str) -> None:
    response = send(visitor, phone=number)
    assert response.status_code == 422
    assert "<title>Request a callback" in response.text
    assert "Do you need help right now?" in response.text
    assert response.text.index('href="tel:911"') < response.text.index("<h1")
    assert "There is a problem" not in response.text and "aria-invalid" not in response.text
    assert stored(sqlite_app) == []


@pytest.mark.parametrize(
    "name",
    [
        "Zoë",
        "O’Neill",
        "D'Angelo",
        "Q",
        "محمد علي",
        "שרה",
        "李小龙",
        f"Kim {EMOJI_FAMILY}",
        "می\u200cخواهم",
        "=SUM(A1)",
        "<b>&amp;",
    ],
)
@point(13)
def test_names_of_every_kind_are_kept_and_shown_unchanged(visitor: FlaskClient, sqlite_app: Flask, name: str) -> None:
    page = visitor.get(ask(visitor, name=name)).text
    assert stored(sqlite_app)[0]["name"] == name
    assert f"We call {name} at" in words(page)
    assert "<b><b>" not in page


def test_what_nobody_can_see_is_taken_out(visitor: FlaskClient, sqlite_app: Flask) -> None:
    ask(visitor, name="A\u202en\u0000a\ufffe\x9b\u200b", message="a\x1b[31m\r\n\r\n\r\n\r\nb\ufdd0")
    row = stored(sqlite_app)[0]
    assert (row["name"], row["message"]) == ("Ana", "a[31m\n\nb")


@point(14)
def test_the_same_form_sent_twice_is_one_request_and_one_page(app: Flask) -> None:
    client = app.test_client()
    token = open_form(client)
    first, second = send(client, token), send(client, token)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(stored(app)) == 1


@point(14)
def test_ten_sends_at_once_are_one_request(app: Flask) -> None:
    token = open_form(app.test_client())
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: send(app.test_client(), token), range(10)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(stored(app)) == 1


def test_the_same_form_with_other_answers_is_a_second_request(visitor: FlaskClient, sqlite_app: Flask) -> None:
    token = open_form(visitor)
    first, second = send(visitor, token), send(visitor, token, name="Ben")
    assert first.headers["Location"] != second.headers["Location"]
    assert len(stored(sqlite_app)) == 2


@pytest.mark.parametrize("token", ["", "nonsense", "a~b.c", "x" * 10_000])
@point(15)
def test_a_form_without_a_good_token_comes_back_with_the_answers_and_a_new_token(
    visitor: FlaskClient, sqlite_app: Flask, token: str
) -> None:
    response = send(visitor, token, name="Zoë")
    assert response.status_code == 422
    said = words(response.text)
    assert "This page was open for a long time" in said
    assert "Your answers are still here. Send it again." in said
    assert 'value="Zoë"' in response.text
    assert stored(sqlite_app) == []
    assert send(visitor, token_in(response.text), name="Zoë").status_code == 303


@point(15)
def test_a_form_may_lie_open_for_a_day_and_no_longer(
    visitor: FlaskClient, sqlite_app: Flask, clock: time_machine.Coordinates
) -> None:
    token = open_form(visitor)
    clock.shift(timedelta(hours=24))
    assert send(visitor, token).status_code == 303
    other = open_form(visitor)
    clock.shift(timedelta(hours=24, seconds=1))
    page = send(visitor, other)
    assert page.status_code == 422
    assert token_in(page.text) != other


def test_a_replay_finds_its_page_however_old_the_form_is(
    visitor: FlaskClient, sqlite_app: Flask, clock: time_machine.Coordinates
) -> None:
    window = re.findall(r'value="([0-9TZ-]{29,})"', visitor.get("/callback").text)[0]
    token = open_form(visitor)
    first = send(visitor, token, preferred_time=window)
    clock.shift(timedelta(days=3))
    again = send(visitor, token, preferred_time=window)
    assert again.status_code == 303
    assert again.headers["Location"] == first.headers["Location"]
    assert len(stored(sqlite_app)) == 1


def test_a_chosen_window_is_stored_and_one_that_passed_meanwhile_is_said_to_have_passed(
    visitor: FlaskClient, sqlite_app: Flask, clock: time_machine.Coordinates
) -> None:
    page = visitor.get("/callback").text
    window = re.findall(r'value="([0-9]{8}T[0-9]{4}Z-[0-9TZ]+)"', page)[0]
    ask(visitor, preferred_time=window)
    assert stored(sqlite_app)[0]["status"] == Status.SCHEDULED
    assert stored(sqlite_app)[0]["window_from"] > datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
    clock.shift(timedelta(hours=5))
    late = send(visitor, token_in(page), name="Ben", preferred_time=window)
    assert "Choose another time, that one has passed" in late.text


def test_another_time_is_kept_in_the_visitors_words(visitor: FlaskClient, sqlite_app: Flask) -> None:
    ask(visitor, preferred_time="other", preferred_time_note="evenings, not Friday")
    row = stored(sqlite_app)[0]
    assert (row["is_free_time"], row["preferred_note"]) == (True, "evenings, not Friday")


def test_choices_nobody_offered_fall_back_to_the_safe_ones(visitor: FlaskClient, sqlite_app: Flask) -> None:
    ask(visitor, voicemail="shout", for_whom="everyone")
    row = stored(sqlite_app)[0]
    assert (row["voicemail"], row["for_whom"]) == (Voicemail.NONE, None)


@point(16)
def test_one_sign_of_a_program_only_marks_and_two_lay_it_under_check(
    visitor: FlaskClient, sqlite_app: Flask, clock: time_machine.Coordinates
) -> None:
    slow = open_form(visitor)
    filling_in_time(clock)
    first = send(visitor, slow, website="http://spam.example")
    second = send(visitor, open_form(visitor), website="http://spam.example", name="Ben")
    assert first.status_code == second.status_code == 303
    marked, checked = stored(sqlite_app)
    assert (marked["status"], marked["is_marked"], marked["spam_reasons"]) == (Status.NEW, True, "honeypot")
    assert (checked["status"], checked["spam_reasons"]) == (Status.CHECK, "honeypot,too_fast")
    assert "We will call you" in visitor.get(second.headers["Location"]).text


@point(16)
def test_many_requests_from_one_address_are_all_kept(
    visitor: FlaskClient, sqlite_app: Flask, clock: time_machine.Coordinates
) -> None:
    for number in range(8):
        token = open_form(visitor)
        filling_in_time(clock)
        assert send(visitor, token, phone=f"212 736 01{number}0").status_code == 303
    rows = stored(sqlite_app)
    assert {row["status"] for row in rows} == {Status.NEW}
    assert "many_from_address" in rows[-1]["spam_reasons"]


def test_forms_opened_before_the_secret_was_changed_still_post(sqlite_app: Flask, now: datetime) -> None:
    old = FormTokens("an older secret of good length, thirty-two").give(now)
    newer = FormTokens("a newer secret of good length, thirty-two.", ["an older secret of good length, thirty-two"])
    assert newer.read(old) is not None
    assert FormTokens("a newer secret of good length, thirty-two.").read(old) is None


def test_where_it_leads_does_not_depend_on_what_the_sender_calls_us(visitor: FlaskClient) -> None:
    token = open_form(visitor)
    response = visitor.post(
        "/callback", data={**ANA, "token": token}, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    assert response.headers["Location"].startswith("/callback/")
    assert "evil" not in visitor.get(response.headers["Location"], headers={"Host": "evil.example"}).text


def test_a_field_sent_twice_counts_once(visitor: FlaskClient, sqlite_app: Flask) -> None:
    token = open_form(visitor)
    data = MultiDict([*ANA.items(), ("name", "Second"), ("token", token)])
    assert visitor.post("/callback", data=data).status_code == 303
    assert stored(sqlite_app)[0]["name"] == "Ana"
