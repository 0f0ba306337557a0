"""Response times: the page of figures that a manager can stake a decision on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Connection

from intake.admin import report_charts, report_tiles, reports_form, settings_words
from intake.admin.base import PanelView, acting, request_time
from intake.admin.report_parts import Link
from intake.admin.reports_form import Wanted
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import kept_report, report_notes
from intake.queries import people as colleagues
from intake.queries import report as figures
from intake.queries.calendar import Version
from intake.queries.report import Report
from intake.rules.bands import Clock
from intake.rules.parts import MOST_BESIDE, NO_PERSON, NO_SOURCE
from intake.rules.periods import LONGEST, Period, Preset
from intake.rules.permissions import Permission
from intake.rules.promise import Aim
from intake.rules.workflow import ForWhom
from intake.wording import figures as words
from intake.wording import given_out, languages, names, parts
from intake.wording.times import moment
from intake.wording.translation import gettext, ngettext

READINGS = ("arrivals", "target", "people")
CHANGES_SHOWN = 20
"""Versions of the hours made in the period that are named."""
PAGES_SHOWN, PAGES_CHOSEN = MOST_BESIDE, 50
"""Pages with most requests in the table, and to choose from: whoever sends the form may write any code."""


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
        with reading(of_one_moment=True) as conn:
            told = figures.report(conn, current_site(), wanted.asked, now=request_time())
            values = self._values(conn, told, wanted, reading_as if reading_as in READINGS else READINGS[0])
        pages = _pages(told, wanted, has_all=request.args.get("pages") == "all")
        return self.page("admin/reports.html", **values, **pages)

    def _values(self, conn: Connection, told: Report, wanted: Wanted, cells: str) -> dict[str, Any]:
        days, link = noted_in(told), _link(wanted)
        versions = calendars.in_force(conn, current_site(), days)
        inside = _those_of(versions, wanted.asked.period)
        calendar, aim = inside[0].calendar, _aim(inside)
        noted = report_notes.notes(conn, days)
        return {
            "wanted": wanted,
            "report": told,
            "aim": _aim(versions),
            "tiles": report_tiles.tiles(told, aim, link, _to_earlier(told, wanted)),
            "apart": report_tiles.apart(told, link),
            "left_out": report_tiles.left_out(told, link),
            "all_counted": link("kind.counted"),
            "all_booked": link("kind.counted,booked"),
            "arrived": {name: link(f"kind.counted,state.met,arrival.{name}") for name in ("open", "closed")},
            "weekly": report_charts.weekly(told, aim, report_notes.by_day(noted), today(), link),
            "notes": [note for note in noted if told.asked.period.holds(note.noted_on)],
            "earlier_notes": [note for note in noted if not told.asked.period.holds(note.noted_on)],
            "new_note": {"on": told.asked.period.last_on.isoformat(), "text": ""},
            "may_note": acting().may(Permission.ASSIGN),
            "today": today(),
            "bands": report_charts.bands(told, aim, link),
            "backlog": report_charts.backlog(told, link),
            "windows": report_charts.windows(told, link),
            "agreed": report_tiles.agreed(told, link),
            "heat": report_charts.heat(told, calendar.hours, cells, calendar.target, link),
            "tries": report_charts.tries(told, link),
            "calls_made": report_charts.calls_made(told, link),
            "people": report_tiles.people(told, link, _to_calls(wanted)),
            "all_calls": url_for("reports.calls", **wanted.address),
            "by_nobody": link(f"kind.counted,person.{NO_PERSON}") if told.called_by_nobody else None,
            "split": report_charts.split(told, link),
            "cells": cells,
            "readings": _readings(),
            "changes": [
                (moment(one.at, current_site().time_zone, request_time()), one.what)
                for one in changes(versions, wanted.asked.period)
            ],
            "given_out": _given_out(conn, told),
            "choices": (choices := _choices(conn, told)),
            "narrowed": parts.filters(told.asked, {int(key): name for key, name in choices["person"]}),
            "said": said(wanted),
            "words": words,
            "clocks": [(one.value, words.clock(one), one is wanted.asked.clock) for one in Clock],
        }


def _link(wanted: Wanted) -> Link:
    """To the requests behind a figure of this report."""
    return lambda of: url_for("reports.requests", of=of, **wanted.address)


def _to_calls(wanted: Wanted) -> Callable[[int], str]:
    """To the calls of a person in these days."""
    return lambda person: url_for("reports.calls", **{**wanted.address, "person": person})


def _pages(told: Report, wanted: Wanted, *, has_all: bool) -> dict[str, Any]:
    """The table by page; the ones with few requests in one line unless they are asked for."""
    link = _link(wanted)
    sources = report_tiles.sources(told, link)
    if has_all:
        return {"sources": sources}
    return {
        "sources": sources[:PAGES_SHOWN],
        "other_pages": report_tiles.other_sources(told, PAGES_SHOWN, link),
        "all_pages": url_for("reports.index", _anchor="pages", pages="all", **wanted.address),
    }


def _to_earlier(told: Report, wanted: Wanted) -> Link | None:
    """To those who wait and came before these days, if they are not too many days for one list."""
    days = told.came_before.days(wanted.asked)
    if days is None or days.last_on - days.first_on > LONGEST:
        return None
    return _link(replace(wanted, asked=replace(wanted.asked, period=days), chosen=""))


def _readings() -> tuple[tuple[str, str], ...]:
    return tuple(zip(READINGS, (gettext("arrivals"), gettext("% in target"), gettext("people needed")), strict=True))


def _choices(conn: Connection, told: Report) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen: whoever works here or called in the period, and the pages requests came from in it.

    What is chosen is among it, also of somebody who has left and called nobody: the field must not say "Everyone".
    """
    asked = told.asked
    people = {one.id: one.name for one in colleagues.working(conn)} | {one.id: one.name for one in told.people}
    if asked.person is not None and asked.person not in people:
        named = colleagues.names_of(conn, [asked.person])
        people[asked.person] = named.get(asked.person) or gettext("one person")
    sources = {source for source, _ in told.sources[:PAGES_CHOSEN]} | (
        {asked.source} if asked.source is not None else set()
    )
    return {
        "period": [(one.value, words.preset(one)) for one in Preset],
        "person": [
            (str(key), name) for key, name in sorted(people.items(), key=lambda one: (one[1].casefold(), one[0]))
        ],
        "source": [(code or NO_SOURCE, code or gettext("no code")) for code in sorted(sources)],
        "language": [(code, languages.language(code)) for code in languages.LANGUAGES],
        "for_whom": [(one.value, names.for_whom(one)) for one in ForWhom],
    }


