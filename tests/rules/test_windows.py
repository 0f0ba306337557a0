"""The windows a visitor is offered, and reading them back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.rules.calling import callable_hours
from intake.rules.hours import DEFAULT_WEEK, OpeningHours, Schedule, Span, default_hours
from intake.rules.windows import Window, find, is_past, offered

NEW_YORK = "America/New_York"
OFFICE = default_hours(NEW_YORK)


def at(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def told(text: str, schedule: Schedule = OFFICE, *, days: int = 2, zone: str = NEW_YORK) -> list[str]:
    """As a person reads them: "Mon 8-12"."""
    walls = [
        (window.from_at.astimezone(ZoneInfo(zone)), window.until_at.astimezone(ZoneInfo(zone)))
        for window in offered(schedule, zone, at(text, zone), days=days)
    ]
    return [f"{start:%a} {start.hour}-{end.hour or 24}" for start, end in walls]


def every_day(*ranges: tuple[int, int]) -> OpeningHours:
    return OpeningHours(NEW_YORK, (tuple(Span(*ends) for ends in ranges),) * 7)


def test_a_long_day_is_offered_in_pieces_of_four_hours() -> None:
    assert told("2026-11-23 06:00", days=1) == ["Mon 8-12", "Mon 12-16", "Mon 16-20"]


def test_today_is_followed_by_the_next_open_day() -> None:
    assert told("2026-11-20 15:30") == ["Fri 17-20", "Sat 9-13", "Sat 13-17"]


def test_a_finished_day_gives_way_to_two_others() -> None:
    assert told("2026-11-20 21:00") == ["Sat 9-13", "Sat 13-17", "Sun 10-13", "Sun 13-16"]


def test_a_window_starts_at_least_an_hour_from_now() -> None:
    assert told("2026-11-23 07:00", days=1)[0] == "Mon 8-12"
    assert told("2026-11-23 07:01", days=1)[0] == "Mon 9-12"


def test_what_is_left_of_a_window_is_offered_while_it_is_two_hours() -> None:
    assert told("2026-11-23 17:00", days=1) == ["Mon 18-20"]
    assert told("2026-11-23 17:01", days=1)[0].startswith("Tue")


def test_a_closed_holiday_has_no_windows() -> None:
    office = OpeningHours(NEW_YORK, DEFAULT_WEEK, ((date(2026, 11, 26), ()),))
    assert not any(text.startswith("Thu") for text in told("2026-11-25 10:00", office))
    assert told("2026-11-26 10:00", office)[0] == "Fri 8-12"


def test_half_hours_are_left_out() -> None:
    assert told("2026-11-23 05:00", every_day((510, 1050)), days=1) == ["Mon 9-13", "Mon 13-17"]


def test_a_break_divides_the_day() -> None:
    assert told("2026-11-23 05:00", every_day((540, 720), (780, 1080)), days=1) == [
        "Mon 9-12",
        "Mon 13-16",
        "Mon 16-18",
    ]


def test_an_office_open_for_one_hour_offers_that_hour() -> None:
    assert told("2026-11-23 05:00", every_day((600, 660)), days=1) == ["Mon 10-11"]


def test_less_than_a_whole_hour_is_not_offered() -> None:
    assert told("2026-11-23 05:00", every_day((610, 665))) == []


def test_round_the_clock_is_cut_at_midnight() -> None:
    assert told("2026-11-23 14:10", every_day((0, 1440)), days=2)[:4] == [
        "Mon 16-20",
        "Mon 20-24",
        "Tue 0-4",
        "Tue 4-8",
    ]


def test_windows_keep_to_the_hours_of_a_caller_further_west() -> None:
    assert told("2026-11-23 06:00", callable_hours(OFFICE, "America/Los_Angeles"), days=1) == [
        "Mon 11-14", "Mon 14-17", "Mon 17-20",
    ]  # fmt: skip


def test_an_office_closed_for_the_season_offers_none() -> None:
    assert told("2026-11-23 05:00", OpeningHours(NEW_YORK, ((),) * 7)) == []


def test_the_value_is_in_universal_time_and_safe_in_an_address() -> None:
    window = Window(at("2026-11-22 15:00"), at("2026-11-22 17:00"))
    assert window.value == "20261122T2000Z-20261122T2200Z"


def test_every_window_offered_can_be_chosen() -> None:
    now = at("2026-11-23 10:20")
    for window in offered(OFFICE, NEW_YORK, now):
        assert find(window.value, OFFICE, NEW_YORK, now) == window


def test_a_window_seen_in_an_open_form_can_be_chosen_until_it_begins() -> None:
    window = offered(OFFICE, NEW_YORK, at("2026-11-23 10:59"))[0]
    assert window.from_at == at("2026-11-23 12:00")
    assert find(window.value, OFFICE, NEW_YORK, at("2026-11-23 11:59")) == window
    assert find(window.value, OFFICE, NEW_YORK, at("2026-11-23 12:00")) is None


def test_a_window_that_has_begun_is_said_to_have_passed() -> None:
    value = Window(at("2026-11-23 12:00"), at("2026-11-23 16:00")).value
    assert is_past(value, at("2026-11-23 12:00"))
    assert not is_past(value, at("2026-11-23 11:59"))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "asap",
        "20261122T2000Z",
        "20261322T2000Z-20261322T2200Z",
        "20261122T2200Z-20261122T2000Z",
        "20261122T2000Z-20261122T2200Z ",
        "２0261122T2000Z-20261122T2200Z",
        "20261122T2000Z-20261122T2200Z-20261122T2200Z",
    ],
)
def test_anything_else_is_neither_a_window_nor_past(value: str) -> None:
    now = at("2027-11-23 10:00")
    assert find(value, OFFICE, NEW_YORK, now) is None
    assert not is_past(value, now)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-24 03:00", "2026-11-24 05:00"),
        ("2026-11-24 08:00", "2026-11-24 20:00"),
        ("2026-11-24 09:00", "2026-11-24 12:00"),
        ("2026-12-24 08:00", "2026-12-24 12:00"),
    ],
    ids=["at night", "the whole day", "a piece of a piece", "a month ahead"],
)
def test_a_window_that_was_made_up_is_refused(start: str, end: str) -> None:
    assert find(Window(at(start), at(end)).value, OFFICE, NEW_YORK, at("2026-11-23 10:00")) is None


ZONES = (NEW_YORK, "Australia/Lord_Howe", "Etc/GMT-14", "Etc/GMT+12", "America/Havana")
NOW = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
STARTS = st.integers(0, 90)


@settings(max_examples=120)
@given(NOW, st.sampled_from(ZONES), STARTS, STARTS)
def test_every_window_lies_inside_the_opening_hours_and_ahead(
    now: datetime, zone: str, start: int, length: int
) -> None:
    span = Span(start * 15, min(start * 15 + length * 15 + 15, 2880))
    office = OpeningHours(zone, ((span,), ()) * 3 + ((span,) if span.end <= 1440 else (),))
    windows = offered(office, zone, now)
    for window in windows:
        seconds = (window.until_at - window.from_at).total_seconds()
        assert office.elapsed(window.from_at, window.until_at) == seconds
        assert 0 < seconds <= 5 * 3600
        assert window.from_at >= now + timedelta(minutes=60)
        assert window.from_at.astimezone(ZoneInfo(zone)).minute in {0, 30}  # 30: where a clock moved by half an hour
        assert find(window.value, office, zone, now) == window
    assert all(before.until_at <= after.from_at for before, after in pairwise(windows))
