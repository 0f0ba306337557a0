"""What is left to set up, on the first page of the settings: counted from what is stored, and gone when it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import update

from intake.database import reading, writing
from intake.models import CalendarVersion, OutboxMessage, SecondFactor
from intake.models.base import table_of
from intake.models.records import OutboxState
from intake.queries import calendar as calendars
from intake.rules.calling_law import CALLING_LAW
from intake.services import mail, settings
from intake.services.settings import SpecialDay
from tests.admin.desk import Desk, desk, words
from tests.admin.test_settings import DAYS, HOURS, fields
from tests.making import count, person

WARNING = "No holidays are stored for"


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    return sqlite_app


def with_days(app: Flask, ada: Desk, now: datetime, *days: date) -> None:
    """Closed on these."""
    site, actor = app.extensions["intake"], ada.actor
    assert actor
    with reading() as conn:
        seen = calendars.current(conn, site).id
    settings.change_days(site, actor, [SpecialDay(day, ()) for day in days], seen=seen, words="x", now=now)


def test_a_new_installation_tells_its_administrator_what_is_left(ada: Desk) -> None:
    text = words(ada.text(HOURS))
    assert "To set up 0 of 7 done" in text
    assert "Opening hours: still the built-in ones." in text and "Holidays: none stored for 2026 and 2027." in text
    assert "phone number that visitors see: 212-736-5000. It is a sample" in text and "Mail: reaches nobody." in text
    assert "Another administrator: there is none" in text and "Second factor: you have none." in text
    assert "nobody has looked up 14 of 17 yet" in text


def test_whoever_may_only_read_the_settings_has_no_list_and_hears_of_missing_holidays(
    app: Flask, now: datetime
) -> None:
    text = words(desk(app, "Grace", "manager", now=now).text(HOURS))
    assert "To set up" not in text and f"{WARNING} 2026 and 2027" in text


def test_hours_that_are_saved_as_they_are_count_as_looked_at_and_once_only(ada: Desk) -> None:
    form = {**fields(ada.text(HOURS)), "do": "save"}
    assert ada.post(HOURS, **form).status_code == 303
    text = words(ada.text(HOURS))
    assert "Saved. Looked at, and left as it was." in text and "Opening hours: looked at." in text
    assert "opening hours were looked at, and left as they were" in ada.text("/admin/settings/history")
    ada.post(HOURS, **{**fields(ada.text(HOURS)), "do": "save"})
    assert count(CalendarVersion) == 1 and "Nothing was different." in ada.text(HOURS)


def test_another_setting_does_not_count_as_a_look_at_the_hours(app: Flask, ada: Desk, now: datetime) -> None:
    with_days(app, ada, now, date(2026, 12, 25))
    text = words(ada.text(HOURS))
    assert "still the built-in ones" in text and "Holidays: none stored for 2027." in text


def test_missing_holidays_are_warned_of_and_refuse_nothing(app: Flask, ada: Desk, now: datetime) -> None:
    assert f"{WARNING} 2026 and 2027" in words(ada.text(DAYS))
    with_days(app, ada, now, date(2026, 12, 25))
    assert f"{WARNING} 2027:" in words(ada.text(DAYS))
    with_days(app, ada, now, date(2027, 1, 1))
    assert WARNING not in ada.text(DAYS) and "Holidays: stored." in words(ada.text(HOURS))


def test_once_all_is_done_the_list_is_gone(
    app: Flask, ada: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = app.extensions["intake"]
    assert ada.actor
    monkeypatch.setitem(app.config, "MAIL_SERVER", "mail.example.com")
    monkeypatch.setitem(app.extensions, "intake", replace(site, provider_phone="212-736-0182"))
    other = person(site, "Alex", "admin", now=now)
    with_days(app, ada, now, date(2026, 12, 25), date(2027, 1, 1))
    ada.post(HOURS, **{**fields(ada.text(HOURS)), "do": "save"})
    for state, row in CALLING_LAW.rows:
        with reading() as conn:
            seen = calendars.current(conn, site).id
        looked_up = replace(row, checked_on=now.date())
        settings.change_law(site, ada.actor, state, looked_up, seen=seen, words="x", now=now)
    mail.send_test(site, ada.actor, now=now)
    text = words(ada.text(HOURS))
    assert "5 of 7 done" in text and "Second factor: you have none." in text and "Mail: none has gone out yet" in text
    with writing() as conn:
        sent = {"state": OutboxState.SENT, "sent_at": now}
        conn.execute(update(OutboxMessage).where(table_of(OutboxMessage).c.kind == mail.TEST).values(**sent))
        factor = table_of(SecondFactor)
        mine = {"user_id": ada.actor.user_id, "since": now, "secret_encrypted": b"x", "last_step": 0}
        conn.execute(factor.insert().values(**mine))
    text = words(ada.text(HOURS))
    assert "6 of 7 done" in text and "Second factor: 1 administrator has none." in text
    with writing() as conn:
        conn.execute(factor.insert().values(**{**mine, "user_id": other.user_id}))
    assert "To set up" not in ada.text(HOURS)
