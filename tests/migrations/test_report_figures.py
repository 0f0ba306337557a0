"""Requests from before reports were told: which promise each was, and what came of its calls, is read from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from intake.models import CallAttempt, CallbackRequest, Episode
from tests.migrations.conftest import Database
from tests.migrations.rows import SOME_DAY, fill

NEW = ("promise_kind", "is_wish_kept", "reach_tries", "waited_open_seconds")


def minutes(number: int) -> Any:
    return SOME_DAY + timedelta(minutes=number)


def tried(conn: Connection, at: int, *, window: tuple[int, int] | None = None, **more: Any) -> None:
    one = dict(conn.execute(select(CallAttempt.__table__).limit(1)).one()._mapping)
    span = {"window_from": window and minutes(window[0]), "window_until": window and minutes(window[1])}
    one |= {"id": None, "corrects_id": None, "is_attempt": True, "is_reach": False, "started_at": minutes(at)}
    row = one | span | more
    conn.execute(insert(CallAttempt.__table__).values({name: value for name, value in row.items() if name != "id"}))


def prepared(database: Database, **columns: Any) -> None:
    """One request as it lay there before, with no calls that count yet."""
    database.up()
    with database.engine.begin() as conn:
        fill(conn)
        blank = {"window_from": None, "window_until": None, "is_free_time": False, "reached_at": None,
                 "attempt_count": 0, "is_preempted": False, "reopened_count": 5, "promise_kind": "speed"}  # fmt: skip
        conn.execute(update(CallbackRequest.__table__).values(blank | columns))
        conn.execute(update(Episode.__table__).values(number=4, reached_at=None))


def told(database: Database, model: Any = CallbackRequest) -> dict[str, Any]:
    with database.engine.connect() as conn:
        row = conn.execute(select(model.__table__)).one()
        return {name: getattr(row, name) for name in NEW}


def back_and_forth(database: Database) -> None:
    database.down("0013")
    database.up()


def test_a_time_asked_for_is_known_by_the_request_while_nobody_has_called(database: Database) -> None:
    prepared(database, window_from=minutes(60), window_until=minutes(120))
    back_and_forth(database)
    assert told(database)["promise_kind"] == "window"


def test_own_words_and_quick_calls_are_told_apart(database: Database) -> None:
    prepared(database, is_free_time=True)
    back_and_forth(database)
    assert told(database)["promise_kind"] == "own_words"
    with database.engine.begin() as conn:
        conn.execute(text("UPDATE callback_request SET is_free_time = false"))
    back_and_forth(database)
    assert told(database)["promise_kind"] == "speed"


def test_the_calls_tell_whether_a_wish_was_kept_and_which_try_reached_them(database: Database) -> None:
    prepared(database, attempt_count=2, reached_at=minutes(70), window_from=minutes(900), window_until=minutes(960))
    with database.engine.begin() as conn:
        tried(conn, 5, window=(60, 120), episode=5)
        tried(conn, 70, window=(60, 120), episode=5, is_reach=True)
    back_and_forth(database)
    assert told(database) == {
        "promise_kind": "window", "is_wish_kept": True, "reach_tries": 2, "waited_open_seconds": None,
    }  # fmt: skip


def test_an_episode_tells_of_its_own_calls_only(database: Database) -> None:
    prepared(database)
    with database.engine.begin() as conn:
        tried(conn, 5, episode=4)
        conn.execute(update(Episode.__table__).values(reached_at=minutes(9)))
        tried(conn, 9, episode=4, is_reach=True)
        tried(conn, 11, episode=5)
    back_and_forth(database)
    assert told(database, Episode)["reach_tries"] == 2
    with database.engine.connect() as conn:
        assert conn.execute(select(Episode.attempt_count)).scalar_one() == 2


def test_whoever_called_us_took_no_try(database: Database) -> None:
    prepared(database, reached_at=minutes(9), is_preempted=True, reach_open_seconds=540, reach_all_seconds=540)
    with database.engine.begin() as conn:
        tried(conn, 9, episode=5, is_attempt=False, is_reach=True)
    back_and_forth(database)
    assert (told(database)["reach_tries"], told(database)["waited_open_seconds"]) == (0, 540)
