"""Figures and the requests behind them leave the panel: on record, for whom and what for, and kept as they were."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from intake.database import reading, writing
from intake.ledger import audit, kept_reports
from intake.models.reports import Way
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import kept_report, report_lists
from intake.queries.facts import Asked
from intake.queries.report import Report, report
from intake.queries.report_lists import Fact, Waits
from intake.rules.permissions import Actor, Permission
from intake.rules.promise import Aim
from intake.services import bulk, copies
from intake.services.copies import Wanted
from intake.services.errors import RefusedError

CHUNK = 1000
"""Rows a sheet holds in memory."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that is on record already. ``at``: the instant it is told by, however long it takes to send.

    ``conn`` reads what was there at that moment, until ``moment`` is left.
    """

    actor: Actor
    asked: Asked
    at: datetime
    waits: Waits
    with_contact: bool
    conn: Connection
    moment: ExitStack


def begin_sheet(
    site: Site, actor: Actor, asked: Asked, wanted: Wanted, *, with_contact: bool = False, now: datetime
) -> Sheet:
    """Put it on record before the first row leaves, and keep the figures it adds up to.

    Refused like ``copies.approve``; ForbiddenError if names and numbers are wanted without the right to see them.
    """
    actor.require(Permission.REPORTS)
    if with_contact:
        actor.require(Permission.CONTACT)
    typed = copies.approve(site, actor, wanted, now=now)
    with ExitStack() as moment:
        conn = moment.enter_context(reading(of_one_moment=True))
        told, waits = report(conn, site, asked, now=now), report_lists.waits(conn, site, asked, now)
        aim = calendars.aim(conn, site, asked.period)
        _keep(site, actor, Way.CSV, told, aim, {"contact": True} if with_contact else {}, typed)
        return Sheet(actor, asked, now, waits, with_contact, conn, moment.pop_all())


def rows(site: Site, sheet: Sheet) -> Iterator[Fact]:
    """The rows of a sheet, read as they are asked for, day by day, and all of the moment whose figures were kept.

    Whatever is written while it is sent, they add up to those. Whose name and number are in it is on record before
    they leave.
    """
    with sheet.moment:
        day, last = sheet.asked.period.first_on, None
        while day <= sheet.asked.period.last_on:
            chunk = report_lists.of_day(
                sheet.conn, site, sheet.asked, day, last, waits=sheet.waits, now=sheet.at, most=CHUNK,
                with_contact=sheet.with_contact,
            )  # fmt: skip
            if chunk and sheet.with_contact:
                _note(site, sheet, chunk)
            yield from chunk
            last = chunk[-1] if len(chunk) == CHUNK else None
            if last is None:
                day += timedelta(days=1)


def take_chosen(
    site: Site, actor: Actor, references: Collection[str], wanted: Wanted, *, with_contact: bool = False, now: datetime
) -> list[Fact]:
    """The lines of these requests, with their earlier episodes; which they are is on record before they leave.

    Refused like ``begin_sheet``, or with RefusedError: nothing_picked, too_many.
    """
    actor.require(Permission.REPORTS)
    actor.require(Permission.QUEUE)
    if with_contact:
        actor.require(Permission.CONTACT)
    if not 0 < len(references) <= bulk.MOST:
        raise RefusedError("too_many" if references else "nothing_picked")
    typed = copies.approve(site, actor, wanted, now=now)
    with reading(of_one_moment=True) as conn:
        told = report_lists.of_chosen(conn, site, references, now=now, with_contact=with_contact)
    ids = sorted({one.id for one in told})
    details = {"way": Way.CSV.value, "rows": len(told), "ids": ids} | ({"contact": True} if with_contact else {})
    with writing() as conn:
        audit.record(conn, site, actor, "callback.exported", details=details, typed=typed, now=now)
    return told


def figures(site: Site, actor: Actor, asked: Asked, *, now: datetime) -> Report:
    """All figures, to be read by a program: on record and kept before they leave."""
    actor.require(Permission.REPORTS)
    with reading(of_one_moment=True) as conn:
        told, aim = report(conn, site, asked, now=now), calendars.aim(conn, site, asked.period)
    _keep(site, actor, Way.JSON, told, aim, {}, None)
    return told


def _keep(
    site: Site, actor: Actor, way: Way, told: Report, aim: Aim, more: Mapping[str, Any], typed: str | None
) -> None:
    """Programs ask often: what one of them is told in the same numbers as the last time is not kept twice."""
    days, chosen = (told.asked.period.first_on, told.asked.period.last_on), kept_report.asked_document(told.asked)
    document = kept_report.document(told, aim)
    rows = sum(told.whole.kinds.values())
    details = {**told.asked.on_record, "way": way.value, "rows": rows, **more}
    with writing() as conn:
        audit.record(conn, site, actor, "report.exported", details=details, typed=typed, now=told.now)
        if way is not Way.JSON or not kept_report.is_kept(conn, way, told):
            kept_reports.keep(conn, way, days, chosen, document, made_by_id=actor.person_id, now=told.now)


def _note(site: Site, sheet: Sheet, chunk: list[Fact]) -> None:
    details = {"ids": sorted({one.id for one in chunk}), "way": Way.CSV.value}
    with writing() as conn:
        audit.record(conn, site, sheet.actor, "callback.exported", details=details, now=sheet.at)
