"""Adding a request by hand: what somebody heard on the voicemail or from another provider."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading, writing
from intake.ledger import suppression
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.workflow import Status
from tests.admin.desk import Desk, at, desk, words
from tests.admin.test_undoing import step_on
from tests.making import actions, ask, count, mails, stored
from tests.points import point

pytestmark = pytest.mark.words

ANA = {"channel": "voicemail", "name": "Ana", "phone": "(212) 555-0182", "voicemail": "none", "for_whom": "me"}


def filled(html: str) -> dict[str, str]:
    """What the empty form holds already."""
    return {
        name: re.findall(rf'name="{name}"[^>]*value="([^"]*)"', html)[0] for name in ("nonce", "rang_day", "rang_time")
    }


def newest() -> str:
    with reading() as conn:
        c = CallbackRequest.__table__.c
        return str(conn.execute(select(c.reference).order_by(c.id.desc()).limit(1)).scalar_one())


def test_a_voicemail_becomes_a_request_in_the_queue(maria: Desk, now: datetime) -> None:
    form = filled(maria.text("/admin/queue/add"))
    assert datetime.fromisoformat(f"{form['rang_day']}T{form['rang_time']}")
    answer = maria.post("/admin/queue/add", **form, **ANA, email="ana@example.com", message="after 2 please")
    row = stored(newest())
    assert answer.status_code == 303 and answer.location.endswith(row.reference)
    assert (row.channel, row.status, row.consent_id) == ("voicemail", Status.NEW, None)
    assert actions(row.reference) == ["callback.taken_down"]
    assert sorted(mails(row.reference)) == [("team.new", "team"), ("visitor.received", "visitor")]
    text = words(maria.text(f"/admin/queue/{row.reference}"))
    assert "Maria added the request by hand: Voicemail" in text and "they asked aloud" in text
    assert "after 2 please" in text and "Rang" in text


@point(52)
def test_what_was_added_by_mistake_is_taken_back_in_plain_words(maria: Desk, now: datetime) -> None:
    maria.post("/admin/queue/add", **filled(maria.text("/admin/queue/add")), **ANA)
    reference = newest()
    html = maria.text(f"/admin/queue/{reference}")
    assert f"Its reference is {reference}. Undo 20 s" in words(html)
    maria.post("/admin/queue/undo", step=step_on(html), back=reference)
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"Taken back. {reference} has ended as entered by mistake." in text
    assert "Maria took it back at once, as entered by mistake: it has ended and counts in no figure" in text


def test_pressing_the_button_twice_stores_it_once(maria: Desk) -> None:
    form = filled(maria.text("/admin/queue/add"))
    first, second = (maria.post("/admin/queue/add", **form, **ANA) for _ in range(2))
    assert first.location == second.location and count(CallbackRequest) == 1


def test_it_has_waited_since_they_rang_and_is_promised_from_now(maria: Desk, site: Site, now: datetime) -> None:
    form = filled(maria.text("/admin/queue/add"))
    rang = datetime.fromisoformat(f"{form['rang_day']}T{form['rang_time']}") - timedelta(days=1)
    form |= {"rang_day": f"{rang:%Y-%m-%d}", "rang_time": f"{rang:%H:%M}"}
    maria.post("/admin/queue/add", **form, **ANA)
    row = stored(newest())
    assert now - row.received_at == timedelta(days=1)
    assert row.target_at == stored(ask(site, now, phone="(646) 555-0121").reference).target_at


def test_who_rang_at_night_arrived_at_night_whenever_it_is_written_down(maria: Desk, now: datetime) -> None:
    arrivals = []
    for hour in ("03:00", "11:00"):  # the office opens at 8
        maria.post("/admin/queue/add", **filled(maria.text("/admin/queue/add")) | {"rang_time": hour}, **ANA)
        arrivals.append(stored(newest()).is_open_arrival)
    assert arrivals == [False, True]


@pytest.mark.parametrize(
    ("typed", "rang"), [("01:30", "06:30"), ("01:29", "06:29"), ("01:31", "05:31"), ("00:59", "04:59")]
)
def test_in_the_hour_that_comes_twice_just_now_is_now(app: Flask, site: Site, typed: str, rang: str) -> None:
    """1 November 2026, the second half past one in New York: half past six in UTC. What is to come was an hour ago."""
    night = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    with at(night):
        kim = desk(app, "Kim", now=night)
        form = filled(kim.text("/admin/queue/add"))
        assert form["rang_time"] == "01:30"
        kim.post("/admin/queue/add", **form | {"rang_time": typed}, **ANA)
        assert f"{stored(newest()).received_at:%H:%M}" == rang


def test_what_is_missing_is_said_and_what_was_typed_is_kept(maria: Desk, now: datetime) -> None:
    form = filled(maria.text("/admin/queue/add")) | {"rang_day": f"{now + timedelta(days=1):%Y-%m-%d}"}
    answer = maria.post("/admin/queue/add", **form, name="Ana", phone="911", email="ana", message="x" * 501)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'value="Ana"' in html and "x" * 501 in html
    for said in ("how it reached us", "not come yet", "your own phone number", "like name@example.com", "500 char"):
        assert said in html, said
    for nonsense in ("9999-12-31", "0001-01-01"):
        far = maria.post("/admin/queue/add", **form | {"rang_day": nonsense, "rang_time": "23:59"})
        assert far.status_code == 422 and "Enter a date and a time" in far.get_data(as_text=True)
    old = form | {"rang_day": f"{now - timedelta(days=8):%Y-%m-%d}"}
    assert "more than 7 days ago" in maria.post("/admin/queue/add", **old, **ANA).get_data(as_text=True)
    assert maria.post("/admin/queue/add", **form, **ANA | {"channel": "web"}).status_code == 422
    assert count(CallbackRequest) == 0


def test_a_time_they_named_is_kept_if_they_may_be_called_then(maria: Desk, now: datetime) -> None:
    form = filled(maria.text("/admin/queue/add")) | ANA
    day = (now + timedelta(days=1)).strftime("%Y-%m-%d")
    named = {"when": "named", "agreed_day": day, "agreed_from": "14:00", "agreed_until": "16:00"}
    night = maria.post("/admin/queue/add", **form, **named | {"agreed_from": "02:00", "agreed_until": "03:00"})
    assert night.status_code == 422 and "we may not call this number then" in night.get_data(as_text=True)
    assert maria.post("/admin/queue/add", **form, **named).status_code == 303
    row = stored(newest())
    assert row.status == Status.SCHEDULED and row.window_until - row.window_from == timedelta(hours=2)
    assert row.window_from.astimezone(UTC) > now


def test_a_number_that_asked_not_to_be_called_goes_to_a_manager(maria: Desk, site: Site, now: datetime) -> None:
    with writing() as conn:
        suppression.suppress(conn, site.keyring.index_of("phone", "+12125550182"), by_id=None, now=now)
    maria.post("/admin/queue/add", **filled(maria.text("/admin/queue/add")), **ANA, email="ana@example.com")
    row = stored(newest())
    assert (row.status, row.is_promised) == (Status.CHECK, False) and mails(row.reference) == []


def test_what_comes_by_the_form_says_so(site: Site, now: datetime) -> None:
    assert stored(ask(site, now).reference).channel == "web"
