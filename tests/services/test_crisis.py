"""Somebody who may be in danger comes first in the queue, is measured like everybody, and no word lies in plain."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, OutboxMessage
from intake.models.site import Site
from intake.queries import calendar, next_call
from intake.services import retention, visitor
from tests.admin.desk import Desk, at, words
from tests.making import ask, mails, person, stored

NOTE = "Please call, I want to kill myself"


def test_the_row_stands_first_and_target_and_promise_are_as_without(site: Site, now: datetime) -> None:
    other = ask(site, now - timedelta(minutes=5))
    found = ask(site, now, message=NOTE, phone="212-555-0147")
    plain = ask(site, now, phone="212-555-0148")
    row, beside = stored(found.reference), stored(plain.reference)
    assert row.crisis_at == row.due_at == row.received_at and beside.crisis_at is None
    assert row.target_at == beside.target_at == now + timedelta(minutes=15) <= row.promised_by_at
    assert row.due_at < stored(other.reference).due_at
    maria = person(site, "Maria", now=now)
    with reading() as conn:
        first = next_call.first(conn, site, calendar.current(conn, site), user_id=maria.person_id, now=now)
    assert first and first.reference == found.reference


def test_a_wish_in_their_own_words_counts_too_also_when_it_is_changed(site: Site, now: datetime) -> None:
    found = ask(site, now, is_free_time=True, preferred_note="quiero morir")
    assert stored(found.reference).crisis_at == now
    later = ask(site, now, phone="212-555-0147")
    visitor.change_time(
        site, later.link_token, window=None, is_free_time=True, preferred_note="tonight I want to die", now=now
    )
    assert stored(later.reference).crisis_at == stored(later.reference).due_at == now


def test_no_such_word_lies_in_plain_and_the_mark_goes_with_the_rest(site: Site, now: datetime) -> None:
    found = ask(site, now, message=NOTE, email="ana@example.com")
    row = stored(found.reference)
    with reading() as conn:
        said = [*conn.execute(select(Audit.__table__)).all(), *conn.execute(select(OutboxMessage.__table__)).all(), row]
    assert not any(word in str(said).lower() for word in ("kill", "suicid"))
    assert not any("crisis" in kind for kind, _ in mails(found.reference))
    visitor.withdraw(site, found.link_token, now=now)
    retention.forget(site, found.reference, now=now)
    assert stored(found.reference).crisis_at is None


def test_their_page_begins_with_988_and_911_and_claims_nobody_watches(app: Flask, site: Site, now: datetime) -> None:
    page = app.test_client().get(f"/callback/{ask(site, now, message=NOTE).link_token}").get_data(as_text=True)
    main = page[page.index("<main") :]
    assert main.index('href="tel:911"') < main.index("<h1") and main.index('href="tel:988"') < main.index("<h1")
    assert main.count('href="tel:988"') == 1 and "monitor" not in main.lower()
    assert "We do not read requests day and night" in words(main)
    plain = app.test_client().get(f"/callback/{ask(site, now, phone='212-555-0147').link_token}").get_data(as_text=True)
    assert plain.index("<h1") < plain.rindex('href="tel:988"') and "day and night. The people" not in plain


def test_whoever_looks_over_their_shoulder_reads_no_more_than_on_anybody_elses_page(
    app: Flask, site: Site, now: datetime
) -> None:
    """The same title, heading and promise, no word of theirs; what comes first stands further down on every page."""
    pages = []
    with at(now):
        for note, phone in ((NOTE, "212-555-0182"), ("", "212-555-0147")):
            made = ask(site, now, message=note, phone=phone)
            page = app.test_client().get(f"/callback/{made.link_token}").get_data(as_text=True)
            pages.append(page.replace(made.link_token, "").replace(made.reference, ""))
    (crisis, plain), tags = pages, (r"<title>.*?</title>", r"<h1.*?</h1>", r'<p class="when">.*?</p>')
    assert [re.findall(tag, crisis) for tag in tags] == [re.findall(tag, plain) for tag in tags]
    assert not any(word in words(crisis).lower() for word in ("kill", "suicid", "your note", "we noticed"))
    said, usual = (set(re.findall(r"[a-z]+", words(page).lower())) for page in pages)
    assert said - usual <= {"are", "danger", "wait", "read", "requests", "people", "answer", "not", "do", "we", "at"}


def test_staff_see_it_in_the_queue_and_what_to_do_on_the_request(app: Flask, site: Site, now: datetime) -> None:
    found = ask(site, now, message=NOTE)
    with at(now):
        maria = Desk(app, person(site, "Maria", now=now))
        assert "Possible crisis" in maria.text("/admin/queue/")
        assert "Stay on the line; call 988 or 911" in words(maria.text(f"/admin/queue/{found.reference}"))


def test_accepting_one_costs_no_statement_more(site: Site, now: datetime, count_queries: Any) -> None:
    ask(site, now)
    count_queries()
    ask(site, now, phone="212-555-0147")
    usual = count_queries()
    ask(site, now, phone="212-555-0148", message=NOTE)
    assert count_queries() == usual
