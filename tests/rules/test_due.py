"""The due time that holds: a crisis before a number that is awaited, and that before whatever is planned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from intake.rules.due import is_at_once, settled
from intake.rules.promise import AHEAD_OF_ALL, NEVER_DUE, on_the_clock
from intake.rules.workflow import Disposition, Status

NOON = datetime(2026, 11, 18, 17, tzinfo=UTC)
AT = st.integers(-90, 90).map(lambda minutes: NOON + timedelta(minutes=minutes))
LAST = st.sampled_from([None, *Disposition])
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "due_at": AT | AT.map(lambda at: at - AHEAD_OF_ALL) | st.just(NEVER_DUE),
    "next_at": st.none() | AT, "crisis_at": st.none() | AT, "last_disposition": LAST,
    "snoozed_at": st.none() | AT, "status": st.sampled_from([Status.NEW, Status.SCHEDULED, Status.CHECK]),
    "closed_at": st.none() | AT, "check_by_at": AT,
}  # fmt: skip
ROW = st.fixed_dictionaries(COLUMNS)
WRITTEN = st.fixed_dictionaries({}, optional=COLUMNS)
STILL = st.fixed_dictionaries({}, optional={"due_at": COLUMNS["due_at"], "next_at": COLUMNS["next_at"]})


@given(ROW, WRITTEN)
def test_settled_again_it_is_the_same(row: dict[str, Any], values: dict[str, Any]) -> None:
    once = settled(SimpleNamespace(**row), values)
    assert settled(SimpleNamespace(**row), once) == once


@given(ROW, STILL.filter(bool))
def test_without_a_call_no_plan_takes_a_crisis_off_the_top_nor_makes_a_wrong_number_due(
    row: dict[str, Any], values: dict[str, Any]
) -> None:
    before = SimpleNamespace(**row | {"closed_at": None})
    after = SimpleNamespace(**vars(before) | settled(before, values))
    if is_at_once(before):
        assert is_at_once(after) and on_the_clock(after.due_at) == after.crisis_at
    elif row["status"] is Status.CHECK:
        assert after.due_at == row["check_by_at"] or is_at_once(after)
    elif row["last_disposition"] is Disposition.WRONG_NUMBER:
        assert is_at_once(after) if row["crisis_at"] else (after.due_at, after.next_at) == (NEVER_DUE, None)
    else:
        if row["crisis_at"] is None and "due_at" in values:
            values = values | {"due_at": on_the_clock(values["due_at"])}
        assert {name: getattr(after, name) for name in values} == values
