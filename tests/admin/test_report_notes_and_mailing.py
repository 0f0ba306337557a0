"""Beside a report: notes on days, and the report by mail, as people choose and write them in the panel."""

from __future__ import annotations

from datetime import date, datetime

from flask import Flask

from intake.database import reading
from intake.models.reports import Every
from intake.models.site import Site
from intake.queries import report_mailing
from intake.services import report_notes
from tests.admin.desk import Desk, desk, words
from tests.making import ask

PAGE, NOTES, MAILING = "/admin/reports/", "/admin/reports/notes", "/admin/reports/mailing"
DAYS = {"from": "2026-11-01", "to": "2026-11-18"}


def test_a_note_stands_beside_the_report_of_its_days_until_it_is_removed(grace: Desk) -> None:
    grace.get(PAGE)
    answer = grace.post(NOTES, on="2026-11-16", text=" no\u202e lines ", **DAYS)
    assert answer.status_code == 303 and answer.location.endswith("/admin/reports/?from=2026-11-01&to=2026-11-18#notes")
    page = grace.text(f"{PAGE}?from=2026-11-01&to=2026-11-18")
    assert "16 Nov no lines Grace" in words(page) and "/notes/1/remove" in page
    assert "no lines" not in grace.text(f"{PAGE}?from=2026-11-17&to=2026-11-18").partition('id="notes"')[2]
    assert grace.post(f"{NOTES}/1/remove", **DAYS).status_code == 303
    assert "no lines" not in grace.text(f"{PAGE}?from=2026-11-01&to=2026-11-18")
    assert grace.post(f"{NOTES}/1/remove").status_code == 404
    assert grace.post(f"{NOTES}/99999999999999999999/remove").status_code == 404


def test_the_weekly_chart_carries_the_notes_of_its_weeks(grace: Desk, site: Site, now: datetime) -> None:
    ask(site, now)
    report_notes.add(site, grace.actor, date(2026, 10, 6), "two people ill", now=now)  # type: ignore[arg-type]
    page = grace.text(PAGE + "?period=7")
    assert "two people ill" in page.partition('id="notes"')[0], "in a week before the period that the chart shows"
    assert "Nothing is noted in these days." in page
    assert "▾ noted on a day of that week 6 Oct two people ill" in words(page), "to be read without pointing at it"


def test_what_is_wrong_with_a_note_is_said_at_its_field_and_nothing_typed_is_lost(grace: Desk) -> None:
    grace.get(PAGE)
    for fields, said in (
        ({"on": "18/11", "text": "no lines"}, "Write the day like 2026-11-18"),
        ({"on": "2026-11-18", "text": " "}, "Say what happened."),
        ({"on": "2026-11-18", "text": "x" * 121}, "Use at most 120 characters."),
        ({"on": "2006-11-18", "text": "no lines"}, "No report tells of this day."),
    ):
        answer = grace.post(NOTES, **fields, **DAYS)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and said in page and 'aria-invalid="true"' in page
        assert f'value="{fields["text"].strip()}"' in page and 'name="from" value="2026-11-01"' in page


def test_an_auditor_reads_notes_and_writes_none(app: Flask, site: Site, grace: Desk, now: datetime) -> None:
    assert grace.actor
    report_notes.add(site, grace.actor, now.date(), "no lines", now=now)
    rae = desk(app, "Rae", "auditor", now=now)
    page = rae.text(NOTES)
    assert "no lines" in page and "<form" not in page.partition("<main")[2].partition("</main")[0]


def test_whoever_sees_reports_chooses_which_come_by_mail(app: Flask, now: datetime) -> None:
    rae = desk(app, "Rae", "auditor", now=now)
    assert 'href="/admin/reports/mailing"' in rae.text(PAGE)
    page = words(rae.text(MAILING))
    assert "The next one comes on 23 Nov." in page and "The next one comes on 1 Dec." in page
    assert rae.post(MAILING, week="yes").status_code == 303
    page = rae.text(MAILING)
    assert (
        "Saved." in page
        and 'name="week" value="yes" checked' in page
        and 'name="month" value="yes" checked' not in page
    )
    assert rae.actor
    with reading() as conn:
        assert report_mailing.chosen(conn, rae.actor.person_id) == {Every.WEEK}
    rae.post(MAILING, week="yes")
    assert "Nothing was different." in rae.text(MAILING)
    rae.post(MAILING)
    assert "checked" not in rae.text(MAILING).partition("<main")[2]
