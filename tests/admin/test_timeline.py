"""The timeline of a request however long it grows: looks push nothing out of it, and what is older can be reached."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from intake.database import reading
from intake.models.site import Site
from intake.queries import casefile
from intake.rules.limits import STANDARD
from intake.rules.workflow import Disposition
from intake.services import calls, casework, claims, viewing
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at, words
from tests.making import ask, person, stored

MINUTE = timedelta(minutes=1)
OLDER = re.compile(r'href="(/admin/queue/[^"]+until=[^"#]+)')


def look_often(site: Site, actor: Desk, reference: str, now: datetime, times: int) -> None:
    for _ in range(times):
        viewing.record(site, actor.actor, stored(reference), STANDARD, now=now)  # type: ignore[arg-type]


def test_pages_opened_two_hundred_times_push_nothing_out_of_the_story(
    maria: Desk, called: str, site: Site, now: datetime
) -> None:
    maria.press(called, "attempt", outcome="busy", note="Rang out", then="stay")
    look_often(site, maria, called, now + MINUTE, 201)
    with at(now + 2 * MINUTE):
        html = maria.text(f"/admin/queue/{called}")
    text = words(html)
    for told in ("The visitor sent the request", "Maria claimed the request", "logged a call: Busy", "Rang out"):
        assert told in text
    assert 'name="right_outcome"' in html, "the outcome can be corrected still"
    assert "Who has opened this request (100+)" in text and "Only the newest are listed here" in text


def test_looks_in_a_row_are_one_line_and_say_how_many(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    for minute in range(3):
        look_often(site, dev, reference, now + minute * MINUTE, 1)
    with at(now + timedelta(hours=1)):
        maria.sign_in("maria@example.com")
        text = words(maria.text(f"/admin/queue/{reference}"))
    assert "Dev 3 views in 2 min" in text and "Who has opened this request (4)" in text
    assert "Maria opened the request" in text


def test_what_is_older_than_one_page_is_reached_by_a_link(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    for number in range(casefile.MOST_TOLD + 30):
        casework.add_note(site, maria.actor, reference, f"note {number}.", now=now + number * timedelta(seconds=1))  # type: ignore[arg-type]
    path, seen = f"/admin/queue/{reference}", []
    with at(now + timedelta(minutes=10)):
        while path:
            html = maria.text(path)
            seen.append(set(re.findall(r"note \d+\.", words(html))))
            found = OLDER.search(html)
            path = found.group(1).replace("&amp;", "&") if found else ""
    assert [len(page) for page in seen] == [casefile.MOST_TOLD, 30]
    assert len(set.union(*seen)) == casefile.MOST_TOLD + 30
    assert "Back to the newest" in html and "sent the request" in words(html) and "Target missed" not in words(html)


@pytest.mark.parametrize("asked", ["x", "2026-11-18", "2026-11-18T17:00:00", "", "0001-01-01T00:00:00%2B14:00"])
def test_an_instant_that_is_none_is_the_newest_page(maria: Desk, called: str, asked: str) -> None:
    assert "Maria claimed the request" in words(maria.text(f"/admin/queue/{called}?until={asked}"))


def test_pages_of_the_timeline_meet_without_gap_or_overlap(site: Site, now: datetime) -> None:
    """Also where several things happened in one instant, more than a page holds among them."""
    lee, reference = person(site, "Lee", "manager", now=now), ask(site, now, email="ana@example.com").reference
    for minute in range(4):
        outcome = Outcome(Disposition.CRISIS, note=f"call {minute}", override_reason="they rang")
        calls.log_attempt(site, lee, reference, outcome, now=now + minute * MINUTE)
        casework.add_note(site, lee, reference, f"note {minute}", now=now + minute * MINUTE)
    for number in range(5):
        claims.release(site, lee, reference, now=now + 5 * MINUTE)
        claims.claim(site, lee, reference, now=now + (5 + number % 2) * MINUTE)
    callback_id, until, pages = stored(reference).id, None, []
    with reading() as conn:
        whole = casefile.timeline(conn, site, callback_id, with_contact=True, most=1000)
        while not pages or until:
            told = casefile.timeline(conn, site, callback_id, with_contact=True, until=until, most=6)
            pages.append(told.entries)
            until = told.before
    key = [(entry.at, entry.action, entry.text) for page in pages for entry in page]
    assert sorted(key, key=str) == sorted(((e.at, e.action, e.text) for e in whole.entries), key=str)
    assert len(pages) > 2 and whole.before is None
    assert [entry.at for page in pages for entry in page] == sorted((entry.at for entry in whole.entries), reverse=True)
