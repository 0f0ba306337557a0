"""What the visitor changed by their private link, as staff read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries import casefile
from intake.rules.phone import parse
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Status, Voicemail
from intake.services import visitor
from tests.admin.desk import Desk, desk, words
from tests.making import actions, ask, stored
from tests.points import point


@point(32)
def test_time_number_rule_cancelling_and_undoing_stand_in_the_timeline_as_the_visitors(
    maria: Desk, site: Site, now: datetime
) -> None:
    sent = ask(site, now)
    token = sent.link_token
    window = Window(now + timedelta(hours=2), now + timedelta(hours=4))
    visitor.change_time(site, token, window=window, now=now)
    visitor.change_number(site, token, parse("646 555 0121"), now=now)
    visitor.change_voicemail(site, token, Voicemail.SAY_WHO, now=now)
    visitor.withdraw(site, token, now=now)
    visitor.undo_withdrawal(site, token, now=now)
    text = words(maria.text(f"/admin/queue/{sent.reference}"))
    told = (
        "The visitor changed when to call", "Before: as soon as possible. Now: today",
        "The visitor changed the number", "Before: a number ending in 0182. Now: a number ending in 0121.",
        "The visitor changed what we may do when they miss the call", "Now: Leave a message that says who we are.",
        "The visitor cancelled the request", "The visitor took the cancelling back",
    )  # fmt: skip
    assert [part for part in told if part.casefold() not in text.casefold()] == []
    assert "555-0182" not in text


def test_a_changed_number_is_read_in_full_where_the_number_itself_is(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    sent = ask(site, now)
    visitor.change_number(site, sent.link_token, parse("646 555 0121"), now=now)
    page = f"/admin/queue/{sent.reference}"
    in_full = "Before: (212) 555-0182. Now: (646) 555-0121."
    assert in_full not in words(maria.text(page))
    maria.press(sent.reference, "claim")
    assert in_full in words(maria.text(page)) and in_full not in words(dev.text(page))
    assert actions(sent.reference)[-3:] == ["callback.claimed", "callback.viewed", "callback.viewed"]


def test_numbers_in_the_timeline_are_for_those_who_may_see_numbers(site: Site, now: datetime) -> None:
    sent = ask(site, now)
    visitor.change_number(site, sent.link_token, parse("646 555 0121"), now=now)
    with reading() as conn:
        entries = casefile.timeline(conn, site, stored(sent.reference).id, with_contact=False).entries
    assert "0121" not in repr(entries)


def test_who_asked_for_one_call_only_gets_one_and_staff_read_it_before_they_call(
    maria: Desk, site: Site, now: datetime
) -> None:
    sent = ask(site, now)
    visitor.call_once_only(site, sent.link_token, now=now)
    assert "0 of 1" in words(maria.text("/admin/queue/"))
    maria.press(sent.reference, "claim")
    text = words(maria.text(f"/admin/queue/{sent.reference}"))
    assert "The visitor asked to be called once only" in text and "This is try 1 of 1" in text
    maria.press(sent.reference, "attempt", outcome="no_answer")
    row = stored(sent.reference)
    assert (row.status, row.closed_reason, row.next_at) == (Status.CLOSED, ClosedReason.UNREACHABLE, None)


def test_a_promise_that_a_change_replaced_stays_told(maria: Desk, app: Flask, now: datetime) -> None:
    """By the time asked for, and by a number in another zone; in the timeline and in the record."""
    site = app.extensions["intake"]
    sent, moved = ask(site, now), ask(site, now)
    window = Window(now + timedelta(hours=2), now + timedelta(hours=4))
    visitor.change_time(site, sent.link_token, window=window, now=now)
    visitor.change_number(site, moved.link_token, parse("808 555 0121"), now=now)
    told = words(maria.text(f"/admin/queue/{sent.reference}"))
    assert "Promised until then: before 12:15 pm ET. From then on: before 4 pm ET." in told
    rae = desk(app, "Rae", "auditor", now=now)
    record = words(rae.text(f"/admin/audit/?ref={moved.reference}"))
    assert (
        "Promised until then: before 12:15 pm ET. From then on: before 1:15 pm ET." in record
        and "promised before:" not in record
    )


def test_a_change_that_promises_nothing_new_says_nothing_of_it(site: Site, maria: Desk, now: datetime) -> None:
    sent = ask(site, now)
    visitor.change_number(site, sent.link_token, parse("646 555 0121"), now=now)
    visitor.change_time(site, sent.link_token, is_free_time=True, preferred_note="x", now=now)
    visitor.change_time(site, sent.link_token, is_free_time=True, preferred_note="y", now=now)
    assert words(maria.text(f"/admin/queue/{sent.reference}")).count("Promised until then") == 1
