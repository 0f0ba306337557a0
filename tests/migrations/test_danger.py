"""Whoever may be in danger stands before all others from then on, told no second time, and goes back likewise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intake.models import Alert, CallbackRequest
from intake.rules.promise import AHEAD_OF_ALL
from tests.migrations.conftest import Database
from tests.migrations.rows import fill, row

A, C = Alert.__table__.c, CallbackRequest.__table__.c
KNOWN = datetime(2028, 2, 29, 17, 0, 5, 123456, tzinfo=UTC)
"""A day that not every year has."""
EARLIER, LATER = KNOWN - timedelta(days=1), KNOWN + timedelta(days=1)


@pytest.mark.parametrize(
    ("more", "moved", "back"),
    [
        ({}, KNOWN - AHEAD_OF_ALL, KNOWN),
        ({"due_at": EARLIER}, KNOWN - AHEAD_OF_ALL, KNOWN),
        ({"due_at": LATER}, LATER, LATER),
        ({"crisis_at": None}, KNOWN, KNOWN),
        ({"closed_at": LATER}, KNOWN, KNOWN),
    ],
)
def test_only_who_is_due_at_once_comes_before_all_others_and_so_do_their_alerts(
    database: Database, more: dict[str, Any], moved: datetime, back: datetime
) -> None:
    database.up()
    with database.engine.begin() as conn:
        fill(conn)
    database.down("0020")
    values = {"closed_at": None, "crisis_at": KNOWN, "due_at": KNOWN} | more
    with database.engine.begin() as conn:
        conn.execute(update(CallbackRequest.__table__).values(values))
        conn.execute(update(Alert.__table__).values(due_at=values["due_at"], kind="late"))
        conn.execute(insert(Alert.__table__).values(row(conn, Alert.__table__, 2) | {"due_at": KNOWN, "kind": "again"}))
    database.up()
    assert times(database) == (moved, moved, KNOWN)
    database.down("0020")
    assert times(database) == (back, back, KNOWN)


def times(database: Database) -> tuple[datetime, ...]:
    """Of the request, of what is said of its due time, and of what is not."""
    with database.engine.connect() as conn:
        told = conn.execute(select(A.due_at).order_by(A.kind.desc())).scalars()
        return conn.execute(select(C.due_at)).scalar_one(), *told
