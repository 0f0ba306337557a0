"""Taking over and handing off: never silent, never out of a call, and never over a third person's head."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, AuditText
from intake.queries import casefile
from intake.rules.limits import LONGEST_CALL
from intake.services import claims, handing
from intake.services.errors import ChangedError, NotFoundError, RefusedError, TakenError
from tests.making import actions, ask, mails, person, stored
from tests.points import point


@pytest.fixture
def held(site, now, maria):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    return reference


def take_over(site, actor, reference, holder, now, reason="Maria has gone home"):
    handing.take_over(site, actor, reference, holder_id=holder.user_id, reason=reason, now=now)


def story(site, reference):
    with reading() as conn:
        return casefile.timeline(conn, site, stored(reference).id, with_contact=True).entries


@point(44)
def test_taking_over_keeps_the_reason_and_tells_the_former_holder(site, now, maria, dev, held):
    take_over(site, dev, held, maria, now)
    row = stored(held)
    assert (row.assignee_id, row.status) == (dev.user_id, "assigned")
    assert actions(held).count("callback.taken_over") == 1
    assert mails(held)[-1] == ("person.taken_over", f"user:{maria.user_id}")
    entry = next(entry for entry in story(site, held) if entry.action == "callback.taken_over")
    assert entry.text == "Maria has gone home" and entry.actor_name == "Dev"
    with reading() as conn:
        details = conn.execute(select(Audit.details).where(Audit.action == "callback.taken_over")).scalar_one()
        sealed = conn.execute(select(AuditText.text_encrypted)).scalar_one()
    assert details == {"from": maria.user_id, "to": dev.user_id} and b"gone home" not in sealed


def test_taking_over_needs_a_reason(site, now, maria, dev, held):
    with pytest.raises(RefusedError, match="reason_needed"):
        take_over(site, dev, held, maria, now, reason=" ")
    assert stored(held).assignee_id == maria.user_id


def test_nobody_takes_over_during_a_call_but_afterwards(site, now, maria, dev, held):
    claims.start_call(site, maria, held, now=now)
    with pytest.raises(RefusedError, match="on_call"):
        take_over(site, dev, held, maria, now + LONGEST_CALL - timedelta(seconds=1))
    take_over(site, dev, held, maria, now + LONGEST_CALL)
    assert (stored(held).assignee_id, stored(held).call_started_at) == (dev.user_id, None)


def test_what_a_third_person_has_taken_by_now_stays_theirs(site, now, maria, dev, lee, held):
    take_over(site, lee, held, maria, now)
    with pytest.raises(TakenError) as told:
        take_over(site, dev, held, maria, now)
    assert told.value.holder == "Lee" and stored(held).assignee_id == lee.user_id


def test_taking_over_ones_own_or_a_free_one_takes_it_from_nobody(site, now, maria, dev, held):
    take_over(site, maria, held, dev, now)
    claims.release(site, maria, held, now=now)
    take_over(site, dev, held, maria, now)
    assert stored(held).assignee_id == dev.user_id
    assert "callback.taken_over" not in actions(held) and "person.taken_over" not in dict(mails(held))


def test_a_hand_off_is_one_line_with_its_note_and_a_mail(site, now, maria, dev, held):
    handing.hand_off(site, maria, held, dev.user_id, note="Speaks Polish", now=now)
    assert stored(held).assignee_id == dev.user_id
    assert mails(held)[-1] == ("person.assigned", f"user:{dev.user_id}")
    told = [(entry.action, entry.text) for entry in story(site, held) if entry.text]
    assert told == [("callback.handed_off", "Speaks Polish")]
    with reading() as conn:
        unseen = casefile.timeline(conn, site, stored(held).id, with_contact=False).entries
    assert all(entry.text is None for entry in unseen)


@pytest.mark.parametrize("roles", [("auditor",), ("manager",)])
def test_only_somebody_who_may_call_is_handed_a_request(site, now, maria, held, roles):
    kim = person(site, "Kim", *roles, now=now)
    if roles == ("auditor",):
        with pytest.raises(NotFoundError):
            handing.hand_off(site, maria, held, kim.user_id, note="x", now=now)
    else:
        handing.hand_off(site, maria, held, kim.user_id, note="x", now=now)
    assert (stored(held).assignee_id == kim.user_id) == (roles == ("manager",))


def test_a_hand_off_needs_a_note_ones_own_request_and_no_call_under_way(site, now, maria, dev, lee, held):
    with pytest.raises(RefusedError, match="note_needed"):
        handing.hand_off(site, maria, held, dev.user_id, note=" ", now=now)
    with pytest.raises(TakenError):
        handing.hand_off(site, dev, held, lee.user_id, note="x", now=now)
    with pytest.raises(NotFoundError):
        handing.hand_off(site, maria, held, maria.user_id, note="x", now=now)
    claims.start_call(site, maria, held, now=now)
    with pytest.raises(RefusedError, match="call_not_logged"):
        handing.hand_off(site, maria, held, dev.user_id, note="x", now=now)
    free = ask(site, now).reference
    with pytest.raises(RefusedError, match="not_claimed"):
        handing.hand_off(site, maria, free, dev.user_id, note="x", now=now)


@point(61)
def test_a_hand_off_from_an_old_page_is_not_stored(site, now, maria, dev, held):
    with pytest.raises(ChangedError):
        handing.hand_off(site, maria, held, dev.user_id, note="x", expected_version=1, now=now)
    assert stored(held).assignee_id == maria.user_id
