"""One private link changes things only so often: what stands then, and what else its visitor can do."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.visiting import ask, words

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


def test_whoever_changes_the_number_again_and_again_is_told_what_else_they_can_do(visitor: FlaskClient) -> None:
    path = ask(visitor)
    for number in range(10, 15):
        assert visitor.post(path, data={"change": "number", "phone": f"646 555 01{number}"}).status_code == 303
    response = visitor.post(path, data={"change": "number", "phone": "646 555 0199"})
    assert response.status_code == 429 and '<details id="number" open>' in response.text
    assert "call us at 212-736-5000 or change it in an hour" in words(response.text)


def test_whoever_changes_the_time_ten_times_a_day_keeps_the_last_and_is_asked_to_call(visitor: FlaskClient) -> None:
    path = ask(visitor)
    for note in ("", *(f"at {hour}" for hour in range(9))):
        wish = {"preferred_time": "other", "preferred_time_note": note or "any evening"}
        assert visitor.post(path, data={"change": "time", **wish}).status_code == 303
    again = {"change": "time", "preferred_time": "other", "preferred_time_note": "at noon"}
    response = visitor.post(path, data=again)
    assert response.status_code == 429 and 'value="at noon"' in response.text
    assert "Your last choice stands. To change it once more, call us at 212-736-5000" in words(response.text)
    assert visitor.post(path, data=again | {"preferred_time_note": "I want to die"}).status_code == 303


def test_whoever_cancels_to_and_fro_ten_times_a_day_is_told_what_else_they_can_do(visitor: FlaskClient) -> None:
    path = ask(visitor)
    for _ in range(10):
        visitor.post(f"{path}/cancel")
        assert visitor.post(path, data={"change": "undo"}).status_code == 303
    visitor.post(f"{path}/cancel")
    response = visitor.post(path, data={"change": "undo"})
    assert response.status_code == 429 and 'href="#undo"' in response.text
    said = words(response.text)
    assert "It stays cancelled. If you want a call after all, call us at 212-736-5000 or ask us once more below" in said
    assert "Your request is cancelled" in said and 'id="undo" href="/callback"' in response.text
    assert "call me after all" not in said and "call me after all" in words(visitor.get(path).text), "tomorrow it works"
