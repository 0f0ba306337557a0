"""The page of response times as a whole: tables under the charts, few cases, its own targets, paper."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask import Flask

from intake.admin import reports
from intake.database import reading
from intake.queries import calendar as calendars
from intake.rules.permissions import SYSTEM
from intake.rules.windows import Window
from intake.rules.workflow import Disposition
from intake.services import calls, people, settings
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at, words
from tests.making import ask, person
from tests.points import point
from tests.queries.story import END, tell

PAGE = "/admin/reports/?from=2026-11-17&to=2026-11-18"
DATA = PAGE.replace("/?", "/data?")


def figures_of(html: str) -> list[str]:
    return re.findall(r'<figure class="card chart.*?</figure>', html, re.S)


def table_under(chart: str) -> list[list[str]]:
    """The cells of the table beneath a chart, row by row, without the heads."""
    table = re.findall(r'<details class="tbl.*?</details>', chart, re.S)[0]
    body = re.findall(r"<tbody>(.*?)</tbody>", table, re.S)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row, re.S)] for row in rows]


def drawn_by_week(chart: str) -> list[list[str]]:
    """How many were judged, how many of them in target, and the share, as the points of the weeks say it."""
    judged = re.findall(r'y="212">(?:n )?(\d+)</text>', chart)
    told = [title.split(": ")[1] for title in re.findall(r"<title>(Week .*?)</title>", chart)]
    shares = [re.fullmatch(r"(\d+ %) \((\d+) of \d+\)|too few", one) for one in told]
    return [[n, one[2] or n, one[1] or "too few"] for n, one in zip(judged, shares, strict=True) if one]


def drawn_by_hour(chart: str) -> list[list[str]]:
    """The numbers in the cells of the week, by day."""
    cells = re.findall(r'<text class="m t\d"[^>]*>(.*?)</text>', chart)
    return [cells[day * 24 : day * 24 + 24] for day in range(7)]


@point(72)
def test_every_chart_has_its_numbers_in_a_table_beneath_it(sqlite_app: Flask) -> None:
    with at(END):
        html = Desk(sqlite_app, tell(sqlite_app.extensions["intake"]).lee).text(PAGE)
    by_week, *bars, by_hour, tries, split = figures_of(html)
    assert drawn_by_week(by_week) == table_under(by_week) and ["13", "6", "46 %"] in table_under(by_week)
    assert drawn_by_hour(by_hour) == table_under(by_hour)
    assert sum(int(cell) for row in table_under(by_hour) for cell in row if cell.isdigit()) == 14
    assert len(bars) == 3
    for chart in (*bars, tries):
        drawn = re.findall(r'<tspan class="n">(\d+)</tspan><tspan class="q" dx="6">(\d+ %)</tspan>', chart)
        assert drawn and [list(pair) for pair in drawn] == [row[:2] for row in table_under(chart)]
    drawn = re.findall(r'<tspan class="n">(.*?)</tspan><tspan class="q" dx="6">(\d+ %)</tspan>', split)
    assert drawn and [list(pair) for pair in drawn] == table_under(split)


@point(73)
def test_of_few_requests_it_is_said_that_they_are_too_few(sqlite_app: Flask, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]
    lee = person(site, "Lee", "manager", now=now)
    for number in range(3):
        ask(site, now - timedelta(minutes=50 - number), phone=f"(212) 555-010{number}", source="k3")
    with at(now):
        html = Desk(sqlite_app, lee).text("/admin/reports/?period=28")
    tiles = re.sub(r"<[^>]+>", " ", re.findall(r'<div class="tiles six">(.*?)<div class="charts">', html, re.S)[0])
    assert re.search(r"9 of 10 within\s+too few", tiles)
    assert re.search(r"Called in target\s+0 %\s+0 of 3 .*?\s+likely 0 to \d+ %", tiles), "with how far it may be off"
    assert re.search(r"k3.*?too few", re.findall(r"Requests by page.*?</table>", html, re.S)[0], re.S)
    assert "Too few requests to say how it goes" in html


def test_where_the_target_changed_in_the_days_each_request_is_said_to_be_judged_by_its_own(sqlite_app: Flask) -> None:
    site = sqlite_app.extensions["intake"]
    story = tell(site)
    alex = person(site, "Alex", "admin", now=END)
    with reading() as conn:
        calendar = calendars.current(conn, site)
    target = replace(calendar.target, minutes=60, percent=80)
    settings.change_target(site, alex, target, seen=calendar.id, words="an hour", now=END)
    with at(END):
        desk = Desk(sqlite_app, story.lee)
        html, changed = desk.text(PAGE), desk.get(DATA).json["hours_and_target_changed"]
    assert "6 of 14 were called in target" in html and "6 of 13, each by its own target" in html
    assert "target 80 % at the end" in html and "Target 80 % now, another before" in html
    assert "Opening hours or target changed in these days" in html
    what = "First call within, opening minutes: 15 → 60; For so many requests, percent: 90 % → 80 %"
    assert f"2 pm ET: {what}</li>" in html.replace("\xa0", " ")
    assert [one["what"] for one in changed][-1].replace("\xa0", " ") == what


def test_of_very_many_changes_the_newest_are_told_and_how_many_there_were_before(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "CHANGES_SHOWN", 1)
    site = sqlite_app.extensions["intake"]
    story = tell(site)
    alex = person(site, "Alex", "admin", now=END)
    for minutes in (30, 60):
        with reading() as conn:
            calendar = calendars.current(conn, site)
        target = replace(calendar.target, minutes=minutes)
        settings.change_target(site, alex, target, seen=calendar.id, words="longer", now=END)
    with at(END):
        told = words(Desk(sqlite_app, story.lee).text(PAGE))
    assert "2 pm ET: the last of 2 more, told in the settings 2 pm ET: First call within" in told
    assert "30 → 60" in told and "15 → 30" not in told


def test_a_new_installation_does_not_say_that_its_hours_changed(app: Flask, now: datetime) -> None:
    site = app.extensions["intake"]
    lee = person(site, "Lee", "manager", now=now)
    ask(site, now)
    with at(now + timedelta(hours=1)):
        assert "Opening hours or target changed" not in Desk(app, lee).text(PAGE)


def test_calls_are_told_of_days_in_which_no_request_came(sqlite_app: Flask, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]
    lee = person(site, "Lee", "manager", now=now)
    reference = ask(site, now - timedelta(days=1)).reference
    calls.log_attempt(site, lee, reference, Outcome(Disposition.NO_ANSWER), now=now)
    with at(now):
        desk = Desk(sqlite_app, lee)
        html = desk.text("/admin/reports/?period=today")
        found = re.search(r'<bdi>Lee</bdi></th><td[^>]*><a href="([^"]+)">1</a></td><td[^>]*>0</td>', html)
        assert found and "<b>1 call</b>" in desk.text(unescape(found[1]))
    assert "No request was counted in these days" in html and not figures_of(html)


def test_requested_times_are_told_where_nobody_wanted_a_quick_call(sqlite_app: Flask, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]
    lee = person(site, "Lee", "manager", now=now)
    ask(site, now, window=Window(now + timedelta(hours=1), now + timedelta(hours=2)))
    with at(now + timedelta(hours=3)):
        (chart,) = figures_of(Desk(sqlite_app, lee).text("/admin/reports/?period=today"))
    assert "0 of 1 requested times were kept" in chart and table_under(chart)[1] == ["1", "100 %"]


def test_a_report_of_somebody_who_left_and_called_nobody_says_whose_it_is(sqlite_app: Flask, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]
    lee, sam = person(site, "Lee", "manager", now=now), person(site, "Sam", now=now)
    people.disable(site, SYSTEM, sam.person_id, now=now)
    with at(now):
        desk = Desk(sqlite_app, lee)
        for number, name in ((sam.person_id, "Sam"), (99, "one person")):
            html = desk.text(f"/admin/reports/?person={number}")
            assert f'<option value="{number}" selected>{name}</option>' in html


def test_of_many_pages_those_with_few_requests_are_one_line_until_asked_for(sqlite_app: Flask, now: datetime) -> None:
    """Whoever sends the form may write any code: the report stays of a size, and still adds up."""
    site = sqlite_app.extensions["intake"]
    lee = person(site, "Lee", "manager", now=now)
    for number in range(18):
        source = "k3" if number < 2 else f"x{number}"
        ask(site, now, phone=f"(212) 555-01{number:02}", name=f"Visitor {number}", source=source)
    with at(now):
        desk = Desk(sqlite_app, lee)
        table = re.findall(r"Requests by page</caption>(.*?)</table>", desk.text("/admin/reports/"), re.S)[0]
        rows = [words(row).split() for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)]
        assert [row[:2] for row in rows[1:2]] == [["k3", "2"]] and rows[-2][:4] == ["5", "other", "pages", "5"]
        assert rows[-1][:2] == ["All", "18"] and len(rows) == 1 + 12 + 1 + 1
        everyone = re.findall(r'<a href="([^"#]+)#pages">5 other pages', table)[0]
        assert "other page" not in desk.text(everyone) and "x17" in desk.text(everyone)
        behind = desk.text(unescape(re.findall(r'5 other pages</a></th><td><a href="([^"]+)">5</a>', table)[0]))
        assert "<b>5 requests</b>" in behind and "Other pages than k3, x10, x11" in behind


def test_a_period_of_the_list_goes_before_days_that_stood_in_the_fields_and_after_such_as_are_typed(
    sqlite_app: Flask, now: datetime
) -> None:
    with at(now):
        desk = Desk(sqlite_app, person(sqlite_app.extensions["intake"], "Lee", "manager", now=now))
        html = desk.text("/admin/reports/?from=2026-11-02&to=2026-11-03")
        assert "2 Nov – 3 Nov 2026" in words(html)
        shown = re.findall(r'name="shown" value="([^"]+)"', html)[0]
        for typed, days in (
            ("from=2026-11-02&to=2026-11-03", "18 Nov 2026"),
            ("from=2026-11-04&to=2026-11-05", "4 Nov"),
        ):
            told = words(desk.text(f"/admin/reports/?period=today&{typed}&shown={shown}"))
            assert f"Response times {days}" in told
        assert 'name="shown"' not in desk.text("/admin/reports/?period=today")
        assert "Response times 2 Nov" in words(desk.text("/admin/reports/?period=28&from=2026-11-02&to=2026-11-03"))


def test_a_report_of_one_persons_first_calls_says_that_nobody_who_waits_is_in_it(
    sqlite_app: Flask, now: datetime
) -> None:
    site = sqlite_app.extensions["intake"]
    lee = person(site, "Lee", "manager", now=now)
    ask(site, now - timedelta(hours=1))
    with at(now):
        desk = Desk(sqlite_app, lee)
        said = "whoever waits for a call is in none of these figures"
        assert said in desk.text(f"/admin/reports/?person={lee.person_id}") and said not in desk.text("/admin/reports/")


def test_a_report_of_a_part_says_of_which_where_its_fields_are_not_printed(sqlite_app: Flask, now: datetime) -> None:
    lee = person(sqlite_app.extensions["intake"], "Lee", "manager", now=now)
    with at(now):
        desk = Desk(sqlite_app, lee)
        html = desk.text(f"/admin/reports/?person={lee.person_id}&source=none&language=es&for_whom=other")
        head = re.findall(r'<div class="page-head">(.*?)<span class="end', html, re.S)[0]
        assert " · first call by Lee · without a page code · Spanish · for whom: Someone else · figures" in words(head)
        assert "<b>" not in re.findall(r'<div class="page-head">(.*?)<span class="end', desk.text(PAGE), re.S)[0]


def test_how_we_count_is_said_in_150_words(sqlite_app: Flask, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]
    lee = person(site, "Lee", "manager", now=now)
    ask(site, now)
    with at(now):
        html = Desk(sqlite_app, lee).text("/admin/reports/")
    told = re.findall(r"How we count</summary><p[^>]*>(.*?)</p>", html, re.S)[0]
    assert len(told.split()) <= 150


def test_the_lines_of_the_people_add_up_to_all_that_are_counted(sqlite_app: Flask) -> None:
    with at(END):
        desk = Desk(sqlite_app, tell(sqlite_app.extensions["intake"]).lee)
        for narrowed, calls in (("", ["4", "9", "", "13"]), ("&source=k3", ["–", "–", "", "–"])):
            table = re.findall(r"Calls by person</caption>(.*?)</table>", desk.text(PAGE + narrowed), re.S)[0]
            cells = [
                re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in re.findall(r"<tr.*?</tr>", table, re.S)[1:]
            ]
            told = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row[:2]] for row in cells]
            assert [row[0] for row in told] == calls
            *parts, whole = (int(row[1]) for row in told)
            assert sum(parts) == whole > 0
