"""Hours as typed into a form: read, written back, and refused at the very pair that is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules import public_holidays, zones
from intake.rules.hours import Day, HoursError, HoursProblem, OpeningHours, Span, default_hours, zone_info
from intake.rules.typed_hours import RANGES, read_day, write_day

CLOCKS = st.integers(0, 1439)


@st.composite
def days(draw: st.DrawFn) -> Day:
    """Ranges in order, the last one perhaps past midnight, none of them longer than a day."""
    edges = sorted(draw(st.lists(CLOCKS, min_size=2, max_size=2 * RANGES, unique=True)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    spans = [Span(start, end) for start, end in pairs]
    if draw(st.booleans()) and spans[-1].start:
        spans[-1] = Span(spans[-1].start, 1440 + draw(st.integers(0, spans[-1].start - 1)))
    return tuple(spans)


@given(days())
def test_what_is_written_is_read_again(day: Day) -> None:
    assert read_day("d", write_day(day)) == day


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=RANGES))
def test_whatever_is_typed_is_read_or_refused_at_one_of_its_pairs(typed: list[tuple[str, str]]) -> None:
    try:
        day = read_day("d", typed)
    except HoursError as error:
        assert error.field in {f"d.{index}" for index in range(len(typed))}
    else:
        assert all(earlier.end <= later.start for earlier, later in pairwise(day))


@pytest.mark.parametrize(
    ("typed", "field", "problem"),
    [
        ([("08:00", "")], "d.0", HoursProblem.HALF_RANGE),
        ([("08:00", "08:00")], "d.0", HoursProblem.SAME_TIME),
        ([("8:00", "17:00")], "d.0", HoursProblem.BAD_TIME),
        ([("08:00", "24:30")], "d.0", HoursProblem.BAD_TIME),
        ([("08:00", "13:00"), ("12:30", "18:00")], "d.1", HoursProblem.OVERLAP),
        ([("20:00", "02:00"), ("21:00", "22:00")], "d.1", HoursProblem.OVERLAP),
    ],
)
def test_a_mistake_is_named_at_its_pair(typed: list[tuple[str, str]], field: str, problem: HoursProblem) -> None:
    with pytest.raises(HoursError) as refused:
        read_day("d", typed)
    assert (refused.value.field, refused.value.problem) == (field, problem)


def test_an_end_before_its_start_is_the_next_days_and_midnight_to_midnight_is_the_whole_day() -> None:
    assert read_day("d", [("20:00", "02:00")]) == (Span(1200, 1560),)
    assert read_day("d", [("00:00", "00:00")]) == (Span(0, 1440),)
    assert read_day("d", [("", ""), ("09:00", "10:00")]) == (Span(540, 600),)


def test_what_a_special_day_is_called_is_kept_with_it() -> None:
    day = date(2026, 11, 26)
    hours = OpeningHours("UTC", default_hours("UTC").weekly, ((day, ()),), ((day, "Thanksgiving Day"),))
    assert OpeningHours.from_document(hours.to_document()).reasons == hours.reasons


def test_every_zone_that_is_offered_exists() -> None:
    assert all(zone_info(name) for name in zones.known())
    assert zones.known()[0] == "America/New_York" and not zones.is_known("Etc/GMT+5") and not zones.is_known("Mars")


@given(st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe"]), st.integers(0, 300))
def test_the_next_change_of_clocks_is_where_the_offset_changes(name: str, days: int) -> None:
    after = datetime.fromtimestamp(1_795_000_000 + days * 86400, UTC)
    at = zones.next_change(name, after)
    assert at is not None and at > after
    before = datetime.fromtimestamp(at.timestamp() - 1, ZoneInfo(name))
    assert before.utcoffset() != at.astimezone(ZoneInfo(name)).utcoffset()


def test_clocks_that_never_change_say_so() -> None:
    assert zones.next_change("America/Phoenix", datetime(2026, 11, 25, tzinfo=UTC)) is None


def test_holidays_of_the_coming_year_are_the_nations_and_with_a_state_its_own_too() -> None:
    today = date(2026, 11, 20)
    federal, maryland = public_holidays.upcoming("", today), public_holidays.upcoming("MD", today)
    assert (date(2026, 11, 26), "Thanksgiving Day") in federal
    assert (date(2026, 11, 27), "American Indian Heritage Day") in set(maryland) - set(federal)
    assert {day for day, _ in federal} >= {date(2026, 12, 25), date(2027, 7, 5)}
    assert min(day for day, _ in maryland) >= today and max(day for day, _ in maryland) < date(2027, 11, 20)


@pytest.mark.parametrize(
    ("today", "stored", "without"),
    [
        ("2026-11-27", [], (2026, 2027)),
        ("2026-11-27", ["2026-11-26"], (2027,)),
        ("2026-09-30", [], (2026,)),
        ("2026-12-26", [], (2027,)),
        ("2027-01-02", ["2027-12-25"], ()),
    ],
)
def test_a_year_without_holidays_is_named_while_some_lie_ahead_and_the_next_from_october_on(
    today: str, stored: list[str], without: tuple[int, ...]
) -> None:
    assert public_holidays.years_without(map(date.fromisoformat, stored), date.fromisoformat(today)) == without


def test_a_state_that_is_none_has_no_holidays() -> None:
    with pytest.raises(ValueError, match="no such state"):
        public_holidays.upcoming("XX", date(2026, 11, 20))
