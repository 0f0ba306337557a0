"""Somebody who may be in danger comes first in the queue, is measured like everybody, and no word lies in plain."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.delivery import messages
from intake.delivery.messages import Occasion
from intake.models import Audit, OutboxMessage
from intake.models.site import Site
from intake.queries import calendar, mail, next_call, service
from intake.rules.promise import AHEAD_OF_ALL
from intake.rules.spam import Signals
from intake.rules.workflow import Disposition, Status
from intake.services import alerting, calls, claims, danger, retention, visitor
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at, words
from tests.making import ask, mails, person, stored

TOLD, GONE = ("manager.crisis", "managers"), ("manager.crisis_cancelled", "managers")
MINUTE = timedelta(minutes=1)
NOTE = "Please call, I want to kill myself"


def test_the_row_stands_first_and_target_and_promise_are_as_without(site: Site, now: datetime) -> None:
    other = ask(site, now - timedelta(hours=5), phone="212-555-0146")
    found = ask(site, now, message=NOTE, phone="212-555-0147")
    plain = ask(site, now, phone="212-555-0148")
    row, beside = stored(found.reference), stored(plain.reference)
    assert row.crisis_at == row.due_at + AHEAD_OF_ALL == row.received_at and beside.crisis_at is None
    assert row.target_at == beside.target_at == now + timedelta(minutes=15) <= row.promised_by_at
    assert stored(other.reference).due_at < now, "late, and yet it comes after"
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
    assert stored(later.reference).crisis_at == stored(later.reference).due_at + AHEAD_OF_ALL == now


def test_no_such_word_lies_in_plain_and_the_mark_goes_with_the_rest(site: Site, now: datetime) -> None:
    found = ask(site, now, message=NOTE, email="ana@example.com")
    row = stored(found.reference)
    with reading() as conn:
        said = [*conn.execute(select(Audit.__table__)).all(), *conn.execute(select(OutboxMessage.__table__)).all(), row]
    assert not any(word in str(said).lower() for word in ("kill", "suicid"))
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


def test_managers_hear_of_it_once_however_often_the_form_is_sent(site: Site, now: datetime) -> None:
    for _ in range(2):
        found = ask(site, now, nonce="the same form", message=NOTE, email="ana@example.com")
    assert mails(found.reference) == [("team.new", "team"), TOLD, ("visitor.received", "visitor")]
    assert TOLD not in mails(ask(site, now, phone="212-555-0147").reference)
    with reading() as conn:
        assert not any(conn.execute(select(OutboxMessage.details)).scalars()), "ids only"


def test_managers_hear_of_what_is_written_later_on_the_private_page(site: Site, now: datetime) -> None:
    found = ask(site, now, is_free_time=True, preferred_note="after work")
    for words_ in ("I want to die", "really, I want to die"):
        visitor.change_time(site, found.link_token, is_free_time=True, preferred_note=words_, now=now)
    assert mails(found.reference).count(TOLD) == 1


def test_what_looks_like_spam_is_told_too_and_a_load_of_it_takes_nobodys_place(site: Site, now: datetime) -> None:
    signs = Signals(honeypot=True, seconds_to_fill=0.3)
    suspects = [ask(site, now, message=NOTE, signals=signs).reference for _ in range(4)]
    assert [TOLD in mails(one) for one in suspects] == [True, False, False, False]
    assert stored(suspects[0]).status == Status.CHECK and _gathered() == [now + danger.WINDOW]
    assert TOLD in mails(ask(site, now, message=NOTE, phone="212-555-0147").reference)
    later = now + danger.WINDOW
    assert TOLD in mails(ask(site, later, message=NOTE, signals=signs).reference)


def test_of_very_many_at_once_one_mail_tells_of_those_beyond_the_first(site: Site, now: datetime) -> None:
    many = [ask(site, now, message=NOTE).reference for _ in range(danger.MOST + 3)]
    assert [TOLD in mails(one) for one in many] == [True] * danger.MOST + [False] * 3
    assert _gathered() == [now + danger.WINDOW]


def test_whoever_takes_it_back_in_danger_is_let_go_and_the_managers_hear_of_that(site: Site, now: datetime) -> None:
    found, plain = ask(site, now, message=NOTE), ask(site, now, phone="212-555-0147")
    for one in (found, plain):
        visitor.withdraw(site, one.link_token, now=now + MINUTE)
        assert stored(one.reference).status == Status.WITHDRAWN
    assert mails(found.reference)[2:] == [GONE] and GONE not in mails(plain.reference)
    assert stored(found.reference).crisis_at == now, "the list of what has ended tells it"


def test_nobody_who_was_reached_and_calmed_is_told_of(site: Site, now: datetime) -> None:
    maria, found = person(site, "Maria", now=now), ask(site, now, message=NOTE)
    claims.start_call(site, maria, found.reference, now=now)
    again = Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=now + timedelta(hours=2))
    calls.log_attempt(site, maria, found.reference, again, now=now + MINUTE)
    visitor.withdraw(site, found.link_token, now=now + 2 * MINUTE)
    assert GONE not in mails(found.reference)


def test_cancelling_to_and_fro_makes_one_mail_in_a_while_and_the_last_says_how_it_ended(
    app: Flask, site: Site, now: datetime
) -> None:
    """The second one waits, and is worded by what is so when it goes out."""
    found = ask(site, now, message=NOTE)
    visitor.withdraw(site, found.link_token, now=now)
    _sent(found.reference)
    for turn in (visitor.undo_withdrawal, visitor.withdraw, visitor.undo_withdrawal):
        turn(site, found.link_token, now=now + MINUTE)
    assert mails(found.reference).count(GONE) == 2
    assert _subject(site, found.reference, now).startswith("A callback request needs a manager now")
    visitor.withdraw(site, found.link_token, now=now + 2 * MINUTE)
    assert _subject(site, found.reference, now).startswith("A callback request that needs a manager was cancelled")


def _subject(site: Site, reference: str, now: datetime) -> str:
    """Of the mail about its cancelling, if it went out now."""
    with reading() as conn:
        about = mail.about(conn, site, stored(reference).id)
    return messages.write(GONE[0], Occasion(site, now, about, {})).subject


def _sent(reference: str) -> None:
    """Whatever was written about it is out."""
    with writing() as conn:
        mine = OutboxMessage.callback_id == stored(reference).id
        conn.execute(update(OutboxMessage).where(mine).values(state="sent"))


def test_the_list_of_ended_ones_the_page_and_the_story_keep_saying_it(app: Flask, site: Site, now: datetime) -> None:
    found = ask(site, now, message=NOTE)
    visitor.withdraw(site, found.link_token, now=now)
    with at(now):
        maria = Desk(app, person(site, "Maria", now=now))
        assert '<span class="tag crisis">Possible crisis</span>' in maria.text("/admin/queue/?view=closed")
        page = words(maria.text(f"/admin/queue/{found.reference}"))
        assert "They took it back, and may have been in danger. We do not call them about it any more." in page
        assert "Ask whether they are safe now" not in page
        assert "cancelled the request" in page and "They may have been in danger then." in page


def _gathered() -> list[datetime]:
    """When the mails about several are to go out."""
    with reading() as conn:
        asked = select(OutboxMessage.available_at).where(OutboxMessage.kind == "manager.crises")
        return list(conn.execute(asked).scalars())


def test_accepting_one_costs_the_mail_and_its_count_and_nothing_more(
    site: Site, now: datetime, count_queries: Any
) -> None:
    costs = []
    for said in ("Please call", NOTE) * 2:  # the first of each kind is also made ready
        ask(site, now, message=said)
        costs.append(count_queries())
    assert costs[3] - costs[2] <= 3


def test_lists_sheets_and_figures_say_since_when_it_is_known_and_never_how_far_ahead_it_stands(
    app: Flask, site: Site, now: datetime
) -> None:
    late = ask(site, now - timedelta(hours=3), phone="212-555-0147").reference
    found = ask(site, now - timedelta(minutes=20), message=NOTE).reference
    with at(now), reading() as conn:
        maria = Desk(app, person(site, "Maria", now=now))
        queue = maria.text("/admin/queue/")
        assert queue.index(f'data-ref="{found}"') < queue.index(f'data-ref="{late}"')
        pages = [queue, *(maria.text(f"/admin/queue/{where}") for where in (found, "handover", "morning", "board"))]
        assert all("At once, since" in words(page) and "11:40" in words(page) for page in pages[:3])
        assert not any(wrong in page for page in pages for wrong in ("1626", "400 years", "146097 days"))
        assert service.figures(conn, now).longest_overdue_seconds == 2 * 3600 + 45 * 60


def test_alerts_of_a_crisis_are_raised_at_once_escalated_in_time_and_told_in_words(site: Site, now: datetime) -> None:
    person(site, "Mara", "manager", now=now)
    late = ask(site, now - timedelta(minutes=20), phone="212-555-0147").reference
    found = ask(site, now, message=NOTE).reference
    minute = timedelta(minutes=1)
    assert alerting.raise_due(site, now=now + minute) == 2
    assert alerting.raise_due(site, now=now + 9 * minute) == 1, "of the other one, which is late for longer"
    assert alerting.raise_due(site, now=now + 10 * minute) == 1, "ten minutes after it became known"
    alerting.tell(site, now=now + 10 * minute)
    with reading() as conn:
        message = conn.execute(select(OutboxMessage.__table__).where(OutboxMessage.kind == "staff.alerts")).first()
    assert message is not None and [item[0] for item in message.details["items"]] == [found, late]
