"""The private page: the promise, where the request stands, and changing or cancelling it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from intake.database import reading, writing
from intake.models import Audit, CallbackRequest, OutboxMessage
from intake.rules.workflow import ClosedReason, Disposition, Status
from tests.points import point
from tests.web.visiting import ask, send, stored, words

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


def put(**columns: Any) -> None:
    with writing() as conn:
        conn.execute(update(CallbackRequest.__table__).values(**columns))


def actions() -> list[str]:
    with reading() as conn:
        return list(conn.execute(select(Audit.__table__.c.action).order_by(Audit.__table__.c.id)).scalars())


def windows_on(page: str) -> list[str]:
    return re.findall(r'value="([0-9]{8}T[0-9]{4}Z-[0-9TZ]+)"', page)


@point(27)
def test_the_confirmation_says_by_when_who_calls_and_what_happens_if_missed(visitor: FlaskClient) -> None:
    page = visitor.get(ask(visitor)).text
    said = words(page)
    assert "We will call you Today before 12:15 pm Eastern" in said
    assert re.search(r"Reference [0-9A-Z]{3}-[0-9A-Z]{3} Say this if you call us", said)
    assert "We call Ana at (212) 736-0182." in said and "Is this number right?" in said
    assert "The call comes from 212-736-5000." in said
    assert "If you miss it, we will not leave a message. We try up to 6 times over 5 days." in said
    assert "You do not need to do anything else." in said
    assert "Call or text 988" in said or "Call 988 or text 988" in said
    assert '<time datetime="2026-11-18T12:15:00-05:00">' in page


def test_the_private_page_is_for_nobody_else(visitor: FlaskClient) -> None:
    response = visitor.get(ask(visitor))
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert '<meta name="robots" content="noindex">' in response.text
    assert "Set-Cookie" not in response.headers


@point(28)
def test_what_is_promised_is_what_was_stored(visitor: FlaskClient, clock: time_machine.Coordinates) -> None:
    clock.move_to(datetime(2026, 11, 22, 4, 50, tzinfo=UTC))
    path = ask(visitor)
    assert "We will call you Today before noon Eastern" not in words(visitor.get(path).text)
    assert "We will call you Tomorrow, Sunday, before noon Eastern" in words(visitor.get(path).text)
    put(promised_by_at=datetime(2026, 11, 23, 18, 45, tzinfo=UTC))
    assert "Monday before 1:45 pm Eastern" in words(visitor.get(path).text)


@point(27)
def test_the_number_is_shown_in_full_for_ten_minutes_only(
    visitor: FlaskClient, clock: time_machine.Coordinates
) -> None:
    path = ask(visitor)
    clock.shift(timedelta(minutes=10))
    assert "736-0182" in visitor.get(path).text
    clock.shift(timedelta(seconds=1))
    page = visitor.get(path).text
    assert "Ending 0182" in page and "736-0182" not in page and "7360182" not in page
    assert "Waiting for our call, today before 12:15 pm Eastern" in words(page)
    assert "Your callback request" in page


def test_a_broken_promise_is_admitted(visitor: FlaskClient, clock: time_machine.Coordinates) -> None:
    path = ask(visitor)
    clock.shift(timedelta(minutes=20))
    said = words(visitor.get(path).text)
    assert "We are late" in said
    assert "We said we would call today before 12:15 pm Eastern, and we have not called yet." in said
    assert "We will call you Today" not in said


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"attempt_count": 1, "last_disposition": Disposition.NO_ANSWER,
          "next_at": datetime(2026, 11, 18, 20, 0, tzinfo=UTC)},
         "Next call: Today after 3 pm Eastern We called once and missed you."),
        ({"attempt_count": 3, "last_disposition": Disposition.BUSY},
         "We call again soon We called 3 times and missed you."),
        ({"attempt_count": 1, "last_disposition": Disposition.WRONG_NUMBER},
         "Please check your number We called the number ending 0182 and it did not work."),
        ({"attempt_count": 1, "last_disposition": Disposition.SPOKE_CALL_AGAIN,
          "next_at": datetime(2026, 11, 19, 14, 0, tzinfo=UTC)},
         "Next call: Tomorrow, Thursday, after 9 am Eastern We have spoken with you."),
        ({"last_disposition": Disposition.LINE_FAILED}, "We tried to call you, and our line failed."),
        ({"is_promised": False}, "We have your request Somebody here decides what happens next."),
        ({"status": Status.CHECK}, "We will call you Today before"),
        ({"status": Status.CLOSED, "closed_reason": ClosedReason.UNREACHABLE}, "We called and could not reach you."),
        ({"status": Status.CLOSED, "closed_reason": ClosedReason.APPOINTMENT}, "We have spoken with you."),
        ({"status": Status.CLOSED, "closed_reason": ClosedReason.SPAM}, "We will not call about it any more."),
        ({"status": Status.CLOSED, "closed_reason": ClosedReason.DO_NOT_CALL}, "We will not call you again."),
        ({"status": Status.CLOSED, "closed_reason": ClosedReason.WRONG_NUMBER}, "The number we had did not work."),
    ],
)  # fmt: skip
@point(29)
def test_the_page_says_where_the_request_stands_now(
    visitor: FlaskClient, now: datetime, columns: dict[str, Any], expected: str
) -> None:
    path = ask(visitor)
    over = {"closed_at": now} if columns.get("status") == Status.CLOSED else {}
    put(**columns, **over)
    page = visitor.get(path)
    assert expected in words(page.text)
    assert ("What you asked for" in page.text) == (not over)
    assert "spam" not in words(page.text).lower()


@point(30)
def test_opening_a_private_page_twenty_times_changes_nothing(app: Flask) -> None:
    client = app.test_client()
    path = ask(client)
    before = stored(app), actions()
    for _ in range(20):
        for address in (path, path + "/cancel"):
            assert client.get(address).status_code == 200
            assert client.head(address).status_code == 200
    assert (stored(app), actions()) == before


@point(31)
def test_a_wrong_an_old_and_a_made_up_link_read_the_same(
    visitor: FlaskClient, clock: time_machine.Coordinates, now: datetime
) -> None:
    path = ask(visitor)
    wrong = path[:-1] + ("A" if path[-1] != "A" else "B")
    first = visitor.get(wrong)
    put(status=Status.CLOSED, closed_reason=ClosedReason.INFORMATION, closed_at=now)
    clock.shift(timedelta(days=30, seconds=1))
    others = [visitor.get(address) for address in (path, "/callback/x", "/callback/%00%ff", "/callback/" + "a" * 3000)]
    others += [
        visitor.get(path + "/cancel"),
        visitor.post(path + "/cancel"),
        visitor.post(wrong, data={"change": "once"}),
    ]
    assert {page.status_code for page in (first, *others)} == {404}
    assert {page.text for page in others} == {first.text}
    assert "212-736-5000" in first.text


def test_the_time_can_be_changed_to_a_window_to_words_and_back(app: Flask) -> None:
    client = app.test_client()
    path = ask(client)
    window = windows_on(client.get(path).text)[-1]
    changed = client.post(path, data={"change": "time", "preferred_time": window})
    assert changed.status_code == 303 and changed.headers["Location"] == f"{path}?saved=time"
    page = client.get(changed.headers["Location"]).text
    said = words(page)
    assert "<title>Saved: " in page and "Your new time is saved." in said
    assert "We will call you Tomorrow, Thursday, 4 pm to 8 pm Eastern" in said
    assert f'value="{window}" checked' in page
    client.post(path, data={"change": "time", "preferred_time": "other", "preferred_time_note": "after six"})
    assert "We will agree a time with you Tomorrow, Thursday, before 8 pm Eastern You asked for: after six." in words(
        client.get(path).text
    )
    client.post(path, data={"change": "time", "preferred_time": "asap"})
    assert "When As soon as possible" in words(client.get(path).text)
    assert actions().count("visitor.changed_time") == 3


def test_the_number_the_message_and_how_often_can_be_changed(app: Flask) -> None:
    client = app.test_client()
    path = ask(client)
    for answers in (
        {"change": "number", "phone": "646 555 0199"},
        {"change": "voicemail", "voicemail": "number_only"},
        {"change": "once"},
    ):  # fmt: skip
        assert client.post(path, data=answers).status_code == 303
    (row,) = stored(app)
    assert (row["phone"], row["voicemail"], row["is_once_only"]) == ("+16465550199", "number_only", True)
    said = words(client.get(path).text)
    assert "We may leave a first name and a number only" in said and "We try once only." in said
    assert "Call me once only" not in said
    assert actions()[1:] == ["visitor.changed_number", "visitor.changed_voicemail", "visitor.once_only"]


def test_a_mistake_in_a_change_opens_its_row_and_keeps_the_answer(visitor: FlaskClient) -> None:
    path = ask(visitor)
    response = visitor.post(path, data={"change": "number", "phone": "736-5000"})
    assert response.status_code == 422
    assert "<title>Error: " in response.text
    assert '<details id="number" open>' in response.text and 'value="736-5000"' in response.text
    assert words(response.text).count("Phone number must include the area code") == 2


def test_the_link_to_change_the_number_opens_its_row_without_a_script(visitor: FlaskClient) -> None:
    path = ask(visitor)
    link = re.search(r'<a href="(\?open=number)#number">Change it</a>', visitor.get(path).text)
    assert link is not None
    assert '<details id="number" open>' in visitor.get(path + link[1]).text


def test_a_change_nobody_knows_is_refused(visitor: FlaskClient) -> None:
    path = ask(visitor)
    assert visitor.post(path, data={"change": "everything"}).status_code == 400
    assert visitor.post(path).status_code == 400


def test_cancelling_is_asked_by_a_link_and_done_by_a_button(app: Flask) -> None:
    client = app.test_client()
    path = ask(client, email="ana@example.com")
    asked = words(client.get(path + "/cancel").text)
    assert "Cancel this request?" in asked and "If you cancel, we will not call." in asked
    assert stored(app)[0]["status"] == Status.NEW
    done = client.post(path + "/cancel")
    assert done.status_code == 303 and done.headers["Location"] == path
    assert "Your request is cancelled" in words(client.get(path).text)
    assert stored(app)[0]["status"] == Status.WITHDRAWN
    assert client.get(path + "/cancel").headers["Location"] == path
    assert client.post(path + "/cancel").status_code == 303
    assert client.post(path, data={"change": "once"}).headers["Location"] == path
    assert actions().count("visitor.withdrew") == 1
    with reading() as conn:
        assert conn.execute(select(func.count()).select_from(OutboxMessage.__table__)).scalar_one() >= 3
    undone = client.post(path, data={"change": "undo"})
    assert undone.status_code == 303 and "stands again" in words(client.get(undone.headers["Location"]).text)
    assert "Your request is cancelled" not in words(client.get(path).text)


def test_a_wrong_number_is_asked_for_again_with_its_row_open(visitor: FlaskClient) -> None:
    path = ask(visitor)
    put(attempt_count=1, last_disposition=Disposition.WRONG_NUMBER)
    assert '<details id="number" open>' in visitor.get(path).text


def test_a_number_put_right_is_not_called_wrong_any_more(
    visitor: FlaskClient, now: datetime, clock: time_machine.Coordinates
) -> None:
    path = ask(visitor)
    put(attempt_count=1, last_attempt_at=now, first_attempt_at=now, last_disposition=Disposition.WRONG_NUMBER)
    assert visitor.post(path, data={"change": "number", "phone": "(212) 555-0147"}).status_code == 303
    page = visitor.get(path).text
    said = words(page)
    assert "We call your new number soon We have your new number, ending 0147. We have not called it yet." in said
    assert "did not work" not in said and "missed you" not in said and "our line failed" not in said
    assert '<details id="number" open>' not in page
    assert "We were going to call the number ending 0147." in words(visitor.get(path + "/cancel").text)
    put(next_at=now + timedelta(hours=3))
    assert "Next call: Today after 3 pm Eastern" in words(visitor.get(path).text)


def test_a_request_opened_again_is_not_shown_as_just_sent(visitor: FlaskClient) -> None:
    path = ask(visitor)
    assert "What happens next" in visitor.get(path).text
    put(reopened_count=1)
    page = visitor.get(path).text
    assert "What happens next" not in page and "736-0182" not in page
    assert "Waiting for our call" in page


@pytest.mark.parametrize(("status", "said"), [(Status.WITHDRAWN, "is cancelled"), (Status.CLOSED, "is finished")])
def test_an_ended_request_is_not_shown_as_just_sent(
    visitor: FlaskClient, now: datetime, status: Status, said: str
) -> None:
    path = ask(visitor)
    put(status=status, closed_at=now, closed_reason=ClosedReason.WITHDRAWN if status == Status.WITHDRAWN else None)
    page = visitor.get(path).text
    assert said in page and "What happens next" not in page and "736-0182" not in page


def test_an_extension_is_read_back_to_whoever_just_typed_it(
    visitor: FlaskClient, clock: time_machine.Coordinates
) -> None:
    path = ask(visitor, phone="212 736 0182 ext 12")
    page = visitor.get(path).text
    assert "We call Ana at (212) 736-0182, ext. 12." in words(page)
    assert ";ext" not in page
    clock.shift(timedelta(minutes=11))
    assert "ext." not in visitor.get(path).text


@pytest.mark.parametrize(
    ("voicemail", "said"),
    [("say_who", "a message that says who we are"), ("number_only", "a first name and a number only")],
)
def test_a_message_is_something_we_may_leave(visitor: FlaskClient, voicemail: str, said: str) -> None:
    page = words(visitor.get(ask(visitor, voicemail=voicemail)).text)
    assert f"If you miss it, we may leave {said}." in page and f"We may leave {said}" in page


def test_a_mistyped_mail_provider_is_asked_about_while_the_request_is_fresh(
    visitor: FlaskClient, clock: time_machine.Coordinates
) -> None:
    path = ask(visitor, email="ana.b@gmial.com")
    page = visitor.get(path).text
    assert "Please check your email address: did you mean <b>gmail.com</b>?" in page
    assert "ana.b" not in page and "gmial" not in page
    clock.shift(timedelta(minutes=11))
    assert "gmail.com" not in visitor.get(path).text


@pytest.mark.parametrize("email", ["", "ana.b@gmail.com", "ana.b@example.org"])
def test_a_plausible_mail_address_is_not_asked_about(visitor: FlaskClient, email: str) -> None:
    assert "check your email" not in visitor.get(ask(visitor, email=email)).text


MORNING, AFTERNOON = "20261119T1300Z-20261119T1700Z", "20261119T1700Z-20261119T2100Z"
"""Tomorrow, 8 am to noon and noon to 4 pm in New York: from 3 am and from 7 am in Honolulu."""
NOT_THEN = "Choose another time, we may not call your number at that time of day"


def test_a_window_in_the_night_of_the_visitor_is_refused_with_the_answers_kept(visitor: FlaskClient) -> None:
    response = send(visitor, phone="808 555 0147", name="Kai", preferred_time=MORNING, email="kai@example.com")
    assert response.status_code == 422
    assert words(response.text).count(NOT_THEN) == 2
    for kept in ('value="Kai"', 'value="808 555 0147"', 'value="kai@example.com"', f'value="{MORNING}" checked'):
        assert kept in response.text
    assert 'href="#preferred_time"' in response.text and 'id="preferred_time-error"' in response.text


@pytest.mark.parametrize(
    ("phone", "window"), [("808 555 0147", AFTERNOON), ("503 555 0147", AFTERNOON), ("212 555 0147", MORNING)]
)
def test_a_window_in_which_the_number_may_be_called_is_taken(visitor: FlaskClient, phone: str, window: str) -> None:
    path = ask(visitor, phone=phone, preferred_time=window)
    assert f'value="{window}" checked' in visitor.get(path).text


def test_without_a_number_no_window_is_refused(visitor: FlaskClient) -> None:
    said = words(send(visitor, phone="555", preferred_time=MORNING).text)
    assert NOT_THEN not in said and "There is a problem" in said


def test_the_private_page_refuses_a_window_in_the_visitors_night_too(app: Flask) -> None:
    client = app.test_client()
    path = ask(client, phone="808 555 0147")
    refused = client.post(path, data={"change": "time", "preferred_time": MORNING})
    assert refused.status_code == 422 and NOT_THEN in words(refused.text)
    assert '<details id="time" open>' in refused.text
    assert stored(app)[0]["window_from"] is None
    assert client.post(path, data={"change": "time", "preferred_time": AFTERNOON}).status_code == 303
    assert stored(app)[0]["status"] == Status.SCHEDULED


def test_a_visitors_words_are_escaped_on_their_page(visitor: FlaskClient) -> None:
    path = ask(visitor, name="<script>alert(1)</script>", preferred_time="other", preferred_time_note='"><img src=x>')
    page = visitor.get(path).text
    assert "<script>alert" not in page and "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_number_that_may_not_be_called_in_the_chosen_window_is_refused(visitor: FlaskClient) -> None:
    path = ask(visitor, phone="212 555 0147", preferred_time=MORNING)
    response = visitor.post(path, data={"change": "number", "phone": "808 555 0147"})
    assert response.status_code == 422
    assert "We may not call that number at the time you chose. Change the time first" in words(response.text)
    assert visitor.post(path, data={"change": "number", "phone": "503 555 0147"}).status_code == 303
