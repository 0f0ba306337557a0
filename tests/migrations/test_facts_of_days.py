"""What the facts of a kept day depend on besides its counts leaves a mark as well."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.migrations.conftest import Database
from tests.migrations.rows import fill


def marks(database: Database, change: str) -> int:
    """How many a change of an ended request that was opened again leaves."""
    with database.engine.begin() as conn:
        conn.execute(text("DELETE FROM report_mark"))
        conn.execute(text(f"UPDATE callback_request SET {change}"))
        return int(conn.execute(text("SELECT count(*) FROM report_mark")).scalar_one())


@pytest.mark.parametrize("change", ["language = 'es'", "for_whom = 'other'"])
def test_what_a_report_can_be_narrowed_to_marks_the_day_and_those_of_earlier_episodes(
    database: Database, change: str
) -> None:
    database.up()
    with database.engine.begin() as conn:
        fill(conn)
    assert marks(database, change) == 2
    database.down("0022")
    assert marks(database, change) == 0
    assert marks(database, "source = 'k9'") == 2
