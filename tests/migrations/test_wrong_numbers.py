"""Requests that waited for another number before it was told apart wait so from then on, and go back likewise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from intake.models import CallbackRequest
from intake.rules.promise import NEVER_DUE
from tests.migrations.conftest import Database
from tests.migrations.rows import SOME_DAY, fill

C = CallbackRequest.__table__.c
LATER = SOME_DAY + timedelta(days=1)
WAITS = {
    "closed_at": None, "status": "attempting", "last_disposition": "wrong_number", "crisis_at": None, "due_at": LATER,
    "next_at": LATER, "received_at": SOME_DAY, "last_attempt_at": SOME_DAY, "snoozed_at": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, (NEVER_DUE, None)),
        ({"status": "scheduled"}, (NEVER_DUE, None)),
        ({"status": "check"}, (LATER, LATER)),
        ({"last_disposition": "busy"}, (LATER, LATER)),
        ({"crisis_at": SOME_DAY}, (SOME_DAY, None)),
        ({"crisis_at": SOME_DAY, "due_at": SOME_DAY, "last_disposition": None}, (SOME_DAY, None)),
    ],
)
def test_only_who_waits_for_another_number_is_due_at_no_time(
    database: Database, more: dict[str, Any], told: tuple[object, object]
) -> None:
    database.up()
    with database.engine.begin() as conn:
        fill(conn)
    database.down("0017")
    with database.engine.begin() as conn:
        conn.execute(update(CallbackRequest.__table__).values(WAITS | more))
    database.up("0018")
    assert times(database) == told
    if told[0] == NEVER_DUE:
        database.down("0017")
        assert times(database) == (SOME_DAY, SOME_DAY)


def times(database: Database) -> tuple[object, object]:
    with database.engine.connect() as conn:
        return tuple(conn.execute(select(C.due_at, C.next_at)).one())  # type: ignore[return-value]
