"""Reports by mail: one for each period that is over, told once, to whoever may still see it."""

from __future__ import annotations

import contextvars
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.ledger import outbox
from intake.models import Audit, KeptReport, OutboxMessage
from intake.models.reports import Every
from intake.models.site import Site
from intake.queries import report_mailing as queries
from intake.rules.permissions import Actor, ForbiddenError
from intake.services import people, report_mailing
from tests.making import ask, person

NEW_YORK = ZoneInfo("America/New_York")
BOTH = frozenset(Every)
WEEK, MONTH = {Every.WEEK}, {Every.MONTH}


def office(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def wednesday(hour: int = 12) -> datetime:
    return office(date(2026, 11, 18), hour)


def monday(hour: int, minute: int = 0) -> datetime:
    return office(date(2026, 11, 23), hour, minute)


def written() -> list[tuple[str, date, date]]:
    """Every report in the outbox: to whom, from when, until when."""
    o, k = OutboxMessage.__table__.c, KeptReport.__table__.c
    with reading() as conn:
        days = {row.id: (row.first_on, row.last_on) for row in conn.execute(select(k.id, k.first_on, k.last_on))}
        rows = conn.execute(select(o.recipient, o.details).where(o.kind == "person.report").order_by(o.id)).all()
    return [(row.recipient, *days[row.details["kept"]]) for row in rows]


def kept() -> list[Any]:
    with reading() as conn:
        return list(conn.execute(select(KeptReport.__table__).order_by(KeptReport.id)))


@pytest.fixture
def mara(site: Site, now: datetime) -> Actor:
    return person(site, "Mara", "manager", now=now)


def test_the_week_is_told_on_monday_morning_and_once(site: Site, mara: Actor) -> None:
    assert report_mailing.choose(site, mara, WEEK, now=wednesday())
    for early in (wednesday(13), monday(0), monday(5, 59)):
        assert report_mailing.send_due(site, now=early) == 0
    assert report_mailing.send_due(site, now=monday(6)) == 1
    assert report_mailing.send_due(site, now=monday(6, 1)) == 0
    assert written() == [(f"user:{mara.user_id}", date(2026, 11, 16), date(2026, 11, 22))]


def test_the_month_is_told_on_the_first_of_the_next(site: Site, mara: Actor) -> None:
    report_mailing.choose(site, mara, MONTH, now=wednesday())
    assert report_mailing.send_due(site, now=office(date(2026, 12, 1), 5)) == 0
    assert report_mailing.send_due(site, now=office(date(2026, 12, 1), 6)) == 1
    assert written() == [(f"user:{mara.user_id}", date(2026, 11, 1), date(2026, 11, 30))]
    assert [row.way for row in kept()] == ["month"]


@pytest.mark.parametrize(
    ("monday_utc", "first_on", "last_on"),
    [
        (datetime(2026, 11, 2, 11, 0, tzinfo=UTC), date(2026, 10, 26), date(2026, 11, 1)),
        (datetime(2027, 3, 15, 10, 0, tzinfo=UTC), date(2027, 3, 8), date(2027, 3, 14)),
    ],
)
def test_a_week_in_which_the_clocks_change_is_whole(
    site: Site, monday_utc: datetime, first_on: date, last_on: date
) -> None:
    """Its last day has 25 hours, or 23; the report comes at six by the new clock."""
    mara = person(site, "Mara", "manager", now=office(first_on, 9))
    report_mailing.choose(site, mara, WEEK, now=office(first_on, 9))
    ask(site, office(first_on, 0), phone="212-555-1001", name="One")
    ask(site, office(last_on, 23, 59), phone="212-555-1002", name="Two")
    ask(site, office(last_on + timedelta(days=1), 0), phone="212-555-1003", name="Three")
    assert report_mailing.send_due(site, now=monday_utc - timedelta(minutes=1)) == 0
    assert report_mailing.send_due(site, now=monday_utc) == 1
    assert written() == [(f"user:{mara.user_id}", first_on, last_on)]
    assert kept()[0].figures["whole"]["kinds"] == {"counted": 2}


def test_a_worker_that_was_off_for_weeks_tells_the_newest_one_alone(site: Site, mara: Actor) -> None:
    report_mailing.choose(site, mara, BOTH, now=wednesday())
    late = office(date(2026, 12, 10), 15)
    assert report_mailing.send_due(site, now=late) == 2
    assert written() == [
        (f"user:{mara.user_id}", date(2026, 11, 30), date(2026, 12, 6)),
        (f"user:{mara.user_id}", date(2026, 11, 1), date(2026, 11, 30)),
    ]
    assert report_mailing.send_due(site, now=late) == 0
    assert report_mailing.send_due(site, now=monday(7)) == 0, "a clock set back tells nothing again"


def test_who_was_told_before_somebody_else_chose_is_not_told_again(site: Site, mara: Actor, now: datetime) -> None:
    noah = person(site, "Noah", "auditor", now=now)
    report_mailing.choose(site, mara, WEEK, now=wednesday())
    report_mailing.send_due(site, now=monday(6))
    report_mailing.choose(site, noah, WEEK, now=monday(9))
    assert report_mailing.send_due(site, now=monday(10)) == 0, "what was over before is no news"
    assert report_mailing.send_due(site, now=monday(6) + timedelta(days=7)) == 2
    assert len(kept()) == 2, "figures are kept once for all readers"


def test_nobody_is_told_who_lost_the_right_or_was_disabled(site: Site, mara: Actor, now: datetime) -> None:
    ada = person(site, "Ada", "admin", now=now)
    noah = person(site, "Noah", "auditor", now=now)
    for who in (mara, noah):
        report_mailing.choose(site, who, WEEK, now=wednesday())
    people.change(site, ada, mara.person_id, name="Mara", roles=["staff"], now=wednesday(13))
    people.disable(site, ada, noah.person_id, now=wednesday(13))
    assert report_mailing.send_due(site, now=monday(6)) == 0
    assert written() == [] and kept() == []
    people.change(site, ada, mara.person_id, name="Mara", roles=["manager"], now=monday(9))
    assert report_mailing.send_due(site, now=monday(10)) == 0, "nothing is sent after"
    assert report_mailing.send_due(site, now=monday(6) + timedelta(days=7)) == 1, "but the next one is"


def test_staff_cannot_ask_for_reports(site: Site, now: datetime) -> None:
    with pytest.raises(ForbiddenError):
        report_mailing.choose(site, person(site, "Sam", now=now), WEEK, now=now)


def test_a_choice_is_on_record_and_the_same_again_is_not(site: Site, mara: Actor) -> None:
    report_mailing.choose(site, mara, BOTH, now=wednesday())
    assert not report_mailing.choose(site, mara, BOTH, now=wednesday())
    assert report_mailing.choose(site, mara, MONTH, now=wednesday())
    with reading() as conn:
        assert queries.chosen(conn, mara.person_id) == MONTH
        a = Audit.__table__.c
        told = conn.execute(select(a.details).where(a.action == "person.mailing_changed").order_by(a.id)).scalars()
        who = {"user_id": mara.user_id}
        assert list(told) == [who | {"every_week": True, "every_month": True}, who | {"every_week": False}]


def test_what_breaks_on_the_way_leaves_nothing_and_is_done_whole_the_next_time(
    site: Site, mara: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    noah = person(site, "Noah", "auditor", now=now)
    for who in (mara, noah):
        report_mailing.choose(site, who, WEEK, now=wednesday())
    real, done = outbox.enqueue, []

    def dies(*args: Any, **more: Any) -> str:
        done.append(real(*args, **more))
        if len(done) == 2:
            raise RuntimeError("the power went")
        return done[-1]

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "enqueue", dies)
        with pytest.raises(RuntimeError):
            report_mailing.send_due(site, now=monday(6))
    assert len(done) == 2 and written() == [] and kept() == []
    assert report_mailing.send_due(site, now=monday(7)) == 2
    assert sorted(to for to, *_ in written()) == sorted(f"user:{who.user_id}" for who in (mara, noah))


def test_of_two_workers_at_the_same_moment_one_writes(
    app: Flask, site: Site, mara: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen that a report is due and worked it out; then both begin to write."""
    report_mailing.choose(site, mara, WEEK, now=wednesday())
    gate, made = threading.Barrier(2, timeout=20), []
    document = report_mailing.kept_report.document

    def meeting(*args: Any) -> dict[str, Any]:
        figures = document(*args)
        gate.wait()
        return figures

    monkeypatch.setattr(report_mailing.kept_report, "document", meeting)

    def work() -> None:
        with app.app_context():
            made.append(report_mailing.send_due(site, now=monday(6)))

    threads = [threading.Thread(target=contextvars.Context().run, args=(work,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(made) == [0, 1] and len(written()) == 1 and len(kept()) == 1


def test_a_look_with_nothing_to_tell_asks_one_question_and_a_report_no_more_for_more_requests(
    site: Site, mara: Actor, count_queries: Any
) -> None:
    report_mailing.choose(site, mara, WEEK, now=wednesday())
    count_queries()
    report_mailing.send_due(site, now=wednesday(13))
    assert count_queries() == 1
    for number in range(6):
        ask(site, wednesday(9) + timedelta(minutes=number), phone=f"212-555-10{number:02}")
    count_queries()
    report_mailing.send_due(site, now=monday(6))
    assert count_queries() <= 18
