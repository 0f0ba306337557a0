"""Whoever thinks better of it takes back what they did in the last twenty seconds, and the record tells both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.ledger import outbox
from intake.models import Audit, CallAttempt, Episode, OutboxMessage, SuppressedNumber, UndoStep, User
from intake.models.site import Site
from intake.queries import calls as call_queries
from intake.queries import undo_steps
from intake.rules.permissions import Actor
from intake.rules.spam import Signals
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import call_again, calls, casework, claims, corrections, handing, snoozing, undoing
from intake.services.calls import Outcome
from intake.services.errors import NotFoundError, RefusedError
from tests.making import actions, ask, count, mails, stored
from tests.points import point

SECOND = timedelta(seconds=1)
MOMENTS = ("version", "lease_until")


def last_step(actor: Actor, done_at: datetime) -> str:
    with reading() as conn:
        step = undo_steps.made_at(conn, actor.person_id, done_at)
    assert step is not None
    return step


def undo(site: Site, actor: Actor, done_at: datetime, after: timedelta = 5 * SECOND) -> undoing.Undone:
    return undoing.undo(site, actor, last_step(actor, done_at), now=done_at + after)


def columns(reference: str) -> dict[str, Any]:
    return {name: value for name, value in stored(reference)._mapping.items() if name not in MOMENTS}


def log(site: Site, actor: Actor, reference: str, now: datetime, disposition: Disposition, **more: Any) -> None:
    calls.log_attempt(site, actor, reference, Outcome(disposition, **more), now=now)


class Desk:
    """What the deeds below need: a request of Maria's, one of nobody's, one to be decided, one that ended."""

    def __init__(self, site: Site, maria: Actor, dev: Actor, lee: Actor, now: datetime) -> None:
        self.site, self.maria, self.dev, self.lee, self.now = site, maria, dev, lee, now
        before = now - timedelta(minutes=9)
        self.free = ask(site, before, phone="212-555-0101").reference
        self.mine = ask(site, before, phone="212-555-0102", email="ana@example.com").reference
        self.check = ask(
            site, before, phone="212-555-0103", signals=Signals(honeypot=True, seconds_to_fill=0.2)
        ).reference
        self.ended = ask(site, before, phone="212-555-0104").reference
        self.tried = ask(site, before, phone="212-555-0105", email="jo@example.com").reference
        for reference in (self.mine, self.ended, self.tried):
            claims.claim(site, maria, reference, now=before)
        log(site, maria, self.ended, before, Disposition.SPOKE_INFORMATION)
        log(site, maria, self.tried, before, Disposition.NO_ANSWER)


@pytest.fixture
def room(site: Site, maria: Actor, dev: Actor, lee: Actor, now: datetime) -> Desk:
    return Desk(site, maria, dev, lee, now)


def correct(d: Desk) -> None:
    with reading() as conn:
        attempt = call_queries.standing(conn, stored(d.tried).id, 0)[-1]
    corrections.correct(d.site, d.maria, d.tried, attempt.id, Disposition.BUSY, reason="Busy it was", now=d.now)


DEEDS: dict[str, tuple[str, str, Callable[[Desk], Any]]] = {
    "claim": ("maria", "free", lambda d: claims.claim(d.site, d.maria, d.free, now=d.now)),
    "release": ("maria", "mine", lambda d: claims.release(d.site, d.maria, d.mine, now=d.now)),
    "assign": ("lee", "free", lambda d: claims.assign(d.site, d.lee, d.free, d.dev.person_id, now=d.now)),
    "take over": (
        "dev", "mine",
        lambda d: handing.take_over(d.site, d.dev, d.mine, holder_id=d.maria.person_id, reason="Gone", now=d.now),
    ),
    "hand off": (
        "maria", "mine", lambda d: handing.hand_off(d.site, d.maria, d.mine, d.dev.person_id, note="Call", now=d.now)
    ),
    "snooze": (
        "maria", "mine",
        lambda d: snoozing.snooze(d.site, d.maria, d.mine, d.now + timedelta(hours=1), reason="Busy", now=d.now),
    ),
    "close": ("maria", "mine", lambda d: casework.close(d.site, d.maria, d.mine, ClosedReason.TEST, now=d.now)),
    "never call": (
        "lee", "free",
        lambda d: casework.close(d.site, d.lee, d.free, ClosedReason.DO_NOT_CALL, note="By letter", now=d.now),
    ),
    "spam": ("maria", "check", lambda d: casework.mark_spam(d.site, d.maria, d.check, now=d.now)),
    "rescue": ("maria", "check", lambda d: casework.rescue(d.site, d.maria, d.check, now=d.now)),
    "reopen": ("lee", "ended", lambda d: casework.reopen(d.site, d.lee, d.ended, now=d.now)),
    "log": ("maria", "mine", lambda d: log(d.site, d.maria, d.mine, d.now, Disposition.NO_ANSWER, note="Rang out")),
    "log and claim": ("maria", "free", lambda d: log(d.site, d.maria, d.free, d.now, Disposition.SPOKE_APPOINTMENT)),
    "wrong number": ("maria", "mine", lambda d: log(d.site, d.maria, d.mine, d.now, Disposition.WRONG_NUMBER)),
    "in a call": (
        "maria", "mine", lambda d: log(d.site, d.maria, d.mine, d.now, Disposition.DO_NOT_CALL, is_confirmed=True)
    ),
    "correct": ("maria", "tried", correct),
}  # fmt: skip


@pytest.mark.parametrize("name", DEEDS)
@point(52)
def test_every_change_can_be_taken_back_and_is_as_if_it_had_not_been(room: Desk, name: str) -> None:
    who, which, deed = DEEDS[name]
    actor, reference = getattr(room, who), getattr(room, which)
    before, sent, numbers = columns(reference), mails(reference), count(SuppressedNumber)
    deed(room)
    assert columns(reference) != before
    undone = undo(room.site, actor, room.now)
    assert undone == undoing.Undone((reference,), (), 0)
    assert columns(reference) == before
    assert mails(reference) == sent, "what was not sent is taken back"
    assert count(SuppressedNumber) == numbers and count(Episode) == 0
    assert actions(reference)[-1] == "callback.undone"
    row = stored(reference)
    assert (row.lease_until is None) == (row.assignee_id is None)


def test_an_outcome_that_was_taken_back_counts_no_more_and_stays_on_record(room: Desk) -> None:
    site, now = room.site, room.now
    log(site, room.maria, room.mine, now, Disposition.NO_ANSWER, note="Rang out")
    undo(site, room.maria, now)
    row = stored(room.mine)
    with reading() as conn:
        assert call_queries.standing(conn, row.id, 0) == [] and call_queries.made(conn, row.id, 0).all == ()
        assert call_queries.last_logged(conn, site, row.id) is None
    assert count(CallAttempt, CallAttempt.callback_id == row.id) == 1
    assert actions(room.mine)[-2:] == ["callback.attempted", "callback.undone"]
    log(site, room.maria, room.mine, now + 9 * SECOND, Disposition.NO_ANSWER, note="Rang out")
    assert stored(room.mine).attempt_count == 1, "the same outcome again is no double click"


def test_a_correction_that_was_taken_back_lets_the_first_outcome_stand(room: Desk) -> None:
    correct(room)
    undo(room.site, room.maria, room.now)
    with reading() as conn:
        (stands,) = call_queries.standing(conn, stored(room.tried).id, 0)
    assert stands.disposition == Disposition.NO_ANSWER


def test_do_not_call_in_error_gives_back_also_what_was_set_aside(room: Desk, site: Site, now: datetime) -> None:
    twin = ask(site, now - timedelta(minutes=5), phone="212-555-0102").reference
    log(site, room.maria, room.mine, now, Disposition.DO_NOT_CALL, is_confirmed=True)
    assert stored(twin).status == Status.CHECK
    assert set(undo(site, room.maria, now).references) == {room.mine, twin}
    assert stored(twin).status == Status.NEW and count(SuppressedNumber) == 0


def test_a_number_that_was_barred_before_stays_barred(room: Desk, site: Site, now: datetime) -> None:
    other = ask(site, now - timedelta(minutes=5), phone="212-555-0101").reference
    log(site, room.dev, other, now - timedelta(minutes=4), Disposition.DO_NOT_CALL, is_confirmed=True)
    casework.close(site, room.lee, room.free, ClosedReason.DO_NOT_CALL, now=now)
    undo(site, room.lee, now)
    assert count(SuppressedNumber) == 1 and stored(room.free).status == Status.CHECK


def test_a_number_that_somebody_else_has_barred_meanwhile_stays_barred(room: Desk, site: Site, now: datetime) -> None:
    twin = ask(site, now - timedelta(minutes=5), phone="212-555-0102").reference
    log(site, room.maria, room.mine, now, Disposition.DO_NOT_CALL, is_confirmed=True)
    casework.close(site, room.lee, twin, ClosedReason.DO_NOT_CALL, note="By letter", now=now + SECOND)
    undo(site, room.maria, now)
    assert count(SuppressedNumber) == 1
    assert stored(twin).closed_reason == ClosedReason.DO_NOT_CALL


def test_a_wish_from_before_the_bar_was_lifted_does_not_keep_it(room: Desk, site: Site, now: datetime) -> None:
    before = now - timedelta(minutes=8)
    older = ask(site, before, phone="212-555-0102").reference
    casework.close(site, room.lee, older, ClosedReason.DO_NOT_CALL, note="By letter", now=before)
    call_again.lift(site, room.lee, room.mine, reason="Asked for help again", now=before + SECOND)
    log(site, room.maria, room.mine, now, Disposition.DO_NOT_CALL, is_confirmed=True)
    undo(site, room.maria, now)
    assert count(SuppressedNumber) == 0, "the older wish has been lifted"
    twin = ask(site, now, phone="212-555-0102").reference
    log(site, room.maria, room.mine, now + 9 * SECOND, Disposition.DO_NOT_CALL, is_confirmed=True)
    casework.close(site, room.lee, twin, ClosedReason.DO_NOT_CALL, note="By letter", now=now + 10 * SECOND)
    undo(site, room.maria, now + 9 * SECOND)
    assert count(SuppressedNumber) == 1, "and this one has been said since"


def test_what_a_deed_sets_off_waits_until_it_cannot_be_taken_back(room: Desk) -> None:
    claims.assign(room.site, room.lee, room.free, room.dev.person_id, now=room.now)
    o = OutboxMessage.__table__.c
    with reading() as conn:
        due = conn.execute(select(o.available_at).where(o.kind == "person.assigned")).scalar_one()
    assert due == room.now + 20 * SECOND


def test_a_crisis_waits_for_nobody_and_its_undoing_says_what_is_out(room: Desk) -> None:
    log(room.site, room.maria, room.mine, room.now, Disposition.CRISIS)
    with writing() as conn:
        (taken, *_) = [one for one in outbox.claim(conn, now=room.now, lease_key="k", lease_seconds=60, limit=99)
                       if one.kind == "manager.crisis"]  # fmt: skip
        outbox.mark_sent(conn, taken, now=room.now)
    assert undo(room.site, room.maria, room.now).sent == 1


def test_too_late_is_too_late(room: Desk) -> None:
    claims.claim(room.site, room.maria, room.free, now=room.now)
    with pytest.raises(RefusedError, match="too_late"):
        undo(room.site, room.maria, room.now, after=20 * SECOND)
    assert stored(room.free).assignee_id == room.maria.user_id
    undo(room.site, room.maria, room.now, after=19 * SECOND)
    assert stored(room.free).assignee_id is None


def test_it_is_taken_back_once_and_only_by_whoever_did_it(room: Desk) -> None:
    claims.claim(room.site, room.maria, room.free, now=room.now)
    step = last_step(room.maria, room.now)
    with pytest.raises(NotFoundError):
        undoing.undo(room.site, room.dev, step, now=room.now)
    undoing.undo(room.site, room.maria, step, now=room.now)
    with pytest.raises(RefusedError, match="undone"):
        undoing.undo(room.site, room.maria, step, now=room.now)


def test_what_a_colleague_has_changed_since_stays_and_says_who(room: Desk) -> None:
    claims.release(room.site, room.maria, room.mine, now=room.now)
    claims.claim(room.site, room.dev, room.mine, now=room.now + SECOND)
    undone = undo(room.site, room.maria, room.now)
    assert undone == undoing.Undone((), (undoing.Kept(room.mine, "Dev"),), 0)
    assert stored(room.mine).assignee_id == room.dev.user_id


def test_a_look_by_somebody_changes_nothing_and_does_not_stand_in_the_way(room: Desk) -> None:
    claims.claim(room.site, room.maria, room.free, now=room.now)
    casework.add_note(room.site, room.dev, room.free, "Speaks Polish", now=room.now + SECOND)
    assert undo(room.site, room.maria, room.now).references == (room.free,)


def test_nothing_goes_back_to_somebody_who_has_left(room: Desk, site: Site, now: datetime) -> None:
    handing.take_over(site, room.dev, room.mine, holder_id=room.maria.person_id, reason="Gone", now=now)
    with writing() as conn:
        conn.execute(update(User).where(User.__table__.c.id == room.maria.user_id).values(active=False))
    undo(site, room.dev, now)
    row = stored(room.mine)
    assert (row.assignee_id, row.lease_until, row.status) == (None, None, Status.NEW)


def test_the_entry_says_what_was_taken_back_and_nothing_personal(room: Desk) -> None:
    log(room.site, room.maria, room.mine, room.now, Disposition.NO_ANSWER, note="Rang out")
    undo(room.site, room.maria, room.now)
    a = Audit.__table__.c
    with reading() as conn:
        (details,) = conn.execute(select(a.details).where(a.action == "callback.undone")).scalars()
        (items,) = conn.execute(select(UndoStep.items).where(UndoStep.__table__.c.done_at == room.now)).scalars()
    assert details["what"] == "callback.attempted" and len(details["attempts"]) == 1
    assert not any(name.endswith(("_encrypted", "_index")) for name in items[0]["before"])


def test_old_steps_go_when_the_same_person_does_something_new(room: Desk) -> None:
    later = room.now + timedelta(hours=2)
    claims.claim(room.site, room.maria, room.free, now=later)
    assert count(UndoStep, UndoStep.by_id == room.maria.user_id) == 1


def test_claiming_ones_own_leaves_nothing_to_undo(room: Desk) -> None:
    claims.claim(room.site, room.maria, room.mine, now=room.now)
    with reading() as conn:
        assert undo_steps.made_at(conn, room.maria.person_id, room.now) is None


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(["claim", "snooze", "log", "close"]), min_size=1, max_size=3))
def test_several_deeds_are_taken_back_one_after_the_other_to_where_they_began(
    site: Site, maria: Actor, now: datetime, names: list[str]
) -> None:
    """Each undo leads to the version before it, so the last deed first and no further."""
    reference = ask(site, now - timedelta(minutes=1), phone="212-555-0109").reference
    for number, name in enumerate(names):
        at = now + number * SECOND
        before = columns(reference)
        deed = {
            "claim": lambda at=at: claims.claim(site, maria, reference, now=at),
            "snooze": lambda at=at: snoozing.snooze(
                site, maria, reference, at + timedelta(hours=9), reason="x", now=at
            ),
            "log": lambda at=at: log(site, maria, reference, at, Disposition.LINE_FAILED),
            "close": lambda at=at: casework.close(site, maria, reference, ClosedReason.TEST, now=at),
        }[name]
        deed()
        if columns(reference) != before:
            undo(site, maria, at)
        assert columns(reference) == before
