"""Changing the table of states: a new version, taken up by what is judged from now on, never over another's row."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from intake.database import reading
from intake.models import CalendarVersion
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries.calendar import Calendar
from intake.rules.calling_law import CALLING_LAW, FEDERAL, LawError, StateHours
from intake.rules.permissions import Actor, ForbiddenError
from intake.services import claims, next_call, settings
from intake.services.errors import ChangedError, RefusedError
from tests.making import ask, count, person, stored

AFTERNOONS = StateHours(((12 * 60, 16 * 60),) * 7, "Some Code § 1", date(2026, 11, 1))


@pytest.fixture
def ada(site: Site, now: datetime) -> Actor:
    return person(site, "Ada", "admin", now=now)


def current(site: Site) -> Calendar:
    with reading() as conn:
        return calendars.current(conn, site)


def change(site: Site, ada: Actor, state: str, row: StateHours | None, seen: int | None, now: datetime) -> Calendar:
    return settings.change_law(site, ada, state, row, seen=seen, words="NY: stricter", now=now)


def test_a_stricter_row_moves_the_next_promise_and_the_next_call(site: Site, ada: Actor, now: datetime) -> None:
    early, maria = now - timedelta(hours=2), person(site, "Maria", now=now)  # 10 in New York
    old = ask(site, early).reference
    version = change(site, ada, "NY", AFTERNOONS, stored(old).calendar_id, early)
    assert version.law.row("NY") == AFTERNOONS and current(site) == version
    new = stored(ask(site, early, phone="212-555-0199").reference)
    assert new.target_at == now + timedelta(minutes=15)
    assert stored(old).target_at == early + timedelta(minutes=15)
    with pytest.raises(RefusedError) as refused:
        claims.start_call(site, maria, old, now=early + timedelta(minutes=61))
    assert refused.value.code == "outside_legal_hours"
    with reading() as conn:
        assert calendars.version(conn, site, stored(old).calendar_id).law == CALLING_LAW


def test_who_is_passed_over_by_a_stricter_row_is_said_to_be(site: Site, ada: Actor, now: datetime) -> None:
    early, maria = now - timedelta(hours=2), person(site, "Maria", now=now)  # 10 in New York
    old = ask(site, early).reference
    change(site, ada, "NY", AFTERNOONS, stored(old).calendar_id, early)
    found = next_call.claim_next(site, maria, now=early + timedelta(minutes=61))
    assert (found.reference, found.passed) == ("", {"outside_legal_hours": 1})
    assert found.opens_at == now, "noon, by the row that was changed"


def test_two_states_are_changed_by_two_people_and_one_state_by_the_first(site: Site, ada: Actor, now: datetime) -> None:
    change(site, ada, "NY", AFTERNOONS, None, now)
    change(site, ada, "NJ", AFTERNOONS, None, now)
    with pytest.raises(ChangedError):
        change(site, ada, "NY", StateHours(FEDERAL, "Another", date(2026, 11, 2)), None, now)
    change(site, ada, "NY", AFTERNOONS, None, now)
    law = current(site).law
    assert (law.row("NY"), law.row("NJ"), law.row("TX")) == (AFTERNOONS, AFTERNOONS, CALLING_LAW.row("TX"))
    assert count(CalendarVersion) == 2


def test_a_row_goes_back_to_what_we_began_with(site: Site, ada: Actor, now: datetime) -> None:
    changed = change(site, ada, "TX", AFTERNOONS, None, now)
    assert change(site, ada, "TX", None, changed.id, now).law == CALLING_LAW


def test_only_an_administrator_changes_the_law_and_only_of_states(site: Site, ada: Actor, now: datetime) -> None:
    with pytest.raises(ForbiddenError):
        change(site, person(site, "Lee", "manager", now=now), "TX", AFTERNOONS, None, now)
    with pytest.raises(LawError):
        change(site, ada, "ZZ", AFTERNOONS, None, now)
    assert count(CalendarVersion) == 0
