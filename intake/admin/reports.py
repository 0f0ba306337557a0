"""Response times: the page of figures that a manager can stake a decision on."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Connection

from intake.admin import report_charts, report_tiles, reports_form
from intake.admin.base import PanelView, acting, request_time
from intake.admin.report_parts import Link
from intake.admin.reports_form import Wanted
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import kept_report, report_notes
from intake.queries import people as colleagues
from intake.queries import report as figures
from intake.queries.report import Report
from intake.rules.bands import Clock
from intake.rules.parts import NO_SOURCE
from intake.rules.periods import Period, Preset
from intake.rules.permissions import Permission
from intake.rules.workflow import ForWhom
from intake.wording import figures as words
from intake.wording import given_out, languages, names
from intake.wording.times import moment
from intake.wording.translation import gettext

READINGS = ("arrivals", "target", "people")
CHANGES_SHOWN = 20
"""Versions of the hours that are looked at for those made in the period."""


def today() -> date:
    """The day it is at the office."""
    return request_time().astimezone(ZoneInfo(current_site().time_zone)).date()


def noted_in(told: Report) -> Period:
    """The days of the weekly chart, which begins before the period."""
    return Period(min(told.weeks[0][0].first_on, told.asked.period.first_on), told.asked.period.last_on)


class ReportPages(PanelView):
    """For whoever holds the right to reports. No visitor's name or number is on any of its pages."""

    permission = Permission.REPORTS

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The figures of a period."""
        wanted = reports_form.read(request.args, today())
        reading_as = request.args.get("cells", "")
        with reading() as conn:
            told = figures.report(conn, current_site(), wanted.asked, now=request_time())
            values = self._values(conn, told, wanted, reading_as if reading_as in READINGS else READINGS[0])
        return self.page("admin/reports.html", **values)

    def _values(self, conn: Connection, told: Report, wanted: Wanted, cells: str) -> dict[str, Any]:
        calendar = calendars.current(conn, current_site())
        target, link = calendar.target, _link(wanted)
        noted = report_notes.notes(conn, noted_in(told))
        return {
            "wanted": wanted,
            "report": told,
            "target": target,
            "tiles": report_tiles.tiles(told, target, link),
            "apart": report_tiles.apart(told, link),
            "left_out": report_tiles.left_out(told, link),
            "all_counted": link("kind.counted"),
            "weekly": report_charts.weekly(told, target, report_notes.by_day(noted), today(), link),
            "notes": [note for note in noted if told.asked.period.holds(note.noted_on)],
            "new_note": {"on": told.asked.period.last_on.isoformat(), "text": ""},
            "may_note": acting().may(Permission.ASSIGN),
            "today": today(),
            "bands": report_charts.bands(told, target, link),
            "backlog": report_charts.backlog(told, link),
            "windows": report_charts.windows(told, link),
            "heat": report_charts.heat(told, calendar.hours, cells, target, link),
            "tries": report_charts.tries(told, link),
            "people": report_tiles.people(told, link),
            "sources": report_tiles.sources(told, link),
            "split": report_charts.waiting_split(told.whole),
            "cells": cells,
            "readings": _readings(),
            "changes": _changes(conn, wanted),
            "given_out": _given_out(conn, told),
            "choices": _choices(conn, told),
            "said": _said(wanted),
            "words": words,
            "clocks": [(one.value, words.clock(one), one is wanted.asked.clock) for one in Clock],
        }


def _link(wanted: Wanted) -> Link:
    """To the requests behind a figure of this report."""
    address: dict[str, Any] = wanted.address
    return lambda of: url_for("reports.requests", **{**address, "of": of})


def _readings() -> tuple[tuple[str, str], ...]:
    return tuple(zip(READINGS, (gettext("arrivals"), gettext("% in target"), gettext("people needed")), strict=True))


def _choices(conn: Connection, told: Report) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen: whoever works here or called in the period, and the pages requests came from in it."""
    asked = told.asked
    people = {one.id: one.name for one in colleagues.working(conn)} | {key: name for key, name, _ in told.people}
    sources = {source for source, _ in told.sources} | ({asked.source} if asked.source is not None else set())
    return {
        "period": [(one.value, words.preset(one)) for one in Preset],
        "person": [
            (str(key), name) for key, name in sorted(people.items(), key=lambda one: (one[1].casefold(), one[0]))
        ],
        "source": [(code or NO_SOURCE, code or gettext("no code")) for code in sorted(sources)],
        "language": [(code, languages.language(code)) for code in languages.LANGUAGES],
        "for_whom": [(one.value, names.for_whom(one)) for one in ForWhom],
    }


def _changes(conn: Connection, wanted: Wanted) -> list[str]:
    """When the opening hours or the target changed in the period: each request is judged by those it came in under."""
    period, zone = wanted.asked.period, current_site().time_zone
    made = (one.created_at for one in calendars.versions(conn, limit=CHANGES_SHOWN))
    inside = [at for at in made if period.holds(at.astimezone(ZoneInfo(zone)).date())]
    return [moment(at, zone, request_time()) for at in reversed(inside)]


def _given_out(conn: Connection, told: Report) -> list[str]:
    """Why a figure is not what it was in a mail or a copy."""
    zone, now = current_site().time_zone, request_time()
    return [given_out.sentence(one, zone, now) for one in kept_report.differences(conn, told)]


def _said(wanted: Wanted) -> dict[str, str]:
    period, site, now = wanted.asked.period, current_site(), request_time()
    return {
        "days": words.days(period),
        "before": words.days(period.before()),
        "zone": site.time_zone.replace("_", " "),
        "at": moment(now, site.time_zone, now),
        "is_partial": gettext("today is not over") if period.is_partial(today()) else "",
    }
