"""Whoever needs several requests locks the lowest id first, so that no two wait for each other in a circle.

On PostgreSQL only: SQLite has one writer at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, func, select, update

from intake.database import reading, writing
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.workflow import Channel, Status
from intake.services import alerting, by_hand, casework, claims, duplicates, repeats, visitor
from intake.services.by_hand import Heard
from intake.services.errors import RefusedError
from intake.services.locking import lock_all
from intake.services.next_call import claim_next
from tests.conftest import running_app
from tests.making import answers, ask, person, stored
from tests.races.test_undoing import together

MINUTE, PATIENCE, ROUNDS = timedelta(minutes=1), 60, 5
C = CallbackRequest.__table__.c


@pytest.fixture
def app(postgresql_url: str, tmp_path: Path) -> Iterator[Flask]:
    with running_app(postgresql_url, tmp_path) as app:
        yield app


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


def rang(site: Site, maria: Actor, now: datetime, minutes: int) -> str:
    """Taken down now, so with the highest id, of somebody who rang before all others."""
    heard = Heard(Channel.VOICEMAIL, now - minutes * MINUTE, f"form {minutes} {now}")
    return by_hand.take_down(site, maria, answers(), heard, now=now).reference


def joined(site: Site, maria: Actor, now: datetime, minutes: int = 10) -> tuple[str, str]:
    """A request from the form, and the one that it was joined to."""
    web = ask(site, now).reference
    hand = rang(site, maria, now, minutes)
    assert duplicates.link(site, maria, web, hand, now=now) == hand
    return web, hand


def token(site: Site, reference: str) -> str:
    row = stored(reference)
    return site.keyring.link_token(row.public_id, row.link_version)


def withdraw(site: Site, maria: Actor, now: datetime) -> tuple[Callable[[], Any], tuple[str, ...]]:
    web, hand = joined(site, maria, now)
    return lambda: visitor.withdraw(site, token(site, hand), now=now), (web, hand)


def link(site: Site, maria: Actor, now: datetime) -> tuple[Callable[[], Any], tuple[str, ...]]:
    web, hand = joined(site, maria, now)
    first = rang(site, maria, now, 20)
    return lambda: duplicates.link(site, maria, hand, first, now=now), (web, hand, first)


def joined_by_itself(site: Site, maria: Actor, now: datetime) -> tuple[Callable[[], Any], tuple[str, ...]]:
    web, hand = joined(site, maria, now)
    first = rang(site, maria, now, 20)
    return lambda: repeats.look(site, now=now), (web, hand, first)


def next_call(site: Site, maria: Actor, now: datetime) -> tuple[Callable[[], Any], tuple[str, ...]]:
    """One can be called; the other's claim has lapsed, and where its visitor is, it is night."""
    wanted, asleep = ask(site, now).reference, ask(site, now - timedelta(hours=20), phone="671-555-0100").reference
    claims.claim(site, person(site, "Dev", now=now), asleep, now=now - timedelta(hours=19))
    return lambda: claim_next(site, maria, now=now), (wanted, asleep)


