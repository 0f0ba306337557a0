"""Next call and Skip as buttons: where they lead, what they say, and what stays in the record."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask

from intake.models.site import Site
from intake.rules.workflow import Disposition
from intake.services import calls, claims
from tests.admin.desk import Desk, desk, words
from tests.making import actions, ask, stored
from tests.points import point

GUAM = "671-555-0100"
"""It is 3 am there."""
MINUTE = timedelta(minutes=1)


def press_next(desk: Desk) -> str:
    desk.get("/admin/queue/")
    answer = desk.post("/admin/queue/next")
    assert answer.status_code == 303
    return answer.location


@point(48)
def test_next_call_opens_the_most_urgent_and_says_why_this_one(maria: Desk, site: Site, now: datetime) -> None:
    for _ in range(2):
        ask(site, now - timedelta(hours=17), phone=GUAM)
    urgent = ask(site, now - 27 * MINUTE).reference
    assert press_next(maria) == f"/admin/queue/{urgent}"
    text = words(maria.text(f"/admin/queue/{urgent}"))
    assert "Claimed as the most urgent: overdue 12 min, due 11:48 am ET, promised before noon ET; 2 passed" in text
    assert "Owner: you" in text
    assert "claimed the request by “Next call”" in text
    assert "Most urgent: overdue 12 min. 2 passed over: outside calling hours." in text


def test_of_somebody_in_danger_the_story_says_at_once_and_not_how_late(maria: Desk, site: Site, now: datetime) -> None:
    urgent = ask(site, now - 27 * MINUTE, message="I want to die").reference
    press_next(maria)
    text = words(maria.text(f"/admin/queue/{urgent}"))
    assert "Most urgent: at once, since they may be in danger." in text and "Most urgent: overdue" not in text


def test_the_button_stands_on_every_page_of_those_who_work_the_queue(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    for path in ("/admin/queue/", f"/admin/queue/{reference}", "/admin/account/"):
        text = maria.text(path)
        assert 'action="/admin/queue/next"' in text and 'data-key="n"' in text
    assert 'class="btn go" data-key="n"' in maria.text("/admin/queue/")
    assert 'class="btn" data-key="n"' in maria.text(f"/admin/queue/{reference}")


def test_nobody_else_is_offered_the_button(app: Flask, now: datetime) -> None:
    assert "queue/next" not in desk(app, "Ines", "auditor", now=now).text("/admin/audit/")


def test_ones_own_is_opened_again_and_said_to_be(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now - MINUTE)
    urgent = ask(site, now - 20 * MINUTE).reference
    assert press_next(maria) == press_next(maria) == f"/admin/queue/{urgent}"
    text = words(maria.text(f"/admin/queue/{urgent}"))
    assert "Yours already, and the most urgent: overdue 5 min" in text
    assert actions(urgent).count("callback.claimed") == 1


def test_of_a_further_try_it_says_how_late_that_is_and_nothing_of_the_first(
    maria: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now - 60 * MINUTE).reference
    calls.log_attempt(site, maria.actor, reference, calls.Outcome(Disposition.BUSY), now=now - 50 * MINUTE)
    press_next(maria)
    assert "the most urgent: overdue 35 min." in words(maria.text(f"/admin/queue/{reference}"))


def test_a_call_without_an_outcome_is_not_left_behind(maria: Desk, called: str, site: Site, now: datetime) -> None:
    ask(site, now - timedelta(hours=1))
    assert press_next(maria) == f"/admin/queue/{called}"
    assert "You are on this call. Say first what came of it." in words(maria.text(f"/admin/queue/{called}"))


def test_when_nobody_may_be_called_the_queue_says_from_when(maria: Desk, site: Site, now: datetime) -> None:
    assert press_next(maria) == "/admin/queue/"
    assert "Nobody else is waiting for a call now." in words(maria.text("/admin/queue/"))
    ask(site, now - timedelta(hours=17), phone=GUAM)
    assert press_next(maria) == "/admin/queue/"
    text = words(maria.text("/admin/queue/"))
    assert "Nobody may be called now. The next one from: today 5 pm ET. 1 passed over: outside calling hours." in text


@point(48)
def test_skipping_asks_a_reason(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    press_next(maria)
    for fields in ({}, {"skip": "for fun"}, {"skip": "other", "skip_why": "  "}):
        answer = maria.press(reference, "skip", **fields)
        assert answer.status_code == 422
        assert "why you skip it" in words(answer.get_data(as_text=True))
    assert stored(reference).assignee_id == maria.actor.user_id
    assert "callback.skipped" not in actions(reference)


@point(48)
def test_skipping_leads_to_the_one_after_it_and_keeps_the_reason(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    first, second = (ask(site, now - number * MINUTE).reference for number in (30, 20))
    press_next(maria)
    answer = maria.press(first, "skip", skip="other", skip_why="She is my aunt")
    assert answer.status_code == 303 and answer.location == f"/admin/queue/{second}"
    text = words(maria.text(f"/admin/queue/{second}"))
    assert f"Skipped {first}. It is not offered to you for 15 minutes. Undo 20 s" in text
    assert stored(first).assignee_id is None
    assert press_next(dev) == f"/admin/queue/{first}"
    text = words(dev.text(f"/admin/queue/{first}"))
    assert "Maria skipped the request: another reason" in text and "She is my aunt" in text
    assert "Maria released the request by skipping it" in text


def test_skipping_what_a_colleague_has_taken_meanwhile_offers_the_next(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference, other = ask(site, now - 20 * MINUTE).reference, ask(site, now).reference
    maria.get(f"/admin/queue/{reference}")
    claims.claim(site, dev.actor, reference, now=now)
    answer = maria.press(reference, "skip", skip="other", skip_why="She is my aunt")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "She is my aunt" in text and other in text


def test_a_call_under_way_is_not_skipped(maria: Desk, called: str) -> None:
    assert 'name="skip"' not in maria.text(f"/admin/queue/{called}")
    answer = maria.press(called, "skip", skip="pause")
    assert answer.status_code == 422 and "Say first what came of your call" in answer.get_data(as_text=True)
