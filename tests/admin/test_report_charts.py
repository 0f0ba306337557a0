"""The charts of a report: their finding, their parts and their table say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from intake.admin import report_charts, report_tiles
from intake.admin.report_parts import edges
from intake.database import reading
from intake.queries.facts import Asked
from intake.queries.report import Figures, Report, report
from intake.rules.counting import Kept, Kind, Reach, State
from intake.rules.hours import default_hours
from intake.rules.periods import Period
from intake.rules.promise import Aim, ResponseTarget
from intake.rules.shares import Share
from intake.wording import figures as words
from tests.queries.story import END, tell

DAYS = Period(date(2026, 11, 17), date(2026, 11, 18))
TODAY = date(2026, 11, 18)
TARGET = ResponseTarget()
AIM = Aim.of([TARGET])


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
    for chart in (report_charts.bands(told, AIM, link), report_charts.tries(told, link)):
        assert sum(bar.n for bar in chart.bars) == told.whole.counted == 14
        assert [row[1] for row in cells(chart.table)] == [str(bar.n) for bar in chart.bars]
        assert all(bar.href for bar in chart.bars)


def test_a_finding_says_what_its_bars_show(told):
    assert report_charts.bands(told, AIM, link).finding == "6 of 14 were called within 15 minutes"
    assert report_charts.backlog(told, link).finding == (
        "2 people wait for the first call, the longest for 3 h 30 min: 1 past the target"
    )  # fmt: skip
    assert report_charts.windows(told, link).finding == "1 of 2 requested times were kept"
    assert report_charts.tries(told, link).finding == "4 of the 6 people reached answered the first try"


def test_a_finding_of_few_or_of_none_says_no_more_than_it_knows(app, told):
    assert report_charts.heat(told, default_hours("America/New_York"), "arrivals", TARGET, link).finding == (
        "2 of 14 requests arrived while we were closed"
    )
    with reading() as conn:
        none = report(conn, app.extensions["intake"], Asked(Period(date(2020, 1, 1), date(2020, 1, 2))), now=END)
    assert report_charts.tries(none, link).finding == "Nobody has been reached yet"
    assert report_charts.windows(none, link).finding == "Nobody asked for a time"


def test_where_the_target_changed_no_finding_claims_the_newest_for_all(told):
    mixed = Aim.of([TARGET, replace(TARGET, minutes=30, percent=80)])
    assert report_charts.bands(told, mixed, link).finding == "6 of 14 were called in target"
    assert (mixed.percent, mixed.is_one) == (90, False)
    assert "each by its own target" in report_tiles.tiles(told, mixed, link)[1].lines[0]


def test_those_who_wait_are_told_by_how_long_with_how_many_of_them_are_late(told):
    chart = report_charts.backlog(told, link)
    assert [(bar.n, bar.more) for bar in chart.bars if bar.n] == [(1, ""), (1, "1 past the target")]
    assert [bar.said for bar in chart.bars][3] == "1–4 h: 1, 50 %, 1 past the target"
    assert [row[1::2] for row in cells(chart.table)] == [
        ("1", "0"), ("0", "0"), ("0", "0"), ("1", "1"), ("0", "0"), ("0", "0"),
    ]  # fmt: skip
    assert chart.table.rows[3].cells[2].href == "/?of=age.240,state.overdue"
    assert [cell.text for cell in chart.table.foot.cells] == ["2", "100 %", "1"]


def test_whoever_was_reached_and_times_that_were_kept_are_told_with_their_likely_range(told):
    assert report_tiles.tiles(told, AIM, link)[4].lines == ("6 of 14", "likely 21 to 68 %")
    assert report_charts.windows(told, link).note == (
        "Called inside the time the visitor asked for: 50 %, likely 9 to 91 %"
    )


def test_where_the_waiting_went_is_told_of_those_who_were_called(told):
    chart = report_charts.split(told, link)
    assert chart is not None
    assert chart.finding == "100 % of the waiting passed before anybody had taken the request"
    assert chart.note == "All the time that 8 people waited for the first call, day and night"
    assert [row[1] for row in cells(chart.table)] == [bar.told for bar in chart.bars] and len(chart.bars) == 2
    assert {bar.href for bar in chart.bars} == {"/?of=kind.counted,end.called,end.closed"}
    assert report_charts.split(replace(told, whole=Figures()), link) is None


def test_whoever_was_reached_and_times_that_were_kept_are_held_against_those_before(told):
    before = Figures(
        kinds={Kind.COUNTED: 20}, reached={Reach.FIRST: 2, Reach.NEVER: 18}, wishes={Kept.KEPT: 9, Kept.BROKEN: 1}
    )
    whole = replace(told.whole, wishes={Kept.KEPT: 5, Kept.BROKEN: 5})
    seen = replace(told, before=before, whole=whole)
    assert report_tiles.tiles(seen, AIM, link)[4].quiet[1] == "33 points better than before"
    assert report_charts.windows(seen, link).note.endswith(", 40 points worse than before, which may be chance")


def test_a_number_of_waits_that_is_not_that_of_the_requests_says_why(told):
    half = report_tiles.tiles(told, AIM, link)[2]
    assert half.quiet[1] == (
        "n = 15: 14 counted, 2 more who cancelled or called us before due, 1 fewer called while closed"
    )
    assert words.n_of_waits(14, 14, 0) == "n = 14"


def test_a_week_that_is_not_over_is_an_open_point_and_one_of_too_few_is_none(told):
    chart = report_charts.weekly(told, AIM, {}, TODAY, link)
    assert [point.value for point in chart.points] == [None] * 12 + [46]
    assert (chart.points[0].said, chart.points[-1].share) == ("Week from 24 Aug: too few", "46 % (6 of 13)")
    assert chart.points[-1].is_partial
    assert chart.finding == "46 % in target, still below the target"
    assert cells(chart.table)[-1] == ("16 Nov, in part", "13", "6", "46 %")


def test_no_title_tells_a_share_where_the_chart_says_too_few(told):
    weeks = report_charts.weekly(told, AIM, {}, TODAY, link).points
    assert weeks[0].said == "Week from 24 Aug: too few"
    assert weeks[-1].said == "Week from 16 Nov, in part: 46 % (6 of 13)"
    chart = report_charts.heat(told, default_hours("America/New_York"), "target", TARGET, link)
    few = [cell.said for day in chart.cells for cell in day if cell.text == "–"]
    assert few and all(said.endswith(": too few") for said in few)


def test_a_week_that_the_last_day_of_the_report_cuts_off_is_told_in_part(told):
    later = report_charts.weekly(told, AIM, {}, TODAY + timedelta(days=30), link)
    assert [point.is_partial for point in later.points[-2:]] == [False, True]
    assert [row.head for row in later.table.rows[-2:]] == ["9 Nov", "16 Nov, in part"]
    assert later.finding == "46 % in target, still below the target"


@pytest.mark.parametrize(
    ("these", "before", "finding"),
    [
        (Share(78, 100), Share(50, 100), "78 % in target, 28 points better than before, still below the target"),
        (Share(910, 1000), Share(95, 95), "91 % in target, 9 points worse than before, the target is reached"),
        (
            Share(66, 100),
            Share(62, 100),
            "66 % in target, 4 points better than before, which may be chance, still below the target",
        ),
        (Share(8, 10), Share(4, 5), "80 % in target, about the same as before, still below the target"),
        (Share(8, 10), Share(4, 4), "80 % in target, still below the target"),
        (Share(4, 4), Share(8, 10), "Too few requests to say how it goes"),
        (Share(180, 200), Share(4, 4), "90 % in target, the target is reached"),
        (Share(179, 200), Share(4, 4), "90 % in target, just below the target"),
    ],
)
def test_the_course_of_weeks_in_a_sentence(told, these, before, finding):
    """It never says another thing than the tile of the same days."""
    seen = replace(told, whole=_judged(these), before=_judged(before))
    assert report_charts.weekly(seen, AIM, {}, TODAY, link).finding == finding
    assert report_tiles.tiles(seen, AIM, link)[1].quiet[1] in finding


def _judged(share: Share) -> Figures:
    return Figures(states={State.MET: share.part, State.LATE: share.whole - share.part})


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
    assert len(report_charts.weekly(seen, AIM, {}, TODAY, link).points) >= 157
