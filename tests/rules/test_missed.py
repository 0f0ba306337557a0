"""What passed without a call, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from intake.rules.missed import Miss, What, missed

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def told(ended: int, *replaced: tuple[int, int], target: int = 15, promised: int = 30) -> list[tuple[int, str]]:
    """Everything in minutes after noon."""
    found = missed(
        target_at=NOON + target * MINUTE,
        promised_by_at=NOON + promised * MINUTE,
        ended_at=NOON + ended * MINUTE,
        replaced=[(NOON + before * MINUTE, NOON + changed * MINUTE) for before, changed in replaced],
    )
    return [((miss.at - NOON) // MINUTE, miss.what.value) for miss in found]


def test_in_time_nothing_is_missed_and_the_very_instant_is_in_time() -> None:
    assert told(10) == told(15) == []
    assert told(16) == told(30) == [(15, "target")]


def test_the_target_and_the_time_told_are_missed_each_at_its_own_instant() -> None:
    assert told(31) == [(15, "target"), (30, "promise")]
    assert told(31, target=30) == [(30, "both")]
    assert told(30, target=30) == []


def test_a_promise_that_had_passed_when_the_visitor_changed_it_stays_missed() -> None:
    assert told(40, (10, 12), (20, 18), target=50, promised=60) == [(10, "earlier_promise")]
    assert told(8, (10, 12), target=50, promised=60) == [], "somebody had called before"


def test_a_miss_is_an_instant_and_a_word() -> None:
    assert missed(target_at=NOON, promised_by_at=NOON, ended_at=NOON + MINUTE, replaced=()) == (Miss(NOON, What.BOTH),)
