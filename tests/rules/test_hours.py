"""Opening hours by worked example: ordinary days, breaks, nights, holidays and the two odd nights of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from intake.rules.hours import (
    DEFAULT_WEEK,
    Always,
    Both,
    HoursError,
    HoursProblem,
    OpeningHours,
    Span,
    default_hours,
    instant,
)

NEW_YORK = "America/New_York"
THANKSGIVING = date(2026, 11, 26)


def at(text: str, zone: str = NEW_YORK, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def every_day(zone: str, *ranges: tuple[int, int]) -> OpeningHours:
    return OpeningHours(zone, (tuple(Span(*ends) for ends in ranges),) * 7)


@pytest.fixture
def office() -> OpeningHours:
    return OpeningHours(NEW_YORK, DEFAULT_WEEK, ((THANKSGIVING, ()), (date(2026, 11, 27), (Span(600, 840),))))


def test_the_instant_of_opening_is_open_and_the_instant_of_closing_is_not(office: OpeningHours) -> None:
    assert office.is_open(at("2026-11-23 08:00"))
    assert not office.is_open(at("2026-11-23 07:59:59.999999"))
    assert office.is_open(at("2026-11-23 19:59:59.999999"))
    assert not office.is_open(at("2026-11-23 20:00"))


def test_saturday_night_opens_on_sunday_morning(office: OpeningHours) -> None:
    assert office.next_opening(at("2026-11-21 23:50")) == at("2026-11-22 10:00")


def test_an_open_instant_is_its_own_next_opening(office: OpeningHours) -> None:
    assert office.next_opening(at("2026-11-23 09:17:03")) == at("2026-11-23 09:17:03")


def test_closing_is_the_end_of_the_range_around_an_instant(office: OpeningHours) -> None:
    assert office.closing(at("2026-11-23 09:00")) == at("2026-11-23 20:00")
    assert office.closing(at("2026-11-23 07:00")) is None


def test_a_holiday_is_closed_and_a_short_day_is_short(office: OpeningHours) -> None:
    assert not office.is_open(at("2026-11-26 12:00"))
    assert office.next_opening(at("2026-11-25 20:00")) == at("2026-11-27 10:00")
    assert office.elapsed(at("2026-11-26 00:00"), at("2026-11-28 00:00")) == 4 * 3600


def test_opening_time_runs_over_the_night_and_the_holiday(office: OpeningHours) -> None:
    assert office.add(at("2026-11-25 19:50"), 900) == at("2026-11-27 10:05")


def test_time_that_is_used_up_exactly_ends_at_closing(office: OpeningHours) -> None:
    assert office.add(at("2026-11-23 19:45"), 900) == at("2026-11-23 20:00")
    assert office.add(at("2026-11-23 19:45"), 901) == at("2026-11-24 08:00:01")


def test_adding_nothing_waits_for_the_opening(office: OpeningHours) -> None:
    assert office.add(at("2026-11-23 20:00"), 0) == at("2026-11-24 08:00")


def test_opening_time_cannot_be_taken_back(office: OpeningHours) -> None:
    with pytest.raises(ValueError, match="forward"):
        office.add(at("2026-11-23 20:00"), -1)


def test_a_clock_set_back_gives_no_negative_time(office: OpeningHours) -> None:
    assert office.elapsed(at("2026-11-23 12:00"), at("2026-11-23 11:00")) == 0


def test_an_instant_without_a_zone_is_refused(office: OpeningHours) -> None:
    with pytest.raises(ValueError, match="time zone"):
        office.is_open(datetime.fromisoformat("2026-11-23 12:00"))


def test_a_lunch_break_is_closed() -> None:
    office = every_day(NEW_YORK, (540, 720), (780, 1020))
    assert not office.is_open(at("2026-11-23 12:30"))
    assert office.add(at("2026-11-23 11:55"), 600) == at("2026-11-23 13:05")


def test_ranges_may_be_given_in_any_order() -> None:
    assert every_day(NEW_YORK, (780, 1020), (540, 720)) == every_day(NEW_YORK, (540, 720), (780, 1020))


def test_ranges_that_touch_are_one_interval() -> None:
    office = every_day(NEW_YORK, (540, 720), (720, 1020))
    first = next(office.intervals(at("2026-11-23 10:00")))
    assert first == (at("2026-11-23 09:00"), at("2026-11-23 17:00"))


def test_a_night_shift_belongs_to_the_evening_it_began() -> None:
    office = every_day(NEW_YORK, (20 * 60, 26 * 60))
    assert office.is_open(at("2026-11-23 01:59"))
    assert not office.is_open(at("2026-11-23 02:00"))
    assert office.closing(at("2026-11-22 23:00")) == at("2026-11-23 02:00")


def test_a_holiday_keeps_the_end_of_the_night_before() -> None:
    office = OpeningHours(NEW_YORK, ((Span(20 * 60, 26 * 60),),) * 7, ((THANKSGIVING, ()),))
    assert office.is_open(at("2026-11-26 01:00"))
    assert not office.is_open(at("2026-11-26 21:00"))
    assert not office.is_open(at("2026-11-27 01:00"))


def test_a_special_day_that_begins_during_the_night_shift_is_not_counted_twice() -> None:
    office = OpeningHours(NEW_YORK, ((Span(1200, 1560),),) * 7, ((THANKSGIVING, (Span(0, 180),)),))
    assert office.elapsed(at("2026-11-25 20:00"), at("2026-11-26 12:00")) == 7 * 3600


def test_a_range_of_two_days_covers_the_day_between() -> None:
    office = OpeningHours("UTC", ((Span(1439, 2880),), *((),) * 6))
    assert office.elapsed(at("2026-11-23 00:00", "UTC"), at("2026-11-26 00:00", "UTC")) == 1441 * 60


def test_round_the_clock_is_open_at_every_instant_and_never_closes() -> None:
    office = every_day(NEW_YORK, (0, 1440))
    assert office.is_open(at("2026-11-23 00:00"))
    assert office.closing(at("2026-11-23 00:00")) is None
    assert office.elapsed(at("2026-01-01 00:00"), at("2027-01-01 00:00")) == 365 * 86400


def test_an_office_that_never_opens_says_so() -> None:
    closed = OpeningHours(NEW_YORK, ((),) * 7)
    assert closed.next_opening(at("2026-11-23 00:00")) is None
    assert closed.add(at("2026-11-23 00:00"), 60) is None
    assert list(closed.intervals(at("2026-11-23 00:00"))) == []
    assert closed.elapsed(at("2020-11-23 00:00"), at("2026-11-23 00:00")) == 0


def test_elapsed_time_of_years_is_counted_whole() -> None:
    assert every_day("UTC", (0, 60)).elapsed(at("2020-01-01", "UTC"), at("2026-01-01", "UTC")) == 2192 * 3600


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-07", 2), ("2026-03-08", 1), ("2026-11-01", 3)],
    ids=["ordinary", "skipped hour", "repeated hour"],
)
def test_a_range_over_the_change_of_clocks_lasts_its_real_time(day: str, hours: int) -> None:
    office = every_day(NEW_YORK, (90, 210))
    assert office.elapsed(at(f"{day} 00:00"), at(f"{day} 12:00")) == hours * 3600


def test_a_range_inside_the_skipped_hour_does_not_exist() -> None:
    office = every_day(NEW_YORK, (135, 165))
    assert office.elapsed(at("2026-03-08 00:00"), at("2026-03-09 00:00")) == 0


def test_a_start_in_the_skipped_hour_is_the_moment_of_the_jump() -> None:
    assert instant(NEW_YORK, date(2026, 3, 8), 150) == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_a_time_that_comes_twice_is_its_first_coming() -> None:
    office = every_day(NEW_YORK, (0, 90), (600, 660))
    assert office.is_open(at("2026-11-01 01:15"))
    assert not office.is_open(at("2026-11-01 01:15", fold=1))


def test_opening_minutes_are_counted_through_the_change_of_clocks_at_midnight() -> None:
    office = every_day("America/Havana", (23 * 60, 26 * 60))  # 2026-11-01 01:00 becomes 00:00 again
    assert (
        office.elapsed(at("2026-10-31 12:00", "America/Havana"), at("2026-11-01 12:00", "America/Havana")) == 4 * 3600
    )


def test_a_day_that_an_island_skipped_has_no_opening_hours() -> None:
    office = every_day("Pacific/Apia", (540, 1020))
    assert office.elapsed(at("2011-12-29", "Pacific/Apia"), at("2012-01-01", "Pacific/Apia")) == 2 * 8 * 3600


def test_lord_howe_moves_its_clocks_by_half_an_hour() -> None:
    office = every_day("Australia/Lord_Howe", (60, 180))
    zone = "Australia/Lord_Howe"
    assert office.elapsed(at("2026-04-05", zone), at("2026-04-06", zone)) == 9000
    assert office.elapsed(at("2026-10-04", zone), at("2026-10-05", zone)) == 5400


def test_a_leap_day_is_a_day_like_any_other() -> None:
    assert default_hours("UTC").add(at("2028-02-28 19:59", "UTC"), 120) == at("2028-02-29 08:01", "UTC")


def test_the_farthest_zones_have_their_own_mondays() -> None:
    monday = (at("2026-11-23 09:00", zone) for zone in ("Etc/GMT-14", "Etc/GMT+12"))
    east, west = monday
    assert default_hours("Etc/GMT-14").is_open(east)
    assert default_hours("Etc/GMT+12").is_open(west)
    assert west - east == timedelta(hours=26)


def test_both_is_open_only_where_the_two_agree() -> None:
    both = Both(every_day(NEW_YORK, (480, 1200)), every_day("America/Los_Angeles", (480, 1260)))
    assert both.next_opening(at("2026-11-23 08:15")) == at("2026-11-23 11:00")
    assert both.closing(at("2026-11-23 12:00")) == at("2026-11-23 20:00")


def test_always_is_never_closed() -> None:
    now = at("2026-11-23 03:00")
    assert Always().is_open(now)
    assert Always().closing(now) is None
    assert Always().add(now, 90) == now + timedelta(seconds=90)
    assert Always().elapsed(now, now.astimezone(UTC) + timedelta(days=1000)) == 86_400_000


def test_days_are_worked_out_only_as_far_as_they_are_asked_for(office: OpeningHours) -> None:
    assert len(list(islice(office.intervals(at("2026-11-23 09:00")), 3))) == 3


def test_the_document_reads_back_the_same(office: OpeningHours) -> None:
    document = office.to_document()
    assert document["weekly"][0] == [["08:00", "20:00"]]
    assert document["special"] == {"2026-11-26": [], "2026-11-27": [["10:00", "14:00"]]}
    assert OpeningHours.from_document(document) == office


def test_a_night_shift_is_written_beyond_24_hours() -> None:
    assert every_day(NEW_YORK, (1200, 1560)).to_document()["weekly"][6] == [["20:00", "26:00"]]


def test_equal_hours_are_equal_and_can_be_a_cache_key() -> None:
    assert hash(default_hours(NEW_YORK)) == hash(default_hours(NEW_YORK))
    assert default_hours(NEW_YORK) != default_hours("UTC")


_NIGHT = [[["08:00", "20:00"]]] * 6
_BAD: list[tuple[Any, str, HoursProblem]] = [
    ({"zone": "America/Nowhere"}, "zone", HoursProblem.UNKNOWN_ZONE),
    ({"zone": ""}, "zone", HoursProblem.UNKNOWN_ZONE),
    ({"zone": "../../etc/passwd"}, "zone", HoursProblem.UNKNOWN_ZONE),
    ({"zone": "America"}, "zone", HoursProblem.UNKNOWN_ZONE),
    ({"zone": None}, "zone", HoursProblem.UNKNOWN_ZONE),
    ({"zone": ["UTC"]}, "zone", HoursProblem.UNKNOWN_ZONE),
    ({"weekly": _NIGHT}, "weekly", HoursProblem.NOT_A_WEEK),
    ({"weekly": "closed"}, "weekly", HoursProblem.NOT_A_WEEK),
    ({"weekly": [*_NIGHT, [["08:00", "12:00"], ["11:59", "20:00"]]]}, "weekly.6", HoursProblem.OVERLAP),
    ({"weekly": [*_NIGHT, [["20:00", "33:00"]]]}, "weekly.0", HoursProblem.OVERLAP),
    ({"weekly": [*_NIGHT, [["8", "20:00"]]]}, "weekly.6", HoursProblem.BAD_TIME),
    ({"weekly": [*_NIGHT, [["08:60", "20:00"]]]}, "weekly.6", HoursProblem.BAD_TIME),
    ({"weekly": [*_NIGHT, [["20:00", "08:00"]]]}, "weekly.6", HoursProblem.BAD_TIME),
    ({"weekly": [*_NIGHT, [["24:00", "25:00"]]]}, "weekly.6", HoursProblem.BAD_TIME),
    ({"weekly": [*_NIGHT, [["08:00", "48:01"]]]}, "weekly.6", HoursProblem.BAD_TIME),
    ({"weekly": [*_NIGHT, [["08:00"]]]}, "weekly.6", HoursProblem.BAD_TIME),
    ({"weekly": [*_NIGHT, [[8, 20]]]}, "weekly.6", HoursProblem.BAD_TIME),
    ({"weekly": [*_NIGHT, None]}, "weekly.6", HoursProblem.BAD_TIME),
    ({"special": {"2026-02-29": []}}, "special.2026-02-29", HoursProblem.BAD_DATE),
    ({"special": {"2026-11-26": [["10:00", "09:00"]]}}, "special.2026-11-26", HoursProblem.BAD_TIME),
    ({"special": []}, "special", HoursProblem.BAD_DATE),
    ({"special": {"2026-11-26": [], "20261126": []}}, "special", HoursProblem.OVERLAP),
]


@pytest.mark.parametrize(("change", "field", "problem"), _BAD)
def test_hours_that_cannot_be_are_refused_at_their_field(change: Any, field: str, problem: HoursProblem) -> None:
    document = {**default_hours(NEW_YORK).to_document(), **change}
    with pytest.raises(HoursError) as caught:
        OpeningHours.from_document(document)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert caught.value.message


@pytest.mark.parametrize("document", [None, [], "x", {}])
def test_a_document_of_another_shape_is_refused(document: Any) -> None:
    with pytest.raises(HoursError):
        OpeningHours.from_document(document)


@pytest.mark.parametrize(("start", "end"), [(-1, 60), (1440, 1500), (60, 60), (60, 30), (0, 2881)])
def test_a_range_that_cannot_be_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="range"):
        Span(start, end)
