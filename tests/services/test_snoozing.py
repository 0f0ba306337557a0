"""A request is put off until a time, and comes back at that minute though nothing runs; its promise stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from intake.database import reading
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import next_call, worklist
from intake.queries.worklist import View
from intake.rules.permissions import Actor
from intake.rules.windows import Window
from intake.rules.workflow import Disposition
from intake.services import calls, casework, claims, leases, snoozing
from intake.services.calls import Outcome
from intake.services.errors import ChangedError, EndedError, RefusedError, TakenError
from tests.making import actions, ask, stored
from tests.points import point

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SOON = timedelta(minutes=5)


@pytest.fixture
def reference(site: Site, now: datetime) -> str:
    """Somebody who has waited for nine minutes."""
    return ask(site, now - 9 * MINUTE).reference


def due_now(site: Site, actor: Actor, now: datetime) -> set[str]:
    with reading() as conn:
        asked = {"user_id": actor.person_id, "now": now, "due_soon": SOON, "with_contact": False}
        return {row.reference for row in worklist.page(conn, site, View.DUE_NOW, **asked).rows}


def next_for(site: Site, actor: Actor, now: datetime) -> str | None:
    with reading() as conn:
        row = next_call.first(conn, site, calendars.current(conn, site), user_id=actor.person_id, now=now)
    return row.reference if row else None


@point(56)
def test_it_is_on_no_list_of_what_is_due_and_comes_back_at_the_minute_though_nothing_runs(
    site: Site, maria: Actor, reference: str, now: datetime
) -> None:
    assert next_for(site, maria, now) == reference
    until = now + 40 * MINUTE
    came = snoozing.snooze(site, maria, reference, until - timedelta(seconds=20), reason="Line is down", now=now)
    assert came.until_at == until, "on a whole minute"
    assert next_for(site, maria, now) is None and due_now(site, maria, now) == set()
    assert next_for(site, maria, until - timedelta(seconds=1)) is None
    assert due_now(site, maria, until - SOON - timedelta(seconds=1)) == set()
    assert due_now(site, maria, until) == {reference}
    assert next_for(site, maria, until) == reference


def test_the_promise_and_every_clock_stay_where_they_were(
    site: Site, maria: Actor, reference: str, now: datetime
) -> None:
    kept = ("due_at", "target_at", "promised_by_at", "window_from", "status", "assignee_id")
    before = [getattr(stored(reference), name) for name in kept]
    snoozing.snooze(site, maria, reference, now + HOUR, reason="Busy", now=now)
    assert [getattr(stored(reference), name) for name in kept] == before
    assert stored(reference).snoozed_at == now
    assert actions(reference)[-1] == "callback.snoozed"


def test_it_says_when_the_promise_passes_meanwhile(site: Site, maria: Actor, reference: str, now: datetime) -> None:
    promised = stored(reference).promised_by_at
    assert promised > now
    assert not snoozing.snooze(site, maria, reference, promised - MINUTE, reason="x", now=now).is_late
    assert snoozing.snooze(site, maria, reference, promised + MINUTE, reason="x", now=now).is_late
    assert not snoozing.snooze(site, maria, reference, promised + HOUR, reason="x", now=promised + MINUTE).is_late


def test_whoever_holds_it_holds_it_until_then(site: Site, maria: Actor, reference: str, now: datetime) -> None:
    claims.claim(site, maria, reference, now=now)
    snoozing.snooze(site, maria, reference, now + 3 * HOUR, reason="Busy", now=now)
    assert leases.return_idle(site, now=now + 3 * HOUR) == 0
    assert stored(reference).lease_until == now + 3 * HOUR + 30 * MINUTE


def test_a_time_that_somebody_asked_for_is_not_overwritten(site: Site, maria: Actor, now: datetime) -> None:
    booked = ask(site, now, window=Window(now + HOUR, now + 2 * HOUR)).reference
    with pytest.raises(RefusedError, match="has_window"):
        snoozing.snooze(site, maria, booked, now + 3 * HOUR, reason="x", now=now)
    agreed = ask(site, now, phone="212-555-0190").reference
    outcome = Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=now + HOUR)
    calls.log_attempt(site, maria, agreed, outcome, now=now)
    with pytest.raises(RefusedError, match="has_window"):
        snoozing.snooze(site, maria, agreed, now + 3 * HOUR, reason="x", now=now)
    assert stored(agreed).next_at == now + HOUR


def test_what_stands_against_it_is_said(site: Site, maria: Actor, dev: Actor, reference: str, now: datetime) -> None:
    def refused(code: str, until: datetime, reason: str = "x") -> None:
        with pytest.raises(RefusedError, match=code):
            snoozing.snooze(site, maria, reference, until, reason=reason, now=now)

    refused("reason_needed", now + HOUR, reason="  ")
    refused("time_past", now - MINUTE)
    refused("too_far", now + timedelta(days=31))
    claims.start_call(site, maria, reference, now=now)
    refused("call_not_logged", now + HOUR)
    with pytest.raises(TakenError):
        snoozing.snooze(site, dev, reference, now + HOUR, reason="x", now=now)
    calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), now=now)
    refused("planned_later", now + MINUTE)
    with pytest.raises(ChangedError):
        snoozing.snooze(site, maria, reference, now + HOUR, reason="x", expected_version=1, now=now)
    casework.close(site, maria, reference, casework.ClosedReason.TEST, now=now)
    with pytest.raises(EndedError):
        snoozing.snooze(site, maria, reference, now + HOUR, reason="x", now=now)


def test_woken_early_it_is_due_at_once(site: Site, maria: Actor, reference: str, now: datetime) -> None:
    snoozing.snooze(site, maria, reference, now + HOUR, reason="x", now=now)
    snoozing.wake(site, maria, reference, now=now + MINUTE)
    assert next_for(site, maria, now + MINUTE) == reference
    assert (stored(reference).next_at, stored(reference).snoozed_at) == (None, None)
    with pytest.raises(RefusedError, match="not_snoozed"):
        snoozing.wake(site, maria, reference, now=now + MINUTE)


def test_waking_does_not_call_sooner_than_the_last_try_allows(
    site: Site, maria: Actor, reference: str, now: datetime
) -> None:
    planned = calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), now=now).next_at
    assert planned is not None
    snoozing.snooze(site, maria, reference, planned + HOUR, reason="x", now=now)
    snoozing.wake(site, maria, reference, now=now + MINUTE)
    assert stored(reference).next_at == planned


def test_any_other_decision_ends_the_snooze(site: Site, maria: Actor, reference: str, now: datetime) -> None:
    snoozing.snooze(site, maria, reference, now + HOUR, reason="x", now=now)
    claims.claim(site, maria, reference, now=now)
    assert stored(reference).snoozed_at == now, "taking it decides nothing about when"
    calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER, override_reason="They rang"), now=now)
    assert stored(reference).snoozed_at is None