def _those_of(versions: Sequence[Version], period: Period) -> list[Version]:
    """Those that held in the period: made in it, and the one it began with."""
    begin, _ = period.bounds(current_site().time_zone)
    made = list(takewhile(lambda one: one.created_at > begin, versions))
    return [*made, *versions[len(made) : len(made) + 1]]


def _aim(versions: Sequence[Version]) -> Aim:
    return Aim.of([one.calendar.target for one in versions])


@dataclass(frozen=True, slots=True)
class Changed:
    """When opening hours or target changed, and what, as the settings and the record tell it."""

    at: datetime
    what: str


def changes(versions: Sequence[Version], period: Period) -> list[Changed]:
    """Those in the period, the oldest first: each request is judged by what it came in under."""
    begin, _ = period.bounds(current_site().time_zone)
    made = [(one, before) for one, before in pairwise(versions) if one.created_at > begin and not _is_same(one, before)]
    found = [
        Changed(one.created_at, settings_words.sentence(settings_words.changes(before.calendar, one.calendar)))
        for one, before in reversed(made[:CHANGES_SHOWN])
    ]
    untold = made[CHANGES_SHOWN:]
    return [Changed(untold[0][0].created_at, _until_then(len(untold))), *found] if untold else found


def _until_then(n: int) -> str:
    return ngettext("one more change, told in the settings", "the last of %(num)s more, told in the settings", n)


def _is_same(one: Version, before: Version) -> bool:
    """The built-in hours are stored with the first promise that is made by them: that changes nothing."""
    return calendars.documents(one.calendar) == calendars.documents(before.calendar)


def _given_out(conn: Connection, told: Report) -> list[str]:
    """Why figures are not what they were in a mail or a copy."""
    zone, now = current_site().time_zone, request_time()
    return [given_out.sentences(one, zone, now) for one in kept_report.differences(conn, told, zone)]


def said(wanted: Wanted) -> dict[str, str]:
    """The days and the moment in words."""
    period, site, now = wanted.asked.period, current_site(), request_time()
    return {
        "days": words.days(period),
        "before": words.days(period.before()),
        "zone": site.time_zone.replace("_", " "),
        "at": moment(now, site.time_zone, now),
        "is_partial": gettext("today is not over") if period.is_partial(today()) else "",
    }
