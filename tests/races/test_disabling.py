"""A person is disabled while requests come into their hands: afterwards no open one is theirs, whoever was first."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from intake.database import reading, writing
from intake.models import CallbackRequest, Role, User
from intake.models.people import user_role
from intake.models.site import Site
from intake.rules.permissions import GRANTS, Actor, ActorKind, ForbiddenError
from intake.rules.permissions import Role as RoleName
from intake.rules.workflow import Disposition
from intake.services import calls, claims, corrections, handing, people
from intake.services.errors import NotFoundError, ServiceError
from tests.making import ask, stored

ROUNDS = 20
C = CallbackRequest.__table__.c
U = User.__table__.c
WAIT = 0.4
"""Long enough for somebody who is not kept waiting to be done."""


def colleague(now: datetime, role: RoleName = RoleName.STAFF) -> Actor:
    """Somebody who has come and may work. Nobody signs in here, so the password is none."""
    mark = uuid.uuid4().hex
    row = {
        "email": f"{mark}@example.com", "name": mark[:6], "active": True, "password": "-",
        "fs_uniquifier": mark, "created_at": now,
    }  # fmt: skip
    with writing() as conn:
        user_id = conn.execute(insert(User).values(row).returning(U.id)).scalar_one()
        r = Role.__table__.c
        role_id = conn.execute(select(r.id).where(r.name == role.value)).scalar_one()
        conn.execute(insert(user_role).values(user_id=user_id, role_id=role_id))
    return Actor(ActorKind.PERSON, user_id, mark[:6], GRANTS[role])


@pytest.fixture
def admin(app: Flask, now: datetime) -> Actor:
    colleague(now, RoleName.ADMIN)  # the last one could not be disabled
    return colleague(now, RoleName.ADMIN)


@pytest.fixture
def grace(app: Flask, now: datetime) -> Actor:
    return colleague(now, RoleName.MANAGER)


@pytest.fixture
def aside(app: Flask) -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Runs a deed beside the test, in a context of its own; gives what came of it, refusals included."""
    with ThreadPoolExecutor(12) as pool:

        def run(deed: Callable[[], Any]) -> Any:
            with app.app_context():
                try:
                    return deed()
                except (ServiceError, ForbiddenError) as error:
                    return error

        yield lambda deed: pool.submit(run, deed)


def held_open(user_id: int | None) -> list[str]:
    with reading() as conn:
        asked = select(C.reference).where(C.assignee_id == user_id, C.closed_at.is_(None))
        return list(conn.execute(asked).scalars())


def ways_into(site: Site, person: Actor, colleague: Actor, grace: Actor, now: datetime) -> list[Callable[[], Any]]:
    """Every deed that makes somebody the owner of an open request, each ready on a request of its own."""
    free = [ask(site, now).reference for _ in range(4)]
    theirs = [ask(site, now).reference for _ in range(2)]
    for reference in theirs:
        claims.claim(site, colleague, reference, now=now)
    closed = ask(site, now).reference
    calls.log_attempt(site, person, closed, calls.Outcome(Disposition.SPOKE_INFORMATION), now=now)
    with reading() as conn:
        wrong = calls.calls.standing(conn, stored(closed).id, 0)[-1].id
    later = now + timedelta(minutes=2)
    return [
        lambda: claims.claim(site, person, free[0], now=later),
        lambda: claims.start_call(site, person, free[1], now=later),
        lambda: calls.log_attempt(site, person, free[2], calls.Outcome(Disposition.BUSY), now=later),
        lambda: claims.assign(site, grace, free[3], person.person_id, now=later),
        lambda: handing.take_over(
            site, person, theirs[0], holder_id=colleague.person_id, reason="they are at lunch", now=later
        ),
        lambda: handing.hand_off(site, colleague, theirs[1], person.person_id, note="speaks Spanish", now=later),
        lambda: corrections.correct(site, grace, closed, wrong, Disposition.BUSY, reason="wrong key", now=later),
    ]