@contextmanager
def at_once(app: Flask, deed: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Begun in another thread; its end is waited for."""

    def done() -> Any:
        with app.app_context():
            return deed()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(done)


def until_waited_for(conn: Connection) -> None:
    """Until somebody waits for what this transaction has locked."""
    mine, until = conn.execute(select(func.pg_backend_pid())).scalar_one(), time.monotonic() + PATIENCE
    waiting = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    while time.monotonic() < until:
        with reading() as other:
            if other.exec_driver_sql(waiting, (mine,)).first() is not None:
                return
    raise AssertionError("nobody waits")


def free(conn: Connection, ids: list[int]) -> list[int]:
    """Those that nobody else has locked."""
    asked = select(C.id).where(C.id.in_(ids)).order_by(C.id).with_for_update(skip_locked=True)
    return list(conn.execute(asked).scalars())


@pytest.mark.parametrize("scene", [withdraw, link, joined_by_itself, next_call])
def test_whoever_waits_for_the_lowest_has_none_of_the_others(
    app: Flask, site: Site, maria: Actor, now: datetime, scene: Callable[..., Any]
) -> None:
    deed, references = scene(site, maria, now)
    lowest, *others = [stored(reference).id for reference in references]
    assert [lowest, *others] == sorted([lowest, *others])
    with writing() as conn:
        lock_all(conn, [lowest])
        with at_once(app, deed) as done:
            try:
                until_waited_for(conn)
                assert free(conn, others) == others
            finally:
                conn.rollback()
            done.result(PATIENCE)


def test_what_was_waited_for_in_vain_is_let_go_before_the_next_is_waited_for(
    app: Flask, site: Site, maria: Actor, now: datetime
) -> None:
    later, urgent = (stored(ask(site, now - minutes * MINUTE).reference).id for minutes in (1, 2))
    with writing() as conn, writing() as colleague:
        lock_all(conn, [later])
        lock_all(colleague, [urgent])
        with at_once(app, lambda: claim_next(site, maria, now=now)) as done:
            try:
                until_waited_for(colleague)
                colleague.execute(update(CallbackRequest).where(C.id == urgent).values(version=9, status=Status.CHECK))
                colleague.commit()
                until_waited_for(conn)
                assert free(conn, [urgent]) == [urgent]
            finally:
                colleague.rollback()
                conn.rollback()
            assert stored(done.result(PATIENCE).reference).id == later


def test_what_is_joined_while_the_others_are_found_is_locked_in_its_place(
    app: Flask, site: Site, maria: Actor, now: datetime
) -> None:
    newest = ask(site, now).reference
    web, hand = joined(site, maria, now)
    low, high = stored(newest).id, stored(hand).id
    with writing() as conn:
        rows = {row.id: row for row in duplicates.lock_joined(conn, C.id.in_((low, high)))}
        with at_once(app, lambda: visitor.withdraw(site, token(site, hand), now=now)) as done:
            until_waited_for(conn)
            duplicates.join(conn, site, maria, rows[high], rows[low], now)
            conn.commit()
            done.result(PATIENCE)
    assert {stored(reference).status for reference in (newest, web)} == {Status.NEW}, "both wait by themselves again"


def test_a_note_of_danger_written_while_its_request_is_joined_puts_the_one_that_goes_on_above_all_others(
    app: Flask, site: Site, maria: Actor, now: datetime
) -> None:
    newer = ask(site, now).reference
    older = rang(site, maria, now, 10)
    low, high = stored(newer).id, stored(older).id
    with writing() as conn:
        rows = {row.id: row for row in lock_all(conn, [low, high])}
        with at_once(app, lambda: casework.add_note(site, maria, newer, "He wants to die", now=now)) as done:
            until_waited_for(conn)
            duplicates.join(conn, site, maria, rows[high], rows[low], now)
            conn.commit()
            assert done.result(PATIENCE).reference == older
    assert stored(older).crisis_at == now and stored(newer).crisis_at is None


def test_an_alert_waits_for_nobody_who_has_its_request_in_hand(
    app: Flask, site: Site, maria: Actor, now: datetime
) -> None:
    made = [ask(site, now - timedelta(hours=1)).reference for _ in range(2)]
    with writing() as conn:
        lock_all(conn, [stored(reference).id for reference in made])
        with at_once(app, lambda: alerting.raise_due(site, now=now)) as done:
            assert done.result(5) > 0


def test_one_visitor_cancels_while_a_colleague_takes_the_two_apart_and_nobody_fails(
    app: Flask, site: Site, maria: Actor, now: datetime
) -> None:
    for number in range(ROUNDS):
        web, hand = joined(site, maria, now + number * MINUTE)
        at = now + number * MINUTE
        link_token = token(site, hand)
        gone, apart = together(
            app,
            lambda of=link_token, at=at: visitor.withdraw(site, of, now=at),
            lambda of=web, at=at: duplicates.unlink(site, maria, of, now=at),
        )
        assert gone is None and (apart == hand or isinstance(apart, RefusedError))
        assert stored(hand).status == Status.WITHDRAWN and stored(web).closed_at is None
