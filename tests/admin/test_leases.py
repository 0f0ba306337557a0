"""What a person sees of leases: until when it is theirs, and that it went back while they did nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from intake.database import writing
from intake.models import CallbackRequest
from intake.models.site import Site
from tests.admin.desk import Desk, at, words
from tests.making import ask, stored

MINUTE = timedelta(minutes=1)


def claimed(maria: Desk, site: Site, now: datetime, *, is_over: bool = True) -> str:
    """A request of Maria's, whose lease is over; she herself has been at her desk, or her page would be locked."""
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    if is_over:
        with writing() as conn:
            c = CallbackRequest.__table__.c
            conn.execute(update(CallbackRequest).where(c.reference == reference).values(lease_until=now))
    return reference


def test_the_page_says_until_when_it_is_yours_and_looking_makes_it_longer(
    maria: Desk, site: Site, now: datetime
) -> None:
    reference = claimed(maria, site, now, is_over=False)
    assert "Owner: you , until 12:30 pm ET" in words(maria.text(f"/admin/queue/{reference}"))
    with at(now + 10 * MINUTE):
        assert "until 12:40 pm ET" in words(maria.text(f"/admin/queue/{reference}"))


def test_whoever_opens_the_queue_finds_it_there_and_its_holder_is_told_without_names(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = claimed(maria, site, now)
    assert f"Claim {reference}" in words(dev.text("/admin/queue/?view=unclaimed"))
    told = words(maria.text("/admin/queue/?view=mine"))
    assert f"{reference} went back to the queue: nothing happened for a while." in told
    assert "went back to the queue" not in words(maria.text("/admin/queue/?view=mine"))
    happened = words(maria.text(f"/admin/queue/{reference}"))
    assert "The service returned it to the queue: nothing happened for 30 minutes" in happened


def test_opening_the_request_itself_gives_it_back_too(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = claimed(maria, site, now)
    assert "Nobody has claimed this" in words(dev.text(f"/admin/queue/{reference}"))


def test_a_save_after_it_went_back_loses_no_word_and_can_be_saved_again(maria: Desk, site: Site, now: datetime) -> None:
    reference = claimed(maria, site, now)
    version = str(stored(reference).version)
    maria.get("/admin/queue/")
    typed = {"outcome": "no_answer", "note": "Rang out, try the mother", "version": version}
    answer = maria.press(reference, "attempt", **typed)
    assert answer.status_code == 409 and "Rang out, try the mother" in answer.get_data(as_text=True)
    again = maria.press(reference, "attempt", **typed | {"version": str(stored(reference).version), "why": "x"})
    assert again.status_code == 303 and stored(reference).attempt_count == 1
