"""Ticking several requests in the list and doing one thing to all of them, without JavaScript."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from intake.models.site import Site
from tests.admin.desk import Desk, at, words
from tests.making import ask, stored

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
BULK = "/admin/queue/bulk"


def test_what_was_ticked_is_done_what_was_left_is_named_and_one_button_takes_it_back(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    free, held = (ask(site, now - MINUTE, phone=f"212-555-010{number}").reference for number in (1, 2))
    dev.press(held, "claim")
    form = {"pick": [free, held], "do": "snooze", "until": "hour", "view": "all-open"}
    answer = maria.post(BULK, **form)  # type: ignore[arg-type]
    assert answer.status_code == 303 and answer.location == "/admin/queue/?view=all-open"
    html = maria.text(answer.location)
    assert "Snoozed until Today 1 pm ET: 1 request. 1 will be later than promised. Undo" in words(html)
    assert f"{held} stays as it is: Dev looks after it" in words(html)
    step = re.search(r'name="step" value="([0-9a-f]{32})"', html)
    assert step is not None
    with at(now + 3 * SECOND):
        maria.post("/admin/queue/undo", step=step.group(1))
    assert stored(free).snoozed_at is None


def test_a_manager_gives_several_to_one_person(grace: Desk, maria: Desk, site: Site, now: datetime) -> None:
    references = [ask(site, now, phone=f"212-555-010{number}").reference for number in (1, 2)]
    fields = {"pick": references, "do": "assign", "person": str(maria.actor.user_id)}
    grace.post(BULK, **fields)  # type: ignore[arg-type]
    assert "Given to Maria: 2 requests." in words(grace.text("/admin/queue/"))
    assert {stored(one).assignee_id for one in references} == {maria.actor.user_id}
    assert maria.post(BULK, **fields).status_code == 403  # type: ignore[arg-type]


def test_what_is_missing_is_said(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    for form, told in (
        ({"do": "claim"}, "Tick at least one request first."),
        ({"pick": reference, "do": "dance"}, "Choose what to do with them."),
        ({"pick": reference, "do": "snooze", "until": "some day"}, "Choose until when."),
    ):
        maria.post(BULK, **form)
        assert told in words(maria.text("/admin/queue/"))
    maria.post(BULK, pick=reference, do="snooze", until="2026-11-18T14:30")
    assert stored(reference).next_at == datetime.fromisoformat("2026-11-18T19:30Z"), "on the office's clock"


def test_rows_are_chosen_by_those_who_may_work_them(maria: Desk, grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    html = maria.text("/admin/queue/")
    assert f'name="pick" value="{reference}"' in html and 'value="snooze"' in html and 'value="spam"' in html
    assert 'name="person"' not in html, "giving away is a manager's"
    assert '<select id="bulk-person" name="person">' in grace.text("/admin/queue/")
    assert 'name="pick"' not in maria.text("/admin/queue/?view=closed")
