"""The outbox: leases, the schedule of attempts, and a mail server that is down."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select, text

from intake.database import reading, writing
from intake.ledger import mail_channel, outbox
from intake.ledger.outbox import Leased
from intake.models import OutboxMessage
from intake.queries import mail

ROWS = OutboxMessage.__table__


def written(now: datetime, count: int = 1) -> None:
    with writing() as conn:
        for _ in range(count):
            outbox.enqueue(conn, "team.new", "team", now=now)


def taken(now: datetime, key: str = "one", limit: int = 10) -> list[Leased]:
    with writing() as conn:
        return outbox.claim(conn, now=now, lease_key=key, lease_seconds=60, limit=limit)


def states() -> list[str]:
    with reading() as conn:
        return list(conn.execute(select(ROWS.c.state).order_by(ROWS.c.id)).scalars())


def test_a_message_is_taken_once_and_the_oldest_first(app: Flask, now: datetime) -> None:
    written(now, 3)
    first, second = taken(now, limit=2), taken(now, key="two")
    assert [message.id for message in first + second] == [1, 2, 3]
    assert states() == ["leased"] * 3
    assert first[0].attempt == 1 and first[0].details == {}


def test_a_message_for_later_is_not_taken_now(app: Flask, now: datetime) -> None:
    with writing() as conn:
        outbox.enqueue(conn, "team.check_digest", "team", now=now, available_at=now + timedelta(minutes=9))
        assert outbox.is_waiting(conn, "team.check_digest") and not outbox.is_due(conn, now)
    assert taken(now) == []
    assert len(taken(now + timedelta(minutes=9))) == 1


def test_a_dead_workers_message_comes_back_when_its_lease_is_over(app: Flask, now: datetime) -> None:
    written(now)
    taken(now)
    assert taken(now + timedelta(seconds=59)) == []
    assert [message.attempt for message in taken(now + timedelta(seconds=60), key="two")] == [2]


def test_a_worker_whose_lease_was_taken_over_cannot_mark(app: Flask, now: datetime) -> None:
    written(now)
    [old] = taken(now)
    later = now + timedelta(seconds=61)
    [new] = taken(later, key="two")
    with writing() as conn:
        assert not outbox.mark_sent(conn, old, now=later)
        assert outbox.mark_failed(conn, old, error="late", now=later, spread=0) is None
        assert not outbox.defer(conn, old, now=later)
        assert outbox.mark_sent(conn, new, now=later)
    assert states() == ["sent"]


def test_a_sent_message_never_comes_back(app: Flask, now: datetime) -> None:
    written(now)
    [message] = taken(now)
    with writing() as conn:
        outbox.mark_sent(conn, message, now=now)
    assert taken(now + timedelta(days=30)) == []


def test_attempts_follow_the_schedule_and_end(app: Flask, now: datetime) -> None:
    written(now)
    waits, at = [], now
    while True:
        [message] = taken(at)
        with writing() as conn:
            goes_on = outbox.mark_failed(conn, message, error="451 later", now=at, spread=0)
            row = conn.execute(select(ROWS)).one()
        if not goes_on:
            break
        waits.append(int((row.available_at - at).total_seconds()))
        at = row.available_at
    assert waits == [5, 30, 300, 1800, 7200, 18000, 36000, 50400, 72000]
    assert (row.state, row.attempt_count, row.last_error, row.dead_at) == ("dead", 10, "451 later", at)


def test_jitter_only_adds() -> None:
    assert outbox.retry_seconds(1, 0) == 5
    assert outbox.retry_seconds(1, 1) == pytest.approx(5.5)


def test_a_message_handed_back_has_used_up_no_attempt(app: Flask, now: datetime) -> None:
    written(now)
    [message] = taken(now)
    with writing() as conn:
        assert outbox.defer(conn, message, now=now)
    assert [again.attempt for again in taken(now, key="two")] == [1]


def test_a_dead_message_can_be_sent_again_under_its_old_name(app: Flask, now: datetime) -> None:
    written(now)
    [message] = taken(now)
    with writing() as conn:
        outbox.mark_dead(conn, message, error="550 nobody", now=now)
        assert outbox.replay(conn, message.public_id, now=now)
        assert not outbox.replay(conn, message.public_id, now=now)
    assert [(again.public_id, again.attempt) for again in taken(now)] == [(message.public_id, 1)]


def test_a_deed_that_is_rolled_back_leaves_no_mail(app: Flask, now: datetime) -> None:
    with pytest.raises(RuntimeError), writing() as conn:
        outbox.enqueue(conn, "team.new", "team", now=now)
        raise RuntimeError("the deed failed")
    assert states() == []


def test_workers_at_once_never_hold_the_same_message(app: Flask, now: datetime) -> None:
    written(now, 60)
    held: list[list[Leased]] = [[] for _ in range(4)]

    def work(number: int) -> None:
        with app.app_context():
            while batch := taken(now, key=f"worker-{number}", limit=3):
                held[number] += batch

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [message.id for mine in held for message in mine]
    assert sorted(everything) == list(range(1, 61))


def test_the_channel_is_up_until_somebody_finds_it_down(app: Flask, now: datetime) -> None:
    with writing() as conn:
        assert mail_channel.state(conn).down_since is None
        assert not mail_channel.mark_up(conn)
        assert mail_channel.mark_down(conn, error="refused", now=now)
        assert not mail_channel.mark_down(conn, error="again", now=now + timedelta(seconds=30))
        known = mail_channel.state(conn)
    assert (known.down_since, known.last_error) == (now, "again")
    assert known.is_closed(now + timedelta(seconds=59)) and not known.is_closed(now + timedelta(seconds=60))


def test_only_one_worker_knocks_at_a_server_that_is_down(app: Flask, now: datetime) -> None:
    later = now + timedelta(seconds=30)
    with writing() as conn:
        mail_channel.mark_down(conn, error="refused", now=now)
        assert not mail_channel.take_probe(conn, now=now + timedelta(seconds=29))
        assert mail_channel.take_probe(conn, now=later)
        assert not mail_channel.take_probe(conn, now=later)
        assert mail_channel.mark_up(conn)
        assert not mail_channel.take_probe(conn, now=later + timedelta(hours=1))


def test_what_a_lost_worker_held_comes_back_one_by_one(app: Flask, now: datetime) -> None:
    written(now, 3)
    taken(now)
    written(now + timedelta(seconds=1), 2)
    later = now + timedelta(minutes=2)
    batches = [[message.id for message in taken(later, key=key)] for key in "abcde"]
    assert batches == [[4, 5], [1], [2], [3], []]


def plans(conn: Connection) -> list[str]:
    """Fills with how the database goes about each statement that runs from now on, as it is really sent."""
    found: list[str] = []
    explain = "EXPLAIN QUERY PLAN" if conn.dialect.name == "sqlite" else "EXPLAIN"

    def note(conn: Connection, _cursor: object, sql: str, values: Any, *_rest: object) -> None:
        if sql.startswith("SELECT"):
            found.append(str(conn.exec_driver_sql(f"{explain} {sql}", values).all()))

    event.listen(conn, "before_cursor_execute", note)
    return found


def test_messages_that_are_not_sent_are_found_without_reading_the_sent_ones(app: Flask, now: datetime) -> None:
    with reading() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(text("SET LOCAL enable_seqscan = off"))  # a small table is read whole otherwise
        found = plans(conn)
        outbox.is_due(conn, now)
        outbox.is_waiting(conn, "team.new")
        mail.health(conn)
    due, waiting, health = (found[number] for number in range(3))
    assert all("ix_outbox_message_waiting" in plan for plan in (due, waiting, health))
    assert "ix_outbox_message_dead" in health
    assert "B-TREE" not in due and "Sort" not in due
