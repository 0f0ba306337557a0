"""State calling hours: the strictest place of the key decides, and no row is ever wider than federal law."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import geocoder

from intake.rules import public_holidays
from intake.rules.area_codes import STATES, example_number
from intake.rules.calling import callable_hours, calling_key, key_of, legal_hours, may_call, states_of, zones_of
from intake.rules.calling_law import (
    ALWAYS_LEFT,
    CALLING_LAW,
    FEDERAL,
    CallingLaw,
    Hours,
    LawError,
    StateHours,
)
from intake.rules.hours import OpeningHours, Span, default_hours
from intake.rules.limits import EARLIEST, LATEST, CallingRules
from intake.rules.phone import parse
from tests.points import point

NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"
ZONES = (NEW_YORK, CHICAGO, "America/Denver", "America/Phoenix", "America/Los_Angeles", "Pacific/Honolulu")
NIGHT_OFFICE = OpeningHours(NEW_YORK, ((Span(0, 1440),),) * 7)
CHECKED = date(2026, 11, 1)


def at(text: str, zone: str = CHICAGO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# From the number to the key


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("(512) 555-0182", "America/Chicago|US-TX"),
        ("+1 401 555 0182", "America/New_York|US-RI"),
        ("850-432-0182", "America/Chicago|US-FL"),
        ("416-555-0182", "America/Toronto"),
        ("+44 20 7946 0958", "Europe/London"),
        ("800-555-0199", "America/Chicago|America/Denver|America/Los_Angeles|America/New_York"),
    ],
)
def test_a_number_names_its_zones_and_its_state(typed: str, key: str) -> None:
    assert key_of(parse(typed), "America/Anchorage") == key


def test_a_key_is_read_back_as_zones_and_states_and_one_without_states_stays_right() -> None:
    key = calling_key([CHICAGO, NEW_YORK, CHICAGO], ["TX", "AL"])
    assert (zones_of(key), states_of(key)) == ((CHICAGO, NEW_YORK), ("AL", "TX"))
    assert (zones_of(CHICAGO), states_of(CHICAGO)) == ((CHICAGO,), ())
    assert legal_hours(CHICAGO) == legal_hours(f"{CHICAGO}|US-NE")


def test_area_codes_are_those_that_the_library_of_numbers_knows() -> None:
    names = {name: code for code, name in public_holidays.states()} | {
        "Washington D.C.": "DC",
        "Washington State": "WA",
    }
    for code in range(200, 1000):
        number = phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{code}2345678"))
        told = geocoder.description_for_valid_number(number, "en").rpartition(", ")[2]
        state = names.get(told, told if told in STATES else "")
        if phonenumbers.region_code_for_number(number) == "US" and state:
            assert parse(f"{code}2345678").states == (state,)
    assert all(parse(example_number(state)).states == (state,) for state in STATES)


# The hours


def may(now: datetime, key: str, **more: Any) -> str | None:
    asked: dict[str, Any] = {"next_at": None, "window": None, "attempts_24h": 0, "is_suppressed": False} | more
    received = now - timedelta(days=1)
    return may_call(now=now, office=NIGHT_OFFICE, key=key, received_at=received, is_asap=True, **asked).reason


@point(58)
@pytest.mark.parametrize(
    ("state", "allowed", "forbidden"),
    [
        ("TX", ("2026-11-23 09:00", "2026-11-22 12:00"), ("2026-11-23 08:59", "2026-11-22 11:59", "2026-11-23 21:00")),
        ("FL", ("2026-11-22 08:00", "2026-11-23 19:59"), ("2026-11-23 20:00",)),
        ("KY", ("2026-11-23 10:00",), ("2026-11-23 09:59",)),
        ("RI", ("2026-11-23 17:59", "2026-11-21 10:00"), ("2026-11-23 18:00", "2026-11-21 09:59", "2026-11-22 13:00")),
        ("AL", ("2026-11-21 19:59",), ("2026-11-21 20:00", "2026-11-22 13:00")),
        ("NE", ("2026-11-22 08:00", "2026-11-23 20:59"), ("2026-11-23 07:59",)),
    ],
)
def test_a_state_may_begin_later_end_earlier_and_leave_out_a_day(
    state: str, allowed: Iterable[str], forbidden: Iterable[str]
) -> None:
    key = calling_key([CHICAGO], [state])
    assert {may(at(text), key) for text in allowed} == {None}
    assert {may(at(text), key) for text in forbidden} == {"outside_legal_hours"}


def test_every_zone_of_a_state_is_kept_to() -> None:
    key = calling_key([CHICAGO, "America/Denver"], ["TX"])
    hours = legal_hours(key)
    assert hours.next_opening(at("2026-11-23 00:00")) == at("2026-11-23 09:00", "America/Denver")
    assert hours.closing(at("2026-11-23 12:00")) == at("2026-11-23 21:00", CHICAGO)


def test_a_state_without_a_zone_is_in_the_offices() -> None:
    assert may(at("2026-11-23 08:30", NEW_YORK), "US-TX") == "outside_legal_hours"
    assert may(at("2026-11-23 09:00", NEW_YORK), "US-TX") is None


def test_a_house_that_calls_only_when_a_state_forbids_it_is_held_to_the_state() -> None:
    early = CallingRules(earliest=8 * 60, latest=12 * 60)
    noon = CALLING_LAW.with_row("TX", StateHours(((12 * 60, LATEST),) * 7, "somewhere", CHECKED))
    hours = legal_hours(calling_key([CHICAGO], ["TX"]), early, noon)
    assert hours.next_opening(at("2026-11-23 00:00")) == at("2026-11-23 12:00")


keys = st.builds(
    calling_key,
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3),
    st.lists(st.sampled_from([state for state, _ in CALLING_LAW.rows]), max_size=3),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=100)
@given(keys, moments)
def test_no_lawful_instant_is_outside_any_state_or_zone_of_the_key(key: str, around: datetime) -> None:
    opening = legal_hours(key).next_opening(around)
    assert opening is not None
    closing = legal_hours(key).closing(opening)
    assert closing is not None
    for moment in (opening, opening + (closing - opening) / 2, closing - timedelta(seconds=1)):
        for zone in zones_of(key):
            local = moment.astimezone(ZoneInfo(zone))
            minutes = local.hour * 60 + local.minute
            for days in (FEDERAL, *(row.days for state in states_of(key) if (row := CALLING_LAW.row(state)))):
                hours = days[local.weekday()]
                assert hours is not None and hours[0] <= minutes < hours[1]


@settings(max_examples=100)
@given(keys, keys, moments)
def test_more_places_never_allow_more(one: str, other: str, around: datetime) -> None:
    zones, states = zones_of(one) + zones_of(other), states_of(one) + states_of(other)
    opening = legal_hours(calling_key(zones, states)).next_opening(around)
    assert opening is not None and legal_hours(one).is_open(opening) and legal_hours(other).is_open(opening)
    ours = callable_hours(default_hours(NEW_YORK), calling_key(zones, states)).next_opening(around)
    assert ours is None or callable_hours(default_hours(NEW_YORK), one).is_open(ours)


# The table


def row(*days: Hours, source: str = "Some Code § 1", checked_on: date = CHECKED) -> StateHours:
    return StateHours(tuple(days) or FEDERAL, source, checked_on)


minutes = st.integers(0, 1440)


@given(st.lists(st.none() | st.tuples(minutes, minutes), min_size=7, max_size=7))
def test_no_row_can_be_wider_than_federal_law_or_leave_nothing_of_a_workday(days: list[Hours]) -> None:
    try:
        made = row(*days)
    except LawError as error:
        assert error.field.startswith("day.")
        return
    for index, hours in enumerate(made.days):
        assert hours is None or EARLIEST <= hours[0] < hours[1] <= LATEST
        assert index > 4 or (hours is not None and hours[0] <= ALWAYS_LEFT[0] and hours[1] >= ALWAYS_LEFT[1])


@pytest.mark.parametrize("source", ["", "x" * 161])
def test_a_row_says_where_it_is_written(source: str) -> None:
    with pytest.raises(LawError) as refused:
        row(source=source)
    assert refused.value.field == "source"


def test_only_what_is_not_as_we_began_is_kept_and_read_back() -> None:
    assert CALLING_LAW.to_document() == {} and CallingLaw.from_document({}) is CALLING_LAW
    changed = CALLING_LAW.with_row("NE", row(*FEDERAL[:6], None)).with_row("TX", row())
    assert set(changed.to_document()) == {"NE", "TX"}
    assert CallingLaw.from_document(changed.to_document()) == changed
    assert changed.with_row("TX", None).with_row("NE", None) == CALLING_LAW


def test_a_row_is_old_after_180_days() -> None:
    assert not row().is_old(CHECKED + timedelta(days=180)) and row().is_old(CHECKED + timedelta(days=181))
    law = CallingLaw((("TX", row()), ("NE", row(checked_on=CHECKED - timedelta(days=1)))))
    assert law.old(CHECKED + timedelta(days=181)) == ("NE", "TX")
    assert law.old(CHECKED + timedelta(days=180)) == ("NE",)


def test_a_state_there_is_not_has_no_row() -> None:
    with pytest.raises(LawError):
        CALLING_LAW.with_row("ZZ", row())
