"""Figures that were given out: kept whole, read again as they were, without anybody's name."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.ledger import kept_reports
from intake.models import KeptReport
from intake.models.reports import Way
from intake.models.site import Site
from intake.queries import kept_report
from intake.queries.calls import standing
from intake.queries.facts import Asked
from intake.queries.kept_report import Changed, Told
from intake.queries.report import Figures, Report, report
from intake.rules.bands import BANDS, Clock
from intake.rules.counting import End, Kept, Kind, Reach, State
from intake.rules.periods import Period
from intake.rules.promise import Aim, ResponseTarget
from intake.rules.survival import Waits
from intake.rules.workflow import Disposition
from intake.services import corrections, report_copies
from tests.making import stored
from tests.queries.story import END, at, tell

DAYS = Period(date(2026, 11, 17), date(2026, 11, 18))
OVER, LATER = at("0:30", 19), at("9:00", 19)
"""Once the days are over."""
MANY = {minutes: 1 for minutes in range(1, 21)}


def test_a_report_is_read_again_as_it_was_given_out(site: Site) -> None:
    story = tell(site)
    asked = replace(Asked(DAYS), clock=Clock.ALL, source="k3")
    with reading() as conn:
        told = report(conn, site, asked, now=END)
    document, chosen = kept_report.document(told, Aim.of([ResponseTarget()])), kept_report.asked_document(asked)
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
    parts = [(told.while_open, given.while_open), (told.while_closed, given.while_closed)]
    assert [source for source, _ in given.sources] == [source for source, _ in told.sources] != []
    parts += [(then, now) for (_, then), (_, now) in zip(told.sources, given.sources, strict=True)]
    for then, now in parts:
        assert (now.counted, now.in_target, now.were_reached) == (then.counted, then.in_target, then.were_reached)
        assert now.booked == then.booked
    assert given.hours == {hour: sum(states.values()) for hour, states in told.hours.items()}
    assert sum(n for n, _ in given.ages.values()) == 2 and sum(late for _, late in given.ages.values()) == 1
    stored = json.dumps(document)
    assert not any(word in stored for word in ("Maria", "Dev", "Visitor", "212", *story.references.values()))


def given_out(site: Site, whole: Figures, now: datetime = OVER) -> Report:
    """A report with these figures that was mailed."""
    with reading() as conn:
        told = replace(report(conn, site, Asked(DAYS), now=now), whole=whole)
    document, chosen = kept_report.document(told, Aim.of([ResponseTarget()])), kept_report.asked_document(told.asked)
    with writing() as conn:
        kept_reports.keep(conn, Way.WEEK, (DAYS.first_on, DAYS.last_on), chosen, document, now=now)
    return told


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({"kept": {Kept.KEPT: 9}}, {"kept": {Kept.KEPT: 8, Kept.BROKEN: 1}},
         {Told.PROMISES: ((Kept.KEPT, -1), (Kept.BROKEN, 1))}),
        ({"states": {State.MET: 9}}, {"states": {State.MET: 8, State.LATE: 1}},
         {Told.IN_TARGET: ((State.MET, -1), (State.LATE, 1))}),
        ({"waits": Waits({5: 5})}, {"waits": Waits({6: 5})}, {Told.HALF: ()}),
        ({"waits": Waits(MANY)}, {"waits": Waits({**MANY, 17: 0, 18: 0, 30: 2})}, {Told.NINE_TENTHS: ()}),
        ({"bands": {BANDS[0]: 1}}, {"bands": {BANDS[1]: 1}},
         {Told.FIRST_CALLS: ((BANDS[0], -1), (BANDS[1], 1))}),
        ({"ends": {End.WAITING: 1}}, {"ends": {End.NEVER: 1}},
         {Told.FIRST_CALLS: ((End.NEVER, 1), (End.WAITING, -1))}),
        ({"kinds": {Kind.COUNTED: 6}}, {"kinds": {Kind.COUNTED: 6}, "reached": {Reach.TRYING: 3}},
         {Told.REACHED: ((Reach.TRYING, 3),)}),
        ({"wishes": {Kept.KEPT: 1}}, {"wishes": {Kept.BROKEN: 1}},
         {Told.WISHES: ((Kept.KEPT, -1), (Kept.BROKEN, 1))}),
        ({"wishes": {Kept.PENDING: 1}}, {}, {Told.WISHES: ((Kept.PENDING, -1),)}),
        ({"agreed": {Kept.KEPT: 1, Kept.PENDING: 1}}, {"agreed": {Kept.KEPT: 1, Kept.BROKEN: 1}},
         {Told.AGREED: ((Kept.BROKEN, 1), (Kept.PENDING, -1))}),
        ({"kinds": {Kind.SPAM: 1}}, {"kinds": {Kind.TEST: 1}}, {Told.KINDS: ((Kind.SPAM, -1), (Kind.TEST, 1))}),
    ],
)  # fmt: skip
def test_every_figure_that_was_told_is_compared(
    site: Site, old: dict[str, Any], new: dict[str, Any], changed: dict[Told, Any]
) -> None:
    told = replace(given_out(site, Figures(**old)), whole=Figures(**new), now=LATER)
    with reading() as conn:
        (one,) = kept_report.differences(conn, told, site.time_zone)
    assert one.changed == tuple(Changed(*each) for each in changed.items())


def test_what_reports_did_not_tell_yet_is_no_difference(site: Site) -> None:
    told = given_out(site, Figures(kept={Kept.KEPT: 9}, agreed={Kept.KEPT: 1}))
    with writing() as conn:
        (figures,) = conn.execute(select(KeptReport.figures)).scalars()
        del figures["whole"]["agreed"]
        conn.execute(update(KeptReport).values(figures=figures))
    told = replace(told, whole=Figures(kept={Kept.KEPT: 9}, agreed={Kept.BROKEN: 1}), now=LATER)
    with reading() as conn:
        assert kept_report.differences(conn, told, site.time_zone) == ()
        (one,) = kept_report.differences(conn, replace(told, whole=Figures(kept={Kept.KEPT: 8})), site.time_zone)
    assert one.changed == (Changed(Told.PROMISES, ((Kept.KEPT, -1),)),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Waits({}, {30: 1}), Waits({}, {90: 1})),
        (Waits({5: 19}), Waits({5: 18, 60: 1})),
        (Waits({5: 4}), Waits({6: 4})),
    ],
    ids=["a wait that goes on", "the slowest of too few", "half of too few"],
)
def test_what_was_not_told_is_no_difference(site: Site, old: Waits, new: Waits) -> None:
    told = replace(given_out(site, Figures(waits=old)), whole=Figures(waits=new), now=LATER)
    with reading() as conn:
        assert kept_report.differences(conn, told, site.time_zone) == ()


def test_a_corrected_call_that_reached_nobody_is_a_difference(site: Site) -> None:
    story = tell(site)
    report_copies.figures(site, story.lee, Asked(DAYS), now=END)
    soon = at("14:05")
    row = stored(story.references[1])
    with reading() as conn:
        call = standing(conn, row.id, row.reopened_count)[-1].id
    corrections.correct(site, story.maria, row.reference, call, Disposition.NO_ANSWER, reason="slip", now=soon)
    with reading() as conn:
        (one,) = kept_report.differences(conn, report(conn, site, Asked(DAYS), now=soon), site.time_zone)
    assert one.changed == (Changed(Told.REACHED, ((Reach.FIRST, -1), (Reach.TRYING, 1))),)


def test_the_latest_three_that_differ_are_told(site: Site) -> None:
    for n in (1, 2, 3, 4, 4):
        told = given_out(site, Figures(reached={Reach.TRYING: n}, kinds={Kind.COUNTED: 9}))
    told = replace(told, whole=Figures(reached={Reach.TRYING: 5}, kinds={Kind.COUNTED: 9}), now=LATER)
    with reading() as conn:
        found = kept_report.differences(conn, told, site.time_zone)
    assert [one.given.whole.reached[Reach.TRYING] for one in found] == [4, 3, 2]


def test_of_what_was_given_out_before_the_days_were_over_the_latest_alone_is_told(site: Site) -> None:
    """A program asks all day long, and each new request would be a difference to all it was told."""
    for n, now in ((1, at("9:00")), (2, at("10:00")), (3, at("23:59")), (4, OVER)):
        told = given_out(site, Figures(kinds={Kind.COUNTED: n}), now)
    told = replace(told, whole=Figures(kinds={Kind.COUNTED: 5}), now=LATER)
    with reading() as conn:
        found = kept_report.differences(conn, told, site.time_zone)
    assert [(one.given.whole.counted, one.is_over) for one in found] == [(4, True), (3, False)]
