"""Ticking several requests in the list and doing one thing to all of them, without JavaScript."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from intake.models.site import Site
from tests.admin.desk import Desk, at, words
from tests.admin.live import open_list
from tests.making import ask, stored

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
BULK = "/admin/queue/bulk"
_PICK = re.compile(r'name="pick" value="([^"]+)"')


def ticked(desk: Desk, *references: str) -> list[str]:
    """The boxes of these rows, as this person's list shows them now."""
    return [pick for pick in _PICK.findall(desk.text("/admin/queue/")) if pick.partition(".")[0] in references]


def test_what_was_ticked_is_done_what_was_left_is_named_and_one_button_takes_it_back(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    free, held = (ask(site, now - MINUTE, phone=f"212-555-010{number}").reference for number in (1, 2))
    dev.press(held, "claim")
    form = {"pick": ticked(maria, free, held), "do": "snooze", "until": "hour", "view": "all-open"}
    answer = maria.post(BULK, **form)  # type: ignore[arg-type]
    assert answer.status_code == 303 and answer.location == "/admin/queue/?view=all-open"
    html = maria.text(answer.location)
    assert "Snoozed until today 1 pm ET: 1 request. 1 will be later than promised. Undo" in words(html)
    assert f"{held} stays as it is: Dev looks after it" in words(html)
    step = re.search(r'name="step" value="([0-9a-f]{32})"', html)
    assert step is not None
    with at(now + 3 * SECOND):
        maria.post("/admin/queue/undo", step=step.group(1))
    assert stored(free).snoozed_at is None


def test_who_was_called_is_left_out_of_what_is_marked_as_spam_and_named(maria: Desk, site: Site, now: datetime) -> None:
    free, tried = (ask(site, now - MINUTE, phone=f"212-555-010{number}").reference for number in (1, 2))
    maria.press(tried, "claim")
    maria.press(tried, "attempt", outcome="no_answer")
    maria.post(BULK, pick=ticked(maria, free, tried), do="spam")  # type: ignore[arg-type]
    text = words(maria.text("/admin/queue/"))
    assert "Closed as spam: 1 request." in text
    assert f"{tried} stays as it is: somebody has called already; close it on its own page" in text


def test_those_left_for_one_reason_are_named_together(maria: Desk, site: Site, now: datetime) -> None:
    one, other = (ask(site, now, phone=f"212-555-010{number}").reference for number in (1, 2))
    maria.post(BULK, pick=ticked(maria, one, other), do="release")  # type: ignore[arg-type]
    text = words(maria.text("/admin/queue/"))
    assert f"Each of {one}, {other} stays as it is: nobody has it" in text and text.count("stays as it is") == 1


def test_a_manager_gives_several_to_one_person(grace: Desk, maria: Desk, site: Site, now: datetime) -> None:
    references = [ask(site, now, phone=f"212-555-010{number}").reference for number in (1, 2)]
    fields = {"pick": ticked(grace, *references), "do": "assign", "person": str(maria.actor.user_id)}
    grace.post(BULK, **fields)  # type: ignore[arg-type]
    assert "Given to Maria: 2 requests." in words(grace.text("/admin/queue/"))
    assert {stored(one).assignee_id for one in references} == {maria.actor.user_id}
    assert maria.post(BULK, **fields).status_code == 403  # type: ignore[arg-type]


def test_several_are_claimed_and_released_from_the_bar(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    mine, free, held = (ask(site, now - MINUTE, phone=f"212-555-010{number}").reference for number in (1, 2, 3))
    maria.post(BULK, pick=ticked(maria, mine), do="claim")
    dev.press(held, "claim")
    html = maria.text("/admin/queue/")
    assert "Claimed: 1 request." in words(html)
    assert all(f'name="do" value="{verb}"' in html for verb in ("claim", "release"))
    maria.post(BULK, pick=ticked(maria, mine, free, held), do="release")  # type: ignore[arg-type]
    told = words(maria.text("/admin/queue/"))
    assert "Released: 1 request." in told and f"{free} stays as it is: nobody has it" in told
    assert f"{held} stays as it is: Dev looks after it" in told and stored(mine).assignee_id is None


def test_what_is_missing_is_said(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    pick = ticked(maria, reference)[0]
    for form, told in (
        ({"do": "claim"}, "Tick at least one request first."),
        ({"pick": pick, "do": "dance"}, "Choose what to do with them."),
        ({"pick": pick, "do": "snooze", "until": "some day"}, "Choose until when."),
    ):
        maria.post(BULK, **form)
        assert told in words(maria.text("/admin/queue/"))
    maria.post(BULK, pick=pick, do="snooze", until="2026-11-18T14:30")
    assert stored(reference).next_at == datetime.fromisoformat("2026-11-18T19:30Z"), "on the office's clock"


def test_a_row_that_is_no_longer_what_the_list_showed_stays_as_it_is(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    first, second = (ask(site, now - MINUTE, phone=f"212-555-010{number}").reference for number in (1, 2))
    maria.press(first, "claim")
    shown, page = ticked(maria, first, second), open_list(maria)
    version = re.search(rf'name="version" value="([0-9]+)" formaction="/admin/queue/{first}/release"', page.html)
    assert version
    dev.press(second, "snooze", until="hour", snooze_reason="Lunch")
    maria.text(f"/admin/queue/{first}")
    maria.press(first, "attempt", outcome="no_answer")
    answer = maria.press(first, "release", version=version[1], **{"from": "queue"})
    assert answer.status_code == 409 and "changed this just now" in words(answer.get_data(as_text=True))
    maria.post(BULK, pick=shown, do="spam")  # type: ignore[arg-type]
    assert f"{second} stays as it is: somebody has just changed it" in words(maria.text("/admin/queue/"))
    rows = page.news()["rows"]
    fresh = {one: rows[one]["version"] for one in (first, second)}
    assert fresh == {one: stored(one).version for one in (first, second)}, "the list that stays open knows it too"
    assert f'name="version" value="{fresh[first]}"' in rows[first]["cells"]["q-act"]
    maria.post(BULK, pick=f"{second}.{fresh[second]}", do="spam")
    assert stored(second).closed_at is not None


def test_looking_at_a_request_makes_no_row_stale(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    shown = ticked(maria, reference)
    dev.text(f"/admin/queue/{reference}")
    dev.press(reference, "note", remark="Rang")
    assert ticked(maria, reference) == shown


def test_rows_are_chosen_by_those_who_may_work_them(maria: Desk, grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    html = maria.text("/admin/queue/")
    assert (
        f'name="pick" value="{reference}.{stored(reference).version}"' in html
        and 'value="snooze"' in html
        and 'value="spam"' in html
    )
    assert 'name="person"' not in html, "giving away is a manager's"
    assert '<select id="bulk-person" name="person">' in grace.text("/admin/queue/")
    assert 'name="pick"' not in maria.text("/admin/queue/?view=closed")
