"""Next call: the most urgent that may be called, claimed at once; who is passed over, and why this one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.models import Audit, AuditText, CallbackRequest, Skip, User
from intake.models.site import Site
from intake.queries import passed_over
from intake.rules.limits import LONGEST_CALL, STANDARD
from intake.rules.permissions import SYSTEM, Actor, ForbiddenError
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import Disposition
from intake.services import calls, claims, handing, presence, viewing
from intake.services.calls import Outcome
from intake.services.errors import EndedError, RefusedError, TakenError
from intake.services.next_call import SKIPPED_FOR, WAY, NextCall, SkipReason, claim_next, skip
from tests.making import actions, ask, count, stored
from tests.points import point

HAWAII = "808-555-0100"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def details(reference: str, action: str) -> dict[str, Any]:
    """What the newest entry of this kind says."""
    asked = select(Audit.details).where(Audit.callback_id == stored(reference).id, Audit.action == action)
    with reading() as conn:
        found = conn.execute(asked.order_by(Audit.id.desc()).limit(1)).scalar_one()
    return dict(found)


def look_at(reference: str, actor: Actor, seen_at: datetime) -> None:
    """They open its page."""
    viewing.record(current_app.extensions["intake"], actor, stored(reference), STANDARD, now=seen_at)


def write(reference: str, **columns: Any) -> None:
    with writing() as conn:
        conn.execute(update(CallbackRequest).where(CallbackRequest.reference == reference).values(**columns))


@point(48)
def test_the_most_urgent_is_claimed_and_the_record_says_that_it_was_next_call(
    site: Site, maria: Actor, now: datetime
) -> None:
    ask(site, now)
    urgent = ask(site, now - HOUR).reference
    assert claim_next(site, maria, now=now) == NextCall(urgent, {})
    row = stored(urgent)
    assert (row.assignee_id, row.claimed_at, row.version) == (maria.user_id, now, 2)
    assert details(urgent, "callback.claimed") == {"way": WAY, "late_seconds": 45 * 60, "passed": {}}


@point(48)
def test_what_may_not_be_called_is_passed_over_by_itself_and_counted_by_reason(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    early = now - 2 * HOUR  # 10 am in New York, 5 am in Honolulu
    for _ in range(2):
        ask(site, early - 20 * HOUR, phone=HAWAII)
    unread = ask(site, early - HOUR, is_free_time=True, preferred_note="evenings").reference
    write(unread, due_at=early - HOUR)
    ask(site, early - HOUR, signals=Signals(honeypot=True, seconds_to_fill=0.1))
    tried = ask(site, early - 3 * HOUR).reference
    calls.log_attempt(site, dev, tried, Outcome(Disposition.BUSY), now=early - MINUTE)
    claims.release(site, dev, tried, now=early - MINUTE)
    put_off = ask(site, early - 3 * HOUR).reference
    write(put_off, next_at=early + HOUR, snoozed_at=early)
    write(tried, due_at=early - 3 * HOUR)
    seen = ask(site, early - 3 * HOUR).reference
    write(seen, due_at=early + MINUTE)
    look_at(seen, dev, early - timedelta(seconds=44))
    waiting = ask(site, early - MINUTE).reference
    found = claim_next(site, maria, now=early)
    assert found.reference == waiting
    assert found.passed == {
        "outside_legal_hours": 2, "under_check": 1, "before_next_try": 1, "snoozed": 1, "viewed": 1, "time_not_read": 1,
    }  # fmt: skip
    assert details(waiting, "callback.claimed")["passed"] == found.passed


def test_nothing_of_a_colleagues_counts_as_passed_over(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    claims.claim(site, dev, ask(site, now - HOUR).reference, now=now)
    waiting = ask(site, now).reference
    assert claim_next(site, maria, now=now) == NextCall(waiting, {})


def test_a_window_that_has_not_come_waits_and_one_that_has_is_called(site: Site, maria: Actor, now: datetime) -> None:
    later = ask(site, now, window=Window(now + HOUR, now + 2 * HOUR)).reference
    found = claim_next(site, maria, now=now)
    assert (found.reference, found.opens_at) == ("", now + HOUR)
    assert claim_next(site, maria, now=now + HOUR).reference == later


def test_what_was_put_off_comes_back_at_its_minute(site: Site, maria: Actor, now: datetime) -> None:
    reference = ask(site, now).reference
    write(reference, next_at=now + 7 * MINUTE, snoozed_at=now)
    found = claim_next(site, maria, now=now + 6 * MINUTE)
    assert (found.reference, found.passed, found.opens_at) == ("", {"snoozed": 1}, now + 7 * MINUTE)
    assert claim_next(site, maria, now=now + 7 * MINUTE).reference == reference


def test_somebody_who_looked_45_seconds_ago_looks_no_more(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    reference = ask(site, now).reference
    look_at(reference, dev, now)
    assert claim_next(site, maria, now=now + timedelta(seconds=44)).passed == {"viewed": 1}
    assert claim_next(site, maria, now=now + timedelta(seconds=45)).reference == reference


def test_of_all_that_somebody_looks_at_one_is_left_to_them_where_they_were_seen_last(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    first, last = (ask(site, now - number * MINUTE).reference for number in (9, 5))
    for seconds, reference in enumerate((first, last)):
        look_at(reference, dev, now + timedelta(seconds=seconds))
    assert claim_next(site, maria, now=now + timedelta(seconds=2)) == NextCall(first, {})
    assert claim_next(site, maria, now=now + timedelta(seconds=2), besides=first).passed == {"viewed": 1}


def test_who_only_looks_keeps_nobody_longer_than_two_minutes(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = ask(site, now).reference
    look_at(reference, dev, now)
    for seconds in range(30, 121, 30):
        presence.stay(dev, reference, now=now + timedelta(seconds=seconds))
    assert claim_next(site, maria, now=now + timedelta(seconds=119)).passed == {"viewed": 1}
    assert claim_next(site, maria, now=now + timedelta(seconds=120)).reference == reference


def test_who_only_looks_keeps_nobody_who_is_overdue(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    reference = ask(site, now).reference
    at = stored(reference).due_at
    look_at(reference, dev, at)
    assert claim_next(site, maria, now=at).passed == {"viewed": 1}
    assert claim_next(site, maria, now=at + timedelta(seconds=1)) == NextCall(reference, {})


def test_a_crisis_waits_for_nobody_who_only_looks(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    reference = ask(site, now - HOUR).reference
    write(reference, crisis_at=now)
    look_at(reference, dev, now)
    assert claim_next(site, maria, now=now) == NextCall(reference, {})


def test_ones_own_look_and_a_look_at_ones_own_stand_in_nobodys_way(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    mine, free = ask(site, now - HOUR).reference, ask(site, now).reference
    claims.claim(site, maria, mine, now=now)
    look_at(mine, dev, now)
    look_at(free, maria, now)
    assert claim_next(site, maria, now=now).reference == mine
    assert claim_next(site, maria, now=now, besides=mine).reference == free


def test_ones_own_comes_first_if_it_is_the_most_urgent_and_is_not_claimed_twice(
    site: Site, maria: Actor, now: datetime
) -> None:
    urgent = ask(site, now - HOUR).reference
    ask(site, now)
    claims.claim(site, maria, urgent, now=now - MINUTE)
    assert claim_next(site, maria, now=now) == NextCall(urgent, {}, was_held=True)
    assert stored(urgent).claimed_at == now - MINUTE
    assert actions(urgent)[-2:] == ["callback.claimed", "callback.offered_again"]


def test_a_call_without_an_outcome_comes_before_everything_else(site: Site, maria: Actor, now: datetime) -> None:
    ask(site, now - HOUR)
    called = ask(site, now).reference
    claims.start_call(site, maria, called, now=now)
    assert claim_next(site, maria, now=now + MINUTE) == NextCall(called, was_held=True, is_on_call=True)
    assert claim_next(site, maria, now=now + LONGEST_CALL).reference != called


def test_when_nobody_may_be_called_it_says_from_when_the_next_one_may(site: Site, maria: Actor, now: datetime) -> None:
    early = now - 2 * HOUR
    ask(site, early - 8 * HOUR, phone=HAWAII)
    found = claim_next(site, maria, now=early)
    assert found == NextCall(passed={"outside_legal_hours": 1}, opens_at=now + HOUR)  # 8 am in Honolulu


def test_when_nobody_waits_there_is_no_time_to_tell(site: Site, maria: Actor, now: datetime) -> None:
    assert claim_next(site, maria, now=now) == NextCall(passed={})


def test_no_more_than_a_few_are_looked_at_to_say_who_was_passed_over(
    site: Site, maria: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passed_over, "MOST_TOLD", 3)
    early = now - 2 * HOUR
    for _ in range(5):
        ask(site, early - 20 * HOUR, phone=HAWAII)
    ask(site, early)
    assert claim_next(site, maria, now=early).passed == {"outside_legal_hours": 3}


def test_whoever_was_disabled_meanwhile_gets_nothing(site: Site, maria: Actor, now: datetime) -> None:
    reference = ask(site, now).reference
    with writing() as conn:
        conn.execute(update(User).where(User.id == maria.user_id).values(active=False))
    with pytest.raises(ForbiddenError):
        claim_next(site, maria, now=now)
    with pytest.raises(ForbiddenError):
        claim_next(site, SYSTEM, now=now)
    assert stored(reference).assignee_id is None


@point(48)
def test_what_is_skipped_goes_back_to_the_others_with_its_reason_in_the_record(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = claim_next(site, maria, now=_asked(site, now)).reference
    skip(site, maria, reference, SkipReason.OTHER, words=" My neighbour ", now=now)
    assert stored(reference).assignee_id is None
    assert details(reference, "callback.skipped") == {"reason": "other"}
    assert count(AuditText) == 1
    found = claim_next(site, maria, now=now + MINUTE)
    assert (found.reference, found.passed, found.opens_at) == ("", {"skipped": 1}, now + SKIPPED_FOR)
    assert claim_next(site, dev, now=now + MINUTE).reference == reference


def test_what_is_skipped_is_offered_again_after_a_quarter_of_an_hour(site: Site, maria: Actor, now: datetime) -> None:
    reference = claim_next(site, maria, now=_asked(site, now)).reference
    for _ in range(2):
        skip(site, maria, reference, SkipReason.PAUSE, now=now)
    assert claim_next(site, maria, now=now + SKIPPED_FOR - MINUTE).reference == ""
    assert claim_next(site, maria, now=now + SKIPPED_FOR).reference == reference
    skip(site, maria, _asked_for(site, now), SkipReason.PAUSE, now=now + HOUR)
    assert count(Skip) == 1


@pytest.mark.parametrize("way", ["claimed", "given", "called"])
def test_whoever_chose_it_was_given_it_or_has_called_keeps_it(
    site: Site, maria: Actor, dev: Actor, lee: Actor, now: datetime, way: str
) -> None:
    reference = _asked_for(site, now)
    if way == "claimed":
        claims.claim(site, maria, reference, now=now)
    elif way == "given":
        claims.assign(site, lee, reference, maria.person_id, now=now)
    else:
        claim_next(site, maria, now=now)
        calls.log_attempt(site, maria, reference, Outcome(Disposition.BUSY), now=now)
    skip(site, maria, reference, SkipReason.KNOWN, now=now)
    assert stored(reference).assignee_id == maria.user_id
    assert claim_next(site, maria, now=now + MINUTE).reference == ""


def test_skipping_says_no_where_it_must(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    reference = _asked_for(site, now)
    with pytest.raises(RefusedError, match="reason_needed"):
        skip(site, maria, reference, SkipReason.OTHER, words="  ", now=now)
    claims.start_call(site, maria, reference, now=now)
    with pytest.raises(RefusedError, match="on_call"):
        skip(site, maria, reference, SkipReason.PAUSE, now=now)
    with pytest.raises(TakenError):
        skip(site, dev, reference, SkipReason.PAUSE, now=now)
    calls.log_attempt(site, maria, reference, Outcome(Disposition.SPOKE_INFORMATION), now=now)
    with pytest.raises(EndedError):
        skip(site, maria, reference, SkipReason.PAUSE, now=now)
    assert count(Skip) == 0


def test_what_was_handed_on_since_is_not_given_back_by_skipping(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = _asked_for(site, now)
    claim_next(site, maria, now=now)
    handing.hand_off(site, maria, reference, dev.person_id, note="You know her", now=now)
    skip(site, dev, reference, SkipReason.PAUSE, now=now)
    assert stored(reference).assignee_id == dev.user_id


def _asked_for(site: Site, now: datetime) -> str:
    return ask(site, now).reference


def _asked(site: Site, now: datetime) -> datetime:
    ask(site, now)
    return now
