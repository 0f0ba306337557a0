"""The report by mail: what it tells, that it tells it from what was kept, and what it never holds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.delivery import messages, worker
from intake.delivery.messages import Letter, Occasion
from intake.models import KeptReport, OutboxMessage
from intake.models.reports import Every
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import kept_report
from intake.rules.permissions import Actor
from intake.rules.workflow import ClosedReason
from intake.services import casework, people, report_mailing, settings
from tests.delivery.test_worker import Clock, FakeMailer, rows
from tests.making import ask, count, person
from tests.points import point
from tests.queries.story import Story, at, tell

CHOSEN, MADE = at("15:00"), at("6:00", 23)


@pytest.fixture
def story(site: Site) -> Story:
    return tell(site)


def made(site: Site, who: Actor, *, chosen: datetime = CHOSEN, now: datetime = MADE) -> None:
    """What the worker writes for somebody who asked for the weekly one."""
    report_mailing.choose(site, who, {Every.WEEK}, now=chosen)
    assert report_mailing.send_due(site, now=now) == 1


def letter(site: Site, *, now: datetime = MADE) -> Letter:
    with reading() as conn:
        given = kept_report.by_id(conn, 1)
    return messages.write("person.report", Occasion(site, now, None, {"kept": 1}, report=given))


def test_it_tells_who_still_waits_from_before_its_days(site: Site, story: Story) -> None:
    ask(site, at("10:00", 12), phone="(212) 555-0191")
    made(site, story.lee)
    assert "- Still waiting from before these days: 1, the oldest has waited 10 days" in letter(site).text


def test_it_tells_the_figures_worked_out_by_hand(site: Site, story: Story) -> None:
    made(site, story.lee)
    told = letter(site)
    assert told.subject == "Report of the week: 16 Nov – 22 Nov 2026"
    for line in (
        "Callback requests received 16 Nov – 22 Nov 2026 (America/New York), as they stood on Mon 23 Nov 2026 6 am ET.",
        "- Promises kept: 47 % (7 of 15), likely 24 to 70 %",
        "- Called within 15 opening minutes (target 90 %): 43 % (6 of 14), likely 21 to 68 %",
        "- Half were called within: 25 min,"
        " n = 15: 14 counted, 2 more who cancelled or called us before due, 1 fewer called while closed",
        "- 9 of 10 were called within: too few, n = 15",
        "- Reached: 43 % (6 of 14), likely 21 to 68 %",
        "- Not called yet: 2, 2 past the target, the oldest has waited 4 days 19 h by day and night",
        "- Requested times kept: 50 % (1 of 2), likely 9 to 91 %",
        "- Times agreed later kept: 33 % (1 of 3), likely 6 to 80 %",
        "- 14 requests counted",
        "- Told apart: 2 with a requested time, 1 with a time in their own words",
        "- Not counted: 1 cancelled before due, 1 called us before due, 1 spam, 1 test, 1 duplicate,"
        " 1 not to be called, 1 added by hand, 1 imported",
        "- Before: 9 Nov – 15 Nov 2026, 0 counted",
        "- 0–5 min: 4 (29 %)",
        "- not yet: 2 (14 %)",
        "- Week from 16 Nov: 43 % (6 of 14)",
    ):
        assert f"{line}\n" in told.text, line
    assert f"{site.public_url}/admin/reports/?from=2026-11-16&to=2026-11-22\n" in told.text
    assert told.text.count("Week from") == 1, "weeks before the first request are not told"
    assert "<h2" in told.html and "<li" in told.html and "Promises kept: 47 % (7 of 15)" in told.html


def test_it_tells_the_figures_of_the_other_charts_in_text(site: Site, story: Story) -> None:
    made(site, story.lee)
    text = letter(site).text
    for title, *lines in (
        ("When they arrived", "While we were open: 12, in target: 33 % (4 of 12)",
         "While we were closed: 2, in target: too few", "Mon: 0, Tue: 2, Wed: 12, Thu: 0, Fri: 0, Sat: 0, Sun: 0",
         "Most in one hour: Wed 10 am to 11 am, 4"),
        ("Not called yet, by opening hours", "over 24 h: 2, 2 past the target"),
        ("By the try that reached them", "1st try: 4 (29 %)", "2nd: 1 (7 %)", "3rd: 0 (0 %)"),
        ("Calls made to each request", "no call: 6 (1 reached, 2 open, 3 never reached)",
         "1 call: 7 (4 reached, 2 open, 1 never reached)", "2 calls: 1 (1 reached)"),
        ("While people waited for the first call",),
        ("By page the request came from", "k3: 12, in target: 42 % (5 of 12), reached: 50 % (6 of 12), booked: 1",
         "other pages: 2"),
    ):  # fmt: skip
        section = text.partition(f"\n{title}\n")[2].partition("\n\n")[0]
        assert section.splitlines()[: len(lines)] == [f"- {line}" for line in lines] and section


def test_no_word_or_number_that_somebody_sent_as_the_code_of_a_page_gets_into_it(site: Site, story: Story) -> None:
    """Twelve characters hold a number, or the name of a drug."""
    for number, code in enumerate(("2125550182", "heroin")):
        ask(site, at("13:00"), phone=f"(212) 555-019{number}", source=code)
    made(site, story.lee)
    told = letter(site)
    assert "- other pages: 4" in told.text
    assert not re.search("2125550182|heroin", told.text + told.html)


def test_what_was_kept_before_those_were_told_is_still_a_mail(site: Site, story: Story) -> None:
    made(site, story.lee)
    with writing() as conn:
        figures = dict(conn.execute(select(KeptReport.__table__.c.figures)).scalar_one())
        for name in ("sources", "hours", "ages", "while_open", "while_closed", "came_before"):
            del figures[name]
        conn.execute(update(KeptReport).values(figures=figures))
    text = letter(site).text
    assert "1st try: 4 (29 %)" in text and "When they arrived" not in text and "By page" not in text


@point(75)
def test_nothing_in_it_is_about_anybody(site: Site, story: Story) -> None:
    made(site, story.lee)
    mailer, clock = FakeMailer(), Clock(MADE)
    while worker.run_once(site, mailer, clock):
        pass
    (sent,) = (one for one in mailer.sent if one.kind == "person.report")
    assert sent.to == ("lee@example.com",)
    source = sent.letter.subject + sent.letter.text + sent.letter.html
    names = ("Maria", "Dev", "Lee", "Ada", "Visitor", "after work", "example.com/callback/")
    assert not any(word in source for word in (*names, *story.references.values()))
    assert not re.search(r"\d{3}[-) ]+\d{3}|\d{3}-?\d{4}\b|[A-Z0-9]{3}-[A-Z0-9]{3}", source), "no number, no reference"
    stored = str([row for row in rows() if row.kind == "person.report"])
    assert "lee@" not in stored and not any(reference in stored for reference in story.references.values())


def test_it_tells_what_was_kept_however_late_it_goes_out(site: Site, story: Story) -> None:
    made(site, story.lee)
    before = letter(site)
    casework.close(site, story.maria, story.references[4], ClosedReason.INFORMATION, now=MADE + timedelta(minutes=5))
    assert letter(site, now=MADE + timedelta(days=2)) == before


def test_whoever_lost_the_right_while_it_waited_does_not_get_it(site: Site, story: Story, now: datetime) -> None:
    made(site, story.lee)
    ada = person(site, "Alex", "admin", now=now)
    people.change(site, ada, story.lee.person_id, name="Lee", roles=["staff"], now=MADE)
    mailer = FakeMailer()
    while worker.run_once(site, mailer, Clock(MADE)):
        pass
    assert "person.report" not in [one.kind for one in mailer.sent]
    k = OutboxMessage.__table__.c
    assert count(OutboxMessage, k.kind == "person.report", k.state == "dead") == 1


def test_a_week_without_a_request_says_so(site: Site, now: datetime) -> None:
    made(site, person(site, "Lee", "manager", now=now), chosen=now)
    told = letter(site)
    assert "- There was no request on these days.\n- Before: 9 Nov – 15 Nov 2026, 0 counted\n" in told.text
    assert "%" not in told.text


def test_it_says_whether_it_is_better_or_worse_than_before(site: Site, now: datetime) -> None:
    """Nobody was called in either week."""
    for day, minutes in ((day, minutes) for day in (10, 17) for minutes in range(5)):
        ask(site, at("9:00", day) + timedelta(minutes=minutes), phone=f"212-555-1{minutes}{day}", name=str(minutes))
    made(site, person(site, "Lee", "manager", now=now), chosen=now)
    text = letter(site).text
    assert re.search(r"- Promises kept: 0 % \(0 of 5\), likely 0 to \d+ %, about the same as before\n", text)
    assert re.search(r"- Half were called within: more than .*, n = 5, before more than ", text)


def test_of_too_few_it_says_neither_better_nor_worse(site: Site, now: datetime) -> None:
    for day in (10, 17):
        ask(site, at("9:00", day), phone=f"212-555-10{day}", name=str(day))
    made(site, person(site, "Lee", "manager", now=now), chosen=now)
    text = letter(site).text
    assert "- Promises kept: 0 % (0 of 1), likely 0 to 80 %\n" in text
    assert re.search(r"- Half were called within: more than .*, n = 1\n", text)
    assert "- Week from 9 Nov: too few (n = 1)\n- Week from 16 Nov: too few (n = 1)\n" in text


def test_figures_that_are_gone_are_no_mail(site: Site, now: datetime) -> None:
    with pytest.raises(messages.NothingToSayError):
        messages.write("person.report", Occasion(site, now, None, {"kept": 5}))


def test_where_the_target_changed_in_the_days_it_claims_neither_for_all(
    site: Site, story: Story, now: datetime
) -> None:
    alex = person(site, "Alex", "admin", now=now)
    with reading() as conn:
        calendar = calendars.current(conn, site)
    target = replace(calendar.target, minutes=60, percent=80)
    settings.change_target(site, alex, target, seen=calendar.id, words="an hour", now=at("15:00"))
    made(site, story.lee)
    assert "- Called in target (80 % at the end): 43 % (6 of 14), likely 21 to 68 %\n" in letter(site).text
