"""A visitor's request: stored once, whole, sealed, promised and told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, CalendarVersion, CallbackRequest, OutboxMessage, SearchToken
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import Status
from intake.services import callbacks
from tests.making import actions, answers, ask, count, mails, stored


@pytest.fixture
def site(app: Flask):
    return app.extensions["intake"]


def test_a_request_its_record_and_its_messages_are_stored_together(site, now):
    submitted = ask(site, now, email="ana@example.com")
    assert actions(submitted.reference) == ["callback.received"]
    assert mails(submitted.reference) == [("team.new", "team"), ("visitor.received", "visitor")]


def test_without_an_email_the_visitor_gets_no_mail(site, now):
    assert mails(ask(site, now).reference) == [("team.new", "team")]


def test_when_the_outbox_cannot_be_written_nothing_is_stored(site, now, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr(callbacks.outbox, "enqueue", broken)
    with pytest.raises(RuntimeError):
        ask(site, now)
    assert [count(model) for model in (CallbackRequest, Audit, OutboxMessage, SearchToken)] == [0, 0, 0, 0]


def test_the_same_form_sent_twice_is_one_request(site, now):
    first = ask(site, now, nonce="one form")
    again = ask(site, now + timedelta(hours=30), nonce="one form")
    assert (again.reference, again.link_token, again.is_replay) == (first.reference, first.link_token, True)
    assert count(CallbackRequest) == 1
    assert count(OutboxMessage) == 1


def test_the_same_form_with_other_answers_is_another_request(site, now):
    first = ask(site, now, nonce="one form")
    second = ask(site, now, nonce="one form", name="Ben")
    assert first.reference != second.reference


def test_nothing_personal_lies_readable_in_the_row(site, now):
    submitted = ask(site, now, name="Zebulon", email="zeb@example.com", message="after my shift", source_path="/about")
    row = stored(submitted.reference)
    raw = b"|".join(bytes(value) for value in row if isinstance(value, bytes))
    for word in (b"Zebulon", b"zeb@", b"5550182", b"555-0182", b"after my shift", b"/about"):
        assert word not in raw
    assert submitted.link_token.encode() not in raw


def test_outbox_rows_hold_no_address_and_no_name(site, now):
    ask(site, now, name="Zebulon", email="zeb@example.com")
    with reading() as conn:
        text = repr(conn.execute(select(OutboxMessage.__table__)).all())
    assert "zeb" not in text.lower()
    assert "0182" not in text


def test_an_open_hour_request_is_due_a_quarter_of_an_hour_later(site, now):
    row = stored(ask(site, now).reference)
    assert row.target_at == row.due_at == now + timedelta(minutes=15)
    assert row.promised_by_at >= row.target_at
    assert row.is_open_arrival


def test_people_already_waiting_move_the_promise_but_not_the_target(site, now):
    for number in range(12):
        ask(site, now, name=f"Caller {number}")
    row = stored(ask(site, now + timedelta(seconds=1)).reference)
    assert row.target_at == now + timedelta(minutes=15, seconds=1)
    assert row.promised_by_at >= now + timedelta(minutes=120)


def test_the_hours_a_promise_was_made_by_are_stored_with_it(site, now):
    first, second = stored(ask(site, now).reference), stored(ask(site, now).reference)
    assert first.calendar_id == second.calendar_id is not None
    assert count(CalendarVersion) == 1


def test_a_window_schedules_the_call(site, now):
    window = Window(now + timedelta(hours=2), now + timedelta(hours=5))
    row = stored(ask(site, now, window=window).reference)
    assert row.status == Status.SCHEDULED
    assert (row.next_at, row.promised_by_at) == (window.from_at, window.until_at)
    assert row.due_at == window.from_at + timedelta(minutes=30)


def test_one_weak_sign_marks_the_request_and_changes_nothing_else(site, now):
    row = stored(ask(site, now, signals=Signals(honeypot=True)).reference)
    assert (row.status, row.is_marked) == (Status.NEW, True)
    assert mails(row.reference) == [("team.new", "team")]


def test_two_strong_signs_go_to_check_with_reasons_and_the_same_clock(site, now):
    row = stored(ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.3)).reference)
    assert row.status == Status.CHECK
    assert row.target_at == now + timedelta(minutes=15)
    assert len(row.spam_reasons.split(",")) == 2


def test_ten_suspects_make_one_digest(site, now):
    for _ in range(10):
        ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.3))
    assert count(OutboxMessage, OutboxMessage.kind == "team.check_digest") == 1
    assert count(OutboxMessage, OutboxMessage.kind == "team.new") == 0


def test_a_private_link_is_made_again_and_never_stored(site, now):
    submitted = ask(site, now)
    row = stored(submitted.reference)
    assert site.keyring.link_token(row.public_id, row.link_version) == submitted.link_token
    assert len(submitted.link_token) == 43


def test_an_old_form_still_finds_what_it_became(site, now):
    first = ask(site, now, nonce="kept open")
    found = callbacks.submitted_before(site, answers(), "kept open")
    assert found is not None
    assert found.reference == first.reference
    assert callbacks.submitted_before(site, answers(name="Ben"), "kept open") is None


def test_a_reference_that_is_taken_is_drawn_again(site, now, monkeypatch):
    taken = ask(site, now).reference
    drawn = iter([taken, taken, "ZZZ-ZZZ"])
    monkeypatch.setattr(callbacks, "new_reference", lambda: next(drawn))
    assert ask(site, now).reference == "ZZZ-ZZZ"


def test_storing_a_request_takes_a_handful_of_statements(site, now, count_queries):
    ask(site, now)
    count_queries()
    ask(site, now, email="ana@example.com")
    assert count_queries() <= 11
