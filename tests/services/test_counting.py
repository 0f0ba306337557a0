"""What a request's row tells a report: what was promised, the try that reached them, how long the uncalled waited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from intake.database import reading
from intake.models import CallAttempt, Episode
from intake.rules.permissions import ForbiddenError
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition
from intake.services import calls, casework, claims, corrections, counting, undoing, visitor
from intake.services.calls import Outcome
from tests.making import actions, ask, stored
from tests.services.test_logging_calls import minutes
from tests.services.test_undoing import last_step


def called(site, actor, reference, disposition, *, now, **more):
    claims.start_call(site, actor, reference, override_reason="asked to", now=now)
    calls.log_attempt(site, actor, reference, Outcome(disposition, **more), now=now)


def last_attempt(callback_id):
    with reading() as conn:
        return conn.execute(select(func.max(CallAttempt.id)).where(CallAttempt.callback_id == callback_id)).scalar_one()


def episode_of(callback_id):
    with reading() as conn:
        return conn.execute(select(Episode.__table__).where(Episode.callback_id == callback_id)).one()


def withdrawn(site, reference, now):
    row = stored(reference)
    visitor.withdraw(site, site.keyring.link_token(row.public_id, row.link_version), now=now)


def test_a_request_says_what_was_promised(site, now):
    hour = timedelta(hours=1)
    assert stored(ask(site, now).reference).promise_kind == "speed"
    assert stored(ask(site, now, window=Window(now + hour, now + 2 * hour)).reference).promise_kind == "window"
    assert stored(ask(site, now, is_free_time=True, preferred_note="at six").reference).promise_kind == "own_words"


def test_asking_for_another_time_before_the_target_makes_it_another_promise_and_after_it_does_not(site, now):
    early, late = (ask(site, now, phone=f"212-555-010{number}") for number in (1, 2))
    window = Window(now + minutes(120), now + minutes(180))
    visitor.change_time(site, early.link_token, window=window, now=now + minutes(5))
    visitor.change_time(site, late.link_token, window=window, now=now + minutes(25))
    assert stored(early.reference).promise_kind == "window"
    assert stored(late.reference).promise_kind == "speed"


def test_a_wish_is_settled_once_whatever_is_agreed_afterwards(site, now, maria):
    reference = ask(site, now, window=Window(now + minutes(60), now + minutes(120))).reference
    called(site, maria, reference, Disposition.NO_ANSWER, now=now + minutes(5))
    assert stored(reference).is_wish_kept is None
    agreed = now + timedelta(days=1)
    called(site, maria, reference, Disposition.SPOKE_CALL_AGAIN, now=now + minutes(70), agreed_from=agreed)
    assert stored(reference).is_wish_kept is True
    called(site, maria, reference, Disposition.NO_ANSWER, now=agreed + timedelta(hours=3))
    assert (stored(reference).is_wish_kept, stored(reference).is_window_kept) == (True, False)


def test_the_try_that_reached_them_is_counted_and_a_correction_counts_anew(site, now, maria):
    reference = ask(site, now).reference
    called(site, maria, reference, Disposition.NO_ANSWER, now=now + minutes(5))
    called(site, maria, reference, Disposition.SPOKE_INFORMATION, now=now + minutes(8))
    row = stored(reference)
    assert row.reach_tries == 2
    wrong = last_attempt(row.id)
    corrections.correct(site, maria, reference, wrong, Disposition.NO_ANSWER, reason="a machine", now=now + minutes(9))
    assert (stored(reference).reach_tries, stored(reference).attempt_count) == (None, 2)


def test_whoever_calls_us_waited_until_then_and_took_no_try(site, now, maria):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now + minutes(3))
    calls.log_attempt(
        site, maria, reference, Outcome(Disposition.INBOUND_REACHED, is_settled=True), now=now + minutes(7)
    )
    row = stored(reference)
    assert (row.reach_tries, row.waited_open_seconds, row.waited_all_seconds) == (0, 420, 420)
    assert row.is_preempted


def test_whoever_takes_it_back_uncalled_waited_until_then(site, now, maria):
    uncalled, called_once = (ask(site, now, phone=f"212-555-010{number}").reference for number in (1, 2))
    called(site, maria, called_once, Disposition.NO_ANSWER, now=now + minutes(5))
    withdrawn(site, uncalled, now + minutes(9))
    withdrawn(site, called_once, now + minutes(9))
    assert stored(uncalled).waited_open_seconds == 540
    assert stored(called_once).waited_open_seconds is None


def test_a_manager_agrees_that_a_late_mark_is_no_miss_and_may_think_better_of_it(site, now, maria, lee):
    reference = ask(site, now).reference
    assert counting.leave_out(site, lee, (reference,), now=now) == (), "it is not marked"
    casework.close(site, maria, reference, ClosedReason.SPAM, now=now + minutes(30))
    with pytest.raises(ForbiddenError):
        counting.leave_out(site, maria, (reference,), now=now + minutes(31))
    counting.leave_out(site, lee, (reference,), now=now + minutes(31))
    assert stored(reference).uncounted_by_id == lee.user_id
    assert actions(reference)[-1] == "callback.left_out"
    undoing.undo(site, lee, last_step(lee, now + minutes(31)), now=now + minutes(31))
    assert stored(reference).uncounted_at is None


def test_a_new_episode_begins_with_an_empty_sheet_and_the_old_one_keeps_its_own(site, now, maria, lee):
    reference = ask(site, now).reference
    called(site, maria, reference, Disposition.SPOKE_INFORMATION, now=now + minutes(5))
    casework.reopen(site, lee, reference, now=now + minutes(60))
    row = stored(reference)
    assert (row.reach_tries, row.open_seconds, row.promise_kind) == (None, None, "speed")
    assert episode_of(row.id).reach_tries == 1
    assert episode_of(row.id).attempt_count == 1
