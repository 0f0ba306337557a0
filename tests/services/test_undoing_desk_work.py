"""What is done beside calling is taken back too: a skip, a note, a request added by hand, a bar that was lifted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from intake.database import reading, writing
from intake.ledger import outbox
from intake.models import Note, Skip, SuppressedNumber, UndoStep
from intake.models.site import Site
from intake.queries import board, facts, notes
from intake.queries.facts import Asked
from intake.rules.counting import Kind
from intake.rules.periods import Period
from intake.rules.permissions import Actor
from intake.rules.routing import Rule, of_person
from intake.rules.workflow import Channel, ClosedReason, Disposition, Status
from intake.services import by_hand, call_again, calls, casework, claims, undoing, visitor
from intake.services.by_hand import Heard
from intake.services.callbacks import Submitted
from intake.services.calls import Outcome
from intake.services.next_call import SKIPPED_FOR, SkipReason, claim_next, skip
from intake.services.routing import route_waiting
from tests.making import actions, answers, ask, count, mails, stored
from tests.points import point
from tests.services.test_routing import on_shift, routed
from tests.services.test_undoing import SECOND, columns, undo

MINUTE = timedelta(minutes=1)


def skips(actor: Actor) -> list[tuple[int, datetime]]:
    """What this person is not offered, and until when."""
    k = Skip.__table__.c
    with reading() as conn:
        rows = conn.execute(select(k.callback_id, k.until_at).where(k.user_id == actor.person_id))
        return [(row.callback_id, row.until_at) for row in rows]


@point(52)
def test_a_skip_is_taken_back_and_the_one_claimed_after_it_stays_theirs(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    first, second = (ask(site, now - number * MINUTE).reference for number in (30, 20))
    claim_next(site, maria, now=now - MINUTE)
    before = columns(first)
    skip(site, maria, first, SkipReason.PAUSE, now=now)
    assert stored(first).assignee_id is None
    assert claim_next(site, maria, now=now + SECOND, besides=first).reference == second
    assert undo(site, maria, now) == undoing.Undone((first,), (), 0)
    assert columns(first) == before and skips(maria) == []
    assert stored(second).assignee_id == maria.user_id
    assert actions(first)[-3:] == ["callback.skipped", "callback.released", "callback.undone"]
    assert claim_next(site, maria, now=now + MINUTE).reference == first, "it is offered to them again"


def test_a_skip_that_replaced_an_older_one_gives_that_back_though_a_colleague_has_the_request_by_now(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = ask(site, now - 30 * MINUTE).reference
    skip(site, maria, reference, SkipReason.PAUSE, now=now - MINUTE)
    skip(site, maria, reference, SkipReason.KNOWN, now=now)
    claims.claim(site, dev, reference, now=now + SECOND)
    assert undo(site, maria, now).references == (reference,), "the skip changed nothing of it"
    assert skips(maria) == [(stored(reference).id, now - MINUTE + SKIPPED_FOR)]
    assert stored(reference).assignee_id == dev.user_id


def test_what_a_colleague_has_claimed_after_the_skip_stays_theirs(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = ask(site, now - 30 * MINUTE).reference
    claim_next(site, maria, now=now - MINUTE)
    skip(site, maria, reference, SkipReason.PAUSE, now=now)
    claims.claim(site, dev, reference, now=now + SECOND)
    assert undo(site, maria, now).kept == (undoing.Kept(reference, "Dev"),)
    assert stored(reference).assignee_id == dev.user_id and len(skips(maria)) == 1


@point(52)
def test_a_note_is_taken_back_whatever_became_of_its_request_and_its_words_stay_on_record(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = ask(site, now - 30 * MINUTE).reference
    casework.add_note(site, dev, reference, "Speaks Polish", now=now - MINUTE)
    casework.add_note(site, maria, reference, "Works nights", now=now)
    claims.claim(site, dev, reference, now=now + SECOND)
    before = stored(reference)
    assert undo(site, maria, now) == undoing.Undone((reference,), (), 0)
    assert stored(reference) == before, "no column of it, so not its version either"
    with reading() as conn:
        assert notes.newest(conn, [before.id]) == {before.id: now - MINUTE}, "the other one stands"
    assert count(Note) == 2 and actions(reference)[-1] == "callback.undone"


def test_that_a_note_was_taken_back_is_no_change_by_which_anybody_is_named(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = ask(site, now - 30 * MINUTE).reference
    claims.claim(site, dev, reference, now=now)
    claims.release(site, dev, reference, now=now + SECOND)
    casework.add_note(site, maria, reference, "Works nights", now=now + SECOND)
    undo(site, maria, now + SECOND, after=SECOND)
    assert undo(site, dev, now).kept == (undoing.Kept(reference, "Dev"),)


def test_whose_note_put_somebody_above_all_others_is_named_where_nothing_else_was_done(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = ask(site, now - 30 * MINUTE).reference
    claims.claim(site, maria, reference, now=now)
    casework.add_note(site, dev, reference, "Her brother says she wants to kill herself", now=now + SECOND)
    assert undo(site, maria, now).kept == (undoing.Kept(reference, "Dev"),)
    assert stored(reference).crisis_at is not None


def added(site: Site, actor: Actor, now: datetime, *, is_feared: bool = False) -> Submitted:
    heard = Heard(Channel.PHONE, now - 90 * MINUTE, f"form {now}", is_feared)
    return by_hand.take_down(site, actor, answers(email="ana@example.com"), heard, now=now)


@point(52)
def test_what_was_added_by_hand_ends_as_entered_by_mistake_and_counts_in_no_figure(
    site: Site, maria: Actor, now: datetime
) -> None:
    reference = added(site, maria, now).reference
    assert mails(reference), "they wait until it cannot be taken back any more"
    assert undo(site, maria, now) == undoing.Undone((reference,), (), 0)
    row = stored(reference)
    assert (row.status, row.closed_reason, row.closed_at) == (Status.CLOSED, ClosedReason.TEST, now + 5 * SECOND)
    assert mails(reference) == [] and actions(reference) == ["callback.taken_down", "callback.undone"]
    later = now + timedelta(days=2)
    asked = Asked(Period(row.received_on, row.received_on))
    told = facts.facts(asked)
    with reading() as conn:
        (kind,) = conn.execute(select(told.c.kind), facts.values(asked, later)).scalars()
        figures = board.figures(conn, now=later, soon=later, since=now - timedelta(days=1))
    assert kind == Kind.BY_HAND, "left out of every figure"
    assert (figures.promised, figures.overdue, figures.unclaimed) == (0, 0, 0)


def test_the_same_form_sent_again_after_all_is_a_request_that_waits(site: Site, maria: Actor, now: datetime) -> None:
    heard = Heard(Channel.PHONE, now - MINUTE, "one form")
    first, twice = (by_hand.take_down(site, maria, answers(), heard, now=now) for _ in range(2))
    assert twice.is_replay and twice.reference == first.reference
    undo(site, maria, now)
    again = by_hand.take_down(site, maria, answers(), heard, now=now + MINUTE)
    assert again.reference != first.reference and stored(again.reference).closed_at is None


@pytest.mark.parametrize("who", ["a colleague's note", "the visitor"])
def test_what_somebody_has_done_to_it_since_keeps_it(
    site: Site, maria: Actor, dev: Actor, now: datetime, who: str
) -> None:
    stored_now = added(site, maria, now)
    if who == "the visitor":
        visitor.withdraw(site, stored_now.link_token, now=now + SECOND)
    else:
        casework.add_note(site, dev, stored_now.reference, "I know them", now=now + SECOND)
    before = stored(stored_now.reference)
    by = "" if who == "the visitor" else "Dev"
    assert undo(site, maria, now) == undoing.Undone((), (undoing.Kept(before.reference, by),), 0)
    assert stored(before.reference) == before


def test_that_a_rule_gave_it_away_does_not_keep_it_and_a_manager_who_heard_is_told_of(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = added(site, maria, now, is_feared=True).reference
    with writing() as conn:
        for one in outbox.claim(conn, now=now, lease_key="k", lease_seconds=60, limit=9):
            assert one.kind == "manager.crisis" and outbox.mark_sent(conn, one, now=now)
    routed(site, now, Rule(1, of_person(on_shift(dev, now).person_id)))
    assert route_waiting(site, now=now + SECOND) == 1
    assert actions(reference)[-1] == "callback.routed"
    assert undo(site, maria, now) == undoing.Undone((reference,), (), 1)
    assert stored(reference).closed_at is not None


@point(52)
def test_a_lifted_bar_comes_back_with_all_that_it_had_set_aside(
    site: Site, maria: Actor, lee: Actor, now: datetime
) -> None:
    ended, first, second = barred(site, maria, now)
    kept = bars()
    before = [columns(one) for one in (ended, first, second)]
    call_again.lift(site, lee, first, reason="She rang us", now=now)
    assert bars() == [] and stored(first).status == Status.NEW
    later = ask(site, now + SECOND).reference
    assert set(undo(site, lee, now).references) == {first, second}
    assert bars() == kept and [columns(one) for one in (ended, first, second)] == before
    assert stored(later).status == Status.CHECK, "nor may who asked meanwhile be called"
    assert ("visitor.received", "visitor") not in mails(first)
    with reading() as conn:
        (items,) = conn.execute(select(UndoStep.items).where(UndoStep.action == "callback.bar_lifted")).scalars()
    assert "5550182" not in str(items), "the keyed hash only"


def test_the_bar_stays_lifted_once_somebody_has_acted_upon_it(
    site: Site, maria: Actor, dev: Actor, lee: Actor, now: datetime
) -> None:
    _, first, second = barred(site, maria, now)
    call_again.lift(site, lee, first, reason="She rang us", now=now)
    claims.claim(site, dev, first, now=now + SECOND)
    assert undo(site, lee, now) == undoing.Undone((), (undoing.Kept(first, "Dev"),), 0)
    assert bars() == [] and stored(second).spam_reasons == ""


def barred(site: Site, maria: Actor, now: datetime) -> tuple[str, str, str]:
    """One that ended with the wish not to be called, and two that wait for a manager because of it."""
    hour = timedelta(hours=1)
    ended = ask(site, now - 3 * hour).reference
    calls.log_attempt(site, maria, ended, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now - 3 * hour)
    first, second = (ask(site, now - one * hour, email=f"{one}@example.com").reference for one in (2, 1))
    return ended, first, second


def bars() -> list[tuple[bytes, int | None, datetime]]:
    b = SuppressedNumber.__table__.c
    with reading() as conn:
        return [(bytes(row[0]), *row[1:]) for row in conn.execute(select(b.phone_index, b.by_id, b.suppressed_at))]
