"""The page of alerts: numbers, people and switches saved together, what the environment fixed, and the tests."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask

from intake.database import reading
from intake.delivery.webhook import Webhook, run_hooks
from intake.models import Audit, RuleVersion
from intake.rules.alerting import AlertRules
from intake.services import alerting
from tests.admin.desk import Desk, desk, words
from tests.conftest import free_port
from tests.making import count, person

PAGE = "/admin/settings/alerts"
GOOD = {"escalate_minutes": "10", "repeat_minutes": "15", "digest_minutes": "15", "on_call_minutes": "30",
        "is_silence_watched": "1"}  # fmt: skip


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    return sqlite_app


@pytest.fixture
def sam(app: Flask, now: datetime) -> int:
    return person(app.extensions["intake"], "Sam", now=now).person_id


def with_webhook(app: Flask, url: str = "https://pager.example.org/hook?key=secret-part") -> None:
    app.extensions["intake"] = replace(app.extensions["intake"], webhook_url=url)


def save(ada: Desk, expect: int = 303, version: str = "", **fields: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', ada.text(PAGE))
    answer = ada.post(PAGE, version=version or (found[1] if found else ""), do="save", **{**GOOD, **fields})
    assert answer.status_code == expect
    return words(answer.get_data(as_text=True) if expect != 303 else ada.text(PAGE))


def in_force() -> AlertRules:
    with reading() as conn:
        return alerting.rules_in_force(conn)


def test_it_says_that_people_on_call_are_mailed_more_often(ada: Desk) -> None:
    assert "1 to 240. People on call are mailed more often: every 5 minutes at most, while you are closed." in words(
        ada.text(PAGE)
    )


def test_what_is_saved_holds_is_told_and_is_on_record(ada: Desk, sam: int) -> None:
    text = save(ada, escalate_minutes="20", is_on_call="1", on_call=str(sam), on_call_minutes="25")
    assert "Saved. Escalate after, opening minutes late: 10 → 20; On call out of hours: off → on;" in text
    assert "People on call: nobody → Sam" in text
    assert in_force() == AlertRules(escalate_minutes=20, is_on_call=True, on_call=(sam,), on_call_minutes=25)
    assert count(Audit, Audit.action == "settings.rules_changed") == 1
    assert "Saved. Alarm when it is too quiet: on → off" in save(
        ada, escalate_minutes="20", is_on_call="1", on_call=str(sam), on_call_minutes="25", is_silence_watched=""
    )


def test_every_mistake_stands_at_its_field_and_what_was_typed_is_kept(ada: Desk, sam: int) -> None:
    found = re.search(r'name="version" value="(\d+)"', ada.text(PAGE))
    answer = ada.post(PAGE, version=found[1] if found else "", **{**GOOD, "repeat_minutes": "soon", "is_on_call": "1"})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'value="soon"' in html
    assert 'href="#f-repeat_minutes">Enter a whole number from 5 to 480' in html
    assert 'href="#f-on_call">Choose at least one person, or switch this off' in html
    assert count(RuleVersion) == 0


def test_whoever_saves_over_an_unseen_change_is_shown_it(ada: Desk) -> None:
    save(ada, escalate_minutes="20")
    text = save(ada, expect=409, version="0", escalate_minutes="25")
    assert "Somebody else changed this meanwhile" in text
    assert "Escalate after, opening minutes late: before: 10 → now: 20" in text
    assert in_force().escalate_minutes == 20


def test_the_default_is_filled_in_and_not_saved(ada: Desk) -> None:
    save(ada, escalate_minutes="20")
    answer = ada.post(PAGE, version="1", do="default", **GOOD)
    text = words(answer.get_data(as_text=True))
    assert "Not saved yet: Escalate after, opening minutes late: before: 20 → now: 10" in text
    assert in_force().escalate_minutes == 20


def test_what_the_environment_fixed_is_shown_without_its_key(app: Flask, ada: Desk) -> None:
    assert "Webhook: none" in words(ada.text(PAGE))
    with_webhook(app)
    html = ada.text(PAGE)
    assert "Webhook: pager.example.org" in words(html) and "Signed: no" in words(html)
    assert "secret-part" not in html


def test_a_test_says_in_words_what_happened(app: Flask, ada: Desk, now: datetime) -> None:
    dead_end = f"http://127.0.0.1:{free_port()}/"
    with_webhook(app, dead_end)
    ada.get(PAGE)
    answer = ada.post(f"{PAGE}/test", way="hook")
    assert "Your test message to the webhook: goes out next." in words(ada.text(answer.location))
    run_hooks(app.extensions["intake"], Webhook(dead_end), lambda: datetime.now(now.tzinfo))
    assert "webhook: no connection (ConnectionRefusedError); next try" in words(ada.text(answer.location))
    answer = ada.post(f"{PAGE}/test", way="mail")
    assert "Your test mail: goes out next." in words(ada.text(answer.location))
    ada.post(f"{PAGE}/test", way="mail")
    assert "The last test is still waiting to go out." in words(ada.text(PAGE))
    assert ada.post(f"{PAGE}/test", way="owl").status_code == 404


def test_without_a_webhook_its_test_is_refused_in_words(ada: Desk) -> None:
    ada.get(PAGE)
    ada.post(f"{PAGE}/test", way="hook")
    assert "There is no webhook" in words(ada.text(PAGE))


def test_a_manager_reads_it_and_changes_nothing(app: Flask, now: datetime) -> None:
    mara = desk(app, "Mara", "manager", now=now)
    html = mara.text(PAGE)
    assert "You may read this" in words(html)
    assert "Save alerts" not in html and "Send a test" not in html
