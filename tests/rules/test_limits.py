"""The house's calling rules: as strict as one likes, never wider than the law, and obeyed by every next try."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.calling import callable_hours, legal_hours, may_call, next_attempt
from intake.rules.hours import OpeningHours, Span, default_hours
from intake.rules.limits import BOUNDS, SHORTEST, STANDARD, CallingRules, wider
from intake.rules.workflow import Disposition

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
NEW_YORK = "America/New_York"
OFFICE = default_hours(NEW_YORK)
ALL_DAY = OpeningHours(NEW_YORK, ((Span(0, 1440),),) * 7)


@st.composite
def stricter(draw: st.DrawFn) -> CallingRules:
    """Any rules a house may set."""
    rules = CallingRules(**{name: draw(st.integers(*bounds)) for name, bounds in BOUNDS.items()})
    return rules if rules.latest - rules.earliest >= SHORTEST else replace(rules, earliest=480, latest=1260)


@given(stricter(), st.integers(0, 10**6))
def test_a_call_that_the_house_allows_is_lawful(rules: CallingRules, minutes: int) -> None:
    at = NOON + timedelta(minutes=minutes)
    if legal_hours(NEW_YORK, rules).is_open(at):
        assert legal_hours(NEW_YORK).is_open(at)


@given(stricter())
def test_a_number_that_may_be_anywhere_in_the_country_can_still_be_called(rules: CallingRules) -> None:
    anywhere = "America/New_York|America/Chicago|America/Denver|America/Los_Angeles|America/Anchorage|Pacific/Honolulu"
    at = legal_hours(anywhere, rules).next_opening(NOON)
    assert at is not None and legal_hours("Pacific/Honolulu").is_open(at) and legal_hours(NEW_YORK).is_open(at)


@given(stricter(), st.sampled_from([Disposition.NO_ANSWER, Disposition.BUSY, Disposition.LEFT_MESSAGE]))
def test_the_tries_of_a_request_stay_within_the_rules(rules: CallingRules, outcome: Disposition) -> None:
    tried: list[datetime] = []
    at: datetime | None = callable_hours(OFFICE, NEW_YORK, rules).next_opening(NOON)
    while at is not None and len(tried) < 9:
        assert callable_hours(OFFICE, NEW_YORK, rules).is_open(at)
        tried.append(at)
        at = next_attempt(disposition=outcome, ended_at=at, attempts=tried, office=OFFICE, key=NEW_YORK, rules=rules)
    assert len(tried) <= rules.attempts
    day = timedelta(hours=24)
    assert all(later - earlier >= day for earlier, later in zip(tried, tried[rules.daily :], strict=False))


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (CallingRules(attempts=7), ["attempts"]),
        (CallingRules(daily=4, days=6), ["days", "daily"]),
        (CallingRules(gap_minutes=60), ["gap_minutes"]),
        (CallingRules(earliest=7 * 60, latest=22 * 60), ["earliest", "latest"]),
        (CallingRules(earliest=12 * 60, latest=12 * 60 + 30), ["latest"]),
        (STANDARD, []),
    ],
)
def test_what_is_wider_than_allowed_is_named(rules: CallingRules, named: list[str]) -> None:
    assert wider(rules) == named


def test_the_house_may_stop_earlier_than_the_law() -> None:
    rules = CallingRules(daily=1, latest=18 * 60)
    asked = {"office": ALL_DAY, "key": NEW_YORK, "next_at": None, "window": None, "is_suppressed": False,
             "received_at": NOON, "is_asap": False, "rules": rules}  # fmt: skip
    evening = NOON + timedelta(hours=6, minutes=30)
    assert may_call(now=evening, attempts_24h=0, **asked).reason == "outside_legal_hours"  # type: ignore[arg-type]
    assert may_call(now=NOON, attempts_24h=1, **asked).reason == "too_many_in_24h"  # type: ignore[arg-type]
    assert may_call(now=NOON, attempts_24h=0, **asked).is_allowed  # type: ignore[arg-type]
