"""Open time for any hours in any zone: counting and adding agree, and nothing is ever negative."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from intake.rules.hours import Both, Day, HoursError, OpeningHours, Schedule, Span, instant

ZONES = (
    "America/New_York",
    "America/Havana",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Europe/London",
    "Etc/GMT-14",
    "Etc/GMT+12",
    "Pacific/Apia",
    "Africa/Casablanca",
)
ODD_DAYS = tuple(
    datetime(*day, tzinfo=UTC)
    for day in (
        (2011, 12, 30),
        (2026, 3, 8),
        (2026, 3, 29),
        (2026, 4, 5),
        (2026, 10, 4),
        (2026, 10, 25),
        (2026, 11, 1),
        (2026, 12, 31),
        (2028, 2, 29),
    )
)
LONG = st.integers(0, 40 * 3600)

some = settings(max_examples=80)


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Mostly near an odd day, to the microsecond."""
    return draw(st.sampled_from(ODD_DAYS)) + draw(st.timedeltas(timedelta(days=-3), timedelta(days=3)))


@st.composite
def days(draw: st.DrawFn) -> Day:
    count = draw(st.integers(0, 3))
    ends = sorted(draw(st.lists(st.integers(0, 1439), min_size=2 * count, max_size=2 * count, unique=True)))
    spans = [Span(ends[index], ends[index + 1]) for index in range(0, 2 * count, 2)]
    is_night: bool = draw(st.booleans())
    if spans and is_night:
        spans[-1] = Span(spans[-1].start, draw(st.integers(1440, 1700)))
    return tuple(spans)


@st.composite
def opening_hours(draw: st.DrawFn) -> OpeningHours:
    zone = draw(st.sampled_from(ZONES))
    special = draw(st.dictionaries(st.sampled_from([at.date() for at in ODD_DAYS]), days(), max_size=3))
    week = draw(st.tuples(*[days()] * 7))
    assume(any(week))
    try:
        return OpeningHours(zone, week, tuple(special.items()))
    except HoursError:  # a night that runs into the next morning
        return OpeningHours(zone, tuple(tuple(Span(s.start, min(s.end, 1440)) for s in day) for day in week))


schedules = st.one_of(opening_hours(), st.builds(Both, opening_hours(), opening_hours()))


@some
@given(schedules, instants(), LONG)
def test_counting_the_time_that_was_added_gives_it_back(schedule: Schedule, at: datetime, seconds: int) -> None:
    end = schedule.add(at, seconds)
    assume(end is not None)
    assert end is not None
    assert end >= at
    assert schedule.elapsed(at, end) == seconds


@some
@given(schedules, instants(), LONG, LONG)
def test_adding_twice_is_adding_the_sum(schedule: Schedule, at: datetime, one: int, two: int) -> None:
    assume(two > 0)
    middle = schedule.add(at, one)
    assume(middle is not None)
    assert middle is not None
    together = schedule.add(at, one + two)
    assume(together is not None)
    assert schedule.add(middle, two) == together


@some
@given(schedules, instants(), instants(), LONG)
def test_a_later_start_never_ends_earlier(schedule: Schedule, a: datetime, b: datetime, seconds: int) -> None:
    first, second = (schedule.add(at, seconds) for at in sorted((a, b)))
    assume(first is not None and second is not None)
    assert first is not None
    assert second is not None
    assert first <= second


@some
@given(schedules, instants(), LONG, LONG)
def test_more_time_never_ends_earlier(schedule: Schedule, at: datetime, one: int, two: int) -> None:
    less, more = (schedule.add(at, seconds) for seconds in sorted((one, two)))
    assume(more is not None)
    assert less is not None
    assert more is not None
    assert less <= more


@some
@given(schedules, instants(), st.integers(0, 90 * 86400), st.integers(0, 90 * 86400))
def test_time_passed_adds_up_and_never_exceeds_the_clock(schedule: Schedule, at: datetime, one: int, two: int) -> None:
    a = at.replace(microsecond=0)
    b = a + timedelta(seconds=one)
    c = b + timedelta(seconds=two)
    assert schedule.elapsed(a, b) + schedule.elapsed(b, c) == schedule.elapsed(a, c)
    assert 0 <= schedule.elapsed(a, c) <= (c - a).total_seconds()
    assert schedule.elapsed(c, a) == 0


@some
@given(schedules, instants())
def test_intervals_are_ordered_apart_and_not_empty(schedule: Schedule, at: datetime) -> None:
    found = list(islice(schedule.intervals(at), 12))
    assert all(start < end and end > at for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))


@some
@given(schedules, instants())
def test_the_questions_agree_with_each_other(schedule: Schedule, at: datetime) -> None:
    opening, closing = schedule.next_opening(at), schedule.closing(at)
    assert schedule.is_open(at) == (opening == at)
    if closing is not None:
        assert schedule.is_open(at)
        assert not schedule.is_open(closing)
        assert schedule.is_open(closing - timedelta(microseconds=1))
    if opening is not None:
        assert schedule.is_open(opening)


@some
@given(opening_hours(), opening_hours(), instants())
def test_both_is_open_exactly_where_each_is(left: OpeningHours, right: OpeningHours, at: datetime) -> None:
    assert Both(left, right).is_open(at) == (left.is_open(at) and right.is_open(at))
    assert Both(right, left).is_open(at) == Both(left, right).is_open(at)


@some
@given(opening_hours(), instants())
def test_open_agrees_with_the_clock_on_the_wall(office: OpeningHours, at: datetime) -> None:
    """Except in a repeated hour, where the wall cannot tell the first coming from the second."""
    wall = at.astimezone(ZoneInfo(office.zone))
    assume(wall.utcoffset() == (at - timedelta(hours=3)).astimezone(wall.tzinfo).utcoffset())
    minute = wall.hour * 60 + wall.minute
    today = any(span.start <= minute < span.end for span in office.spans(wall.date()))
    night = any(minute + 1440 < span.end for span in office.spans(wall.date() - timedelta(days=1)))
    assert office.is_open(at) == (today or night)


@some
@given(st.sampled_from(ZONES), st.sampled_from([at.date() for at in ODD_DAYS]), st.integers(0, 2880))
def test_a_later_time_on_the_wall_is_never_an_earlier_instant(zone: str, day: date, minute: int) -> None:
    here, next_minute = instant(zone, day, minute), instant(zone, day, minute + 1)
    assert here <= next_minute
    wall = here.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    asked = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 (a wall, not an instant)
    assert wall >= asked
    before = (here - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert before < asked


@some
@given(opening_hours())
def test_every_set_of_hours_survives_being_written_down(office: OpeningHours) -> None:
    assert OpeningHours.from_document(office.to_document()) == office


@pytest.mark.parametrize("zone", ZONES)
def test_a_week_of_any_year_is_open_all_the_time_when_the_office_never_closes(zone: str) -> None:
    office = OpeningHours(zone, ((Span(0, 1440),),) * 7)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert office.elapsed(start, start + timedelta(days=365)) == 365 * 86400
