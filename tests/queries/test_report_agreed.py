"""Times agreed later: each is a promise of its own, told of requests; one that was missed is missed for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from intake.database import reading
from intake.models.site import Site
from intake.queries import report_lists, tallies, undo_steps
from intake.queries.calls import standing
from intake.queries.facts import Asked
from intake.queries.report import Report, report
from intake.queries.report_lists import Fact
from intake.rules.counting import AGREEING, Kept, Kind
from intake.rules.parts import read
from intake.rules.periods import Period
from intake.rules.permissions import Actor
from intake.rules.shares import Share
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition
from intake.services import calls, casework, claims, corrections, counting, duplicates, undoing, visitor
from intake.services.callbacks import Submitted
from intake.services.calls import Outcome
from tests.making import ask, person, stored

D = Disposition
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NUMBERS = (f"917-{number}" for number in count(2_445_000))
"""Each is given once: what becomes of one number changes nothing about another."""


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]  # type: ignore[no-any-return]


@pytest.fixture
def lee(site: Site, now: datetime) -> Actor:
    return person(site, "Lee", "manager", now=now)


@pytest.fixture(params=[0, tallies.FEW], ids=["counted by the database", "counted here"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "FEW", request.param)


def asked_on(now: datetime) -> Asked:
    return Asked(Period(now.date(), now.date()))


def look(site: Site, now: datetime, day: datetime | None = None) -> Report:
    with reading() as conn:
        return report(conn, site, asked_on(day or now), now=now)


def agreed(site: Site, now: datetime, day: datetime | None = None) -> dict[Kept, int]:
    """What became of the times agreed, of the requests of the day."""
    return dict(look(site, now, day).whole.agreed)


def fact(site: Site, reference: str, now: datetime) -> Fact:
    """The request as it is counted now; its present episode."""
    with reading() as conn:
        return next(one for one in report_lists.of_chosen(conn, site, [reference], now=now) if not one.is_earlier)


def call(site: Site, who: Actor, reference: str, what: Disposition, at: datetime, **more: object) -> None:
    claims.start_call(site, who, reference, override_reason="asked to", now=at)
    calls.log_attempt(site, who, reference, Outcome(what, **more), now=at)


def agree(site: Site, who: Actor, reference: str, at: datetime, start: datetime) -> None:
    """They ask to be called again: in the hour from then."""
    call(site, who, reference, D.SPOKE_CALL_AGAIN, at, agreed_from=start)


def withdrawn(site: Site, reference: str, at: datetime) -> str:
    row = stored(reference)
    token = site.keyring.link_token(row.public_id, row.link_version)
    visitor.withdraw(site, token, now=at)
    return token


@pytest.fixture
def asked(site: Site, lee: Actor, now: datetime) -> Submitted:
    """Called after five minutes; they want another call from one to two hours after they asked."""
    made = ask(site, now)
    agree(site, lee, made.reference, now + 5 * MINUTE, now + HOUR)
    return made


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("minutes", "meanwhile", "then"),
    [(59, Kept.PENDING, Kept.BROKEN), (60, Kept.PENDING, Kept.KEPT), (119, Kept.PENDING, Kept.KEPT),
     (120, Kept.BROKEN, Kept.BROKEN)],
)  # fmt: skip
def test_a_time_agreed_is_kept_by_a_call_begun_inside_it_however_long_it_takes(
    site, lee, now, asked, minutes, meanwhile, then
):
    assert agreed(site, now + 30 * MINUTE) == {Kept.PENDING: 1}
    claims.start_call(site, lee, asked.reference, override_reason="asked to", now=now + minutes * MINUTE)
    at = now + 2 * HOUR + 10 * MINUTE
    assert agreed(site, at) == {meanwhile: 1}
    calls.log_attempt(site, lee, asked.reference, Outcome(D.NO_ANSWER), now=at)
    assert agreed(site, at) == {then: 1}


def test_it_is_missed_the_moment_it_is_over_with_nothing_running_and_a_later_call_mends_nothing(site, lee, now, asked):
    assert agreed(site, now + 2 * HOUR - MINUTE) == {Kept.PENDING: 1}
    assert agreed(site, now + 2 * HOUR) == {Kept.BROKEN: 1}
    assert look(site, now + 2 * HOUR).whole.times_agreed == Share(0, 1)
    agree(site, lee, asked.reference, now + 3 * HOUR, now + 5 * HOUR)
    call(site, lee, asked.reference, D.SPOKE_INFORMATION, now + 5 * HOUR)
    assert agreed(site, now + 6 * HOUR) == {Kept.BROKEN: 1}


def test_a_request_is_kept_when_each_time_that_passed_was_and_one_still_ahead_changes_nothing(site, lee, now, asked):
    agree(site, lee, asked.reference, now + HOUR, now + 4 * HOUR)
    assert agreed(site, now + 2 * HOUR) == {Kept.KEPT: 1}
    assert agreed(site, now + 6 * HOUR) == {Kept.BROKEN: 1}


def test_another_time_agreed_before_the_first_has_come_takes_its_place(site, lee, now, asked):
    agree(site, lee, asked.reference, now + 30 * MINUTE, now + 4 * HOUR)
    assert agreed(site, now + 3 * HOUR) == {Kept.PENDING: 1}
    call(site, lee, asked.reference, D.SPOKE_INFORMATION, now + 4 * HOUR)
    assert agreed(site, now + 6 * HOUR) == {Kept.KEPT: 1}


def test_staff_move_it_by_nothing_they_decide_alone(site, lee, now, asked):
    call(site, lee, asked.reference, D.NO_ANSWER, now + 30 * MINUTE, next_at=now + 8 * HOUR)
    assert agreed(site, now + 3 * HOUR) == {Kept.BROKEN: 1}
    casework.close(site, lee, asked.reference, ClosedReason.INFORMATION, now=now + 3 * HOUR)
    assert agreed(site, now + 3 * HOUR) == {Kept.BROKEN: 1}


def test_what_staff_end_before_it_came_was_not_kept(site, lee, now, asked):
    casework.close(site, lee, asked.reference, ClosedReason.INFORMATION, now=now + 30 * MINUTE)
    assert agreed(site, now + 30 * MINUTE) == {Kept.BROKEN: 1}


@pytest.mark.parametrize(("minutes", "kept"), [(90, {}), (121, {Kept.BROKEN: 1})])
def test_taken_back_before_it_is_over_nothing_is_owed(site, now, asked, minutes, kept):
    withdrawn(site, asked.reference, now + minutes * MINUTE)
    assert agreed(site, now + 4 * HOUR) == kept


def test_wanted_after_all_in_time_it_stands_again_and_later_it_is_another_run_of_the_clock(site, now, asked):
    token = withdrawn(site, asked.reference, now + 10 * MINUTE)
    visitor.undo_withdrawal(site, token, now=now + 20 * MINUTE)
    assert agreed(site, now + 30 * MINUTE) == {Kept.PENDING: 1}
    withdrawn(site, asked.reference, now + 30 * MINUTE)
    visitor.undo_withdrawal(site, token, now=now + 3 * HOUR)
    assert agreed(site, now + 3 * HOUR) == {}


@pytest.mark.parametrize(("minutes", "kept"), [(3, {}), (4, {Kept.BROKEN: 1})])
def test_one_that_passed_while_they_had_cancelled_is_not_owed_though_their_promise_stands_again(
    site, lee, now, minutes, kept
):
    made = ask(site, now)
    heard = Outcome(D.INBOUND_REACHED, agreed_from=now + 2 * MINUTE, agreed_until=now + 4 * MINUTE)
    calls.log_attempt(site, lee, made.reference, heard, now=now + MINUTE)
    token = withdrawn(site, made.reference, now + minutes * MINUTE)
    visitor.undo_withdrawal(site, token, now=now + 5 * MINUTE)
    assert stored(made.reference).reopened_count == 0
    assert agreed(site, now + 6 * MINUTE) == kept


def test_opened_again_it_begins_anew_and_the_earlier_run_keeps_its_own(site, lee, now, asked):
    call(site, lee, asked.reference, D.SPOKE_INFORMATION, now + HOUR)
    casework.reopen(site, lee, asked.reference, now=now + 3 * HOUR)
    assert agreed(site, now + 3 * HOUR) == {Kept.KEPT: 1}
    agree(site, lee, asked.reference, now + 3 * HOUR + MINUTE, now + 4 * HOUR)
    assert agreed(site, now + 5 * HOUR + MINUTE, now) == {Kept.KEPT: 1, Kept.BROKEN: 1}


@pytest.mark.parametrize(("minutes", "kept"), [(90, {}), (121, {Kept.BROKEN: 1})])
def test_whoever_calls_us_by_then_is_owed_no_call(site, lee, now, asked, minutes, kept):
    heard = Outcome(D.INBOUND_REACHED, is_settled=True)
    calls.log_attempt(site, lee, asked.reference, heard, now=now + minutes * MINUTE)
    assert agreed(site, now + 4 * HOUR) == kept


def test_one_agreed_when_they_called_us_first_counts_though_their_request_does_not(site, lee, now):
    reference = ask(site, now).reference
    calls.log_attempt(site, lee, reference, Outcome(D.INBOUND_REACHED, agreed_from=now + HOUR), now=now + MINUTE)
    assert agreed(site, now + 30 * MINUTE) == {Kept.PENDING: 1}
    call(site, lee, reference, D.BUSY, now + HOUR)
    assert agreed(site, now + 3 * HOUR) == {Kept.KEPT: 1}


def test_a_time_picked_on_the_private_page_after_our_call_is_agreed_and_one_before_it_is_the_first_promise(
    site, lee, now, asked
):
    visitor.change_time(site, asked.link_token, window=Window(now + 4 * HOUR, now + 6 * HOUR), now=now + 30 * MINUTE)
    early = ask(site, now, phone="212-555-0147")
    visitor.change_time(site, early.link_token, window=Window(now + 4 * HOUR, now + 6 * HOUR), now=now + 5 * MINUTE)
    assert agreed(site, now + 3 * HOUR) == {Kept.PENDING: 1}
    told = look(site, now + 7 * HOUR, now).whole
    assert (told.agreed, told.wishes) == ({Kept.BROKEN: 1}, {Kept.BROKEN: 1})


def test_as_soon_as_possible_after_all_no_time_is_agreed_any_more_but_a_miss_stays_one(site, lee, now, asked):
    missed = ask(site, now, phone="212-555-0147")
    agree(site, lee, missed.reference, now + 6 * MINUTE, now + HOUR)
    visitor.change_time(site, asked.link_token, now=now + 30 * MINUTE)
    visitor.change_time(site, missed.link_token, now=now + 3 * HOUR)
    assert agreed(site, now + 6 * HOUR) == {Kept.BROKEN: 1}


def test_a_time_staff_set_for_one_in_own_words_is_agreed_with_whoever_was_told(site, lee, now):
    asked = ask(site, now, is_free_time=True, preferred_note="after work")
    casework.acknowledge_time(site, lee, asked.reference, agreed_from=now + HOUR, now=now + 5 * MINUTE)
    assert agreed(site, now + 30 * MINUTE) == {Kept.PENDING: 1}
    call(site, lee, asked.reference, D.NO_ANSWER, now + HOUR)
    assert agreed(site, now + 3 * HOUR) == {Kept.KEPT: 1}


def corrected(site: Site, lee: Actor, reference: str, to: Disposition, at: datetime) -> None:
    with reading() as conn:
        wrong = max(standing(conn, stored(reference).id, 0), key=lambda one: one.id)
    corrections.correct(site, lee, reference, wrong.id, to, reason="the wrong key", now=at)


def test_corrected_it_is_as_if_the_right_outcome_had_been_logged(site, lee, now, asked):
    call(site, lee, asked.reference, D.NO_ANSWER, now + HOUR)
    corrected(site, lee, asked.reference, D.LINE_FAILED, now + HOUR + MINUTE)
    assert agreed(site, now + HOUR + MINUTE) == {Kept.PENDING: 1}, "our line failed: that was no call"
    corrected(site, lee, asked.reference, D.BUSY, now + HOUR + 2 * MINUTE)
    assert agreed(site, now + 3 * HOUR) == {Kept.KEPT: 1}
    call(site, lee, asked.reference, D.NO_ANSWER, now + 3 * HOUR)
    corrected(site, lee, asked.reference, D.LINE_FAILED, now + 3 * HOUR + MINUTE)
    assert agreed(site, now + 4 * HOUR) == {Kept.KEPT: 1}, "what an earlier call kept is kept"


def test_corrected_away_no_time_was_agreed_and_a_miss_is_none_the_less(site, lee, now, asked):
    corrected(site, lee, asked.reference, D.NO_ANSWER, now + 6 * MINUTE)
    assert agreed(site, now + 4 * HOUR) == {}
    missed = ask(site, now, phone="212-555-0147").reference
    agree(site, lee, missed, now + 6 * MINUTE, now + HOUR)
    call(site, lee, missed, D.NO_ANSWER, now + 3 * HOUR)
    corrected(site, lee, missed, D.LINE_FAILED, now + 3 * HOUR + MINUTE)
    assert agreed(site, now + 4 * HOUR) == {Kept.BROKEN: 1}
    late = ask(site, now, phone="212-555-0148").reference
    agree(site, lee, late, now + 6 * MINUTE, now + HOUR)
    corrected(site, lee, late, D.NO_ANSWER, now + 3 * HOUR)
    assert agreed(site, now + 4 * HOUR) == {Kept.BROKEN: 2}, "it had been missed by then"


def test_taken_back_a_call_keeps_nothing_and_no_time_is_agreed(site, lee, now, asked):
    call(site, lee, asked.reference, D.SPOKE_INFORMATION, now + HOUR)
    with reading() as conn:
        step = undo_steps.made_at(conn, lee.person_id, now + HOUR)
    assert agreed(site, now + HOUR) == {Kept.KEPT: 1}
    undoing.undo(site, lee, step, now=now + HOUR + timedelta(seconds=5))
    assert agreed(site, now + 90 * MINUTE) == {Kept.PENDING: 1}
    assert agreed(site, now + 3 * HOUR) == {Kept.BROKEN: 1}


def test_joined_a_miss_goes_on_with_the_older_one_and_taken_apart_it_does_not(site, lee, now):
    older, newer = (ask(site, at, name=name).reference for at, name in ((now, "Ana"), (now + MINUTE, "A. Diaz")))
    agree(site, lee, newer, now + 5 * MINUTE, now + HOUR)
    duplicates.link(site, lee, older, newer, now=now + 3 * HOUR)
    assert agreed(site, now + 3 * HOUR) == {Kept.BROKEN: 1}
    duplicates.unlink(site, lee, newer, now=now + 4 * HOUR)
    assert stored(older).is_agreed_kept is None
    assert agreed(site, now + 4 * HOUR) == {Kept.BROKEN: 1}


def test_marked_as_a_test_only_after_it_was_missed_it_counts_until_a_manager_agrees(site, lee, now, asked):
    casework.close(site, lee, asked.reference, ClosedReason.TEST, now=now + 3 * HOUR)
    assert fact(site, asked.reference, now + 3 * HOUR).is_marked_late
    assert agreed(site, now + 3 * HOUR) == {Kept.BROKEN: 1}
    counting.leave_out(site, lee, (asked.reference,), now=now + 4 * HOUR)
    told = look(site, now + 4 * HOUR).whole
    assert (told.agreed, told.kinds) == ({}, {Kind.TEST: 1})


@pytest.mark.parametrize("minutes", [6, 185], ids=["agreed before", "agreed meanwhile"])
def test_joined_and_taken_apart_a_miss_of_the_older_one_meanwhile_stays_one(site, lee, now, minutes):
    older, newer = (ask(site, at, name=name).reference for at, name in ((now, "Ana"), (now + MINUTE, "A. Diaz")))
    agree(site, lee, newer, now + 5 * MINUTE, now + HOUR)
    told = [
        (minutes, lambda at: agree(site, lee, older, at, now + 4 * HOUR)),
        (180, lambda at: duplicates.link(site, lee, older, newer, now=at)),
    ]
    for after, do in sorted(told, key=lambda one: one[0]):
        do(now + after * MINUTE)
    call(site, lee, older, D.NO_ANSWER, now + 6 * HOUR)
    duplicates.unlink(site, lee, newer, now=now + 7 * HOUR)
    assert agreed(site, now + 7 * HOUR, now) == {Kept.BROKEN: 2}


def test_behind_each_number_stand_exactly_its_requests_whatever_they_count_as(site, lee, now, asked):
    others = [ask(site, now, phone=f"212-555-014{number}").reference for number in range(3)]
    for reference in others:
        agree(site, lee, reference, now + 6 * MINUTE, now + 4 * HOUR)
    call(site, lee, others[0], D.NO_ANSWER, now + 4 * HOUR)
    at, found = now + 4 * HOUR + MINUTE, {}
    for kept in (Kept.KEPT, Kept.BROKEN, Kept.PENDING):
        with reading() as conn:
            page = report_lists.page(conn, site, asked_on(now), read(f"agreed.{kept.value}"), now=at)
        found[kept] = {one.reference for one in page.rows}
    assert found == {Kept.KEPT: {others[0]}, Kept.BROKEN: {asked.reference}, Kept.PENDING: set(others[1:])}


def left(site: Site, lee: Actor, asked: Submitted, at: datetime) -> datetime:
    """Nobody calls at the time agreed; later somebody does, and another is agreed."""
    agree(site, lee, asked.reference, at + 2 * HOUR + MINUTE, at + 3 * HOUR)
    return at + 2 * HOUR


def kept(site: Site, lee: Actor, asked: Submitted, at: datetime) -> datetime:
    """Somebody calls then, and another is agreed, an hour on."""
    agree(site, lee, asked.reference, at + HOUR + MINUTE, at + 3 * HOUR)
    return at + 2 * HOUR


def moved(site: Site, lee: Actor, asked: Submitted, at: datetime) -> datetime:
    """The visitor picks another time before it has come."""
    visitor.change_time(site, asked.link_token, window=Window(at + 3 * HOUR, at + 4 * HOUR), now=at + MINUTE)
    return at + 2 * HOUR


def heard(site: Site, lee: Actor, asked: Submitted, at: datetime) -> datetime:
    """They call us after it is over, and agree another."""
    outcome = Outcome(D.INBOUND_REACHED, agreed_from=at + 4 * HOUR)
    calls.log_attempt(site, lee, asked.reference, outcome, now=at + 2 * HOUR + MINUTE)
    return at + 3 * HOUR


def nothing(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    """It waits on."""


def ended_as_test(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    casework.close(site, lee, asked.reference, ClosedReason.TEST, now=at)


def silenced(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    casework.close(site, lee, asked.reference, ClosedReason.DO_NOT_CALL, note="A letter", now=at)


def given_up(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    casework.close(site, lee, asked.reference, ClosedReason.UNREACHABLE, now=at)


def taken_back(site: Site, lee: Actor, asked: Submitted, at: datetime) -> None:
    visitor.withdraw(site, asked.link_token, now=at)


ENDS = (nothing, taken_back, ended_as_test, silenced, given_up)
STEPS = (kept, left, moved, heard)
WORTH = {Kept.BROKEN: 0, Kept.PENDING: 1, Kept.NONE: 1, Kept.KEPT: 2}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=3), which=st.integers(0, 2), end=st.sampled_from(ENDS)
)
@example(steps=[kept], which=0, end=ended_as_test)
def test_no_figure_gets_better_by_leaving_an_agreed_time_unkept(site, lee, now, steps, which, end):
    place, worth = which % len(steps), []
    for told in (steps, [*steps[:place], left, *steps[place + 1 :]]):
        asked, at = ask(site, now, phone=next(NUMBERS)), now
        agree(site, lee, asked.reference, now + MINUTE, now + HOUR)
        for step in told:
            at = step(site, lee, asked, at)
        end(site, lee, asked, at + MINUTE)
        found = fact(site, asked.reference, at + MINUTE)
        worth.append(WORTH[found.agreed])
    assert worth[1] == 0 and worth[1] <= worth[0]
    assert found.kind in AGREEING, "what was left is counted, whatever it is marked as"
