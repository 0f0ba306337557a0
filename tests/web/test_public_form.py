"""The form as it is served: what it holds, what it says about now, and what it never does."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert

from intake.database import db, writing
from intake.models import CalendarVersion
from intake.queries.calendar import Calendar, documents
from intake.rules.hours import OpeningHours, default_hours
from intake.rules.promise import ResponseTarget
from tests.making import ask
from tests.points import point
from tests.web.visiting import open_form, token_in, words

NEW_YORK = "America/New_York"
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


def set_hours(hours: OpeningHours, now: datetime, minutes: int = 15) -> None:
    kept = documents(Calendar(None, hours, ResponseTarget(minutes=minutes)))
    with writing() as conn:
        conn.execute(insert(CalendarVersion).values(created_at=now, **kept))


@point(1)
def test_the_form_is_a_private_page_without_a_cookie(visitor: FlaskClient) -> None:
    response = visitor.get("/callback")
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Vary" not in response.headers


@point(2)
def test_the_first_load_is_one_small_page_that_names_no_other_host(visitor: FlaskClient) -> None:
    page = visitor.get("/callback")
    loads = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    fetched = [address for address in loads if re.search(r"\.(css|js|svg|ico|png|woff2?)$", address)]
    assert fetched == ["/favicon.svg"]
    assert len(gzip.compress(page.data)) + len(gzip.compress(visitor.get("/favicon.svg").data)) <= 10_240
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text).replace("http://www.w3.org/2000/svg", "")


@point(6)
def test_title_and_address_hold_no_word_for_what_is_treated(visitor: FlaskClient) -> None:
    title = re.search("<title>(.*?)</title>", visitor.get("/callback").text)
    assert title and title[1] == "Request a callback – Harbor"


@point(7, 8)
def test_fields_tell_the_browser_what_they_are_and_nothing_is_starred(visitor: FlaskClient) -> None:
    page = visitor.get("/callback").text
    inputs = {match[1]: match[0] for match in re.finditer(r'<(?:input|textarea) id="(\w+)"[^>]*>', page)}
    assert 'type="text" autocomplete="name" maxlength="100" spellcheck="false"' in inputs["name"]
    assert 'type="tel" autocomplete="tel" maxlength="40"' in inputs["phone"]
    assert 'type="email" autocomplete="email" maxlength="254" spellcheck="false"' in inputs["email"]
    assert "<form" in page and "novalidate" in page
    body = page[page.index("<main") : page.index("</main>")]
    assert not re.search(r"\brequired\b|placeholder|disabled", body)
    assert "*" not in words(body)
    assert page.count("<h1") == 1
    assert words(body).count("(optional)") == 3


def test_every_field_is_named_by_the_contract(visitor: FlaskClient) -> None:
    page = visitor.get("/callback").text
    assert set(re.findall(r' name="(\w+)"', page[page.index("<form") : page.index("</form>")])) == {
        "for_whom", "name", "phone", "voicemail", "preferred_time", "preferred_time_note", "email", "message",
        "website", "token",
    }  # fmt: skip


@point(9)
def test_help_stands_before_the_first_field(visitor: FlaskClient) -> None:
    page = visitor.get("/callback").text
    before = page[: page.index("<form")]
    assert all(number in before for number in ('href="tel:911"', 'href="tel:988"', 'href="tel:+18006624357"'))


def test_in_opening_hours_it_says_until_when_and_aims_at_the_target(visitor: FlaskClient) -> None:
    said = words(visitor.get("/callback").text)
    assert "We are open now, until 8 pm Eastern" in said
    assert "We aim to call within 15 minutes, and within 30 minutes at most." in said
    assert "As soon as possible We call within 30 minutes" in said
    assert "Call us at 212-736-5000 to talk now." in said
    assert "usually" not in said


@point(10)
def test_outside_hours_it_says_when_we_open_and_leaves_our_own_line_out(
    visitor: FlaskClient, clock: time_machine.Coordinates
) -> None:
    clock.move_to(datetime(2026, 11, 18, 2, 0, tzinfo=UTC))
    said = words(visitor.get("/callback").text)
    assert "We are closed now. We open tomorrow, Wednesday, at 8 am Eastern" in said
    assert "to talk now" not in said
    assert "within 15 minutes" not in said


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        (4, "If you ask now, we call within 55 minutes."),
        (9, "If you ask now, we call within 2 hours."),
        (80, "The next page says by when we call."),
    ],
)
def test_with_people_ahead_it_says_no_less_than_is_then_promised(
    visitor: FlaskClient, clock: time_machine.Coordinates, now: datetime, waiting: int, said: str
) -> None:
    for number in range(waiting):
        ask(visitor.application.extensions["intake"], now, phone=f"212-555-01{number:02}", name=f"Ana {number}")
    clock.shift(timedelta(seconds=2))
    page = words(visitor.get("/callback").text)
    assert said in page and "We aim" not in page


@point(10)
def test_windows_are_pieces_of_the_opening_hours_with_the_day_named(visitor: FlaskClient) -> None:
    said = words(visitor.get("/callback").text)
    assert "Times are Eastern" in said
    assert "Today, Wednesday 1 pm to 4 pm" in said or "Today, Wednesday 2 pm to 4 pm" in said
    assert "Tomorrow, Thursday 8 am to noon noon to 4 pm 4 pm to 8 pm" in said


@point(10)
def test_no_window_is_offered_on_a_holiday(visitor: FlaskClient, now: datetime) -> None:
    hours = default_hours(NEW_YORK)
    set_hours(OpeningHours(NEW_YORK, hours.weekly, ((date(2026, 11, 19), ()),)), now)
    said = words(visitor.get("/callback").text)
    assert "Thursday" not in said
    assert "Friday 8 am to noon" in said


def test_a_page_made_before_closing_is_not_shown_after_it(
    visitor: FlaskClient, clock: time_machine.Coordinates
) -> None:
    clock.move_to(datetime(2026, 11, 19, 0, 59, 59, tzinfo=UTC))
    assert "We are open now" in visitor.get("/callback").text
    clock.shift(timedelta(seconds=1))
    assert "We are closed now" in visitor.get("/callback").text


def test_new_opening_hours_are_on_the_page_within_two_seconds(
    visitor: FlaskClient, clock: time_machine.Coordinates, now: datetime
) -> None:
    assert "until 8" in visitor.get("/callback").text
    week = default_hours(NEW_YORK).weekly
    set_hours(OpeningHours(NEW_YORK, ((),) * 7), now)
    clock.shift(timedelta(seconds=2))
    assert "We are closed now" in visitor.get("/callback").text
    set_hours(OpeningHours(NEW_YORK, week), now, minutes=30)
    clock.shift(timedelta(seconds=2))
    assert "We aim to call within 30 minutes, and within 45 minutes at most" in words(visitor.get("/callback").text)


def test_most_opened_forms_ask_the_database_nothing(visitor: FlaskClient, sqlite_app: Flask) -> None:
    open_form(visitor)
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    for _ in range(20):
        open_form(visitor)
    assert asked == []


def test_each_opened_form_has_its_own_token(visitor: FlaskClient) -> None:
    assert len({open_form(visitor) for _ in range(20)}) == 20


def test_an_opaque_source_and_a_bare_path_travel_with_the_form(visitor: FlaskClient) -> None:
    page = visitor.get("/callback?source=k3&page=https://host.example/help/ana@example.com/now%3Fq=1%23top").text
    assert '<input type="hidden" name="source" value="k3">' in page
    assert '<input type="hidden" name="page" value="/help/now">' in page


@pytest.mark.parametrize(
    "query", ["?source=a%20b", "?source=" + "x" * 13, '?source="><b>', "?page=javascript:1", "?page=//"]
)
def test_a_source_that_is_not_opaque_is_left_out(visitor: FlaskClient, query: str) -> None:
    page = visitor.get("/callback" + query).text
    assert 'name="source"' not in page
    assert "<b>" not in page[page.index("<form") : page.index('class="trap"')]


def test_a_source_of_twelve_letters_is_kept(visitor: FlaskClient) -> None:
    assert 'name="source" value="spring_ad-26"' in visitor.get("/callback?source=spring_ad-26").text


def test_our_bare_name_leads_to_the_form(visitor: FlaskClient) -> None:
    response = visitor.get("/")
    assert (response.status_code, response.headers["Location"]) == (303, "/callback")
    assert "Set-Cookie" not in response.headers


def test_an_error_page_offers_our_line_only_while_somebody_answers_it(
    visitor: FlaskClient, clock: time_machine.Coordinates
) -> None:
    assert "Call us at 212-736-5000 to talk now." in words(visitor.get("/callback/nothing").text)
    clock.move_to(datetime(2026, 11, 18, 2, 0, tzinfo=UTC))
    closed = words(visitor.get("/callback/nothing").text)
    assert "to talk now" not in closed and "Call us at" not in closed
    assert "Call 212-736-5000" in closed and "Call 988" in closed


def test_leaving_leads_somewhere_neutral_and_says_nothing_about_us(visitor: FlaskClient) -> None:
    response = visitor.get("/leave")
    assert response.status_code == 303
    assert response.headers["Location"].startswith("https://")
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/privacy", "/accessibility", "/staying-private"])
def test_the_pages_below_the_form_are_plain_and_set_no_cookie(visitor: FlaskClient, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert response.text.count("<h1") == 1
    assert not re.search(r"HIPAA compliant|100 ?%|addict", words(response.text))


def test_icons_are_ours_and_kept_for_long(visitor: FlaskClient) -> None:
    for path, kind in (("/favicon.svg", "image/svg+xml"), ("/favicon.ico", "image/")):
        response = visitor.get(path)
        assert response.status_code == 200
        assert response.content_type.startswith(kind)
        assert "max-age=31536000" in response.headers["Cache-Control"]


def test_robots_find_the_form_and_no_private_page(visitor: FlaskClient) -> None:
    response = visitor.get("/robots.txt")
    assert response.content_type.startswith("text/plain")
    assert "Disallow: /callback/\n" in response.text
    assert "noindex" not in visitor.get("/callback").text


def test_the_token_stands_where_the_template_left_a_gap(visitor: FlaskClient) -> None:
    page = visitor.get("/callback").text
    assert "<!-- token" not in page
    assert token_in(page)
