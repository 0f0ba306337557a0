"""The Undo button and the Snooze form, as a person without JavaScript meets them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from intake.models.site import Site
from tests.admin.desk import Desk, at, words
from tests.making import actions, ask, stored
from tests.points import point

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_STEP = re.compile(r'name="step" value="([0-9a-f]{32})"')


def step_on(html: str) -> str:
    found = _STEP.search(html)
    assert found is not None
    return found.group(1)


@point(52)
def test_the_bar_says_what_was_done_and_takes_it_back(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim", **{"from": "queue", "view": "unclaimed"})
    html = maria.text("/admin/queue/?view=unclaimed")
    assert f"Claimed {reference}. Undo 20 s" in words(html)
    with at(now + 12 * SECOND):
        assert "Undo 8 s" in words(maria.text("/admin/queue/?view=unclaimed")), "on every page, while it can be"
        answer = maria.post("/admin/queue/undo", step=step_on(html))
        assert answer.status_code == 303 and answer.location == "/admin/queue/?view=unclaimed"
        html = maria.text(answer.location)
    after = words(html)
    assert f'<a href="/admin/queue/{reference}">{reference}</a> is as it was' in html, "not the page that says so"
    assert f"Taken back. {reference} is as it was." in after and not re.search(r"Undo \d", after)
    assert stored(reference).assignee_id is None
    assert actions(reference)[-2:] == ["callback.claimed", "callback.undone"]


def test_after_twenty_seconds_there_is_no_bar_and_the_button_says_so(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    html = maria.text(f"/admin/queue/{reference}")
    with at(now + 20 * SECOND):
        answer = maria.post("/admin/queue/undo", step=step_on(html), back=reference)
        assert answer.location == f"/admin/queue/{reference}"
        text = words(maria.text(answer.location))
    assert "Too late: it can be taken back for 20 seconds." in text and stored(reference).assignee_id is not None
    with at(now + 21 * SECOND):
        assert not _STEP.search(maria.text("/admin/queue/"))


def test_nobody_takes_back_what_another_did(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    step = step_on(maria.text(f"/admin/queue/{reference}"))
    assert dev.post("/admin/queue/undo", step=step).status_code == 404
    assert dev.post("/admin/queue/undo", step="no step").status_code == 404


def test_it_names_whoever_was_faster(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    maria.press(reference, "release")
    step = step_on(maria.text(f"/admin/queue/{reference}"))
    with at(now + SECOND):
        dev.press(reference, "claim")
        maria.post("/admin/queue/undo", step=step, back=reference)
        text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"{reference} stays as it is: Dev changed it since." in text


def test_an_outcome_that_was_taken_back_is_struck_through_and_its_note_is_kept(
    maria: Desk, called: str, now: datetime
) -> None:
    maria.press(called, "attempt", outcome="no_answer", note="Rang out")
    step = step_on(maria.text(f"/admin/queue/{called}"))
    with at(now + 5 * SECOND):
        maria.post("/admin/queue/undo", step=step, back=called)
        html = maria.text(f"/admin/queue/{called}")
    assert "<s><b>Maria</b> logged a call: No answer</s>" in html
    assert "Taken back by Maria, noon ET" in words(html) and "Rang out" in html
    assert "took back at once: logged a call" in words(html)
    assert stored(called).call_started_at is not None, "they are still in the call"


@point(52)
def test_a_note_that_was_taken_back_is_struck_through_for_everybody(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "note", remark="Speaks Polish")
    html = maria.text(f"/admin/queue/{reference}")
    assert "Note added. Undo 20 s" in words(html)
    with at(now + 5 * SECOND):
        maria.post("/admin/queue/undo", step=step_on(html), back=reference)
        assert "Your note is struck through in the timeline." in words(maria.text(f"/admin/queue/{reference}"))
        html = dev.text(f"/admin/queue/{reference}")
    assert "<s><b>Maria</b> wrote a note</s>" in html and "Speaks Polish" in html
    assert "Taken back at once by Maria" in words(html) and "took back at once: wrote a note" in words(html)


def test_a_request_is_put_off_with_a_reason_on_both_clocks(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, phone="312-555-0182").reference
    offered = words(maria.text(f"/admin/queue/{reference}"))
    assert "15 minutes: today 12:15 pm ET (11:15 am CT there)" in offered
    assert "1 hour: today 1 pm ET (noon CT there), later than promised" in offered
    maria.press(reference, "snooze", until="hour", snooze_reason="Their line is down")
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"{reference} is put off until today 1 pm ET (noon CT there). That is later than promised" in text
    assert "Snoozed until then: today 1 pm ET (noon CT there) Wake it now" in text
    assert "put the request off" in text and "Until 1 pm ET: Their line is down" in text
    assert "Snoozed until 1 pm ET" in words(maria.text("/admin/queue/"))
    assert "Nothing is due" in maria.text("/admin/queue/?view=due-now")
    maria.press(reference, "wake")
    assert f"{reference} is awake again." in words(maria.text(f"/admin/queue/{reference}"))
    assert stored(reference).snoozed_at is None


def test_another_day_and_time_is_read_on_the_offices_clock(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    fields = {"until": "other", "snooze_day": "2026-11-19", "snooze_time": "09:30", "snooze_reason": "They work"}
    assert maria.press(reference, "snooze", **fields).status_code == 303
    assert stored(reference).next_at == datetime.fromisoformat("2026-11-19T14:30Z")


def test_what_is_missing_is_said_and_what_was_typed_is_kept(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    answer = maria.press(reference, "snooze", until="other", snooze_day="soon", snooze_reason="Their line is down")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Choose until when" in html and 'value="Their line is down"' in html
    answer = maria.press(reference, "snooze", until="hour")
    assert answer.status_code == 422 and "Say why" in answer.get_data(as_text=True)
    assert stored(reference).snoozed_at is None
