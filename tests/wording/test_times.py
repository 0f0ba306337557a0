"""Times in words, as visitors and staff read them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.wording import times

EASTERN = "America/New_York"
SUNDAY = datetime(2026, 11, 22, 19, 52, tzinfo=UTC)
"""2:52 pm in New York."""


def at(text: str) -> datetime:
    """A New York winter time as an instant."""
    return datetime.fromisoformat(text + "-05:00").astimezone(UTC)


def plain(text: str) -> str:
    return text.replace(times.NBSP, " ")


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("2026-11-22T15:15", "3:15 pm"),
        ("2026-11-22T08:00", "8 am"),
        ("2026-11-22T12:00", "noon"),
        ("2026-11-22T00:00", "midnight"),
        ("2026-11-22T12:30", "12:30 pm"),
        ("2026-11-22T00:05", "12:05 am"),
    ],
)
def test_the_clock_speaks_as_people_do(local: str, words: str) -> None:
    assert plain(times.clock(at(local), EASTERN)) == words


def test_the_time_and_its_half_of_the_day_stay_on_one_line() -> None:
    assert times.clock(SUNDAY, EASTERN) == "2:52\u00a0pm"


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("2026-11-22T23:59", "today"),
        ("2026-11-23T00:00", "tomorrow, Monday"),
        ("2026-11-26T09:00", "Thursday"),
        ("2026-11-29T09:00", "Sun 29 Nov"),
        ("2026-11-21T09:00", "Sat 21 Nov"),
        ("2027-01-04T09:00", "Mon 4 Jan 2027"),
    ],
)
def test_days_are_named_as_near_as_they_are(local: str, words: str) -> None:
    assert times.day_words(at(local), EASTERN, SUNDAY) == words


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("2026-11-22T15:15", "today before 3:15 pm Eastern"),
        ("2026-11-23T12:00", "tomorrow, Monday, before noon Eastern"),
        ("2026-11-26T08:15", "Thursday before 8:15 am Eastern"),
        ("2026-11-23T00:00", "today before midnight Eastern"),
    ],
)
def test_a_promise_says_the_day_the_time_and_the_zone(local: str, words: str) -> None:
    assert plain(times.promise_words(at(local), EASTERN, SUNDAY)) == words


def test_a_window_names_its_weekday_also_today() -> None:
    today = times.window_words(at("2026-11-22T16:00"), at("2026-11-22T20:00"), EASTERN, SUNDAY)
    tomorrow = times.window_words(at("2026-11-23T09:00"), at("2026-11-23T12:00"), EASTERN, SUNDAY)
    assert plain(today) == "today, Sunday, 4 pm to 8 pm"
    assert plain(tomorrow) == "tomorrow, Monday, 9 am to noon"
    assert plain(times.capitalised(today)).startswith("Today, Sunday")


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("2026-11-22T14:52", "2:52 pm ET"),
        ("2026-11-21T14:52", "Sat 2:52 pm ET"),
        ("2026-11-23T12:00", "Mon noon ET"),
        ("2026-11-12T14:52", "12 Nov 2:52 pm ET"),
        ("2025-12-12T14:52", "12 Dec 2025 2:52 pm ET"),
    ],
)
def test_staff_read_a_moment_as_short_as_it_can_be(local: str, words: str) -> None:
    assert plain(times.moment(at(local), EASTERN, SUNDAY)) == words


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("2026-11-22T15:15", "3:15 pm Eastern"),
        ("2026-11-23T08:15", "Monday 8:15 am Eastern"),
        ("2026-11-29T08:15", "Sun 29 Nov 8:15 am Eastern"),
    ],
)
def test_a_due_time_fits_into_a_sentence(local: str, words: str) -> None:
    assert plain(times.by_words(at(local), EASTERN, SUNDAY)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 min"), (59, "0 min"), (720, "12 min"), (3600, "1 h"), (11_100, "3 h 5 min"), (86_400, "1 day"),
        (187_200, "2 days 4 h"), (-5, "0 min"),
    ],
)  # fmt: skip
def test_a_duration_shows_its_two_largest_parts(seconds: int, words: str) -> None:
    assert times.duration(seconds) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-12, "Overdue 12 min"),
        (-200, "Overdue 3 h 20 min"),
        (0.5, "Due now"),
        (-0.5, "Due now"),
        (3.9, "Due in 3 min"),
        (59, "Due in 59 min"),
        (60, "3:52 pm ET"),
    ],
)
def test_the_queue_counts_down_within_the_hour_and_says_the_time_before(minutes: float, words: str) -> None:
    assert plain(times.due_words(SUNDAY + timedelta(minutes=minutes), EASTERN, SUNDAY)) == words


@pytest.mark.parametrize(
    ("zone", "words", "short"),
    [
        ("America/Chicago", "Central", "CT"),
        ("America/Indiana/Indianapolis", "Eastern", "ET"),
        ("America/Phoenix", "Arizona", "MST"),
        ("Pacific/Honolulu", "Hawaii", "HT"),
        ("Europe/Berlin", "Central European", "CET"),
        ("UTC", "UTC", "UTC"),
        ("Pacific/Kiritimati", "Kiritimati time", "UTC+14"),
    ],
)
def test_zones_have_names_people_use(zone: str, words: str, short: str) -> None:
    assert (times.zone_words(zone, SUNDAY), times.zone_short(zone, SUNDAY)) == (words, short)


def test_machines_read_the_instant_with_its_offset() -> None:
    assert times.iso(SUNDAY) == "2026-11-22T19:52:00+00:00"


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 15 * 365 * 24 * 60).map(lambda minute: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)),
    st.integers(-60 * 24 * 400, 60 * 24 * 400),
    st.sampled_from([EASTERN, "Australia/Lord_Howe", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/London"]),
)
def test_every_instant_in_every_zone_has_words(now: datetime, minutes: int, zone: str) -> None:
    then = now + timedelta(minutes=minutes)
    for said in (times.promise_words, times.moment, times.due_words, times.by_words, times.day_words):
        assert said(then, zone, now).strip()
