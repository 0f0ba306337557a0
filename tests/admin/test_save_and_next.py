"""Save and next: whoever may be called now and waits longest, however many stand before."""

from __future__ import annotations

from datetime import datetime, timedelta

from intake.models.site import Site
from intake.services import claims
from tests.admin.desk import Desk, words
from tests.making import ask, person, stored
from tests.points import point


@point(60)
def test_save_and_next_opens_the_next_person_who_waits(maria: Desk, called: str, site: Site, now: datetime) -> None:
    colleagues = ask(site, now - timedelta(hours=2)).reference
    claims.claim(site, person(site, "Dev", now=now), colleagues, now=now)
    ask(site, now - timedelta(hours=3), phone="808-555-0100")  # asleep: passed over
    upcoming = ask(site, now - timedelta(hours=1)).reference
    answer = maria.press(called, "attempt", outcome="busy", then="next")
    assert answer.status_code == 303 and answer.location == f"/admin/queue/{upcoming}"
    assert stored(upcoming).assignee_id == maria.actor.user_id
    assert "Claimed as the most urgent: overdue 45 min" in words(maria.text(answer.location))


@point(60)
def test_save_and_next_finds_whoever_waits_behind_many_who_sleep(
    maria: Desk, called: str, site: Site, now: datetime
) -> None:
    for _ in range(25):
        ask(site, now - timedelta(hours=17), phone="671-555-0100")  # due last night; in Guam it is 3 am
    upcoming = ask(site, now - timedelta(minutes=3)).reference
    answer = maria.press(called, "attempt", outcome="busy", then="next")
    assert answer.location == f"/admin/queue/{upcoming}"


def test_save_and_next_ends_in_the_queue_when_nobody_waits(maria: Desk, called: str) -> None:
    answer = maria.press(called, "attempt", outcome="spoke_information", then="next")
    assert answer.location == "/admin/queue/"
    text = words(maria.text("/admin/queue/"))
    assert f"Saved. {called} is closed." in text and "Nobody else is waiting" in text
