"""Twenty people, one request, one instant: one calls, one outcome is stored, and nobody undoes what another did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, CallAttempt, CallbackRequest
from intake.models.site import Site
from intake.rules import phone
from intake.rules.permissions import Actor
from intake.rules.spam import Signals
from intake.rules.workflow import Disposition
from intake.services import calls, casework, claims
from intake.services.callbacks import Answers, Arrival, submit
from intake.services.errors import EndedError, ServiceError, TakenError
from tests.races.crowd import PEOPLE, colleagues

ROUNDS = 10
C = CallbackRequest.__table__.c


@pytest.fixture
def staff(app: Flask, now: datetime) -> list[Actor]:
    return colleagues(now)


@pytest.fixture
def crowd(app: Flask) -> Iterator[Callable[..., list[Any]]]:
    """Runs one deed by many at once, each in a context of their own; returns what came of it, errors included."""
    with ThreadPoolExecutor(PEOPLE) as pool:

        def all_at_once(deed: Callable[[Actor], Any], people: list[Actor]) -> list[Any]:
            start = threading.Barrier(len(people))

            def one(actor: Actor) -> Any:
                with app.app_context():
                    start.wait(20)
                    try:
                        return deed(actor)
                    except ServiceError as error:
                        return error

            return list(pool.map(one, people))

        yield all_at_once


def asked(site: Site, now: datetime, number: int = 0) -> str:
    answers = Answers(f"Visitor {number}", phone.parse("212-555-0182"))
    return submit(site, answers, Arrival(f"form {number}", Signals(seconds_to_fill=30.0)), now=now).reference


def entries(reference: str, action: str) -> list[int]:
    a = Audit.__table__.c
    with reading() as conn:
        callback_id = conn.execute(select(C.id).where(C.reference == reference)).scalar_one()
        return list(conn.execute(select(a.actor_id).where(a.callback_id == callback_id, a.action == action)).scalars())


def test_of_twenty_people_who_press_call_at_once_one_sees_the_number(
    site: Site, now: datetime, staff: list[Actor], crowd: Callable[..., list[Any]]
) -> None:
    reference = asked(site, now)
    came = crowd(lambda actor: claims.start_call(site, actor, reference, now=now), staff)
    assert sum(1 for outcome in came if outcome is None) == 1
    assert sum(1 for outcome in came if isinstance(outcome, TakenError)) == PEOPLE - 1
    assert len(entries(reference, "callback.call_started")) == 1


def test_of_two_people_who_save_an_outcome_at_once_one_is_told_that_it_is_taken(
    site: Site, now: datetime, staff: list[Actor], crowd: Callable[..., list[Any]]
) -> None:
    outcome, at = calls.Outcome(Disposition.NO_ANSWER), now + timedelta(minutes=5)
    for number in range(ROUNDS):
        reference = asked(site, now, number)
        came = crowd(lambda actor, of=reference: calls.log_attempt(site, actor, of, outcome, now=at), staff[:2])
        assert sum(1 for one in came if isinstance(one, calls.Logged)) == 1
        assert sum(1 for one in came if isinstance(one, TakenError)) == 1
        assert len(entries(reference, "callback.attempted")) == 1


def test_a_double_click_on_save_is_one_attempt(
    site: Site, now: datetime, staff: list[Actor], crowd: Callable[..., list[Any]]
) -> None:
    reference = asked(site, now)
    claims.claim(site, staff[0], reference, now=now)
    with reading() as conn:
        seen = conn.execute(select(C.version).where(C.reference == reference)).scalar_one()
    busy = calls.Outcome(Disposition.BUSY)
    crowd(lambda one: calls.log_attempt(site, one, reference, busy, expected_version=seen, now=now), [staff[0]] * 6)
    with reading() as conn:
        row = conn.execute(select(C.attempt_count, C.version, C.id).where(C.reference == reference)).one()
        stored = conn.execute(select(CallAttempt.__table__.c.id).where(CallAttempt.__table__.c.callback_id == row.id))
        assert row.attempt_count == len(stored.all()) == 1


def test_a_request_closed_and_called_at_once_is_either_called_first_or_closed(
    site: Site, now: datetime, staff: list[Actor], crowd: Callable[..., list[Any]]
) -> None:
    reference = asked(site, now)
    claims.claim(site, staff[0], reference, now=now)
    deeds = iter((
        lambda: casework.mark_spam(site, staff[0], reference, now=now),
        lambda: calls.log_attempt(site, staff[0], reference, calls.Outcome(Disposition.NO_ANSWER), now=now),
    ))  # fmt: skip
    lock = threading.Lock()

    def one(_actor: Actor) -> Any:
        with lock:
            deed = next(deeds)
        return deed()

    came = crowd(one, [staff[0], staff[0]])
    with reading() as conn:
        row = conn.execute(select(C.closed_at, C.closed_reason, C.attempt_count).where(C.reference == reference)).one()
    assert row.closed_reason == "spam"
    assert row.attempt_count == (0 if any(isinstance(outcome, EndedError) for outcome in came) else 1)
