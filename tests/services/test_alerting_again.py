"""After a first call nobody is forgotten either, however the next one came about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition
from intake.services import alerting, calls, claims, duplicates, snoozing, visitor
from intake.services.callbacks import Submitted
from intake.services.calls import Outcome
from tests.making import ask, person, stored

MINUTE = timedelta(minutes=1)


def log(site: Site, sam: Actor, reference: str, disposition: Disposition, at: datetime) -> None:
    claims.start_call(site, sam, reference, now=at)
    calls.log_attempt(site, sam, reference, Outcome(disposition), now=at + MINUTE)
    claims.release(site, sam, reference, now=at + MINUTE)


def our_line_failed(site: Site, sam: Actor, made: Submitted, planned: datetime) -> None:
    log(site, sam, made.reference, Disposition.LINE_FAILED, planned)


def as_soon_as_possible(site: Site, sam: Actor, made: Submitted, planned: datetime) -> None:
    before = planned - 5 * MINUTE
    visitor.change_time(site, made.link_token, is_free_time=True, preferred_note="later", now=before)
    visitor.change_time(site, made.link_token, now=before)


def joined(site: Site, sam: Actor, made: Submitted, planned: datetime) -> None:
    again = ask(site, planned - 60 * MINUTE, email="ana@example.com", name="Somebody else")
    duplicates.link(site, sam, made.reference, again.reference, now=planned - 59 * MINUTE)


def woken(site: Site, sam: Actor, made: Submitted, planned: datetime) -> None:
    snoozing.snooze(site, sam, made.reference, planned + 120 * MINUTE, reason="asked", now=planned + MINUTE)
    snoozing.wake(site, sam, made.reference, now=planned + 5 * MINUTE)


@pytest.mark.parametrize("again", [our_line_failed, as_soon_as_possible, joined, woken])
def test_whatever_brings_it_back_it_is_told_of_when_it_is_late(
    site: Site, now: datetime, again: Callable[[Site, Actor, Submitted, datetime], None]
) -> None:
    sam = person(site, "Sam", now=now)
    person(site, "Mara", "manager", now=now)
    made = ask(site, now, email="ana@example.com")
    log(site, sam, made.reference, Disposition.NO_ANSWER, now)
    planned = stored(made.reference).next_at
    again(site, sam, made, planned)
    row = stored(made.reference)
    assert row.next_at is None and row.closed_at is None
    assert alerting.raise_due(site, now=row.due_at + 30 * MINUTE) >= 2, "the team, and the manager on duty"


def test_whoever_was_found_in_a_crisis_is_not_told_of_until_another_call_is_set(site: Site, now: datetime) -> None:
    sam = person(site, "Sam", now=now)
    made = ask(site, now)
    log(site, sam, made.reference, Disposition.CRISIS, now)
    assert alerting.raise_due(site, now=now + 60 * MINUTE) == 0
    claims.start_call(site, sam, made.reference, now=now + 60 * MINUTE)
    outcome = Outcome(Disposition.CRISIS, next_at=now + 90 * MINUTE)
    calls.log_attempt(site, sam, made.reference, outcome, now=now + 61 * MINUTE)
    assert alerting.raise_due(site, now=now + 95 * MINUTE) > 0
