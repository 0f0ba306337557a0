"""The times one may put a request off until."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from intake.rules.hours import default_hours
from intake.rules.snooze import AFTERNOON, HOUR, LONGEST, QUARTER, TOMORROW, makes_late, presets, whole_minute

OFFICE = default_hours("America/New_York")
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
SECONDS = st.integers(0, 730 * 24 * 60 * 60)
INSTANTS = SECONDS.map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


def test_at_noon_there_are_four() -> None:
    found = presets(NOON, OFFICE)
    assert list(found) == [QUARTER, HOUR, AFTERNOON, TOMORROW]
    assert found[QUARTER] - NOON == timedelta(minutes=15) and found[HOUR] - NOON == timedelta(hours=1)
    assert found[AFTERNOON] == datetime(2026, 11, 18, 19, 0, tzinfo=UTC)
    assert found[TOMORROW] == OFFICE.next_opening(datetime(2026, 11, 19, 5, 0, tzinfo=UTC))


def test_in_the_afternoon_it_is_not_offered_any_more() -> None:
    assert AFTERNOON not in presets(NOON + timedelta(hours=1), OFFICE)


@given(now=INSTANTS)
def test_every_time_lies_ahead_on_a_whole_minute_and_not_too_far(now: datetime) -> None:
    found = presets(now, OFFICE)
    assert all(now < at <= now + LONGEST and at == whole_minute(at) for at in found.values())
    assert list(found.values()) == sorted(found.values())


def test_late_is_only_what_could_still_have_been_kept() -> None:
    after, before = NOON + timedelta(minutes=9), NOON - timedelta(minutes=1)
    assert makes_late(after, now=NOON, promised_by_at=NOON, has_called=False)
    assert not makes_late(NOON, now=before, promised_by_at=NOON, has_called=False)
    assert not makes_late(after, now=NOON, promised_by_at=NOON, has_called=True)
    assert not makes_late(after, now=NOON, promised_by_at=before, has_called=False)
