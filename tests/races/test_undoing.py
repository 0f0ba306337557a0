"""Undo against a colleague, a lapse against its holder's save: one of both comes first, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries import undo_steps
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition
from intake.services import bulk, calls, claims, leases, undoing
from intake.services.bulk import Verb, Wanted
from intake.services.calls import Logged, Outcome
from intake.services.errors import ChangedError, ServiceError, TakenError
from tests.making import actions, as_shown, ask, person, stored

ROUNDS = 6
SECOND, HALF_AN_HOUR = timedelta(seconds=1), timedelta(minutes=30)


def together(app: Flask, *deeds: Callable[[], Any]) -> list[Any]:
    """All at one instant, each in a context of its own; what came of each, errors included."""
    start = threading.Barrier(len(deeds))

    def one(deed: Callable[[], Any]) -> Any:
        with app.app_context():
            start.wait(20)
            try:
                return deed()
            except ServiceError as error:
                return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def step_of(actor: Actor, at: datetime) -> str:
    with reading() as conn:
        step = undo_steps.made_at(conn, actor.person_id, at)
    assert step is not None
    return step


def test_a_release_is_taken_back_while_a_colleague_claims_and_one_of_both_has_it(
    app: Flask, site: Site, now: datetime
) -> None:
    maria, dev = (person(site, name, now=now) for name in ("Maria", "Dev"))
    for number in range(ROUNDS):
        reference, at = ask(site, now, phone=f"212-555-01{number:02}").reference, now + number * SECOND
        claims.claim(site, maria, reference, now=at - SECOND)
        claims.release(site, maria, reference, now=at)
        step = step_of(maria, at)
        undone, claimed = together(
            app,
            lambda step=step, at=at: undoing.undo(site, maria, step, now=at),
            lambda of=reference, at=at: claims.claim(site, dev, of, now=at),
        )
        if isinstance(claimed, TakenError):
            assert undone.references == (reference,) and stored(reference).assignee_id == maria.user_id
        else:
            assert undone.kept == (undoing.Kept(reference, "Dev"),) and stored(reference).assignee_id == dev.user_id


def test_a_claim_lapses_while_its_holder_saves_and_the_outcome_is_kept_or_its_words_are_shown_again(
    app: Flask, site: Site, now: datetime
) -> None:
    maria = person(site, "Maria", now=now)
    late = now + HALF_AN_HOUR
    for number in range(ROUNDS):
        reference = ask(site, now, phone=f"212-555-01{number:02}").reference
        claims.claim(site, maria, reference, now=now)
        seen, outcome = stored(reference).version, Outcome(Disposition.LINE_FAILED, note="Dead line")
        returned, logged = together(
            app,
            lambda: leases.return_idle(site, now=late),
            lambda of=reference, seen=seen, outcome=outcome: calls.log_attempt(
                site, maria, of, outcome, expected_version=seen, now=late
            ),
        )
        if isinstance(logged, Logged):
            assert returned == 0 and stored(reference).assignee_id == maria.user_id
        else:
            assert isinstance(logged, ChangedError) and stored(reference).assignee_id is None
        assert actions(reference).count("callback.lapsed") == returned
        claims.claim(site, maria, reference, now=late)
        claims.release(site, maria, reference, now=late)


def test_two_who_pick_the_same_rows_in_opposite_order_do_not_wait_for_each_other_for_ever(
    app: Flask, site: Site, now: datetime
) -> None:
    maria, dev = (person(site, name, now=now) for name in ("Maria", "Dev"))
    references = [ask(site, now, phone=f"212-555-01{number:02}").reference for number in range(12)]
    shown = as_shown(references)
    hers, his = together(
        app,
        lambda: bulk.do(site, maria, Verb.CLAIM, shown, Wanted(), now=now),
        lambda: bulk.do(site, dev, Verb.CLAIM, shown, Wanted(), now=now),
    )
    assert sorted((len(hers.references), len(his.references))) == [0, 12]
    assert {one.holder for one in (*hers.failures, *his.failures)} <= {"Maria", "Dev"}


def test_many_pages_opened_at_once_give_each_lapsed_claim_back_once(app: Flask, site: Site, now: datetime) -> None:
    maria = person(site, "Maria", now=now)
    references = [ask(site, now, phone=f"212-555-01{number:02}").reference for number in range(8)]
    for reference in references:
        claims.claim(site, maria, reference, now=now)
    late = now + HALF_AN_HOUR
    returned = together(app, *[lambda: leases.return_idle(site, now=late)] * 6)
    assert sum(returned) == 8
    assert all(actions(reference).count("callback.lapsed") == 1 for reference in references)
