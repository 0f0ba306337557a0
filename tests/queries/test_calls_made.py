"""How many calls each person made: what stands, for whoever called, on the days they called."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from intake.database import reading
from intake.models.site import Site
from intake.queries import calls, calls_made, undo_steps
from intake.queries.facts import Asked
from intake.queries.report import report
from intake.rules.periods import Period
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition
from intake.services import casework, claims, corrections, undoing
from intake.services.calls import Outcome, log_attempt
from tests.making import ask, person, stored
from tests.queries.story import END, at, tell

WEDNESDAY = date(2026, 11, 18)
BOTH = Asked(Period(date(2026, 11, 17), WEDNESDAY))
D = Disposition


@pytest.fixture
def maria(site: Site) -> Actor:
    return person(site, "Maria", now=at("8:00", 16))


@pytest.fixture
def lee(site: Site) -> Actor:
    """The manager."""
    return person(site, "Lee", "manager", now=at("8:00", 16))


def made(site: Site, asked: Asked = BOTH) -> dict[int, int]:
    with reading() as conn:
        return calls_made.by_person(conn, site, asked)


def behind(site: Site, who: int | None, asked: Asked = BOTH, **more: object) -> calls_made.Page:
    with reading() as conn:
        return calls_made.page(conn, site, replace(asked, person=who), **more)


def log(site: Site, who: Actor, reference: str, what: Disposition, now: datetime) -> None:
    log_attempt(site, who, reference, Outcome(what, override_reason="asked to"), now=now)


def correct(site: Site, who: Actor, reference: str, to: Disposition, now: datetime) -> None:
    with reading() as conn:
        last = calls.standing(conn, stored(reference).id, 0)[-1]
    corrections.correct(site, who, reference, last.id, to, reason="Misheard", now=now)


def take_back(site: Site, who: Actor, now: datetime) -> None:
    with reading() as conn:
        step = undo_steps.made_at(conn, who.person_id, now)
    assert step
    undoing.undo(site, who, step, now=now + timedelta(seconds=5))


def test_all_calls_count_for_whoever_made_them_first_or_not_and_of_whatever_kind_the_request(site: Site) -> None:
    story = tell(site)
    maria, dev = story.maria.person_id, story.dev.person_id
    assert made(site) == {maria: 9, dev: 4}
    assert made(site, replace(BOTH, person=dev)) == {dev: 4}


def test_of_a_part_of_the_requests_calls_are_not_told(site: Site) -> None:
    tell(site)
    with reading() as conn:
        told = report(conn, site, replace(BOTH, source="w1"), now=END)
    assert {one.calls for one in told.people} == {None}


@pytest.mark.parametrize(("clock", "day"), [("23:59", 17), ("0:00", 18)])
def test_a_call_counts_on_the_day_it_began_at_the_office_whenever_the_request_came_in(
    site: Site, maria: Actor, clock: str, day: int
) -> None:
    reference = ask(site, at("9:00", 16)).reference
    log(site, maria, reference, D.NO_ANSWER, at(clock, day))
    found = [number for number in (16, 17, 18, 19) if made(site, Asked(Period(*[date(2026, 11, number)] * 2)))]
    assert found == [day]


def test_whoever_called_but_made_no_first_call_has_a_line_of_their_own(site: Site) -> None:
    kim, zoe = person(site, "Kim", now=at("8:00", 16)), person(site, "Zoe", now=at("8:00", 16))
    reference = ask(site, at("9:00", 16)).reference
    log(site, kim, reference, D.NO_ANSWER, at("9:10", 16))
    claims.release(site, kim, reference, now=at("9:11", 16))
    log(site, zoe, reference, D.SPOKE_INFORMATION, at("10:00"))
    with reading(of_one_moment=True) as conn:
        told = report(conn, site, Asked(Period(WEDNESDAY, WEDNESDAY)), now=END)
    assert [(one.name, one.calls, one.first.counted) for one in told.people] == [("Zoe", 1, 0)]


def test_what_is_corrected_stays_one_call_of_its_caller_unless_it_was_none(
    site: Site, maria: Actor, lee: Actor
) -> None:
    reference = ask(site, at("9:00")).reference
    log(site, maria, reference, D.NO_ANSWER, at("9:10"))
    correct(site, lee, reference, D.BUSY, at("9:11"))
    correct(site, lee, reference, D.SOMEONE_ELSE, at("9:12"))
    assert made(site) == {maria.person_id: 1}
    correct(site, lee, reference, D.LINE_FAILED, at("9:13"))
    assert made(site) == {} and behind(site, maria.person_id) == calls_made.Page((), 0)
    take_back(site, lee, at("9:13"))
    assert made(site) == {maria.person_id: 1}
    (row,) = behind(site, maria.person_id).rows
    assert (row.disposition, row.started_at, row.is_first) == (D.SOMEONE_ELSE, at("9:10"), True)


def test_what_was_taken_back_at_once_was_no_call(site: Site, maria: Actor) -> None:
    log(site, maria, ask(site, at("9:00")).reference, D.NO_ANSWER, at("9:10"))
    take_back(site, maria, at("9:10"))
    assert made(site) == {} and behind(site, maria.person_id).rows == ()


def test_behind_the_number_stand_exactly_those_calls_newest_first_and_page_by_page(site: Site) -> None:
    story = tell(site)
    for who, number in {**made(site), None: sum(made(site).values())}.items():
        whole = behind(site, who)
        assert (whole.number, len(whole.rows), whole.older) == (number, number, None)
        assert list(whole.rows) == sorted(whole.rows, key=lambda one: (one.started_at, one.id), reverse=True)
        page, seen = behind(site, who, most=2), []
        while page.older:
            assert page.number == number
            seen += page.rows
            page = behind(site, who, after=page.older, most=2)
        assert (*seen, *page.rows) == whole.rows
        assert behind(site, who, after="moon") == behind(site, who, after="999999") == whole
    assert behind(site, story.lee.person_id) == calls_made.Page((), 0)


def test_a_call_is_the_first_of_its_run_of_the_clock_or_a_later_one(site: Site, maria: Actor, lee: Actor) -> None:
    reference = ask(site, at("9:00")).reference
    log(site, maria, reference, D.NO_ANSWER, at("9:10"))
    log(site, maria, reference, D.SPOKE_INFORMATION, at("9:20"))
    casework.reopen(site, lee, reference, reason="Asked again", now=at("9:30"))
    log(site, maria, reference, D.NO_ANSWER, at("9:40"))
    found = behind(site, maria.person_id).rows
    assert [(one.started_at, one.is_first) for one in found] == [
        (at("9:40"), True), (at("9:20"), False), (at("9:10"), True),
    ]  # fmt: skip
