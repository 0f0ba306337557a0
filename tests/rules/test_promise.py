"""The promise by worked example, and what holds for every promise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.rules.calling import callable_hours
from intake.rules.hours import DEFAULT_WEEK, OpeningHours, Schedule, Span, default_hours
from intake.rules.promise import DueState, Promise, ResponseTarget, due_state, promise, within_minutes
from intake.rules.windows import Window, is_callable
from tests.points import point

NEW_YORK = "America/New_York"
TARGET = ResponseTarget()
OFFICE = default_hours(NEW_YORK)
WEEKDAYS_ONLY = OpeningHours(NEW_YORK, (*DEFAULT_WEEK[:5], (), ()))


def at(text: str, zone: str = NEW_YORK, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def promised(text: str, *, schedule: Schedule = OFFICE, backlog: int = 0, zone: str = NEW_YORK) -> Promise:
    return promise(at(text, zone), schedule=schedule, zone=zone, target=TARGET, backlog=backlog)


def test_a_request_in_the_morning_is_called_within_fifteen_minutes() -> None:
    made = promised("2026-11-23 10:01")
    assert made.target_at == made.due_at == at("2026-11-23 10:16")
    assert made.promised_by_at == at("2026-11-23 10:30")
    assert made.is_open_arrival


def test_a_target_on_the_quarter_is_promised_to_the_minute() -> None:
    assert promised("2026-11-23 10:00").promised_by_at == at("2026-11-23 10:15")


def test_a_second_past_the_quarter_is_promised_a_quarter_later() -> None:
    assert promised("2026-11-23 10:00:01").promised_by_at == at("2026-11-23 10:30")


def test_a_request_on_saturday_night_is_due_on_monday_morning() -> None:
    made = promised("2026-11-21 23:50", schedule=WEEKDAYS_ONLY)
    assert made.target_at == made.due_at == at("2026-11-23 08:15")
    assert made.promised_by_at == at("2026-11-23 12:00")
    assert not made.is_open_arrival


def test_a_request_before_dawn_is_promised_for_noon_of_the_same_day() -> None:
    assert promised("2026-11-23 05:00").promised_by_at == at("2026-11-23 12:00")


def test_a_request_just_before_closing_is_promised_for_the_next_day() -> None:
    made = promised("2026-11-23 19:50")
    assert made.target_at == at("2026-11-24 08:05")
    assert made.promised_by_at == at("2026-11-24 08:15")


@point(28)
def test_forty_waiting_are_counted_in_opening_hours() -> None:
    assert promised("2026-11-23 10:05", backlog=40).promised_by_at == at("2026-11-23 16:45")
    assert promised("2026-11-23 18:00", backlog=40).promised_by_at == at("2026-11-24 12:45")


def test_two_callers_halve_the_wait() -> None:
    target = ResponseTarget(callers_on_duty=2)
    made = promise(at("2026-11-23 10:00"), schedule=OFFICE, zone=NEW_YORK, target=target, backlog=40)
    assert made.promised_by_at == at("2026-11-23 13:20") + timedelta(minutes=10)


def test_nobody_entered_as_on_duty_counts_as_one_caller() -> None:
    target = ResponseTarget(callers_on_duty=0)
    made = promise(at("2026-11-23 10:00"), schedule=OFFICE, zone=NEW_YORK, target=target, backlog=3)
    assert made.promised_by_at == at("2026-11-23 10:30")


def test_out_of_hours_a_backlog_that_does_not_fit_before_noon_is_told() -> None:
    assert promised("2026-11-22 22:00", backlog=24).promised_by_at == at("2026-11-23 12:00")
    assert promised("2026-11-22 22:00", backlog=25).promised_by_at == at("2026-11-23 12:15")


def test_an_office_that_opens_after_noon_promises_the_quarter_hour() -> None:
    office = OpeningHours(NEW_YORK, ((Span(13 * 60, 20 * 60),),) * 7)
    assert promised("2026-11-23 09:00", schedule=office).promised_by_at == at("2026-11-23 13:15")


def test_a_break_in_the_morning_does_not_put_the_promise_off_until_noon() -> None:
    office = OpeningHours(NEW_YORK, ((Span(480, 600), Span(615, 1200)),) * 7)
    assert promised("2026-11-23 10:05", schedule=office).promised_by_at == at("2026-11-23 10:30")


@point(28)
def test_a_holiday_is_passed_over() -> None:
    office = OpeningHours(NEW_YORK, DEFAULT_WEEK, ((date(2026, 11, 26), ()),))
    made = promised("2026-11-25 23:00", schedule=office)
    assert made.target_at == at("2026-11-27 08:15")
    assert made.promised_by_at == at("2026-11-27 12:00")


@point(28)
def test_a_caller_three_zones_west_is_not_promised_a_call_at_five_in_the_morning() -> None:
    cut = callable_hours(OFFICE, "America/Los_Angeles")
    made = promised("2026-11-23 07:00", schedule=cut)
    assert made.target_at == at("2026-11-23 11:15")  # 8:15 in Portland
    assert made.promised_by_at == at("2026-11-23 12:00")
    assert not promised("2026-11-23 08:30", schedule=cut).is_open_arrival


def test_the_night_the_clocks_go_back_does_not_move_the_morning() -> None:
    made = promised("2026-10-31 23:50", schedule=OFFICE)
    assert made.target_at == datetime(2026, 11, 1, 15, 15, tzinfo=UTC)  # Sunday 10:15, standard time
    assert made.promised_by_at == datetime(2026, 11, 1, 17, tzinfo=UTC)


@point(28)
def test_a_promise_over_midnight_and_the_change_of_clocks_counts_real_minutes() -> None:
    office = OpeningHours(NEW_YORK, ((Span(20 * 60, 28 * 60),),) * 7)
    made = promise(at("2026-11-01 01:50"), schedule=office, zone=NEW_YORK, target=TARGET, backlog=7)
    assert made.target_at == datetime(2026, 11, 1, 6, 5, tzinfo=UTC)  # 1:05, for the second time
    assert made.promised_by_at == datetime(2026, 11, 1, 7, 0, tzinfo=UTC)


def test_quarters_are_those_of_the_clock_on_the_wall() -> None:
    made = promised("2026-11-23 10:01", schedule=default_hours("Asia/Kathmandu"), zone="Asia/Kathmandu")
    assert made.promised_by_at == at("2026-11-23 10:30", "Asia/Kathmandu")


def test_an_office_that_never_opens_still_promises_a_date() -> None:
    made = promised("2026-11-23 10:00", schedule=OpeningHours(NEW_YORK, ((),) * 7))
    assert made.target_at == made.due_at == made.promised_by_at == at("2026-11-26 10:00")


def test_a_requested_window_is_due_half_an_hour_into_it_and_promised_by_its_end() -> None:
    window = (at("2026-11-24 14:00"), at("2026-11-24 17:00"))
    made = promise(at("2026-11-23 10:00"), schedule=OFFICE, zone=NEW_YORK, target=TARGET, backlog=40, window=window)
    assert made.due_at == at("2026-11-24 14:30")
    assert made.promised_by_at == made.target_at == at("2026-11-24 17:00")


def test_a_window_shorter_than_half_an_hour_is_due_at_its_end() -> None:
    window = (at("2026-11-24 14:00"), at("2026-11-24 14:20"))
    made = promise(at("2026-11-23 10:00"), schedule=OFFICE, zone=NEW_YORK, target=TARGET, backlog=0, window=window)
    assert made.due_at == at("2026-11-24 14:20")


def test_a_window_that_is_over_cannot_be_promised() -> None:
    window = (at("2026-11-22 14:00"), at("2026-11-22 16:00"))
    with pytest.raises(ValueError, match="over"):
        promise(at("2026-11-23 10:00"), schedule=OFFICE, zone=NEW_YORK, target=TARGET, backlog=0, window=window)


@pytest.mark.parametrize(
    ("received", "by"),
    [
        ("2026-11-23 10:00", "2026-11-24 20:00"),
        ("2026-11-24 00:30", "2026-11-25 20:00"),
        ("2026-11-27 10:00", "2026-11-30 20:00"),
    ],
    ids=["a day ahead", "after midnight", "over the weekend"],
)
def test_another_time_in_free_words_is_promised_by_the_end_of_the_next_open_day(received: str, by: str) -> None:
    made = promise(at(received), schedule=WEEKDAYS_ONLY, zone=NEW_YORK, target=TARGET, backlog=9, is_free_time=True)
    assert made.promised_by_at == made.target_at == made.due_at == at(by)


def test_the_open_day_of_an_office_that_never_closes_ends_at_midnight() -> None:
    office = OpeningHours(NEW_YORK, ((Span(0, 1440),),) * 7)
    made = promise(at("2026-11-23 10:00"), schedule=office, zone=NEW_YORK, target=TARGET, backlog=0, is_free_time=True)
    assert made.promised_by_at == at("2026-11-25 00:00")


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(-0.01, DueState.LATE), (0, DueState.SOON), (5, DueState.SOON), (5.01, DueState.WAIT)],
)
def test_due_is_soon_five_minutes_before_and_late_right_after(minutes: float, state: DueState) -> None:
    now = at("2026-11-23 10:00")
    assert due_state(now + timedelta(minutes=minutes), now, TARGET) is state


ZONES = (NEW_YORK, "Australia/Lord_Howe", "Etc/GMT-14", "Etc/GMT+12", "Asia/Kathmandu", "Europe/London")
RECEIVED = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=150)
@given(RECEIVED, st.sampled_from(ZONES), st.integers(0, 60), st.booleans())
def test_told_is_never_before_measured_and_measured_never_before_received(
    received: datetime, zone: str, backlog: int, is_free_time: bool
) -> None:
    office = default_hours(zone)
    made = promise(received, schedule=office, zone=zone, target=TARGET, backlog=backlog, is_free_time=is_free_time)
    assert received <= made.target_at <= made.promised_by_at
    assert made.due_at == made.target_at
    assert made.promised_by_at.astimezone(ZoneInfo(zone)).minute % 15 == 0
    assert is_free_time or office.elapsed(received, made.target_at) == 900


@settings(max_examples=100)
@given(RECEIVED, st.sampled_from(ZONES), st.integers(0, 60), st.integers(0, 60))
def test_more_waiting_never_means_sooner(received: datetime, zone: str, one: int, two: int) -> None:
    fewer, more = (
        promise(received, schedule=default_hours(zone), zone=zone, target=TARGET, backlog=count)
        for count in sorted((one, two))
    )
    assert fewer.promised_by_at <= more.promised_by_at


def test_a_window_is_due_when_a_call_is_first_possible_where_the_visitor_is() -> None:
    window = (at("2026-11-24 08:00"), at("2026-11-24 12:00"))
    portland = callable_hours(OFFICE, "America/Los_Angeles")
    made = promise(at("2026-11-23 10:00"), schedule=portland, zone=NEW_YORK, target=TARGET, backlog=0, window=window)
    assert made.due_at == at("2026-11-24 11:30")
    assert made.promised_by_at == at("2026-11-24 12:00")


def test_a_window_in_which_nobody_may_call_is_known_as_such() -> None:
    window = Window(at("2026-11-24 08:00"), at("2026-11-24 12:00"))
    assert is_callable(window, callable_hours(OFFICE, "America/Los_Angeles"))
    assert not is_callable(window, callable_hours(OFFICE, "Pacific/Honolulu"))


@settings(max_examples=100)
@given(st.integers(0, 7 * 24 * 60 * 60), st.integers(0, 300), st.integers(1, 90))
def test_what_is_said_before_anybody_asks_is_never_better_than_the_promise(
    second: int, ahead: int, minutes: int
) -> None:
    now, target = at("2026-11-23 00:00") + timedelta(seconds=second), ResponseTarget(minutes=minutes)
    told = within_minutes(now, schedule=OFFICE, target=target, backlog=ahead)
    made = promise(now, schedule=OFFICE, zone=NEW_YORK, target=target, backlog=ahead)
    assert told is None or made.promised_by_at - now <= timedelta(minutes=told)


def test_what_is_said_beforehand_holds_for_whoever_asks_a_quarter_of_an_hour_later() -> None:
    told = [
        within_minutes(at(f"2026-11-23 10:{minute}"), schedule=OFFICE, target=TARGET, backlog=4) for minute in (10, 24)
    ]
    assert told == [55, 55]


def test_nothing_is_said_beforehand_of_a_call_after_closing() -> None:
    assert within_minutes(at("2026-11-23 19:50"), schedule=OFFICE, target=TARGET, backlog=0) is None
    assert within_minutes(at("2026-11-23 18:00"), schedule=OFFICE, target=TARGET, backlog=50) is None
    assert within_minutes(at("2026-11-23 05:00"), schedule=OFFICE, target=TARGET, backlog=0) is None
