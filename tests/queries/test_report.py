"""The figures of a report: as they were worked out by hand in docs/metrics.md, and parting the whole in every way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries.came_before import CameBefore
from intake.queries.facts import Asked
from intake.queries.report import Report, by_person, report
from intake.rules.bands import Clock
from intake.rules.counting import APART, LEFT_OUT, End, Kind, State
from intake.rules.periods import Period
from intake.rules.shares import Share
from intake.rules.survival import Quantile, Waits
from tests.making import ask
from tests.points import point
from tests.queries.story import END, Story, tell

DAYS = Period(date(2026, 11, 17), date(2026, 11, 18))


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]


@pytest.fixture
def story(site: Site) -> Story:
    return tell(site)


def look(site: Site, **more: object) -> Report:
    with reading() as conn:
        return report(conn, site, replace(Asked(DAYS), **more), now=END)


def told(counts: object) -> dict[str, int]:
    return {key.value: n for key, n in counts.items() if n}


@point(68)
def test_the_story_gives_the_figures_worked_out_by_hand(site, story):
    whole = look(site).whole
    assert told(whole.kinds) == {
        "counted": 14, "window": 2, "own_words": 1, "withdrawn": 1, "preempted": 1, "spam": 1, "test": 1,
        "duplicate": 1, "suppressed": 1, "by_hand": 1, "imported": 1,
    }  # fmt: skip
    assert told(whole.states) == {"met": 6, "late": 2, "overdue": 1, "uncalled": 3, "called_us": 1, "pending": 1}
    assert whole.in_target == Share(6, 13)
    assert told(whole.kept) == {"kept": 7, "broken": 6, "pending": 2}
    assert whole.promises == Share(7, 13)
    assert told(whole.wishes) == {"kept": 1, "broken": 1}
    assert told(whole.agreed) == {"kept": 1, "broken": 1, "pending": 1}
    assert whole.times_agreed == Share(1, 2)
    assert told(whole.ends) == {"called": 7, "closed": 1, "left": 2, "never": 2, "waiting": 2}
    assert whole.waits == Waits({4: 1, 5: 3, 14: 1, 20: 1, 25: 1}, {5: 3, 30: 2, 210: 1}, 2)
    assert whole.half == Quantile(25, 25)
    assert whole.nine_tenths == Quantile(None, 210)
    assert told(whole.reached) == {"1": 4, "2": 1, "called_us": 1, "trying": 2, "not_called": 2, "never": 4}
    assert whole.were_reached == Share(6, 14)
    assert told(whole.tries_reached) == {"0": 1, "1": 4, "2": 1}
    assert (told(whole.tries_open), told(whole.tries_never)) == ({"0": 2, "1": 2}, {"0": 3, "1": 1})
    assert whole.booked == 1


def test_all_hours_are_told_by_the_other_clock(site, story):
    whole = look(site, clock=Clock.ALL).whole
    assert whole.waits == Waits({4: 1, 5: 2, 10: 1, 14: 1, 20: 1, 25: 1, 605: 1}, {5: 3, 30: 2, 210: 1}, 2)
    assert whole.half == Quantile(25, 25)
    assert told(whole.ends) == {"called": 8, "left": 2, "never": 2, "waiting": 2}
    assert whole.in_target == Share(6, 13)


def test_whoever_called_while_the_office_was_closed_is_told_apart(site, story):
    told_by = look(site)
    assert told_by.while_open.in_target == Share(4, 11)
    assert told_by.while_closed.in_target == Share(2, 2)
    assert told_by.while_closed.ends[End.CLOSED] == 1


def test_those_who_wait_are_told_with_whether_they_are_late(site, story):
    first, second = look(site).waiting
    assert (first.minutes, first.is_late) == (210, True)
    assert (second.minutes, second.is_late) == (5, False)


def test_credit_goes_to_whoever_called_in_the_order_of_names(site, story):
    people = look(site).people
    assert [(one.name, one.calls, one.first.counted, one.first.in_target) for one in people] == [
        ("Dev", 4, 3, Share(2, 3)),
        ("Maria", 9, 5, Share(4, 5)),
    ]
    assert people[1].first.half == Quantile(5, 5)


@pytest.mark.parametrize("clock", Clock)
def test_people_alone_are_told_as_in_the_whole_report(site, story, clock):
    with reading(of_one_moment=True) as conn:
        alone = by_person(conn, site, Asked(DAYS, clock), now=END)
    assert alone == look(site, clock=clock).people


def test_pages_weeks_and_hours_part_the_same_requests(site, story):
    seen = look(site)
    assert [(source, figures.counted) for source, figures in seen.sources] == [("k3", 12), ("w1", 2)]
    assert sum(figures.counted for _, figures in seen.sources) == seen.whole.counted
    assert len(seen.weeks) == 13
    assert sum(seen.weeks[-1][1].values()) == sum(sum(cell.values()) for cell in seen.hours.values()) == 14
    assert sum(seen.hours[24 + 22].values()) == 2


def test_the_waits_of_a_page_hold_those_who_still_wait_for_a_call(site, story):
    told = look(site)
    parts = [figures.waits for _, figures in told.sources]
    assert sum(one.number for one in parts) == told.whole.waits.number - 2, "withdrawn, or called us: of no page"
    k3 = dict(told.sources)["k3"]
    assert (k3.waits.waiting[210], k3.waits.waiting[5]) == (1, 1)


@pytest.mark.parametrize("clock", Clock)
def test_every_way_of_parting_adds_up_to_the_whole(site, story, clock):
    seen = look(site, clock=clock)
    whole = seen.whole
    assert sum(whole.states.values()) == sum(whole.ends.values()) == sum(whole.reached.values()) == whole.counted
    by_tries = (whole.tries_reached, whole.tries_open, whole.tries_never)
    assert sum(sum(one.values()) for one in by_tries) == whole.counted
    assert sum(whole.tries_reached.values()) == whole.were_reached.part
    assert sum(whole.bands.values()) == whole.ends[End.CALLED]
    assert seen.while_open.counted + seen.while_closed.counted == whole.counted
    assert len(seen.waiting) == whole.ends[End.WAITING] == whole.states[State.OVERDUE] + whole.states[State.PENDING]
    assert sum(whole.kinds.values()) == 25
    assert set(whole.kinds) <= {Kind.COUNTED, *APART, *LEFT_OUT}


def test_a_part_of_them_can_be_asked_for(site, story):
    assert look(site, source="w1").whole.counted == 2
    assert look(site, language="es").whole.counted == 1
    assert look(site, person=story.dev.user_id).whole.states == {State.MET: 2, State.LATE: 1}


def test_days_before_are_the_same_weekdays(site, story):
    assert look(site, period=Period(date(2026, 11, 24), date(2026, 11, 25))).before.counted == 14


def test_of_no_requests_nothing_is_told(site):
    whole = look(site).whole
    assert whole.counted == 0
    assert whole.in_target.percent is None
    assert whole.half == Quantile(None, 0)


def test_a_report_asks_few_questions(site, story, count_queries):
    count_queries()
    look(site)
    assert count_queries() <= 13


def test_those_who_wait_from_before_the_days_are_told_by_the_same_filters_in_one_question(site, story, count_queries):
    assert look(site).came_before == CameBefore()
    count_queries()
    look(site)
    questions = count_queries()
    early = END - timedelta(days=10)
    for number in range(3):
        ask(site, early + timedelta(days=number), phone=f"(212) 555-019{number}", source="old")
    assert look(site).came_before == CameBefore(3, early, early.date())
    assert look(site, source="old").came_before.n == 3 and look(site, source="k3").came_before.n == 0
    count_queries()
    look(site)
    assert count_queries() == questions
