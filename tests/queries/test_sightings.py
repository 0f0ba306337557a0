"""Who has seen a request: everybody who looked, and nobody who only did something that touched it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from intake.database import reading, writing
from intake.models import OutboxMessage
from intake.models.records import OutboxState
from intake.models.site import Site
from intake.queries import sightings
from intake.rules.limits import STANDARD
from intake.rules.permissions import Actor
from intake.rules.workflow import ClosedReason, Disposition
from intake.services import calls, casework, claims, mail, people, viewing
from intake.services.calls import Outcome
from tests.making import actions, ask, person, stored


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]  # type: ignore[no-any-return]


@pytest.fixture
def kim(site: Site, now: datetime) -> Actor:
    return person(site, "Kim", now=now)


def seen_by(reference: str) -> set[int]:
    with reading() as conn:
        subject = sightings.subject(conn, reference)
        assert subject is not None
        told = {one.actor_id for one in sightings.viewers(conn, subject)}
        assert told == {one.actor_id for one in sightings.sightings(conn, subject)}
    return told


def test_whoever_works_on_a_request_has_seen_it(site: Site, kim: Actor, now: datetime) -> None:
    lee, looked = person(site, "Lee", "manager", now=now), person(site, "Ida", now=now)
    reference = ask(site, now).reference
    claims.claim(site, kim, reference, now=now)
    casework.add_note(site, lee, reference, "Ring twice", now=now)
    viewing.record(site, looked, stored(reference), STANDARD, now=now)
    assert seen_by(reference) == {kim.user_id, lee.user_id, looked.user_id}


def test_a_list_it_stood_in_before_it_was_opened_again_counts_as_well(site: Site, kim: Actor, now: datetime) -> None:
    lee, reference = person(site, "Lee", "manager", now=now), ask(site, now).reference
    viewing.listed(site, lee, view="due_now", ids=[stored(reference).id], now=now + timedelta(minutes=1))
    casework.close(site, kim, reference, ClosedReason.INFORMATION, now=now + timedelta(minutes=2))
    casework.reopen(site, kim, reference, now=now + timedelta(days=1))
    assert seen_by(reference) == {kim.user_id, lee.user_id}


def test_who_ended_a_colleagues_access_has_not_seen_what_they_held(site: Site, kim: Actor, now: datetime) -> None:
    ada, reference = person(site, "Ada", "admin", now=now), ask(site, now).reference
    claims.claim(site, kim, reference, now=now)
    people.disable(site, ada, kim.person_id, now=now)
    assert "callback.released" in actions(reference) and seen_by(reference) == {kim.user_id}


def test_who_sent_all_mails_again_has_not_seen_what_they_are_about(site: Site, now: datetime) -> None:
    lee, reference = person(site, "Lee", "manager", now=now), ask(site, now).reference
    with writing() as conn:
        conn.execute(update(OutboxMessage).values(state=OutboxState.DEAD, dead_at=now, last_error="x"))
    mail.send_all_again(site, lee, now=now)
    assert "callback.mail_resent" in actions(reference) and seen_by(reference) == set()


def test_who_heard_a_wish_not_to_be_called_has_not_seen_the_other_requests_it_stops(
    site: Site, kim: Actor, now: datetime
) -> None:
    heard, other = ask(site, now).reference, ask(site, now, name="Ben").reference
    calls.log_attempt(site, kim, heard, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    assert "callback.set_aside" in actions(other) and seen_by(other) == set()
    assert seen_by(heard) == {kim.user_id}
