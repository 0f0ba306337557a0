"""Correcting the last outcome: what follows is as if the right one had been logged, and the wrong one stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Row

from intake.database import reading
from intake.models import CallAttempt
from intake.models.site import Site
from intake.queries.calls import standing
from intake.rules.permissions import Actor
from intake.rules.workflow import ClosedReason, Disposition, Status, Voicemail
from intake.services import calls, casework, claims, corrections, visitor
from intake.services.calls import Outcome
from intake.services.errors import ChangedError, RefusedError, TakenError
from tests.making import actions, ask, count, person, stored

D = Disposition
LATER = timedelta(minutes=30)
PLACE = (
    "status", "closed_reason", "closed_at", "next_at", "due_at", "attempt_count", "last_disposition", "last_attempt_at",
    "first_attempt_at", "first_attempt_by_id", "reached_at", "open_seconds", "reach_open_seconds", "is_met",
    "is_promise_kept", "is_window_kept", "window_from", "window_until", "is_preempted",
)  # fmt: skip


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


def logged(site: Site, who: Actor, now: datetime, *outcomes: Outcome) -> str:
    reference = ask(site, now).reference
    for number, outcome in enumerate(outcomes):
        calls.log_attempt(site, who, reference, outcome, now=now + timedelta(hours=3 * number, minutes=5))
    return reference


def last(reference: str) -> Row:
    row = stored(reference)
    with reading() as conn:
        return standing(conn, row.id, row.reopened_count)[-1]


def put_right(site: Site, who: Actor, reference: str, right: Disposition, now: datetime, **more: object) -> None:
    wanted = {"reason": "pressed the wrong key", "now": now + timedelta(hours=4), **more}
    corrections.correct(site, who, reference, last(reference).id, right, **wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("earlier", [(), (Outcome(D.NO_ANSWER),)])
@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (Outcome(D.NO_ANSWER), D.SPOKE_APPOINTMENT),
        (Outcome(D.SPOKE_APPOINTMENT), D.NO_ANSWER),
        (Outcome(D.SPOKE_INFORMATION), D.BUSY),
        (Outcome(D.BUSY), D.WRONG_NUMBER),
        (Outcome(D.INBOUND_REACHED, is_settled=True), D.NO_ANSWER),
        (Outcome(D.NO_ANSWER), D.LINE_FAILED),
    ],
)
def test_what_follows_is_as_if_the_right_outcome_had_been_logged(
    site: Site, maria: Actor, now: datetime, earlier: tuple[Outcome, ...], wrong: Outcome, right: Disposition
) -> None:
    corrected = logged(site, maria, now, *earlier, wrong)
    straight = logged(site, maria, now, *earlier, Outcome(right))
    put_right(site, maria, corrected, right, now)
    one, other = stored(corrected), stored(straight)
    different = {name for name in PLACE if getattr(one, name) != getattr(other, name)}
    no_matter = {"due_at"} if other.closed_at or right is D.LINE_FAILED else set()
    assert different - no_matter <= ({"status"} if right is D.LINE_FAILED else set())
    assert actions(corrected)[-1] == "callback.corrected"
    assert count(CallAttempt) == 2 * len(earlier) + 3


def test_an_agreed_time_that_was_none_is_gone(site: Site, maria: Actor, now: datetime) -> None:
    agreed = Outcome(D.SPOKE_CALL_AGAIN, agreed_from=now + timedelta(days=1))
    reference = logged(site, maria, now, agreed)
    put_right(site, maria, reference, D.SPOKE_NOT_NOW, now)
    row = stored(reference)
    assert (row.status, row.closed_reason, row.window_from) == (Status.CLOSED, ClosedReason.NOT_NOW, None)


def test_a_correction_can_be_corrected(site: Site, maria: Actor, now: datetime) -> None:
    reference = logged(site, maria, now, Outcome(D.NO_ANSWER))
    put_right(site, maria, reference, D.BUSY, now)
    put_right(site, maria, reference, D.SPOKE_INFORMATION, now)
    row = stored(reference)
    assert (row.attempt_count, row.closed_reason) == (1, ClosedReason.INFORMATION)


def test_once_something_else_has_happened_it_is_not_corrected(site: Site, maria: Actor, now: datetime) -> None:
    sent = ask(site, now)
    reference = sent.reference
    calls.log_attempt(site, maria, reference, Outcome(D.NO_ANSWER), now=now)
    first = last(reference).id
    visitor.withdraw(site, sent.link_token, now=now + LATER)
    with pytest.raises(RefusedError, match="moved_on"):
        put_right(site, maria, reference, D.BUSY, now)
    again = logged(site, maria, now, Outcome(D.NO_ANSWER), Outcome(D.BUSY))
    with pytest.raises(RefusedError, match="moved_on"):
        corrections.correct(site, maria, again, first, D.BUSY, reason="x", now=now + LATER)
    casework.close(site, maria, again, ClosedReason.TEST, now=now + timedelta(hours=5))
    with pytest.raises(RefusedError, match="moved_on"):
        put_right(site, maria, again, D.NO_ANSWER, now)


def test_only_its_caller_or_a_manager_corrects_and_says_why(site: Site, maria: Actor, now: datetime) -> None:
    reference = logged(site, maria, now, Outcome(D.NO_ANSWER))
    dev, grace = person(site, "Dev", now=now), person(site, "Grace", "manager", now=now)
    with pytest.raises(TakenError):
        put_right(site, dev, reference, D.BUSY, now)
    with pytest.raises(RefusedError, match="reason_needed"):
        put_right(site, maria, reference, D.BUSY, now, reason=" ")
    with pytest.raises(ChangedError):
        put_right(site, maria, reference, D.BUSY, now, expected_version=1)
    claims.release(site, maria, reference, now=now + LATER)
    with pytest.raises(RefusedError, match="not_yours"):
        put_right(site, dev, reference, D.BUSY, now)
    put_right(site, grace, reference, D.BUSY, now)
    assert stored(reference).first_attempt_by_id == maria.user_id


@pytest.mark.parametrize("right", [D.DO_NOT_CALL, D.SPOKE_CALL_AGAIN, D.CRISIS, D.LEFT_MESSAGE, D.NO_ANSWER])
def test_what_asks_for_more_or_was_not_allowed_is_refused(
    site: Site, maria: Actor, now: datetime, right: Disposition
) -> None:
    reference = logged(site, maria, now, Outcome(D.NO_ANSWER))
    with pytest.raises(RefusedError):
        put_right(site, maria, reference, right, now)
    assert count(CallAttempt) == 1


def test_a_message_is_judged_by_what_was_allowed_at_that_call(site: Site, maria: Actor, now: datetime) -> None:
    forbidden, allowed = (ask(site, now, voicemail=rule) for rule in (Voicemail.NONE, Voicemail.SAY_WHO))
    for asked, later in ((forbidden, Voicemail.SAY_WHO), (allowed, Voicemail.NONE)):
        at = now + timedelta(minutes=5)
        calls.log_attempt(site, maria, asked.reference, Outcome(D.NO_ANSWER), now=at)
        visitor.change_voicemail(site, asked.link_token, later, now=at)
    with pytest.raises(RefusedError, match="message_not_allowed"):
        put_right(site, maria, forbidden.reference, D.LEFT_MESSAGE, now)
    put_right(site, maria, allowed.reference, D.LEFT_MESSAGE, now)
    assert stored(allowed.reference).last_disposition == D.LEFT_MESSAGE
