"""Figures that were given out: kept whole, read again as they were, without anybody's name."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from intake.database import reading, writing
from intake.ledger import kept_reports
from intake.models.reports import Way
from intake.models.site import Site
from intake.queries import kept_report
from intake.queries.facts import Asked
from intake.queries.report import report
from intake.rules.bands import Clock
from intake.rules.periods import Period
from intake.rules.promise import ResponseTarget
from tests.queries.story import END, tell

DAYS = Period(date(2026, 11, 17), date(2026, 11, 18))


def test_a_report_is_read_again_as_it_was_given_out(site: Site) -> None:
    story = tell(site)
    asked = replace(Asked(DAYS), clock=Clock.ALL, source="k3")
    with reading() as conn:
        told = report(conn, site, asked, now=END)
    document, chosen = kept_report.document(told, ResponseTarget()), kept_report.asked_document(asked)
    with writing() as conn:
        days = (DAYS.first_on, DAYS.last_on)
        number = kept_reports.keep(conn, Way.WEEK, days, chosen, document, now=END)
    with reading() as conn:
        given = kept_report.by_id(conn, number)
        assert kept_report.by_id(conn, number + 1) is None
    assert given is not None and given.asked == asked and given.made_at == END
    assert (given.whole, given.before, given.weeks) == (told.whole, told.before, told.weeks)
    assert given.whole.half == told.whole.half and given.whole.promises == told.whole.promises
    assert (given.waiting, given.oldest_at) == (2, told.waiting[0].received_at)
    stored = json.dumps(document)
    assert not any(word in stored for word in ("Maria", "Dev", "Visitor", "212", *story.references.values()))
