"""When a person may be called, and when the next try is proposed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.rules.calling import (
    CallVerdict,
    callable_hours,
    calling_key,
    legal_hours,
    may_call,
    next_attempt,
    zones_of,
)
from intake.rules.hours import DEFAULT_WEEK, Always, OpeningHours, Span, default_hours
from intake.rules.limits import STANDARD
from intake.rules.workflow import EFFECTS, Disposition

NEW_YORK, PORTLAND = "America/New_York", "America/Los_Angeles"
OFFICE = default_hours(NEW_YORK)
NIGHT_OFFICE = OpeningHours(NEW_YORK, ((Span(0, 1440),),) * 7)
HOUR = timedelta(hours=1)


def at(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# The key and its hours


def test_a_key_names_each_zone_once_in_order() -> None:
    assert calling_key([NEW_YORK, "America/Chicago", NEW_YORK]) == "America/Chicago|America/New_York"
    assert zones_of("America/Chicago|America/New_York") == ("America/Chicago", NEW_YORK)
    assert calling_key(()) == ""
    assert zones_of("") == ()


def test_calls_are_lawful_from_eight_to_nine_in_every_zone_that_may_apply() -> None:
    hours = legal_hours(calling_key([NEW_YORK, PORTLAND]))
    assert hours.next_opening(at("2026-11-23 00:00")) == at("2026-11-23 08:00", PORTLAND)
    assert hours.closing(at("2026-11-23 12:00")) == at("2026-11-23 21:00")


def test_lawful_hours_follow_the_zone_that_changes_its_clocks() -> None:
    hours = legal_hours("America/Phoenix|America/Denver")
    assert hours.next_opening(at("2026-07-01 00:00", "America/Denver")) == at("2026-07-01 08:00", "America/Phoenix")
    assert hours.next_opening(at("2026-12-01 00:00", "America/Denver")) == at("2026-12-01 08:00", "America/Denver")


def test_zones_too_far_apart_give_the_hours_of_the_middle_one() -> None:
    far = calling_key(["Pacific/Auckland", NEW_YORK, "Europe/London"])
    assert legal_hours(far).next_opening(at("2026-11-23 03:00", "Europe/London")) == at(
        "2026-11-23 08:00", "Europe/London"
    )


@pytest.mark.parametrize("zones", [["Pacific/Auckland", "Pacific/Honolulu"], ["Etc/GMT-14", "Etc/GMT+12"], [NEW_YORK]])
def test_lawful_hours_are_never_empty(zones: list[str]) -> None:
    hours, now = legal_hours(calling_key(zones)), at("2026-11-23 00:00")
    assert all(hours.elapsed(now + timedelta(days=n), now + timedelta(days=n + 1)) >= 3600 for n in range(0, 365, 30))


def test_no_zone_sets_no_limit_of_its_own_but_the_office_is_taken_for_the_place() -> None:
    assert legal_hours("") == Always()
    assert not callable_hours(NIGHT_OFFICE, "").is_open(at("2026-11-23 22:00"))


def test_a_number_out_west_is_called_only_when_both_are_up() -> None:
    hours = callable_hours(OFFICE, PORTLAND)
    assert not hours.is_open(at("2026-11-23 10:59"))
    assert hours.is_open(at("2026-11-23 11:00"))
    assert hours.closing(at("2026-11-23 12:00")) == at("2026-11-23 20:00")


# May this person be called now


def verdict(now: str, **change: Any) -> CallVerdict:
    asked: dict[str, Any] = {
        "office": OFFICE,
        "key": NEW_YORK,
        "next_at": None,
        "window": None,
        "attempts_24h": 0,
        "is_suppressed": False,
        "received_at": at("2026-11-20 10:00"),
        "is_asap": True,
    }
    return may_call(now=at(now), **{**asked, **change})


def test_in_hours_nothing_stands_against_a_call() -> None:
    assert verdict("2026-11-23 10:00") == CallVerdict(True)


def test_before_eight_at_the_called_party_is_unlawful() -> None:
    found = verdict("2026-11-23 10:00", key=PORTLAND)
    assert found == CallVerdict(False, "outside_legal_hours", at("2026-11-23 11:00"))


def test_lawful_but_closed_is_another_reason() -> None:
    found = verdict("2026-11-23 20:30")
    assert found == CallVerdict(False, "outside_office_hours", at("2026-11-24 08:00"))


def test_who_asked_less_than_an_hour_ago_to_be_called_at_once_may_be() -> None:
    received = at("2026-11-23 22:00")
    assert verdict("2026-11-23 22:59", received_at=received) == CallVerdict(True, "invited")
    assert not verdict("2026-11-23 23:00", received_at=received).is_allowed
    assert not verdict("2026-11-23 22:30", received_at=received, is_asap=False).is_allowed
    assert not verdict("2026-11-23 22:30", received_at=received, attempts_24h=1).is_allowed
    assert not verdict("2026-11-23 21:30", received_at=received).is_allowed


def test_the_invitation_does_not_lift_a_do_not_call() -> None:
    found = verdict("2026-11-23 22:10", received_at=at("2026-11-23 22:00"), is_suppressed=True)
    assert found == CallVerdict(False, "suppressed")


def test_a_try_agreed_for_later_waits() -> None:
    found = verdict("2026-11-23 10:00", next_at=at("2026-11-23 12:00"))
    assert found == CallVerdict(False, "before_next_try", at("2026-11-23 12:00"))
    assert verdict("2026-11-23 12:00", next_at=at("2026-11-23 12:00")).is_allowed


def test_three_tries_in_a_day_are_enough() -> None:
    found = verdict("2026-11-23 18:00", attempts_24h=3, next_at=at("2026-11-24 06:00"))
    assert found == CallVerdict(False, "too_many_in_24h", at("2026-11-24 08:00"))


def test_a_requested_window_is_kept_to() -> None:
    window = (at("2026-11-23 14:00"), at("2026-11-23 16:00"))
    early = verdict("2026-11-23 10:00", window=window, is_asap=False)
    assert early == CallVerdict(False, "outside_window", at("2026-11-23 14:00"))
    assert verdict("2026-11-23 14:00", window=window, is_asap=False).is_allowed


def test_a_missed_window_comes_again_at_the_same_hours() -> None:
    window = (at("2026-11-23 14:00"), at("2026-11-23 16:00"))
    late = verdict("2026-11-23 16:00", window=window, is_asap=False)
    assert late == CallVerdict(False, "outside_window", at("2026-11-24 14:00"))
    assert verdict("2026-11-25 15:00", window=window, is_asap=False).is_allowed


# The next try


def proposed(disposition: Disposition, ended: str, attempts: list[str] | None = None, **change: Any) -> datetime | None:
    asked: dict[str, Any] = {"office": OFFICE, "key": NEW_YORK, "window": None, "is_once_only": False, **change}
    tried = [at(text) for text in (attempts if attempts is not None else [ended])]
    return next_attempt(disposition=disposition, ended_at=at(ended), attempts=tried, **asked)


def test_no_answer_is_tried_again_after_two_opening_hours() -> None:
    assert proposed(Disposition.NO_ANSWER, "2026-11-23 11:30") == at("2026-11-23 13:30")


def test_no_answer_moves_on_to_another_part_of_the_day() -> None:
    assert proposed(Disposition.NO_ANSWER, "2026-11-23 09:10") == at("2026-11-23 12:00")
    tried = ["2026-11-23 09:10", "2026-11-23 12:00"]
    assert proposed(Disposition.NO_ANSWER, "2026-11-23 12:05", tried) == at("2026-11-23 15:00")


def test_opening_hours_run_over_the_night() -> None:
    assert proposed(Disposition.SOMEONE_ELSE, "2026-11-23 19:00") == at("2026-11-24 09:00")


def test_the_end_of_the_day_is_not_a_time_to_call() -> None:
    assert proposed(Disposition.SOMEONE_ELSE, "2026-11-23 18:00") == at("2026-11-24 08:00")


def test_the_fourth_try_waits_until_a_day_after_the_first_of_the_three() -> None:
    tried = ["2026-11-23 10:00", "2026-11-23 13:00", "2026-11-23 16:00"]
    found = proposed(Disposition.NO_ANSWER, "2026-11-23 16:02", tried)
    assert found == at("2026-11-24 18:00")  # from 10:00 on, and at a time of day not tried yet


def test_when_every_part_of_the_day_was_tried_the_next_is_simply_the_soonest() -> None:
    office = OpeningHours(NEW_YORK, ((Span(9 * 60, 12 * 60),),) * 7)
    found = proposed(Disposition.NO_ANSWER, "2026-11-23 09:30", office=office)
    assert found == at("2026-11-23 11:30")


def test_after_a_message_the_next_open_day_at_another_time() -> None:
    assert proposed(Disposition.LEFT_MESSAGE, "2026-11-23 08:30") == at("2026-11-24 09:00")
    assert proposed(Disposition.LEFT_MESSAGE, "2026-11-23 14:30") == at("2026-11-24 08:00")


def test_after_a_message_a_closed_day_is_passed_over() -> None:
    office = OpeningHours(NEW_YORK, DEFAULT_WEEK, ((date(2026, 11, 26), ()),))
    assert proposed(Disposition.LEFT_MESSAGE, "2026-11-25 14:30", office=office) == at("2026-11-27 08:00")


def test_a_busy_line_is_tried_again_in_a_quarter_of_an_hour() -> None:
    assert proposed(Disposition.BUSY, "2026-11-23 10:00") == at("2026-11-23 10:15")
    assert proposed(Disposition.BUSY, "2026-11-23 19:50") == at("2026-11-24 08:00")


def test_busy_counts_among_the_three_of_a_day() -> None:
    tried = ["2026-11-23 10:00", "2026-11-23 10:15", "2026-11-23 10:30"]
    assert proposed(Disposition.BUSY, "2026-11-23 10:31", tried) == at("2026-11-24 10:00")


def test_when_our_line_failed_the_next_try_is_now() -> None:
    assert proposed(Disposition.LINE_FAILED, "2026-11-23 10:00", []) == at("2026-11-23 10:00")


def test_the_sixth_try_is_the_last() -> None:
    tried = [f"2026-11-{day} {hour}:00" for day in (23, 24, 25) for hour in (10, 15)]
    assert proposed(Disposition.NO_ANSWER, "2026-11-25 15:01", tried) is None
    assert proposed(Disposition.NO_ANSWER, "2026-11-25 15:01", tried[1:]) is not None


def test_who_asked_for_one_call_gets_one_call() -> None:
    assert proposed(Disposition.NO_ANSWER, "2026-11-23 10:00", is_once_only=True) is None
    assert proposed(Disposition.LINE_FAILED, "2026-11-23 10:00", [], is_once_only=True) is not None


def test_tries_end_with_the_fifth_day() -> None:
    tried = [f"2026-11-{day} 15:00" for day in (23, 24, 25, 26)]
    assert proposed(Disposition.LEFT_MESSAGE, "2026-11-26 15:00", tried) == at("2026-11-27 08:00")
    assert proposed(Disposition.LEFT_MESSAGE, "2026-11-27 09:00", [*tried, "2026-11-27 09:00"]) is None


def test_closed_days_do_not_use_up_the_five() -> None:
    closed = tuple((date(2026, 11, day), ()) for day in (26, 27, 28, 29))
    office = OpeningHours(NEW_YORK, DEFAULT_WEEK, closed)
    assert proposed(Disposition.LEFT_MESSAGE, "2026-11-25 15:00", office=office) == at("2026-11-30 08:00")


@pytest.mark.parametrize(
    "disposition",
    [Disposition.SPOKE_APPOINTMENT, Disposition.WRONG_NUMBER, Disposition.DO_NOT_CALL, Disposition.UNREACHABLE],
)
def test_an_outcome_that_ends_the_matter_proposes_no_next_try(disposition: Disposition) -> None:
    assert proposed(disposition, "2026-11-23 10:00") is None


def test_after_a_missed_window_the_same_hours_of_the_next_day() -> None:
    window = (at("2026-11-23 14:00"), at("2026-11-23 16:00"))
    assert proposed(Disposition.NO_ANSWER, "2026-11-23 14:20", window=window) == at("2026-11-24 14:00")
    assert proposed(Disposition.BUSY, "2026-11-23 14:20", window=window) == at("2026-11-23 14:35")
    assert proposed(Disposition.BUSY, "2026-11-23 15:50", window=window) == at("2026-11-24 14:00")


def test_the_same_hours_are_those_on_the_wall_when_clocks_change() -> None:
    window = (at("2026-10-31 14:00"), at("2026-10-31 16:00"))
    assert proposed(Disposition.NO_ANSWER, "2026-10-31 14:20", window=window) == at("2026-11-01 14:00")


def test_a_window_is_repeated_on_the_next_day_that_is_open_at_those_hours() -> None:
    window = (at("2026-11-20 17:30"), at("2026-11-20 19:30"))
    assert proposed(Disposition.NO_ANSWER, "2026-11-20 18:00", window=window) == at("2026-11-23 17:30")


def test_an_office_that_never_meets_the_lawful_hours_falls_back_to_the_lawful_ones() -> None:
    office = OpeningHours(NEW_YORK, ((Span(8 * 60, 10 * 60),),) * 7)
    found = proposed(Disposition.NO_ANSWER, "2026-11-23 09:00", office=office, key="Pacific/Honolulu")
    assert found is not None
    assert legal_hours("Pacific/Honolulu").is_open(found)


ENDED = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
RETRIED = tuple(d for d, effect in EFFECTS.items() if effect.next in {"retry", "now"})
KEYS = ("", NEW_YORK, PORTLAND, "America/Chicago|America/New_York", "Pacific/Honolulu", "Australia/Lord_Howe")


@settings(max_examples=150)
@given(st.lists(st.sampled_from(RETRIED), min_size=8, max_size=8), ENDED, st.sampled_from(KEYS), st.booleans())
def test_no_course_of_tries_ever_breaks_the_limits(
    outcomes: list[Disposition], started: datetime, key: str, has_window: bool
) -> None:
    hours = callable_hours(OFFICE, key)
    first = hours.next_opening(started)
    if first is None:
        return
    window = (first, first + 2 * HOUR) if has_window else None
    tried, now = [first], first
    for outcome in outcomes:
        found = next_attempt(
            disposition=outcome, ended_at=now + HOUR / 60, attempts=tried, office=OFFICE, key=key, window=window
        )
        if found is None:
            break
        assert found > now
        assert hours.is_open(found)
        tried, now = [*tried, found], found
    zone = ZoneInfo(NEW_YORK)
    assert len(tried) <= STANDARD.attempts
    assert len({t.astimezone(zone).date() for t in tried}) <= STANDARD.days
    assert all(later - earlier >= 24 * HOUR for earlier, later in zip(tried, tried[STANDARD.daily :], strict=False))
