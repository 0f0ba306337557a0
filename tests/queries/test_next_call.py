"""Who is to be called next: those whom Call would not refuse, the most urgent first, however many stand before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select, update

from intake.database import db, reading, writing
from intake.ledger import suppression
from intake.models import CallbackRequest
from intake.queries import calendar as calendars
from intake.queries import next_call
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import calls, casework, claims
from intake.services.calls import Outcome
from tests.making import ask, count, person, stored

HAWAII = "808-555-0100"
TABLE, INDEX = "callback_request", "ix_callback_request_open_assignee"


@pytest.fixture
def site(app: Flask):
    return app.extensions["intake"]


@pytest.fixture
def maria(site, now):
    return person(site, "Maria", now=now)


@pytest.fixture
def dev(site, now):
    return person(site, "Dev", now=now)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def found(site, actor, now) -> list[str]:
    with reading() as conn:
        calendar = calendars.current(conn, site)
        return [row.reference for row in next_call.candidates(conn, site, calendar, user_id=actor.user_id, now=now)]


def first(site, actor, now, **more: Any) -> str | None:
    with reading() as conn:
        calendar = calendars.current(conn, site)
        row = next_call.first(conn, site, calendar, user_id=actor.user_id, now=now, **more)
    return row.reference if row else None


def judged(site, actor, now) -> list[str]:
    """Everybody, one by one, as pressing Call would judge."""
    table = CallbackRequest.__table__
    with reading() as conn:
        rows = conn.execute(select(table).where(table.c.closed_at.is_(None)).order_by(table.c.due_at, table.c.id)).all()
        mine = [row for row in rows if row.assignee_id in (None, actor.user_id) and row.status != Status.CHECK]
        read = [row for row in mine if not row.is_free_time or row.free_time_seen_at]
        return [row.reference for row in read if claims.verdict_for(conn, site, row, now).is_allowed]


def crowd(site, maria, dev, now) -> None:
    """One request of every kind that may or may not be called."""
    ask(site, now)
    ask(site, now, phone=HAWAII)
    ask(site, now, phone="312-555-0182")
    claims.claim(site, maria, ask(site, now).reference, now=now)
    claims.claim(site, dev, ask(site, now).reference, now=now)
    ask(site, now, window=Window(now + hours(2), now + hours(4)))
    ask(site, now, window=Window(now + hours(22), now + hours(23)))
    ask(site, now, is_free_time=True, preferred_note="evenings")
    read = ask(site, now, is_free_time=True, preferred_note="any time").reference
    casework.acknowledge_time(site, maria, read, now=now)
    ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.1))
    for disposition in (Disposition.BUSY, Disposition.NO_ANSWER, Disposition.CRISIS, Disposition.WRONG_NUMBER):
        called = ask(site, now, email="ana@example.com").reference
        calls.log_attempt(site, maria, called, Outcome(disposition), now=now + timedelta(minutes=3))
    often = ask(site, now).reference
    for minute in range(3):
        outcome = Outcome(Disposition.CRISIS, override_reason="they hung up")
        calls.log_attempt(site, maria, often, outcome, now=now + timedelta(minutes=minute))
    lost = ask(site, now, window=Window(now + hours(5), now + hours(6))).reference
    calls.log_attempt(site, dev, lost, Outcome(Disposition.CRISIS, override_reason="they rang"), now=now + hours(0.1))
    claims.release(site, dev, lost, now=now + hours(0.2))
    barred = ask(site, now, phone="646-555-0111").reference
    ask(site, now, phone="646-555-0111")
    calls.log_attempt(site, maria, barred, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    ask(site, now + hours(10.5), phone="312-555-0183")  # 10:30 pm in New York: as soon as possible
    ask(site, now + hours(10.5), phone="312-555-0184", is_free_time=True, preferred_note="now")


LATER = (0, 0.1, 0.5, 2.5, 5.5, 9.2, 10.6, 12, 22.2, 24, 26, 28, 24 * 8)
"""Hours at which the crowd is looked at."""


def test_those_are_found_whom_call_would_not_refuse(site, now, maria, dev) -> None:
    crowd(site, maria, dev, now)
    for later, actor in product(LATER, (maria, dev)):
        assert found(site, actor, now + hours(later)) == judged(site, actor, now + hours(later)), later


def test_the_crowd_holds_people_to_call_by_day_and_by_night(site, now, maria, dev) -> None:
    """Otherwise the comparison would hold for a query that finds nobody."""
    crowd(site, maria, dev, now)
    assert len(found(site, maria, now + hours(0.5))) >= 5
    assert len(found(site, maria, now + hours(10.6))) == 1


def test_nobody_who_waits_behind_many_who_may_not_be_called_is_overlooked(
    site, now, maria, dev, count_queries: Callable[[], int]
) -> None:
    early = now - hours(2.5)  # 9:30 in New York, 4:30 in Honolulu
    for _ in range(25):
        ask(site, early - hours(14), phone=HAWAII)
        claims.claim(site, dev, ask(site, early - hours(14)).reference, now=early)
    waiting = ask(site, early - timedelta(minutes=20)).reference
    assert count(CallbackRequest, CallbackRequest.due_at < stored(waiting).due_at) == 50
    count_queries()
    assert first(site, maria, early) == waiting
    assert count_queries() <= 4
    assert first(site, maria, early, besides=waiting) is None


def test_a_number_that_asked_not_to_be_called_is_passed_over_wherever_its_requests_stand(site, now, maria) -> None:
    """Also where nobody has set them aside yet: whoever suppressed it passed over what a colleague was changing."""
    barred = [ask(site, now, phone="646-555-0111").reference for _ in range(next_call.AT_A_TIME + 2)]
    waiting = ask(site, now + timedelta(minutes=1)).reference
    index = stored(barred[0]).phone_index
    with writing() as conn:
        suppression.suppress(conn, index, by_id=None, now=now)
    assert first(site, maria, now + timedelta(minutes=1)) == waiting


def test_pages_of_candidates_meet_without_gap_or_overlap(site, now, maria) -> None:
    made = [ask(site, now + timedelta(seconds=number // 7)).reference for number in range(3 * next_call.AT_A_TIME + 1)]
    with writing() as conn:
        conn.execute(update(CallbackRequest).values(due_at=now + timedelta(minutes=9)))
    for reference in made[::2]:
        claims.claim(site, maria, reference, now=now)
    assert found(site, maria, now + timedelta(minutes=1)) == made


@contextmanager
def plans() -> Iterator[list[str]]:
    """How the database goes about each statement that runs meanwhile; PostgreSQL is made to think of a big table."""
    told: list[str] = []
    explain = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"

    def note(conn: Connection, _cursor: object, sql: str, values: Any, *_rest: object) -> None:
        if sql.startswith(("SELECT", "WITH")):
            told.append(str(conn.exec_driver_sql(f"{explain} {sql}", values).all()))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_no_row_is_read_on_the_way_to_the_first_who_may_be_called(site, now, maria) -> None:
    ask(site, now)
    with reading() as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
            conn.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            # With a handful of rows any index would do; this transaction has only the one, and is rolled back.
            conn.exec_driver_sql("DROP INDEX ix_callback_request_open_status, ix_callback_request_open_due")
        calendar = calendars.current(conn, site)
        with plans() as told:
            next_call.first(conn, site, calendar, user_id=maria.user_id, now=now)
    keys, page = (plan for plan in told if "callback_request" in plan)
    only = "COVERING INDEX" if db.engine.dialect.name == "sqlite" else "Index Only Scan using"
    assert f"{only} ix_callback_request_open_place" in keys and f"SCAN {TABLE}" not in keys
    if db.engine.dialect.name == "sqlite":  # how PostgreSQL goes about it depends on how many rows there are
        assert page.count(f"SEARCH {TABLE} USING INDEX {INDEX} (assignee_id=?)") == 2
        assert f"SEARCH {TABLE} USING INDEX ix_callback_request_received (received_at>? AND received_at<?)" in page


def test_every_place_where_somebody_waits_is_found_and_no_other(site, now, maria) -> None:
    for number in ("212-555-0101", "310-555-0101", HAWAII, HAWAII):
        ask(site, now, phone=number)
    casework.close(site, maria, ask(site, now, phone="312-555-0101").reference, ClosedReason.TEST, now=now)
    with reading() as conn:
        places = set(conn.execute(next_call.places()).scalars())
        waiting = conn.execute(select(CallbackRequest.calling_key).where(CallbackRequest.closed_at.is_(None)))
        assert places == set(waiting.scalars()) and len(places) == 3


def test_postgresql_knows_that_what_is_open_is_mostly_nobodys(site, now, maria) -> None:
    """Otherwise its planner takes an open request without an owner for next to impossible, and sorts thousands."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite reads no such thing")
    casework.close(site, maria, ask(site, now).reference, ClosedReason.TEST, now=now)
    for number in range(30):
        ask(site, now + timedelta(seconds=number))
    with writing() as conn:
        conn.exec_driver_sql("ANALYZE callback_request")
        found = conn.exec_driver_sql(
            "SELECT frequency FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid,"
            " pg_mcv_list_items(stxdmcv) WHERE stxname = 'st_callback_request_open' AND nulls = '{t,t}'"
        ).scalar_one()
    assert found > 0.9