def test_after_disabling_nothing_open_is_theirs_whatever_was_under_way(
    site: Site, now: datetime, admin: Actor, grace: Actor, aside: Callable[[Callable[[], Any]], Future[Any]]
) -> None:
    dev, chance = colleague(now), random.Random(7)
    won = lost = 0
    for number in range(ROUNDS):
        latest = number / 100  # from all at once to long after, so that a slow machine too sees both ways it can end
        person = colleague(now)
        deeds = ways_into(site, person, dev, grace, now)
        start = threading.Barrier(len(deeds) + 1)

        def at_once(deed: Callable[[], Any], wait: float, start: threading.Barrier = start) -> Callable[[], Any]:
            def run() -> Any:
                start.wait(20)
                time.sleep(wait)
                return deed()

            return run

        under_way = [aside(at_once(deed, chance.random() * latest)) for deed in deeds]
        put_out = aside(at_once(lambda who=person: people.disable(site, admin, who.person_id, now=now), 0.008))
        came = [one.result(30) for one in under_way]
        assert isinstance(put_out.result(30), people.Disabled)
        assert held_open(person.user_id) == []
        refused = [one for one in came if isinstance(one, Exception)]
        assert all(isinstance(one, (ForbiddenError, NotFoundError)) for one in refused)
        lost, won = lost + len(refused), won + len(came) - len(refused)
    assert won > 0
    assert lost > 0


@pytest.mark.parametrize("which", range(7))
def test_disabling_waits_for_what_is_under_way_and_takes_that_back_too(
    site: Site, now: datetime, admin: Actor, grace: Actor, aside: Callable[[Callable[[], Any]], Future[Any]],
    monkeypatch: pytest.MonkeyPatch, which: int,
) -> None:  # fmt: skip
    person, dev = colleague(now), colleague(now)
    deed = ways_into(site, person, dev, grace, now)[which]
    is_there, may_go_on = threading.Event(), threading.Event()
    commit = claims.audit.record

    def slowly(*given: Any, **more: Any) -> None:
        commit(*given, **more)
        if given[3] != "callback.released" and not given[3].startswith("person."):
            is_there.set()
            may_go_on.wait(20)

    monkeypatch.setattr(claims.audit, "record", slowly)
    under_way = aside(deed)
    assert is_there.wait(20)
    put_out = aside(lambda: people.disable(site, admin, person.person_id, now=now))
    time.sleep(WAIT)
    assert not put_out.done()
    may_go_on.set()
    assert not isinstance(under_way.result(20), Exception)
    assert put_out.result(20).claims == 1
    assert held_open(person.user_id) == []


@pytest.mark.parametrize("which", range(7))
def test_what_begins_while_somebody_is_being_disabled_finds_them_disabled(
    site: Site, now: datetime, admin: Actor, grace: Actor, aside: Callable[[Callable[[], Any]], Future[Any]],
    monkeypatch: pytest.MonkeyPatch, which: int,
) -> None:  # fmt: skip
    person, dev = colleague(now), colleague(now)
    deed = ways_into(site, person, dev, grace, now)[which]
    is_there, may_go_on = threading.Event(), threading.Event()
    commit = people.audit.record

    def slowly(*given: Any, **more: Any) -> None:
        commit(*given, **more)
        if given[3] == "person.disabled":
            is_there.set()
            may_go_on.wait(20)

    monkeypatch.setattr(people.audit, "record", slowly)
    put_out = aside(lambda: people.disable(site, admin, person.person_id, now=now))
    assert is_there.wait(20)
    late = aside(deed)
    time.sleep(WAIT)
    assert not late.done()
    may_go_on.set()
    put_out.result(20)
    came = late.result(20)
    assert held_open(person.user_id) == []
    is_correction = which == 6
    assert isinstance(came, calls.Logged if is_correction else (ForbiddenError, NotFoundError))


def test_a_request_goes_to_nobody_whose_account_was_not_held_with_it(site: Site, now: datetime, grace: Actor) -> None:
    reference, person = ask(site, now).reference, colleague(now)
    with writing() as conn:
        row = claims.lock_to_give(conn, reference, grace.person_id)
        with pytest.raises(LookupError):
            claims.held(conn, site, row, person.person_id, now)
