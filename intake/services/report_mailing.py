"""A report by mail: people choose how often, and the worker writes one when a week or a month is over."""

from __future__ import annotations

from collections.abc import Set
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select, update

from intake.database import reading, writing
from intake.ledger import audit, kept_reports, outbox
from intake.models import ReportMailing, User
from intake.models.base import table_of
from intake.models.reports import Every, Way
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import kept_report, people, report, report_mailing
from intake.queries.facts import Asked
from intake.rules.periods import WEEK, Period, Preset, last_week, preset, week_of
from intake.rules.permissions import Actor, Permission

MAIL = "person.report"
NOT_BEFORE = 6
"""The hour from which a report is made, so that it lies there in the morning and wakes nobody at midnight."""
_M = table_of(ReportMailing)
_USER = User.__table__.c


def choose(site: Site, actor: Actor, wanted: Set[Every], *, now: datetime) -> bool:
    """These and no others from now on, beginning with what is not over yet; whether anything was different."""
    actor.require(Permission.REPORTS)
    user_id = actor.person_id
    with writing() as conn:
        conn.execute(select(_USER.id).where(_USER.id == user_id).with_for_update(key_share=True))
        had = report_mailing.chosen(conn, user_id)
        if had == wanted:
            return False
        conn.execute(delete(_M).where(_M.c.user_id == user_id, _M.c.every.in_([one.value for one in had - wanted])))
        for every in wanted - had:
            told = finished(every, day_of(site, now)).last_on
            row = {"user_id": user_id, "every": every.value, "since_at": now, "made_through_on": told}
            conn.execute(insert(_M).values(**row))
        details = {"user_id": user_id, **{f"every_{one.value}": one in wanted for one in Every if one in had ^ wanted}}
        audit.record(conn, site, actor, "person.mailing_changed", details=details, now=now)
    return True


def day_of(site: Site, now: datetime) -> date:
    """The office's day as reports see it: it begins when they are made."""
    local = now.astimezone(ZoneInfo(site.time_zone))
    return local.date() - timedelta(days=local.hour < NOT_BEFORE)


def finished(every: Every, today: date) -> Period:
    """The newest week or month that is over."""
    return last_week(today) if every is Every.WEEK else preset(Preset.LAST_MONTH, today)


def next_on(every: Every, today: date) -> date:
    """The day on which the next report is made."""
    return week_of(today) + WEEK if every is Every.WEEK else (today.replace(day=1) + timedelta(days=31)).replace(day=1)


def send_due(site: Site, *, now: datetime) -> int:
    """Write a mail to each person who has not been told the newest week or month that is over; how many mails.

    A worker that was off for weeks writes one, not one for each.
    """
    periods = {every: finished(every, day_of(site, now)) for every in Every}
    with reading() as conn:
        due = report_mailing.due(conn, {every: period.last_on for every, period in periods.items()})
    return sum(_send(site, every, periods[every], now) for every in due)


def _send(site: Site, every: Every, period: Period, now: datetime) -> int:
    """The figures are worked out before anything is locked; of several workers the one that marks people writes.

    Figures, mails and marks are one transaction: whatever happens, nobody is told twice.
    """
    asked = Asked(period)
    with reading(of_one_moment=True) as conn:
        told = report.report(conn, site, asked, now=now)
        figures = kept_report.document(told, calendars.aim(conn, site, period))
    with writing() as conn:
        readers = _mark(conn, every, period)
        if not readers:
            return 0
        days = (period.first_on, period.last_on)
        kept = kept_reports.keep(conn, Way(every.value), days, kept_report.asked_document(asked), figures, now=now)
        for user_id in readers:
            outbox.enqueue(conn, MAIL, f"user:{user_id}", details={"kept": kept}, now=now)
    return len(readers)


def _mark(conn: Connection, every: Every, period: Period) -> tuple[int, ...]:
    """Note for everybody that this period is told; those of them who may see reports now."""
    behind = (_M.c.every == every.value, _M.c.made_through_on < period.last_on)
    marked = conn.execute(update(_M).where(*behind).values(made_through_on=period.last_on).returning(_M.c.user_id))
    found = people.holding(conn, Permission.REPORTS, tuple(marked.scalars()))
    return tuple(person.id for person in found)
