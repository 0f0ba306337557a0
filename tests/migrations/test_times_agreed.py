"""Requests from before times agreed were kept: of open ones it is known by the last of them, of ended ones not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from intake.models import CallAttempt, CallbackRequest, UndoneAttempt
from tests.migrations.conftest import Database
from tests.migrations.rows import SOME_DAY, fill

START, UNTIL = SOME_DAY + timedelta(hours=20), SOME_DAY + timedelta(hours=21)
OPEN = {
    "closed_at": None, "closed_reason": None, "reopened_count": 1, "window_from": START, "window_until": UNTIL,
    "is_window_kept": None, "promise_kind": "speed", "free_time_seen_at": None,
}  # fmt: skip


def prepared(database: Database, *, disposition: str = "spoke_call_again", **columns: Any) -> None:
    """One request as it lay there before, with one outcome."""
    database.up()
    with database.engine.begin() as conn:
        fill(conn)
        conn.execute(update(CallbackRequest.__table__).values(OPEN | columns))
        one = dict(conn.execute(select(CallAttempt.__table__).limit(1)).one()._mapping)
        del one["id"]
        own = {"disposition": disposition, "next_at": START, "episode": 1, "corrects_id": None}
        conn.execute(insert(CallAttempt.__table__).values(one | own))
    database.down("0023")


def told(database: Database) -> tuple[Any, Any]:
    database.up()
    with database.engine.connect() as conn:
        row = conn.execute(select(CallbackRequest.__table__)).one()
    return row.is_agreed_kept, row.agreed_until


@pytest.mark.parametrize("disposition", ["spoke_call_again", "inbound_reached"])
def test_a_time_agreed_that_is_still_to_be_kept_is_a_promise_from_now_on(database: Database, disposition: str) -> None:
    prepared(database, disposition=disposition)
    assert told(database) == (None, UNTIL)


@pytest.mark.parametrize("kept", [True, False])
def test_of_an_open_request_it_is_known_whether_the_last_one_was_kept(database: Database, kept: bool) -> None:
    prepared(database, is_window_kept=kept)
    assert told(database) == (kept, None)


def test_one_set_for_own_words_is_known_too(database: Database) -> None:
    prepared(database, disposition="busy", promise_kind="own_words", free_time_seen_at=SOME_DAY)
    assert told(database) == (None, UNTIL)


@pytest.mark.parametrize(
    "columns",
    [{"closed_at": UNTIL, "closed_reason": "information", "is_window_kept": True}, {"window_from": SOME_DAY},
     {"reopened_count": 2}],
    ids=["ended", "another time asked for since", "agreed before it was opened again"],
)  # fmt: skip
def test_what_cannot_be_known_stays_unknown(database: Database, columns: dict[str, Any]) -> None:
    prepared(database, **columns)
    assert told(database) == (None, None)


def test_an_outcome_taken_back_agreed_nothing(database: Database) -> None:
    prepared(database)
    with database.engine.begin() as conn:
        last = conn.execute(text("SELECT max(id) FROM call_attempt")).scalar_one()
        conn.execute(insert(UndoneAttempt.__table__).values(attempt_id=last, undone_at=SOME_DAY))
    assert told(database) == (None, None)


def test_what_came_of_a_time_agreed_marks_the_day(database: Database) -> None:
    prepared(database, closed_at=UNTIL, closed_reason="information")
    told(database)
    for number, change in enumerate(("is_agreed_kept = false", f"agreed_until = '{UNTIL:%Y-%m-%d %H:%M:%S.%f}+00'")):
        with database.engine.begin() as conn:
            conn.execute(text("DELETE FROM report_mark"))
            conn.execute(text(f"UPDATE callback_request SET {change}"))
            assert conn.execute(text("SELECT count(*) FROM report_mark")).scalar_one() == 1, number
