"""Promises kept and broken, where one is followed by another: what was missed stays missed."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from intake.database import reading
from intake.models import CallAttempt
from intake.models.site import Site
from intake.queries.facts import Asked
from intake.queries.report import Figures, report
from intake.rules.counting import Kept
from intake.rules.periods import Period
from intake.rules.permissions import Actor
from intake.rules.phone import parse
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition
from intake.services import calls, casework, claims, corrections, visitor
from intake.services.callbacks import Submitted
from intake.services.calls import Outcome
from intake.services.errors import RefusedError
from tests.making import ask, person, stored

D = Disposition
HOUR = timedelta(hours=1)
NUMBERS = (f"917-{number}" for number in count(2_345_000))
"""Each is given once: what becomes of one number changes nothing about another."""


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]  # type: ignore[no-any-return]


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


def figures(site: Site, now: datetime) -> Figures:
    """Those of the day."""
    with reading() as conn:
        return report(conn, site, Asked(Period(now.date(), now.date())), now=now).whole


def call(site: Site, who: Actor, reference: str, what: Disposition, at: datetime) -> None:
    claims.start_call(site, who, reference, now=at)
    calls.log_attempt(site, who, reference, Outcome(what), now=at)


def test_a_broken_promise_stays_broken_when_the_visitor_then_picks_another_time(site, maria, now):
    asked = ask(site, now)
    later = Window(now + 4 * HOUR, now + 5 * HOUR)
    visitor.change_time(site, asked.link_token, window=later, now=now + 3 * HOUR)
    call(site, maria, asked.reference, D.NO_ANSWER, now + timedelta(hours=4, minutes=10))
    assert figures(site, now + 5 * HOUR).kept == {Kept.BROKEN: 1}
    row = stored(asked.reference)
    assert (row.is_promise_kept, row.is_window_kept) == (False, True)
    with reading() as conn:
        wrong = conn.execute(CallAttempt.__table__.select()).one()
    corrections.correct(site, maria, asked.reference, wrong.id, D.BUSY, reason="key", now=now + 5 * HOUR)
    assert figures(site, now + 5 * HOUR).kept == {Kept.BROKEN: 1}


@pytest.fixture
def lee(site: Site, now: datetime) -> Actor:
    return person(site, "Lee", "manager", now=now)


def another_time(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    visitor.change_time(site, asked.link_token, window=Window(at + HOUR, at + 2 * HOUR), now=at)


def own_words(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    visitor.change_time(site, asked.link_token, is_free_time=True, preferred_note=f"after {at}", now=at)


def their_time_set(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    casework.acknowledge_time(site, lee, asked.reference, agreed_from=at + HOUR, now=at)


def another_number(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    visitor.change_number(site, asked.link_token, parse(next(NUMBERS)), now=at)


def they_call(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    calls.log_attempt(site, lee, asked.reference, Outcome(D.INBOUND_REACHED, agreed_from=at + HOUR), now=at)


def we_call(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    outcome = Outcome(D.NO_ANSWER, override_reason="key")
    calls.log_attempt(site, lee, asked.reference, outcome, now=at)


def set_aside(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    """Somebody else asks that nobody calls their number any more."""
    row = stored(asked.reference)
    number = site.keyring.open("callback_request.phone", row.public_id, row.phone_encrypted)
    other = ask(site, at, phone=number, name="Ben", window=Window(at + HOUR, at + 2 * HOUR)).reference
    if stored(other).is_promised:
        casework.close(site, lee, other, ClosedReason.DO_NOT_CALL, note="A letter", now=at)


EVENTS = (another_time, own_words, their_time_set, another_number, they_call, we_call, set_aside)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(st.sampled_from(EVENTS), min_size=2, max_size=6))
@example(events=[they_call, another_time])
@example(events=[they_call, another_time, we_call])
@example(events=[another_time, they_call])
@example(events=[set_aside, another_number, we_call])
@example(events=[set_aside, another_number, they_call])
def test_a_broken_promise_is_broken_for_good_whatever_anybody_does_then(site, lee, now, events):
    """A request whose number may not be called is promised nothing meanwhile."""
    at = now - 2 * HOUR
    before = figures(site, now).kept.get(Kept.BROKEN, 0)
    asked = ask(site, at, phone=next(NUMBERS))
    at += HOUR
    for event in events:
        with suppress(RefusedError):
            event(site, lee, asked, at)
        broken = before + stored(asked.reference).is_promised
        assert figures(site, at).kept == ({Kept.BROKEN: broken} if broken else {}), event.__name__
        at += HOUR / 2


def test_a_promise_to_whoever_called_us_in_time_is_neither_kept_nor_broken_by_a_later_call(site, maria, now):
    asked = ask(site, now)
    heard = Outcome(D.INBOUND_REACHED, agreed_from=now + 4 * HOUR)
    calls.log_attempt(site, maria, asked.reference, heard, now=now + timedelta(minutes=5))
    call(site, maria, asked.reference, D.SPOKE_INFORMATION, now + timedelta(hours=4, minutes=10))
    assert stored(asked.reference).is_promise_kept is None
    assert figures(site, now + 5 * HOUR).kept == {}


def test_a_requested_time_that_was_missed_stays_missed_when_the_visitor_then_picks_another(site, maria, now):
    first, later = (Window(now + hours * HOUR, now + (hours + 1) * HOUR) for hours in (1, 4))
    asked = ask(site, now, window=first)
    visitor.change_time(site, asked.link_token, window=later, now=now + 3 * HOUR)
    call(site, maria, asked.reference, D.SPOKE_INFORMATION, now + timedelta(hours=4, minutes=10))
    assert figures(site, now + 5 * HOUR).wishes == {Kept.BROKEN: 1}


def test_a_requested_time_that_was_missed_stays_missed_when_they_call_us_and_agree_another(site, maria, now):
    asked = ask(site, now, window=Window(now + HOUR, now + 2 * HOUR)).reference
    heard = Outcome(D.INBOUND_REACHED, agreed_from=now + 4 * HOUR)
    calls.log_attempt(site, maria, asked, heard, now=now + 3 * HOUR)
    call(site, maria, asked, D.SPOKE_INFORMATION, now + timedelta(hours=4, minutes=10))
    assert figures(site, now + 5 * HOUR).wishes == {Kept.BROKEN: 1}


def test_another_time_picked_while_the_promise_lies_ahead_is_kept_by_a_call_then(site, maria, now):
    speed, wish = ask(site, now), ask(site, now, window=Window(now + HOUR, now + 2 * HOUR), phone="212-555-0147")
    later = Window(now + 4 * HOUR, now + 5 * HOUR)
    for asked in (speed, wish):
        visitor.change_time(site, asked.link_token, window=later, now=now + timedelta(minutes=5))
        call(site, maria, asked.reference, D.SPOKE_INFORMATION, now + timedelta(hours=4, minutes=10))
    assert figures(site, now + 5 * HOUR).wishes == {Kept.KEPT: 2}


@pytest.mark.parametrize(("minutes", "kept"), [(20, Kept.NONE), (200, Kept.BROKEN)])
def test_what_is_marked_as_spam_before_the_promise_fell_due_breaks_none(site, maria, now, minutes, kept):
    for number in range(4):  # people ahead, so that the promise lies behind the target
        ask(site, now, phone=f"212-555-011{number}", window=Window(now + 7 * HOUR, now + 8 * HOUR))
        ask(site, now, phone=f"212-555-012{number}")
    asked = ask(site, now, phone="212-555-0130")
    row = stored(asked.reference)
    at = now + timedelta(minutes=minutes)
    assert row.target_at < at and (at <= row.promised_by_at) is (kept is Kept.NONE)
    before = figures(site, at).kept
    casework.close(site, maria, asked.reference, ClosedReason.SPAM, now=at)
    told = figures(site, at).kept
    assert told.get(kept, 0) == before.get(kept, 0) + (kept is Kept.NONE)
