"""When the office closed last, and when the day ends: nights, weekends, breaks, nights that are worked, no closing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from intake.rules.closed import LOOKED_BACK, day_ends_at, last_closed, night_since
from intake.rules.hours import OpeningHours, Span

DAY = (Span(480, 720), Span(780, 1200))  # 8 to noon, 1 pm to 8 pm
OFFICE = OpeningHours("America/New_York", (DAY,) * 5 + ((), ()))
NIGHTS = OpeningHours("America/New_York", ((Span(1200, 1680),),) * 7)  # 8 pm to 4 am
ALWAYS = OpeningHours("America/New_York", ((Span(0, 1440),),) * 7)
NEVER = OpeningHours("America/New_York", ((),) * 7)


def at(text: str) -> datetime:
    """In New York's November, as UTC."""
    return datetime.fromisoformat(f"2026-11-{text}-05:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "closed", "opened"),
    [
        ("18T10:00", "17T20:00", "18T08:00"),
        ("18T12:30", "17T20:00", "18T08:00"),  # in the break
        ("18T16:00", "17T20:00", "18T08:00"),  # after it
        ("18T06:00", "17T20:00", "18T06:00"),  # not open yet
        ("18T21:00", "18T20:00", "18T21:00"),
        ("16T09:00", "13T20:00", "16T08:00"),  # a weekend
        ("15T09:00", "13T20:00", "15T09:00"),
    ],
)
def test_the_last_closing_is_the_last_night(now: str, closed: str, opened: str) -> None:
    assert last_closed(OFFICE, at(now)) == (at(closed), at(opened))


def test_a_holiday_belongs_to_the_time_that_is_closed() -> None:
    office = replace(OFFICE, special=((date(2026, 11, 17), ()),))
    assert last_closed(office, at("18T09:00")) == (at("16T20:00"), at("18T08:00"))


def test_an_office_that_works_at_night_closes_for_the_day() -> None:
    assert last_closed(NIGHTS, at("18T22:00")) == (at("18T04:00"), at("18T20:00"))
    assert day_ends_at(NIGHTS, at("18T22:00")) == at("19T04:00")


@pytest.mark.parametrize(
    ("now", "ends"),
    [("18T10:00", "18T20:00"), ("18T12:30", "18T20:00"), ("18T19:59", "18T20:00"), ("18T20:30", "18T20:00"),
     ("19T06:00", "18T20:00"), ("14T10:00", "13T20:00")],
)  # fmt: skip
def test_the_day_ends_with_its_last_closing(now: str, ends: str) -> None:
    assert day_ends_at(OFFICE, at(now)) == at(ends)


def test_whoever_never_closes_or_never_opens_has_no_end_of_day() -> None:
    for office in (ALWAYS, NEVER):
        assert last_closed(office, at("18T10:00")) is None
        assert day_ends_at(office, at("18T10:00")) is None


@pytest.mark.parametrize(
    ("now", "since"),
    [("18T10:00", None), ("18T12:30", None), ("18T20:00", "18T20:00"), ("19T07:59", "18T20:00"), ("19T08:00", None),
     ("15T09:00", "13T20:00")],
)  # fmt: skip
def test_it_is_night_from_the_last_closing_until_the_first_opening_and_in_no_break(now: str, since: str | None) -> None:
    assert night_since(OFFICE, at(now)) == (at(since) if since else None)


def test_whoever_closes_for_an_hour_a_day_has_no_night_and_whoever_never_opens_has_nothing_else() -> None:
    nearly_always = OpeningHours("America/New_York", ((Span(0, 720), Span(780, 1440)),) * 7)
    assert night_since(nearly_always, at("18T12:30")) is None
    assert night_since(ALWAYS, at("18T10:00")) is None
    assert night_since(NEVER, at("18T10:00")) == at("18T10:00") - LOOKED_BACK
