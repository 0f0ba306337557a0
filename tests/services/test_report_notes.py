"""Dated notes: a line on a day, written by whoever hands out the work, on record when it comes and when it goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, ReportNote
from intake.models.site import Site
from intake.queries import report_notes as queries
from intake.rules.periods import Period
from intake.rules.permissions import Actor, ForbiddenError
from intake.services import report_notes
from intake.services.errors import NotFoundError, RefusedError
from tests.making import count, person

TODAY = date(2026, 11, 18)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def standing(period: Period = NOVEMBER) -> list[tuple[date, str, str]]:
    with reading() as conn:
        return [(one.noted_on, one.text, one.author) for one in queries.notes(conn, period)]


def on_record() -> list[tuple[str, dict[str, object]]]:
    a = Audit.__table__.c
    with reading() as conn:
        rows = conn.execute(select(a.action, a.details).where(a.action.like("report.%")).order_by(a.id))
        return [(row.action, row.details) for row in rows]


def test_notes_of_a_period_stand_in_the_order_of_their_days(site: Site, lee: Actor, now: datetime) -> None:
    for day, text in ((18, "phones down"), (2, "two people ill"), (18, "form was slow")):
        report_notes.add(site, lee, date(2026, 11, day), f" {text} ", now=now)
    report_notes.add(site, lee, date(2026, 10, 31), "clocks change", now=now)
    assert standing() == [
        (date(2026, 11, 2), "two people ill", "Lee"),
        (date(2026, 11, 18), "phones down", "Lee"),
        (date(2026, 11, 18), "form was slow", "Lee"),
    ]
    with reading() as conn:
        told = queries.by_day(queries.notes(conn, NOVEMBER))
    assert told == {date(2026, 11, 2): "two people ill", TODAY: "phones down · form was slow"}


def test_a_note_that_is_removed_is_kept_and_told_no_more(site: Site, lee: Actor, now: datetime) -> None:
    number = report_notes.add(site, lee, TODAY, "phones down", now=now)
    report_notes.remove(site, lee, number, now=now + timedelta(minutes=1))
    assert standing() == [] and count(ReportNote) == 1
    with pytest.raises(NotFoundError):
        report_notes.remove(site, lee, number, now=now)
    details = {"note_id": number, "noted_on": "2026-11-18"}
    assert on_record() == [("report.note_added", details), ("report.note_removed", details)]


@pytest.mark.parametrize(
    ("day", "text", "code"),
    [
        (TODAY, "  ", "text_needed"),
        (TODAY, "x" * 121, "text_too_long"),
        (date(1926, 11, 18), "typed wrong", "day_too_far"),
        (date(2029, 11, 18), "typed wrong", "day_too_far"),
    ],
)
def test_what_is_no_note_is_refused(site: Site, lee: Actor, now: datetime, day: date, text: str, code: str) -> None:
    with pytest.raises(RefusedError, match=code):
        report_notes.add(site, lee, day, text, now=now)
    assert count(ReportNote) == 0
    assert report_notes.add(site, lee, day, "x" * 120, now=now) if day == TODAY else True


def test_staff_and_auditors_write_none_and_remove_none(site: Site, lee: Actor, maria: Actor, now: datetime) -> None:
    number = report_notes.add(site, lee, TODAY, "phones down", now=now)
    for who in (maria, person(site, "Rae", "auditor", now=now)):
        with pytest.raises(ForbiddenError):
            report_notes.add(site, who, TODAY, "phones down", now=now)
        with pytest.raises(ForbiddenError):
            report_notes.remove(site, who, number, now=now)
    assert len(standing()) == 1


def test_many_notes_are_one_question(site: Site, lee: Actor, now: datetime, count_queries: Callable[[], int]) -> None:
    for number in range(5):
        report_notes.add(site, lee, TODAY, f"note {number}", now=now)
    count_queries()
    assert len(standing()) == 5 and count_queries() == 1
