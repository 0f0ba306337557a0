"""Whatever is taken back, words of danger that stand are lost sight of by nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from intake.database import writing
from intake.ledger import outbox
from intake.models.site import Site
from intake.rules.promise import AHEAD_OF_ALL
from intake.rules.workflow import ClosedReason, Disposition
from intake.services import calls, casework, claims, handing, visitor
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at, words
from tests.admin.test_crisis import TOLD
from tests.making import ask, mails, person, stored
from tests.services.test_undoing import last_step, undo

SECOND = timedelta(seconds=1)
NOTE = "His mother says he wants to die"
Deed = Callable[[Site, Desk, str, datetime], None]


def logged(disposition: Disposition) -> Deed:
    def log(site: Site, maria: Desk, reference: str, now: datetime) -> None:
        calls.log_attempt(site, maria.actor, reference, Outcome(disposition, note=NOTE), now=now)

    return log


def closed(site: Site, maria: Desk, reference: str, now: datetime) -> None:
    casework.close(site, maria.actor, reference, ClosedReason.TEST, note=NOTE, now=now)


def handed(site: Site, maria: Desk, reference: str, now: datetime) -> None:
    lou = person(site, "Lou", now=now)
    calls.log_attempt(site, maria.actor, reference, Outcome(Disposition.LINE_FAILED), now=now - SECOND)
    handing.hand_off(site, maria.actor, reference, lou.person_id, note=NOTE, now=now)


DEEDS = {
    "reached nobody": logged(Disposition.SOMEONE_ELSE), "reached them": logged(Disposition.SPOKE_NOT_NOW),
    "was closed": closed, "was handed on": handed,
}  # fmt: skip


@pytest.fixture
def calling(maria: Desk, site: Site, now: datetime) -> str:
    reference = ask(site, now - timedelta(minutes=5)).reference
    claims.start_call(site, maria.actor, reference, now=now - timedelta(minutes=1))
    return reference


@pytest.mark.parametrize("name", DEEDS)
def test_words_of_danger_that_stand_put_the_request_above_all_others_though_their_deed_was_taken_back(
    maria: Desk, site: Site, calling: str, now: datetime, name: str
) -> None:
    DEEDS[name](site, maria, calling, now)
    heard = undo(site, maria.actor, now).heard
    row = stored(calling)
    assert [one.reference for one in heard] == [calling]
    assert (row.closed_at, row.due_at) == (None, row.crisis_at - AHEAD_OF_ALL) and mails(calling).count(TOLD) == 1


def test_a_mail_about_them_that_is_out_goes_out_once(maria: Desk, site: Site, calling: str, now: datetime) -> None:
    logged(Disposition.SOMEONE_ELSE)(site, maria, calling, now)
    with writing() as conn:
        outbox.claim(conn, now=now, lease_key="k", lease_seconds=60, limit=9)
    assert undo(site, maria.actor, now).sent == 1 and mails(calling).count(TOLD) == 1
    assert stored(calling).crisis_at is not None


def test_of_a_call_they_cancelled_in_the_managers_hear_though_its_outcome_was_taken_back(
    maria: Desk, site: Site, now: datetime
) -> None:
    made = ask(site, now - SECOND)
    claims.start_call(site, maria.actor, made.reference, now=now)
    visitor.withdraw(site, made.link_token, now=now)
    before = stored(made.reference)
    calls.log_attempt(site, maria.actor, made.reference, Outcome(Disposition.BUSY, note=NOTE), now=now + SECOND)
    undo(site, maria.actor, now + SECOND)
    assert stored(made.reference).crisis_at is before.crisis_at is None and mails(made.reference).count(TOLD) == 1


def test_whoever_takes_it_back_reads_that_the_words_stand_and_who_hears_of_them(
    maria: Desk, site: Site, now: datetime
) -> None:
    person(site, "Grace", "manager", now=now)
    reference = ask(site, now).reference
    maria.get(f"/admin/queue/{reference}")
    maria.press(reference, "close", reason="test", close_note=NOTE)
    with at(now + SECOND):
        step = last_step(maria.actor, now)
        maria.post("/admin/queue/undo", step=step, back=reference)
        text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"Taken back, but for what was written. {reference} is due at once, as a possible crisis." in text
    assert "A mail goes to Grace now" in text and "is as it was" not in text
