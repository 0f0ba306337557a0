"""A claim lasts while its holder does something; then it goes back to the queue, with or without a worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.models import Audit, CallbackRequest, Lapse
from intake.models.site import Site
from intake.queries import undo_steps
from intake.rules.limits import LONGEST_CALL, STANDARD, CallingRules
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition, Status
from intake.services import calls, casework, claims, leases, next_call, settings, undoing, viewing
from intake.services.calls import Outcome
from intake.services.errors import ChangedError, TakenError
from intake.services.locking import lock
from tests.making import actions, ask, count, stored

MINUTE = timedelta(minutes=1)
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def held(site: Site, maria: Actor, now: datetime) -> str:
    """A request that Maria has just claimed."""
    reference = ask(site, now - MINUTE).reference
    claims.claim(site, maria, reference, now=now)
    return reference


def test_a_claim_lasts_half_an_hour_and_then_goes_back_once(site: Site, maria: Actor, held: str, now: datetime) -> None:
    assert stored(held).lease_until == now + HALF_AN_HOUR
    assert leases.return_idle(site, now=now + HALF_AN_HOUR - MINUTE) == 0
    version = stored(held).version
    assert leases.return_idle(site, now=now + HALF_AN_HOUR) == 1
    row = stored(held)
    assert (row.assignee_id, row.claimed_at, row.lease_until, row.status) == (None, None, None, Status.NEW)
    assert row.version == version + 1
    assert leases.return_idle(site, now=now + HALF_AN_HOUR) == 0
    with reading() as conn:
        a = Audit.__table__.c
        entry = conn.execute(select(a.actor_kind, a.details).where(a.action == "callback.lapsed")).one()
    assert (entry.actor_kind, entry.details) == ("system", {"from": maria.user_id, "minutes": 30})


def test_how_long_a_claim_lasts_is_a_setting(site: Site, lee: Actor, maria: Actor, now: datetime) -> None:
    admin = Actor(lee.kind, lee.user_id, lee.name, lee.permissions | {settings.Permission.SETTINGS})
    settings.change_calling(site, admin, CallingRules(lease_minutes=5), seen=None, words="x", now=now)
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    assert stored(reference).lease_until == now + 5 * MINUTE


ACTS: list[Callable[[Site, Actor, str, datetime], object]] = [
    lambda site, actor, of, at: casework.add_note(site, actor, of, "Rang back", now=at),
    lambda site, actor, of, at: viewing.record(site, actor, stored(of), STANDARD, now=at),
    lambda site, actor, of, at: claims.start_call(site, actor, of, now=at),
    lambda site, actor, of, at: calls.log_attempt(site, actor, of, Outcome(Disposition.LINE_FAILED), now=at),
    lambda site, actor, of, at: calls.log_attempt(site, actor, of, Outcome(Disposition.CRISIS), now=at),
]


@pytest.mark.parametrize("which", range(len(ACTS)))
def test_every_act_of_the_holder_renews_it(site: Site, maria: Actor, held: str, now: datetime, which: int) -> None:
    later = now + 20 * MINUTE
    ACTS[which](site, maria, held, later)
    assert stored(held).lease_until == later + HALF_AN_HOUR


def test_what_a_colleague_does_renews_nothing(site: Site, dev: Actor, held: str, now: datetime) -> None:
    viewing.record(site, dev, stored(held), STANDARD, now=now + 20 * MINUTE)
    casework.add_note(site, dev, held, "Speaks Polish", now=now + 20 * MINUTE)
    assert stored(held).lease_until == now + HALF_AN_HOUR


def test_looking_twice_in_a_minute_writes_the_lease_once(site: Site, maria: Actor, held: str, now: datetime) -> None:
    version = stored(held).version
    viewing.record(site, maria, stored(held), STANDARD, now=now + timedelta(seconds=50))
    assert stored(held).lease_until == now + HALF_AN_HOUR
    viewing.record(site, maria, stored(held), STANDARD, now=now + 2 * MINUTE)
    assert stored(held).lease_until == now + 32 * MINUTE
    assert stored(held).version == version, "a look is no change that anybody has to read"


def test_the_claim_waits_with_its_holder_for_the_next_try(site: Site, maria: Actor, held: str, now: datetime) -> None:
    logged = calls.log_attempt(site, maria, held, Outcome(Disposition.NO_ANSWER), now=now)
    assert logged.next_at is not None and logged.next_at > now + timedelta(hours=1)
    assert stored(held).lease_until == logged.next_at + HALF_AN_HOUR
    assert leases.return_idle(site, now=logged.next_at + HALF_AN_HOUR - MINUTE) == 0
    assert leases.return_idle(site, now=logged.next_at + HALF_AN_HOUR) == 1
    assert stored(held).status == Status.ATTEMPTING


def test_a_call_under_way_holds_the_claim_for_two_hours(site: Site, maria: Actor, held: str, now: datetime) -> None:
    claims.start_call(site, maria, held, now=now)
    assert leases.return_idle(site, now=now + LONGEST_CALL - MINUTE) == 0
    assert leases.return_idle(site, now=now + LONGEST_CALL) == 1


def test_what_is_closed_or_released_has_nothing_to_give_back(site: Site, maria: Actor, now: datetime) -> None:
    ended, released = ask(site, now).reference, ask(site, now).reference
    for reference in (ended, released):
        claims.claim(site, maria, reference, now=now)
    calls.log_attempt(site, maria, ended, Outcome(Disposition.SPOKE_INFORMATION), now=now)
    claims.release(site, maria, released, now=now)
    assert stored(released).lease_until is None
    assert leases.return_idle(site, now=now + timedelta(days=9)) == 0


def test_a_colleague_claims_what_has_lapsed_though_nobody_gave_it_back(
    site: Site, maria: Actor, dev: Actor, held: str, now: datetime
) -> None:
    with pytest.raises(TakenError):
        claims.claim(site, dev, held, now=now + HALF_AN_HOUR - MINUTE)
    claims.claim(site, dev, held, now=now + HALF_AN_HOUR)
    assert stored(held).assignee_id == dev.user_id
    assert actions(held)[-3:] == ["callback.claimed", "callback.lapsed", "callback.claimed"]


def test_who_takes_back_a_claim_of_what_had_lapsed_leaves_it_to_the_queue(
    site: Site, dev: Actor, held: str, now: datetime
) -> None:
    late = now + HALF_AN_HOUR
    claims.claim(site, dev, held, now=late)
    with reading() as conn:
        step = undo_steps.made_at(conn, dev.person_id, late)
    assert step is not None
    undoing.undo(site, dev, step, now=late)
    assert (stored(held).assignee_id, stored(held).status) == (None, Status.NEW)


def test_the_next_call_may_be_one_that_a_colleague_let_lapse(site: Site, dev: Actor, held: str, now: datetime) -> None:
    assert next_call.claim_next(site, dev, now=now + HALF_AN_HOUR - MINUTE).reference == ""
    assert next_call.claim_next(site, dev, now=now + HALF_AN_HOUR).reference == held


def test_whoever_lost_it_is_told_once(site: Site, maria: Actor, dev: Actor, held: str, now: datetime) -> None:
    late = now + HALF_AN_HOUR
    assert leases.look_after(site, dev, now=late) == ()
    assert stored(held).assignee_id is None, "whoever looks first gives it back"
    assert [one.reference for one in leases.look_after(site, maria, now=late)] == [held]
    assert leases.look_after(site, maria, now=late) == ()
    assert count(Lapse) == 0


def test_whoever_lost_many_is_told_of_each(site: Site, maria: Actor, now: datetime) -> None:
    lost = {ask(site, now, phone=f"212-555-01{number}").reference for number in range(10, 23)}
    for reference in lost:
        claims.claim(site, maria, reference, now=now)
    first, second = (leases.look_after(site, maria, now=now + HALF_AN_HOUR) for _ in range(2))
    assert len(first) == 10 and {one.reference for one in (*first, *second)} == lost
    assert count(Lapse) == 0


def test_a_page_asks_one_question_when_there_is_nothing_to_do(
    site: Site, maria: Actor, held: str, now: datetime, count_queries: Callable[[], int]
) -> None:
    count_queries()
    leases.look_after(site, maria, now=now)
    assert count_queries() == 1


def test_many_go_back_a_few_at_a_time_and_those_in_somebodys_hand_later(
    site: Site, app: Flask, maria: Actor, now: datetime
) -> None:
    references = [ask(site, now).reference for _ in range(3)]
    for reference in references:
        claims.claim(site, maria, reference, now=now)
    with writing() as conn:
        assert leases.give_back_idle(conn, site, now + HALF_AN_HOUR, limit=2) == 2
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        with writing() as conn:
            left = next(one for one in references if stored(one).assignee_id)
            lock(conn, left)
            assert leases.return_idle(site, now=now + HALF_AN_HOUR) == 0
    assert leases.return_idle(site, now=now + HALF_AN_HOUR) == 1


def test_what_was_typed_after_the_claim_lapsed_is_not_lost_and_can_be_saved(
    site: Site, maria: Actor, held: str, now: datetime
) -> None:
    version, late = stored(held).version, now + HALF_AN_HOUR
    leases.return_idle(site, now=late)
    outcome = Outcome(Disposition.NO_ANSWER, note="Rang out")
    with pytest.raises(ChangedError):
        calls.log_attempt(site, maria, held, outcome, expected_version=version, now=late)
    calls.log_attempt(site, maria, held, outcome, expected_version=stored(held).version, now=late)
    assert stored(held).assignee_id == maria.user_id


def test_a_lease_that_nobody_wrote_never_ends(site: Site, held: str, now: datetime) -> None:
    with writing() as conn:
        conn.execute(update(CallbackRequest).values(lease_until=None))
    assert leases.return_idle(site, now=now + timedelta(days=9)) == 0
