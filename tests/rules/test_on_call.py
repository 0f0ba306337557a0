"""On call: what comes or becomes due while the office is closed, until somebody claims it or the office opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from intake.rules.alerting import AlertKind, AlertRules, Raised, Waiting, Watch
from intake.rules.hours import OpeningHours, Span, default_hours

OFFICE = default_hours("America/New_York")
RULES = AlertRules(is_on_call=True, on_call_minutes=30, repeat_minutes=15)
MINUTE = timedelta(minutes=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of the week of 16 November 2026, Monday first, on the clock of New York."""
    return datetime(2026, 11, 16 + day, hour, minute, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


TONIGHT = at(1, 22)
REQUEST = Waiting(at(2, 8, 15), None, False, False, TONIGHT)


def told(now: datetime, request: Waiting = REQUEST, on_call: tuple[str, ...] = ("user:1", "hook")) -> list[Raised]:
    watch = Watch.begin(RULES, OFFICE, 5, ("user:9",), now, on_call)
    return [alert for alert in watch.alerts(request) if alert.kind in (AlertKind.ON_CALL, AlertKind.ON_CALL_LATE)]


def test_a_request_at_night_is_told_at_once_to_everybody_on_call() -> None:
    assert told(TONIGHT) == [Raised(AlertKind.ON_CALL, "user:1"), Raised(AlertKind.ON_CALL, "hook")]
    assert told(TONIGHT + 29 * MINUTE) == told(TONIGHT)


def test_what_nobody_claims_in_time_is_told_to_the_managers_too_again_and_again() -> None:
    late = told(TONIGHT + 30 * MINUTE)
    assert late == [Raised(AlertKind.ON_CALL_LATE, who) for who in ("user:1", "hook", "user:9")]
    assert {alert.number for alert in told(TONIGHT + 44 * MINUTE)} == {1}
    assert {alert.number for alert in told(TONIGHT + 45 * MINUTE)} == {2}


@pytest.mark.parametrize(
    "change",
    [
        {"holder_id": 4, "is_taken": True},
        {"is_held": True},
        {"is_check": True},
        {"received_at": at(1, 19)},
        {"is_uncalled": False},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_claimed_called_doubtful_or_came_by_day_wakes_nobody(change: dict[str, object]) -> None:
    assert told(TONIGHT + 40 * MINUTE, replace(REQUEST, **change)) == []  # type: ignore[arg-type]


def test_what_becomes_due_at_night_is_told_then() -> None:
    agreed = Waiting(at(1, 23), None, False, False, at(1, 9), is_uncalled=False)
    assert told(at(1, 22, 59), agreed) == []
    assert [alert.kind for alert in told(at(1, 23), agreed)] == [AlertKind.ON_CALL] * 2


def test_what_was_due_by_closing_time_is_no_business_of_the_night() -> None:
    assert told(at(1, 20, 30), Waiting(at(1, 20), None, False, False, at(1, 19, 45))) == []


def test_the_morning_ends_it_and_the_next_night_does_not_begin_it_again() -> None:
    assert told(at(2, 8)) == []
    assert told(at(2, 21)) == []


def test_with_nobody_on_call_nobody_is_told() -> None:
    assert told(TONIGHT, on_call=()) == []


def test_what_a_rule_gave_to_somebody_is_no_answer() -> None:
    given = replace(REQUEST, holder_id=4)
    assert told(TONIGHT, given) == told(TONIGHT)
    assert {alert.kind for alert in told(TONIGHT + 30 * MINUTE, given)} == {AlertKind.ON_CALL_LATE}


@pytest.mark.parametrize("is_uncalled", [True, False])
def test_before_the_time_it_was_put_off_to_or_booked_for_it_wakes_nobody(is_uncalled: bool) -> None:
    later = replace(REQUEST, next_at=at(1, 23, 30), due_at=at(1, 22, 10), is_uncalled=is_uncalled)
    assert told(at(1, 23, 29), later) == []
    assert told(at(2, 7), replace(later, next_at=at(2, 9))) == []


def test_put_off_within_the_night_it_begins_anew_when_its_time_comes() -> None:
    later = replace(REQUEST, next_at=at(1, 23, 30))
    assert {alert.kind for alert in told(at(1, 23, 30), later)} == {AlertKind.ON_CALL}
    assert {alert.kind for alert in told(at(1, 23, 59), later)} == {AlertKind.ON_CALL}
    assert {alert.kind for alert in told(at(2, 0), later)} == {AlertKind.ON_CALL_LATE}


WITH_LUNCH = OpeningHours("America/New_York", ((Span(480, 720), Span(780, 1200)),) * 7)


def at_lunch(now: datetime, request: Waiting) -> set[AlertKind]:
    watch = Watch.begin(RULES, WITH_LUNCH, 5, ("user:9",), now, ("user:1",))
    return {alert.kind for alert in watch.alerts(request)}


def test_a_break_is_no_night() -> None:
    came, agreed = at(1, 12, 10), Waiting(at(1, 12, 20), None, False, False, at(1, 9), is_uncalled=False)
    assert at_lunch(at(1, 12, 50), Waiting(at(1, 13, 15), None, False, False, came)) == set()
    assert not at_lunch(at(1, 12, 50), agreed) & {AlertKind.ON_CALL, AlertKind.ON_CALL_LATE}
    assert at_lunch(at(1, 22), Waiting(at(2, 8, 15), None, False, False, at(1, 22))) == {AlertKind.ON_CALL}
    assert at_lunch(at(1, 22), Waiting(at(2, 8, 15), None, False, False, came)) == set()


def test_a_version_keeps_every_rule() -> None:
    rules = AlertRules(3, 5, 7, (1, 2), True, 20, (4,), False)
    assert AlertRules.from_document(rules.to_document()) == rules
    assert AlertRules.from_document({"escalate_minutes": 3, "unheard_of": 1}) == AlertRules(escalate_minutes=3)
