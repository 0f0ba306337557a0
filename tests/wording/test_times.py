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
    window = times.short_window(at(local), at(local) + timedelta(hours=2), EASTERN, SUNDAY)
    assert plain(window).partition("–")[0] == words.removesuffix(" ET"), "its day is told as theirs"


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 min"), (1, "1 min"), (900, "15 min"), (901, "16 min")])
def test_a_wait_is_rounded_up_so_that_within_fifteen_minutes_says_just_that(seconds: int, words: str) -> None:
    assert plain(times.waited(seconds)) == words


@pytest.mark.parametrize(
    ("local", "words"), [("2026-11-22T14:52", "Sun 22 Nov"), ("2027-01-01T14:52", "Fri 1 Jan 2027")]
)
def test_paper_never_says_today_and_leaves_out_the_year_only_where_it_is_the_papers_own(local: str, words: str) -> None:
    day = at(local)
    assert plain(times.full(day, EASTERN, SUNDAY)) == f"{words} 2:52 pm ET"
    assert plain(times.full_window(day, day + timedelta(hours=2), EASTERN, SUNDAY)) == f"{words}, 2:52 pm to 4:52 pm ET"
    assert f" {day.year} 2:52 pm ET" in plain(times.full(day, EASTERN))


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


@pytest.mark.parametrize(("at_utc", "words"), [
    ("2026-11-17T19:58:04Z", "17 Nov 2026 2:58:04 pm ET"), ("2026-07-01T16:00:00Z", "1 Jul 2026 12:00:00 pm ET"),
    ("2026-11-01T05:30:00Z", "1 Nov 2026 1:30:00 am EDT"), ("2026-11-01T06:30:00Z", "1 Nov 2026 1:30:00 am EST"),
    ("2026-11-01T07:00:00Z", "1 Nov 2026 2:00:00 am ET"), ("2026-03-08T07:00:00Z", "8 Mar 2026 3:00:00 am ET"),
])  # fmt: skip
def test_a_zone_has_one_name_but_in_the_hour_that_comes_twice(at_utc: str, words: str) -> None:
    assert plain(times.exact(datetime.fromisoformat(at_utc), EASTERN)) == words


def test_a_time_ahead_is_small_within_a_sentence_but_for_names_of_days() -> None:
    told = [plain(times.day_and_time(SUNDAY + timedelta(days=ahead), EASTERN, SUNDAY)) for ahead in (0, 1, 3)]
    assert [words.partition(" ")[0] for words in told] == ["today", "tomorrow,", "Wednesday"]
    assert times.capitalised(told[1]).startswith("Tomorrow, Monday, ")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-12, "overdue 12 min"),
        (-200, "overdue 3 h 20 min"),
        (0.5, "due now"),
        (-0.5, "due now"),
        (3.9, "due in 3 min"),
        (59, "due in 59 min"),
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


@settings(max_examples=60)
@given(
    st.integers(0, 15 * 365 * 24 * 60).map(lambda minute: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)),
    st.integers(-60 * 24 * 400, 60 * 24 * 400),
    st.sampled_from([EASTERN, "Australia/Lord_Howe", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/London"]),
)
def test_every_instant_in_every_zone_has_words(now: datetime, minutes: int, zone: str) -> None:
    then = now + timedelta(minutes=minutes)
    for said in (times.promise_words, times.moment, times.due_words, times.by_words, times.day_words):
        assert said(then, zone, now).strip()
