"""Whoever writes another time: danger stays due at once until a call is made, no wrong number is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from intake.database import reading
from intake.models.site import Site
from intake.queries import calendar, next_call
from intake.queries.calls import standing
from intake.rules.permissions import Actor
from intake.rules.phone import parse
from intake.rules.promise import AHEAD_OF_ALL, NEVER_DUE
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import call_again, calls, casework, claims, corrections, duplicates, retention, snoozing, visitor
from intake.services.callbacks import Submitted
from intake.services.calls import Outcome
from intake.services.errors import RefusedError
from tests.making import ask, mails, person, stored

NOTE = "Please call, I want to kill myself"
ELSEWHERE = parse("415 555 0147")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


@pytest.fixture
def lee(site: Site, now: datetime) -> Actor:
    return person(site, "Lee", "manager", now=now)


def wrong_number(site: Site, who: Actor, now: datetime, **more: str) -> Submitted:
    made = ask(site, now, email="ana@example.com", **more)
    calls.log_attempt(site, who, made.reference, Outcome(Disposition.WRONG_NUMBER), now=now)
    claims.release(site, who, made.reference, now=now)
    return made


def tomorrow(now: datetime) -> Window:
    return Window(now + DAY, now + DAY + timedelta(hours=2))


def offered(site: Site, who: Actor, now: datetime) -> str | None:
    with reading() as conn:
        found = next_call.first(conn, site, calendar.current(conn, site), user_id=who.person_id, now=now)
    return found.reference if found else None


# A number that is awaited -------------------------------------------------------------------------------------------


def test_no_good_number_is_closed_as_a_duplicate_of_a_wrong_one(site: Site, maria: Actor, now: datetime) -> None:
    first = wrong_number(site, maria, now)
    second = ask(site, now + 20 * MINUTE, email="ana@example.com", phone="212-555-0147")
    with pytest.raises(RefusedError, match="number_awaited"):
        duplicates.link(site, maria, second.reference, first.reference, now=now + 21 * MINUTE)
    assert stored(second.reference).closed_at is None and stored(first.reference).due_at == NEVER_DUE


def test_staff_promise_no_time_that_nobody_could_keep(site: Site, maria: Actor, now: datetime) -> None:
    made = wrong_number(site, maria, now)
    with pytest.raises(RefusedError, match="wrong_number"):
        casework.acknowledge_time(site, maria, made.reference, agreed_from=now + DAY, now=now)
    assert ("visitor.time_set", "visitor") not in mails(made.reference)


def test_lifting_a_bar_makes_no_wrong_number_due(site: Site, maria: Actor, lee: Actor, now: datetime) -> None:
    made = wrong_number(site, maria, now)
    other = ask(site, now + 40 * MINUTE, name="Bob")
    casework.close(site, lee, other.reference, ClosedReason.DO_NOT_CALL, note="letter", now=now + 41 * MINUTE)
    assert stored(made.reference).status == Status.CHECK and stored(made.reference).due_at < NEVER_DUE
    call_again.lift(site, lee, made.reference, reason="asked", now=now + 50 * MINUTE)
    row = stored(made.reference)
    assert (row.due_at, row.next_at, mails(made.reference)[-2:]) == (
        NEVER_DUE, None, [("visitor.wrong_number", "visitor"), ("team.new", "team")]
    )  # fmt: skip


@pytest.mark.parametrize("is_with_window", [False, True])
def test_taken_back_and_asked_again_it_still_waits_for_a_number(
    site: Site, maria: Actor, now: datetime, is_with_window: bool
) -> None:
    made = wrong_number(site, maria, now)
    if is_with_window:
        visitor.change_time(site, made.link_token, window=tomorrow(now), now=now)
    visitor.withdraw(site, made.link_token, now=now + 10 * MINUTE)
    visitor.undo_withdrawal(site, made.link_token, now=now + 11 * MINUTE)
    row = stored(made.reference)
    assert (row.closed_at, row.due_at, row.next_at) == (None, NEVER_DUE, None)
    kinds = [kind for kind, _ in mails(made.reference)]
    assert kinds.count("visitor.received") == kinds.count("team.new") == 1, "no call is promised once more"
    visitor.change_number(site, made.link_token, ELSEWHERE, now=now + 12 * MINUTE)
    assert stored(made.reference).due_at < NEVER_DUE


@pytest.mark.parametrize("is_first_known", [True, False])
def test_a_crisis_with_a_wrong_number_stays_in_sight_and_managers_are_told(
    site: Site, maria: Actor, now: datetime, is_first_known: bool
) -> None:
    if is_first_known:
        made = wrong_number(site, maria, now, message=NOTE)
    else:
        made = wrong_number(site, maria, now)
        visitor.change_time(site, made.link_token, is_free_time=True, preferred_note="I want to die", now=now)
    assert stored(made.reference).due_at + AHEAD_OF_ALL == stored(made.reference).crisis_at == now
    told = 2 if is_first_known else 1  # as it came, and again since nobody can call them
    assert mails(made.reference).count(("manager.crisis", "managers")) == told
    visitor.change_time(site, made.link_token, window=tomorrow(now), now=now + MINUTE)
    visitor.change_number(site, made.link_token, ELSEWHERE, now=now + 2 * MINUTE)
    assert (
        stored(made.reference).due_at == now - AHEAD_OF_ALL and offered(site, maria, now + 3 * MINUTE) == made.reference
    )


# A crisis -----------------------------------------------------------------------------------------------------------


def other_number(site: Site, made: Submitted, lee: Actor, now: datetime) -> None:
    visitor.change_number(site, made.link_token, ELSEWHERE, now=now)


def harmless_note(site: Site, made: Submitted, lee: Actor, now: datetime) -> None:
    visitor.change_time(site, made.link_token, is_free_time=True, preferred_note="after six", now=now)


def later_window(site: Site, made: Submitted, lee: Actor, now: datetime) -> None:
    visitor.change_time(site, made.link_token, window=tomorrow(now), now=now)


def time_set(site: Site, made: Submitted, lee: Actor, now: datetime) -> None:
    harmless_note(site, made, lee, now)
    casework.acknowledge_time(site, lee, made.reference, agreed_from=now + DAY, now=now)


def taken_back_and_undone(site: Site, made: Submitted, lee: Actor, now: datetime) -> None:
    visitor.withdraw(site, made.link_token, now=now)
    visitor.undo_withdrawal(site, made.link_token, now=now)


@pytest.mark.parametrize("change", [other_number, harmless_note, later_window, time_set, taken_back_and_undone])
def test_what_is_changed_before_a_call_leaves_a_crisis_due_at_once(
    site: Site, maria: Actor, lee: Actor, now: datetime, change: Callable[..., None]
) -> None:
    made = ask(site, now, message=NOTE)
    change(site, made, lee, now + 2 * MINUTE)
    row = stored(made.reference)
    assert (row.crisis_at, row.due_at, row.next_at) == (now, now - AHEAD_OF_ALL, None)
    noon = now + timedelta(hours=2)  # callable in either zone
    assert offered(site, maria, noon) == made.reference
    claims.start_call(site, maria, made.reference, now=noon)
    calls.log_attempt(site, maria, made.reference, Outcome(Disposition.NO_ANSWER), now=noon + MINUTE)
    assert stored(made.reference).due_at > noon, "after a call what is planned holds"


def test_beyond_the_bar_and_by_another_number_a_crisis_is_due_at_once(site: Site, lee: Actor, now: datetime) -> None:
    barred = ask(site, now)
    casework.close(site, lee, barred.reference, ClosedReason.DO_NOT_CALL, note="letter", now=now)
    lifted, changed = ask(site, now + MINUTE, message=NOTE), ask(site, now + MINUTE, message=NOTE, name="Bob")
    visitor.change_number(site, changed.link_token, ELSEWHERE, now=now + 5 * MINUTE)
    call_again.lift(site, lee, lifted.reference, reason="asked", now=now + 6 * MINUTE)
    for reference in (lifted.reference, changed.reference):
        assert stored(reference).due_at == now + MINUTE - AHEAD_OF_ALL and stored(reference).status == Status.NEW


def test_opened_again_after_they_were_reached_it_is_no_crisis_and_a_new_one_is_due_since_then(
    site: Site, maria: Actor, lee: Actor, now: datetime
) -> None:
    made, later = ask(site, now, message=NOTE), now + 30 * DAY
    calls.log_attempt(site, maria, made.reference, Outcome(Disposition.SPOKE_INFORMATION), now=now + 5 * MINUTE)
    casework.reopen(site, lee, made.reference, now=later)
    assert stored(made.reference).crisis_at is None
    calls.log_attempt(site, maria, made.reference, Outcome(Disposition.CRISIS), now=later + MINUTE)
    assert stored(made.reference).due_at + AHEAD_OF_ALL == stored(made.reference).crisis_at == later + MINUTE


def test_closed_by_mistake_without_a_call_it_is_one_again_since_it_was_opened(
    site: Site, lee: Actor, now: datetime
) -> None:
    made, later = ask(site, now, message=NOTE), now + 3 * DAY
    casework.close(site, lee, made.reference, ClosedReason.TEST, now=now)
    casework.reopen(site, lee, made.reference, now=later)
    assert stored(made.reference).due_at + AHEAD_OF_ALL == stored(made.reference).crisis_at == later


@pytest.mark.parametrize("wish", ["window", "own words"])
def test_a_time_asked_for_keeps_nobody_from_calling_whoever_may_be_in_danger(
    site: Site, maria: Actor, now: datetime, wish: str
) -> None:
    if wish == "window":
        made = ask(site, now, message=NOTE, window=tomorrow(now))
    else:
        made = ask(site, now, is_free_time=True, preferred_note=NOTE)
    assert offered(site, maria, now + MINUTE) == made.reference
    snoozing.snooze(site, maria, made.reference, now + 30 * MINUTE, reason="asked", now=now + MINUTE)
    assert offered(site, maria, now + 2 * MINUTE) is None, "what staff put off on purpose"
    assert offered(site, maria, now + 31 * MINUTE) == made.reference
    claims.start_call(site, maria, made.reference, now=now + 40 * MINUTE)


def test_out_of_the_lawful_hours_it_is_offered_to_nobody(site: Site, maria: Actor, now: datetime) -> None:
    night = now + timedelta(hours=14)
    made = ask(site, night, message=NOTE, window=tomorrow(night))
    assert stored(made.reference).crisis_at == night and offered(site, maria, night + MINUTE) is None


def test_corrected_so_that_no_call_is_left_it_comes_ahead_of_all_again(site: Site, maria: Actor, now: datetime) -> None:
    made = ask(site, now, message=NOTE)
    claims.start_call(site, maria, made.reference, now=now + MINUTE)
    calls.log_attempt(site, maria, made.reference, Outcome(Disposition.NO_ANSWER), now=now + 2 * MINUTE)
    with reading() as conn:
        attempt = standing(conn, stored(made.reference).id, 0)[-1].id
    corrections.correct(
        site, maria, made.reference, attempt, Disposition.LINE_FAILED, reason="the line", now=now + 3 * MINUTE
    )
    assert stored(made.reference).due_at == now - AHEAD_OF_ALL


def test_joined_with_one_that_was_called_already_danger_comes_ahead_of_all_until_they_are_taken_apart(
    site: Site, maria: Actor, now: datetime
) -> None:
    older, newer = ask(site, now, is_free_time=True), ask(site, now + MINUTE, message=NOTE)
    due_at = stored(older.reference).due_at
    duplicates.link(site, maria, newer.reference, older.reference, now=now + 2 * MINUTE)
    assert stored(older.reference).due_at == now + MINUTE - AHEAD_OF_ALL
    duplicates.unlink(site, maria, newer.reference, now=now + 3 * MINUTE)
    assert (stored(older.reference).due_at, stored(older.reference).crisis_at) == (due_at, None)
    assert stored(newer.reference).due_at == now + MINUTE - AHEAD_OF_ALL


def test_of_several_the_one_known_longest_comes_first(site: Site, maria: Actor, now: datetime) -> None:
    later, known = (ask(site, at, phone=f"212-555-014{n}") for n, at in enumerate((now, now + MINUTE)))
    for made, at in ((known, now + 2 * MINUTE), (later, now + 3 * MINUTE)):
        visitor.change_time(site, made.link_token, is_free_time=True, preferred_note=NOTE, now=at)
    assert offered(site, maria, now + timedelta(hours=2)) == known.reference


def test_once_emptied_nothing_tells_that_it_was_one(site: Site, now: datetime) -> None:
    made = ask(site, now, message=NOTE)
    visitor.withdraw(site, made.link_token, now=now)
    retention.forget(site, made.reference, now=now)
    assert stored(made.reference).due_at == stored(made.reference).target_at
