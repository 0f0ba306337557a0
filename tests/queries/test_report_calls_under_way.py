"""A first call that is under way is judged by when it began: as it will be once its outcome is saved."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries import report_lists, tallies
from intake.queries.facts import Asked
from intake.queries.report import Report, report
from intake.rules.bands import Clock
from intake.rules.counting import Kept, State
from intake.rules.limits import LONGEST_CALL
from intake.rules.parts import read
from intake.rules.periods import Period
from intake.rules.permissions import Actor
from intake.rules.shares import Share
from intake.rules.windows import Window
from intake.rules.workflow import Disposition
from intake.services import calls, claims
from intake.services.calls import Outcome
from tests.making import ask, person, stored

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]  # type: ignore[no-any-return]


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


@pytest.fixture(params=[0, tallies.FEW], ids=["counted by the database", "counted here"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "FEW", request.param)


def look(site: Site, now: datetime, clock: Clock = Clock.OPEN) -> Report:
    with reading() as conn:
        return report(conn, site, Asked(Period(now.date(), now.date()), clock), now=now)


def behind(site: Site, of: str, now: datetime) -> list[str]:
    with reading() as conn:
        page = report_lists.page(conn, site, Asked(Period(now.date(), now.date())), read(of), now=now)
    return [one.reference for one in page.rows]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("until", [timedelta(minutes=40), 15 * MINUTE + LONGEST_CALL - timedelta(seconds=1)])
def test_a_first_call_that_began_in_time_is_not_missed_while_it_lasts(site, maria, now, until):
    asked = ask(site, now).reference
    claims.start_call(site, maria, asked, now=now + 15 * MINUTE)
    told = look(site, now + until).whole
    assert (told.states, told.kept) == ({State.PENDING: 1}, {Kept.PENDING: 1})
    assert (told.in_target, told.promises) == (Share(0, 0), Share(0, 0))
    calls.log_attempt(site, maria, asked, Outcome(Disposition.NO_ANSWER), now=now + until)
    told = look(site, now + until).whole
    assert (told.states, told.kept) == ({State.MET: 1}, {Kept.KEPT: 1})


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("begun", "until"), [(16 * MINUTE, 40 * MINUTE), (5 * MINUTE, 5 * MINUTE + LONGEST_CALL)])
def test_one_that_began_too_late_is_missed_and_so_is_one_that_was_forgotten(site, maria, now, begun, until):
    claims.start_call(site, maria, ask(site, now).reference, now=now + begun)
    told = look(site, now + until).whole
    assert (told.states, told.kept) == ({State.OVERDUE: 1}, {Kept.BROKEN: 1})


def test_between_target_and_promise_it_misses_the_target_alone(site, maria, now):
    for number in range(4):
        ask(site, now, phone=f"212-555-011{number}", window=Window(now + 7 * HOUR, now + 8 * HOUR))
        ask(site, now, phone=f"212-555-012{number}")
    asked = ask(site, now, phone="212-555-0130").reference
    row = stored(asked)
    assert row.target_at < now + 20 * MINUTE <= row.promised_by_at
    claims.start_call(site, maria, asked, now=now + 20 * MINUTE)
    at = row.promised_by_at + MINUTE
    assert asked in behind(site, "state.overdue", at)
    assert asked in behind(site, "kept.pending", at)


@pytest.mark.parametrize(
    ("begun", "of", "minutes", "late"), [(5, "state.pending", 5, False), (18, "state.overdue", 18, True)]
)
def test_the_lists_say_what_the_figures_say(site, maria, now, begun, of, minutes, late):
    asked = ask(site, now).reference
    claims.start_call(site, maria, asked, now=now + begun * MINUTE)
    at = now + 40 * MINUTE
    for clock in Clock:
        (one,) = look(site, at, clock).waiting
        assert (one.minutes, one.is_late) == (minutes, late)
    others = {"state.pending", "state.overdue"} - {of}
    assert [behind(site, one, at) for one in (of, *others)] == [[asked], []]
    age, other = ("60", "5") if late else ("5", "60")
    assert (behind(site, f"age.{age}", at), behind(site, f"age.{other}", at)) == ([asked], [])


@pytest.mark.parametrize(
    ("begun", "meanwhile", "then"), [(110, Kept.PENDING, Kept.KEPT), (59, Kept.BROKEN, Kept.BROKEN)]
)
def test_a_requested_time_is_kept_by_a_call_that_began_in_it_however_long(site, maria, now, begun, meanwhile, then):
    asked = ask(site, now, window=Window(now + HOUR, now + 2 * HOUR)).reference
    claims.start_call(site, maria, asked, override_reason="they asked", now=now + begun * MINUTE)
    at = now + 2 * HOUR + 20 * MINUTE
    assert look(site, at).whole.wishes == {meanwhile: 1}
    calls.log_attempt(site, maria, asked, Outcome(Disposition.SPOKE_INFORMATION), now=at)
    assert look(site, at).whole.wishes == {then: 1}
