"""What is remembered of a schedule is what the schedule says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from intake.rules.calling import legal_hours
from intake.rules.hours import Both, default_hours
from intake.rules.remembered import Remembered

SCHEDULE = Both(default_hours("America/New_York"), legal_hours("America/Los_Angeles"))
REMEMBERED = Remembered(SCHEDULE)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(instants, st.integers(0, 400 * 3600))
def test_it_answers_as_the_schedule_itself_would(at: datetime, seconds: int) -> None:
    assert list(islice(REMEMBERED.pieces(at), 40)) == list(islice(SCHEDULE.pieces(at), 40))
    assert REMEMBERED.add(at, seconds) == SCHEDULE.add(at, seconds)
    assert REMEMBERED.is_open(at) == SCHEDULE.is_open(at)


@given(instants, st.timedeltas(timedelta(0), timedelta(days=60)))
def test_elapsed_time_is_the_same_however_far_it_reaches(at: datetime, span: timedelta) -> None:
    assert REMEMBERED.elapsed(at, at + span) == SCHEDULE.elapsed(at, at + span)
