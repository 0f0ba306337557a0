"""Promises to whoever called us first: broken if they were by then, else neither, whatever was written before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intake.models import Audit, CallbackRequest, Episode
from tests.migrations.conftest import Database
from tests.migrations.rows import SOME_DAY, fill, row

HOUR = timedelta(hours=1)
PLAIN = {
    "received_at": SOME_DAY, "promised_by_at": SOME_DAY + 2 * HOUR, "reached_at": SOME_DAY + HOUR,
    "first_attempt_at": None, "is_promise_kept": None, "is_preempted": True,
}  # fmt: skip
CALLED_LATER = {"first_attempt_at": SOME_DAY + 9 * HOUR, "is_promise_kept": False}
RUNS = (CallbackRequest.__table__, Episode.__table__)


@pytest.mark.parametrize(
    ("columns", "replaced", "judged", "back"),
    [
        pytest.param({"reached_at": SOME_DAY + 3 * HOUR}, (), False, False, id="called us after it"),
        pytest.param({}, (), None, None, id="called us before it"),
        pytest.param(CALLED_LATER, (), None, False, id="called us before it, called later"),
        pytest.param(CALLED_LATER | {"is_preempted": False}, (), False, False, id="called late"),
        pytest.param({"is_promise_kept": False}, (), False, False, id="another time after it, then called us"),
        pytest.param(
            CALLED_LATER | {"promised_by_at": SOME_DAY + 8 * HOUR}, (1, 8), None, False, id="another time before it"
        ),
        pytest.param(
            CALLED_LATER | {"promised_by_at": SOME_DAY + 8 * HOUR, "reached_at": SOME_DAY + 3 * HOUR}, (2, 4),
            False, False, id="called us after it, then another time",
        ),
        pytest.param(
            {"promised_by_at": SOME_DAY + 8 * HOUR, "reached_at": SOME_DAY + 3 * HOUR}, (4, 3.5), None, None,
            id="called us before it, then another time",
        ),
    ],
)  # fmt: skip
def test_what_was_promised_to_whoever_called_us_first_is_settled_by_that_call(
    database: Database, columns: dict[str, Any], replaced: tuple[float, ...], judged: bool | None, back: bool | None
) -> None:
    """``replaced``: a promise that another one took the place of, and when; in hours since they asked."""
    database.up()
    with database.engine.begin() as conn:
        fill(conn)
    database.down("0021")
    with database.engine.begin() as conn:
        for table in RUNS:
            conn.execute(update(table).values(PLAIN | columns))
        if replaced:
            promised, at = (SOME_DAY + hours * HOUR for hours in replaced)
            entry = row(conn, Audit.__table__, 2)
            details = {"promised_before": promised.isoformat(), "promised": "later"}
            conn.execute(insert(Audit.__table__).values(entry | {"at": at, "details": details}))
    database.up()
    assert kept(database) == [judged, judged]
    database.down("0021")
    assert kept(database) == [back, back]


def kept(database: Database) -> list[bool | None]:
    with database.engine.connect() as conn:
        return [conn.execute(select(table.c.is_promise_kept)).scalar_one() for table in RUNS]
