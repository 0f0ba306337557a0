"""The charts of a report: their finding, their parts and their table say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from intake.admin import report_charts
from intake.admin.report_parts import edges
from intake.database import reading
from intake.queries.facts import Asked
from intake.queries.report import Report, report
from intake.rules.hours import default_hours
from intake.rules.periods import Period
from intake.rules.promise import ResponseTarget
from tests.queries.story import END, tell

DAYS = Period(date(2026, 11, 17), date(2026, 11, 18))
TODAY = date(2026, 11, 18)
TARGET = ResponseTarget()


def link(of: str) -> str:
    return f"/?of={of}"


@pytest.fixture
def told(app) -> Report:
    site = app.extensions["intake"]
    tell(site)
    with reading() as conn:
        return report(conn, site, Asked(DAYS), now=END)


def cells(table) -> list[tuple[str, ...]]:
    return [(row.head, *(cell.text for cell in row.cells)) for row in table.rows]


def test_the_bars_hold_everybody_counted_once(told):
    for chart in (report_charts.bands(told, TARGET, link), report_charts.tries(told, link)):
        assert sum(bar.n for bar in chart.bars) == told.whole.counted == 14
        assert [row[1] for row in cells(chart.table)] == [str(bar.n) for bar in chart.bars]
        assert all(bar.href for bar in chart.bars)


def test_a_finding_says_what_its_bars_show(told):
    assert report_charts.bands(told, TARGET, link).finding == "6 of 14 were called within 15 minutes"
    assert report_charts.backlog(told, link).finding == "1 person waits past the target"
    assert report_charts.windows(told, link).finding == "1 of 2 requested times were kept"
    assert report_charts.tries(told, link).finding == "4 of the 6 people reached answered the first try"


def test_those_who_wait_are_told_by_how_late_they_are(told):
    assert [bar.n for bar in report_charts.backlog(told, link).bars] == [1, 0, 0, 1, 0]


def test_a_week_that_is_not_over_is_an_open_point_and_one_of_too_few_is_none(told):
    chart = report_charts.weekly(told, TARGET, {}, TODAY, link)
    assert [point.value for point in chart.points] == [None] * 12 + [46]
    assert chart.points[-1].is_partial
    assert chart.finding == "Too few weeks to say how it goes"
    assert cells(chart.table)[-1] == ("16 Nov", "13", "6", "46 %")


@pytest.mark.parametrize(
    ("values", "finding"),
    [
        ([66, 78], "Up from 66 to 78 % in target, still below the target"),
        ([95, 91], "Down from 95 to 91 % in target, the target is reached"),
        ([80, 80], "As before: 80 % in target, still below the target"),
        ([80], "Too few weeks to say how it goes"),
    ],
)
def test_the_course_of_weeks_in_a_sentence(app, values, finding):
    assert report_charts._course(values, 90) == finding


def test_the_cells_of_the_week_hold_arrivals_and_say_when(told):
    chart = report_charts.heat(told, default_hours("America/New_York"), "arrivals", TARGET, link)
    assert sum(int(cell.text) for day in chart.cells for cell in day if cell.text != "·") == 14
    assert chart.cells[1][22].said == "Tue 10 pm to 11 pm: 2"
    assert chart.cells[1][22].href and chart.cells[0][0].href is None


def test_an_outline_goes_once_round_what_is_open():
    assert sorted(edges([[False, True], [False, False]])) == [(1, 0, 1, 1), (1, 0, 2, 0), (1, 1, 2, 1), (2, 0, 2, 1)]
    assert len(edges([[True, True], [True, True]])) == 8


def test_opening_past_midnight_is_open_the_next_morning():
    hours = default_hours("America/New_York")
    night = replace(hours, weekly=((replace(hours.weekly[0][0], start=22 * 60, end=26 * 60),), *((),) * 6))
    grid = report_charts.open_grid(night)
    assert grid[0][22] and grid[1][1] and not grid[1][2]


@pytest.mark.parametrize(("n", "times", "heads"), [(1, 4, 1), (40, 4, 3), (18, 4, 1), (19, 4, 2)])
def test_people_needed_for_the_calls_of_an_hour(n, times, heads):
    assert report_charts.people_needed(n, times, 10) == heads


def test_weekdays_of_a_period_are_counted():
    assert [report_charts.weekdays_in(DAYS, day) for day in range(7)] == [0, 1, 1, 0, 0, 0, 0]
    assert report_charts.weekdays_in(Period(date(2026, 11, 1), date(2026, 11, 30)), 0) == 5


def test_a_report_of_three_years_is_told_with_all_its_weeks(app):
    site, days = app.extensions["intake"], Period(TODAY - timedelta(days=1098), TODAY)
    with reading() as conn:
        seen = report(conn, site, Asked(days), now=END)
    assert seen.whole.counted == 0
    assert len(report_charts.weekly(seen, TARGET, {}, TODAY, link).points) >= 157
