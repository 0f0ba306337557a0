"""Fifty requests at once: one deed, one list of what was left and why, one undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from intake.database import reading
from intake.ledger.deeds import LASTS
from intake.models import UndoStep
from intake.models.site import Site
from intake.queries import undo_steps
from intake.rules.permissions import Actor, ForbiddenError
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import bulk, calls, casework, claims, handing, snoozing, undoing
from intake.services.bulk import Failure, Verb, Wanted
from intake.services.errors import RefusedError
from tests.making import as_shown, ask, count, mails, person, stored
from tests.points import point

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
FIFTY = 50


def several(site: Site, now: datetime, number: int) -> list[str]:
    return [ask(site, now - timedelta(minutes=9), phone=f"212-555-01{one:02}").reference for one in range(number)]


def state(references: list[str]) -> list[tuple[object, ...]]:
    rows = [stored(reference) for reference in references]
    return [(row.status, row.assignee_id, row.next_at, row.snoozed_at, row.closed_at, row.due_at) for row in rows]


def undo(site: Site, actor: Actor, done_at: datetime) -> undoing.Undone:
    with reading() as conn:
        step = undo_steps.made_at(conn, actor.person_id, done_at)
    assert step is not None
    return undoing.undo(site, actor, step, now=done_at + 5 * SECOND)


@point(51)
def test_fifty_are_given_put_off_or_called_spam_and_one_undo_restores_each(
    site: Site, lee: Actor, dev: Actor, now: datetime
) -> None:
    references = several(site, now, FIFTY)
    before = state(references)
    wanted = Wanted(person_id=dev.person_id, until_at=now + HOUR, reason="Phones are down")
    for number, verb in enumerate((Verb.ASSIGN, Verb.SNOOZE, Verb.SPAM)):
        at = now + number * LASTS
        done = bulk.do(site, lee, verb, as_shown(references), wanted, now=at)
        assert sorted(done.references) == sorted(references) and not done.failures
        after = state(references)
        assert all(was != came for was, came in zip(before, after, strict=True))
        assert count(UndoStep, UndoStep.done_at == at) == 1
        assert sorted(undo(site, lee, at).references) == sorted(references)
        assert state(references) == before


def test_what_could_not_be_done_is_named_with_the_reason_and_does_not_stop_the_rest(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    free, held, ended, calling = several(site, now, 4)
    claims.claim(site, dev, held, now=now)
    casework.close(site, dev, ended, ClosedReason.TEST, now=now)
    claims.start_call(site, maria, calling, now=now)
    later = now + SECOND
    asked = [free, held, ended, calling, "AAA-AAA", free]
    done = bulk.do(site, maria, Verb.SNOOZE, as_shown(asked), Wanted(until_at=now + HOUR), now=later)
    assert done.references == (free,)
    assert set(done.failures) == {
        Failure(held, "taken", "Dev"), Failure(ended, "ended"), Failure(calling, "call_not_logged"),
        Failure("AAA-AAA", "not_there"),
    }  # fmt: skip
    assert stored(free).snoozed_at == later and stored(held).snoozed_at is None
    assert undo(site, maria, later).references == (free,)


def test_nobody_who_may_be_in_danger_is_put_off_with_others(site: Site, maria: Actor, now: datetime) -> None:
    (free,) = several(site, now, 1)
    danger = ask(site, now, message="I want to die", phone="(212) 555-0177").reference
    done = bulk.do(site, maria, Verb.SNOOZE, as_shown([free, danger]), Wanted(until_at=now + HOUR), now=now)
    assert done.references == (free,) and done.failures == (Failure(danger, "in_danger"),)
    assert stored(danger).snoozed_at is None


def test_nobody_who_was_called_is_spam_at_one_press(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    free, tried, again, calling, held = several(site, now, 5)
    claims.start_call(site, maria, calling, now=now)
    claims.claim(site, dev, held, now=now)
    for reference in (tried, again):
        calls.log_attempt(site, maria, reference, calls.Outcome(Disposition.NO_ANSWER), now=now)
    casework.close(site, maria, again, ClosedReason.SPAM, now=now)
    casework.reopen(site, maria, again, now=now + SECOND)
    later = now + 2 * SECOND
    done = bulk.do(site, maria, Verb.SPAM, as_shown([free, tried, again, calling, held]), Wanted(), now=later)
    assert done.references == (free,)
    assert set(done.failures) == {
        Failure(tried, "called"), Failure(again, "called"), Failure(calling, "call_not_logged"),
        Failure(held, "taken", "Dev"),
    }  # fmt: skip
    with pytest.raises(RefusedError, match="called"):
        casework.mark_spam(site, maria, tried, now=later)
    casework.close(site, maria, tried, ClosedReason.SPAM, now=later)
    assert stored(tried).closed_reason == ClosedReason.SPAM, "said with its reason, it may be"


def test_claiming_and_releasing_several(site: Site, maria: Actor, now: datetime) -> None:
    references = several(site, now, 3)
    assert len(bulk.do(site, maria, Verb.CLAIM, as_shown(references), Wanted(), now=now).references) == 3
    assert {stored(one).assignee_id for one in references} == {maria.user_id}
    bulk.do(site, maria, Verb.RELEASE, as_shown(references), Wanted(), now=now + SECOND)
    assert {stored(one).assignee_id for one in references} == {None}
    undo(site, maria, now + SECOND)
    assert {stored(one).assignee_id for one in references} == {maria.user_id}


def test_what_lies_under_check_is_nobodys_to_take_alone_or_with_others(site: Site, maria: Actor, now: datetime) -> None:
    free, barred = several(site, now, 2)
    casework.close(
        site, person(site, "Gus", "manager", now=now), barred, ClosedReason.DO_NOT_CALL, note="Mail", now=now
    )
    again = ask(site, now, phone="212-555-0101").reference
    assert stored(again).status == Status.CHECK
    done = bulk.do(site, maria, Verb.CLAIM, as_shown([free, again]), Wanted(), now=now)
    assert (done.references, done.failures) == ((free,), (Failure(again, "under_check"),))
    for take in (
        lambda: claims.claim(site, maria, again, now=now),
        lambda: handing.take_over(site, maria, again, holder_id=0, reason="I know them", now=now),
    ):
        with pytest.raises(RefusedError, match="under_check"):
            take()
    assert stored(again).assignee_id is None


def test_what_somebody_changed_after_the_list_was_shown_stays_as_it_is_but_can_be_claimed(
    site: Site, maria: Actor, lee: Actor, dev: Actor, now: datetime
) -> None:
    first, second = several(site, now, 2)
    shown = as_shown([first, second])
    snoozing.snooze(site, dev, second, now + HOUR, reason="Lunch", now=now)
    wanted = Wanted(person_id=dev.person_id, until_at=now + 2 * HOUR)
    for verb in (Verb.SNOOZE, Verb.SPAM, Verb.ASSIGN):
        done = bulk.do(site, lee, verb, {second: shown[second]}, wanted, now=now + SECOND)
        assert (done.references, done.failures) == ((), (Failure(second, "changed"),))
    assert len(bulk.do(site, maria, Verb.CLAIM, shown, wanted, now=now + SECOND).references) == 2
    again = bulk.do(site, maria, Verb.RELEASE, as_shown(shown) | {first: shown[first]}, wanted, now=now + 2 * SECOND)
    assert (again.references, again.failures) == ((second,), (Failure(first, "changed"),))


def test_whoever_is_given_many_gets_one_mail_and_none_if_it_is_taken_back(
    site: Site, lee: Actor, dev: Actor, now: datetime
) -> None:
    references = several(site, now, 3)
    bulk.do(site, lee, Verb.ASSIGN, as_shown(references), Wanted(person_id=dev.person_id), now=now)
    told = [mail for one in references for mail in mails(one) if mail[0].startswith("person.")]
    assert told == [("person.assigned_many", f"user:{dev.user_id}")]
    undo(site, lee, now)
    assert not [mail for one in references for mail in mails(one) if mail[0].startswith("person.")]
    bulk.do(site, lee, Verb.ASSIGN, as_shown(references[:1]), Wanted(person_id=dev.person_id), now=now + SECOND)
    assert mails(references[0])[-1] == ("person.assigned", f"user:{dev.user_id}")
    bulk.do(site, lee, Verb.ASSIGN, as_shown(references[:1]), Wanted(person_id=dev.person_id), now=now + 2 * SECOND)
    assert len([mail for mail in mails(references[0]) if mail[0] == "person.assigned"]) == 1


@pytest.mark.parametrize("stays", [0, 2])
def test_the_mail_about_several_tells_of_those_that_are_not_taken_back(
    site: Site, lee: Actor, dev: Actor, now: datetime, stays: int
) -> None:
    references = several(site, now, 3)
    bulk.do(site, lee, Verb.ASSIGN, as_shown(references), Wanted(person_id=dev.person_id), now=now)
    claims.release(site, dev, references[stays], now=now + SECOND)
    claims.claim(site, dev, references[stays], now=now + SECOND)
    assert undo(site, lee, now).sent == 0
    told = {one: [mail for mail in mails(one) if mail[0].startswith("person.")] for one in references}
    expected = [("person.assigned", f"user:{dev.user_id}")]
    assert told == {one: expected if one == references[stays] else [] for one in references}


def test_the_undo_of_several_leaves_what_a_colleague_has_changed_since(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    first, second = several(site, now, 2)
    bulk.do(site, maria, Verb.SNOOZE, as_shown([first, second]), Wanted(until_at=now + HOUR), now=now)
    claims.claim(site, dev, second, now=now + SECOND)
    undone = undo(site, maria, now)
    assert undone.references == (first,) and undone.kept == (undoing.Kept(second, "Dev"),)
    assert stored(second).assignee_id == dev.user_id and stored(second).status == Status.ASSIGNED


def test_it_says_which_will_be_later_than_promised(site: Site, maria: Actor, now: datetime) -> None:
    (reference,) = several(site, now, 1)
    until = stored(reference).promised_by_at + HOUR
    assert bulk.do(site, maria, Verb.SNOOZE, as_shown([reference]), Wanted(until_at=until), now=now).late == (
        reference,
    )


@pytest.mark.parametrize(("verb", "wanted", "number", "code"), [
    (Verb.CLAIM, Wanted(), 0, "nothing_picked"), (Verb.CLAIM, Wanted(), bulk.MOST + 1, "too_many"),
    (Verb.ASSIGN, Wanted(), 1, "person_needed"), (Verb.SNOOZE, Wanted(), 1, "time_needed"),
])  # fmt: skip
def test_what_is_missing_is_said_before_anything_is_done(
    site: Site, lee: Actor, now: datetime, verb: Verb, wanted: Wanted, number: int, code: str
) -> None:
    with pytest.raises(RefusedError, match=code):
        bulk.do(site, lee, verb, as_shown([f"AAA-{one:03}" for one in range(number)]), wanted, now=now)


def test_only_a_manager_gives_away(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    with pytest.raises(ForbiddenError):
        bulk.do(site, maria, Verb.ASSIGN, as_shown(["AAA-AAA"]), Wanted(person_id=dev.person_id), now=now)


def test_somebody_who_cannot_work_is_given_nothing(site: Site, lee: Actor, now: datetime) -> None:
    (reference,) = several(site, now, 1)
    done = bulk.do(site, lee, Verb.ASSIGN, as_shown([reference]), Wanted(person_id=999_999), now=now)
    assert done.failures == (Failure(reference, "not_there"),) and stored(reference).assignee_id is None


def test_the_statements_grow_with_the_rows_and_no_faster(
    site: Site, maria: Actor, now: datetime, count_queries: Callable[[], int]
) -> None:
    references = several(site, now, 6)
    two_shown, four_shown = as_shown(references[:2]), as_shown(references[2:])
    count_queries()
    bulk.do(site, maria, Verb.SNOOZE, two_shown, Wanted(until_at=now + HOUR), now=now)
    two = count_queries()
    bulk.do(site, maria, Verb.SNOOZE, four_shown, Wanted(until_at=now + HOUR), now=now + SECOND)
    assert count_queries() - two == two - 4, "asked once: accounts, which there are, old steps, the step"
