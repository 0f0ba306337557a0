"""Claim, release, assign and Call: who looks after a request, and who is told no."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, AuditText
from intake.rules.permissions import ForbiddenError
from intake.services import claims
from intake.services.errors import NotFoundError, RefusedError, TakenError
from tests.making import actions, ask, mails, person, stored
from tests.points import point


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def test_the_second_to_claim_is_told_who_was_first(site, now, maria, dev):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now + minutes(1))
    with pytest.raises(TakenError) as told:
        claims.claim(site, dev, reference, now=now + minutes(2))
    assert (told.value.holder, told.value.since) == ("Maria", now + minutes(1))
    assert actions(reference).count("callback.claimed") == 1


def test_claiming_records_how_long_nobody_had_it(site, now, maria):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now + minutes(4))
    assert stored(reference).unassigned_seconds == 240


def test_claiming_ones_own_request_again_changes_nothing(site, now, maria):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    version = stored(reference).version
    claims.claim(site, maria, reference, now=now + minutes(1))
    assert stored(reference).version == version


@point(44)
def test_released_it_is_free_for_the_next(site, now, maria, dev):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    claims.release(site, maria, reference, now=now)
    claims.claim(site, dev, reference, now=now)
    assert stored(reference).assignee_id == dev.user_id
    assert actions(reference)[1:] == ["callback.claimed", "callback.released", "callback.claimed"]


def test_nobody_releases_what_a_colleague_holds_except_a_manager(site, now, maria, dev, lee):
    reference = ask(site, now).reference
    claims.claim(site, maria, reference, now=now)
    with pytest.raises(TakenError):
        claims.release(site, dev, reference, now=now)
    claims.release(site, lee, reference, now=now)
    assert stored(reference).assignee_id is None


@point(44)
def test_a_manager_assigns_and_the_assignee_is_told(site, now, lee, dev):
    reference = ask(site, now).reference
    claims.assign(site, lee, reference, dev.user_id, now=now)
    assert stored(reference).assignee_id == dev.user_id
    assert ("person.assigned", f"user:{dev.user_id}") in mails(reference)


def test_assigning_needs_the_right_and_a_person_who_can_work(site, now, maria, dev, lee):
    reference = ask(site, now).reference
    auditor = person(site, "Kim", "auditor", now=now)
    with pytest.raises(ForbiddenError):
        claims.assign(site, maria, reference, dev.user_id, now=now)
    with pytest.raises(NotFoundError):
        claims.assign(site, lee, reference, auditor.user_id, now=now)


def test_calling_claims_and_starts_the_attempts_clock(site, now, maria):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now + minutes(2))
    row = stored(reference)
    assert (row.assignee_id, row.call_started_at) == (maria.user_id, now + minutes(2))
    assert actions(reference)[1:] == ["callback.claimed", "callback.call_started"]


def test_at_night_calling_needs_a_reason_which_is_kept(site, now, maria):
    night = now.replace(hour=23) + timedelta(hours=5)
    reference = ask(site, now).reference
    with pytest.raises(RefusedError) as refused:
        claims.start_call(site, maria, reference, now=night)
    assert refused.value.code in ("outside_legal_hours", "outside_office_hours")
    claims.start_call(site, maria, reference, override_reason="asked to be called at night", now=night)
    assert stored(reference).call_started_at == night


def test_a_call_under_way_is_not_taken_out_of_the_callers_hands(site, now, maria, dev, lee):
    reference = ask(site, now).reference
    claims.start_call(site, maria, reference, now=now + minutes(10))
    for verb, more in ((claims.assign, (dev.user_id,)), (claims.release, ())):
        with pytest.raises(RefusedError, match="on_call"):
            verb(site, lee, reference, *more, now=now + minutes(14))
    claims.assign(site, lee, reference, dev.user_id, now=now + timedelta(hours=3))


@point(58)
def test_after_a_states_earlier_evening_calling_needs_a_reason_which_is_kept(site, now, maria):
    evening = now.replace(hour=23, minute=30)  # 6:30 pm in New York and in Rhode Island
    asked = evening - timedelta(hours=2)
    ours, theirs = ask(site, asked).reference, ask(site, asked, phone="401-555-0182").reference
    claims.start_call(site, maria, ours, now=evening)
    claims.release(site, maria, ours, now=evening + timedelta(hours=3))
    with pytest.raises(RefusedError) as refused:
        claims.start_call(site, maria, theirs, now=evening)
    assert refused.value.code == "outside_legal_hours"
    claims.start_call(site, maria, theirs, override_reason="they asked for six thirty", now=evening)
    row = stored(theirs)
    with reading() as conn:
        texts = select(AuditText.public_id, AuditText.text_encrypted).join(Audit, Audit.id == AuditText.audit_id)
        kept = conn.execute(texts.where(Audit.callback_id == row.id, Audit.action == "callback.call_started")).one()
    assert site.keyring.open("audit_text.text", kept.public_id, kept.text_encrypted) == "they asked for six thirty"
