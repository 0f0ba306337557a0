"""From a figure of the reports to the requests behind it, without names, on record, and the misses that are none."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit
from intake.models.site import Site
from intake.queries import sightings
from intake.rules.workflow import ClosedReason
from intake.services import casework
from tests.admin.desk import Desk, at, words
from tests.making import ask, count, person, stored
from tests.points import point
from tests.queries.story import END, Story, tell
from tests.queries.story import at as on_day

DAYS = "from=2026-11-17&to=2026-11-18"
LIST = f"/admin/reports/requests?{DAYS}"
LATE_MARKS = "state.uncalled,marked.spam,marked.test,marked.duplicate"
_A = Audit.__table__.c
pytestmark = pytest.mark.usefixtures("afternoon")


def many(html: str) -> int:
    """How many requests a list says it holds; that many rows it has."""
    found = re.search(r"<b>(\d+) requests?</b>", html)
    assert found
    assert len(re.findall(r'<tr role="row"><td', html)) == int(found[1])
    return int(found[1])


def linked(html: str) -> dict[str, int]:
    """Every link to a list with the number it stands on: of a table, of a chart, of a line of text."""
    anchors = re.findall(
        r'<a href="(/admin/reports/requests\?[^"]+)"(?: aria-label="([^"]*)")?[^>]*>(.*?)</a>', html, re.S
    )
    found = {}
    for href, label, text in anchors:
        number = (
            re.search(r": (\d+)(?:, \d+ %)?(?:, \d+ past the target)?$", label)
            if label
            else re.match(r"(?:\d+ of )?(\d+)(?! min| h| day)(?: [a-z0-9, ]+)?$", words(text).strip())
        )
        if number:
            found[unescape(href)] = int(number[1])
    return found


@point(67)
@pytest.mark.parametrize("clock", ["open", "all"])
def test_each_number_on_the_page_leads_to_so_many_requests(sqlite_app: Flask, now: datetime, clock: str) -> None:
    with at(END):
        lee = Desk(sqlite_app, tell(sqlite_app.extensions["intake"]).lee)
        found = linked(lee.text(f"/admin/reports/?{DAYS}&clock={clock}"))
        assert len(found) > 40
        for href, number in found.items():
            assert f"clock={clock}" in href or clock == "open"
            assert (href, many(lee.text(href))) == (href, number)


@pytest.mark.usefixtures("story")
def test_the_line_of_those_who_came_before_the_days_leads_to_them(lee: Desk, site: Site) -> None:
    for number in range(2):
        ask(site, END - timedelta(days=9 - number), phone=f"(212) 555-019{number}")
    html = lee.text(f"/admin/reports/?{DAYS}")
    said = "and 2 who came before these days, the oldest has waited 9 days"
    found = re.search(f'<a href="([^"]+)">{said}</a>', html)
    assert found and many(lee.text(unescape(found[1]))) == 2
    told = lee.get(f"/admin/reports/data?{DAYS}").json["waiting_from_before"]
    assert told["n"] == 2 and told["oldest_at"].startswith("2026-11-09")


def shares(html: str) -> dict[str, int]:
    """Every link to a list that stands on a percentage."""
    found = re.findall(r'<a href="(/admin/reports/requests[^"]+)">(\d+) %</a>', html.replace("\xa0", " "))
    return {unescape(href): int(percent) for href, percent in found}


@point(67)
def test_each_percentage_leads_to_those_it_is_a_part_of_all_with(lee: Desk, story: Story) -> None:
    found = shares(lee.text(f"/admin/reports/?{DAYS}"))
    assert len(found) == 7
    for href, percent in found.items():
        whole = (
            href.replace("state.met", "judged").replace("kept.kept", "kept.kept,kept.broken").replace(",reached", "")
        )
        part, of_all = many(lee.text(href)), many(lee.text(whole))
        assert (href, round(100 * part / of_all)) == (href, percent)


@point(67)
@pytest.mark.parametrize(("cells", "of"), [("target", "judged"), ("people", "kind.counted")])
def test_each_reading_of_the_week_leads_to_those_it_tells_of(lee: Desk, story: Story, cells: str, of: str) -> None:
    html = lee.text(f"/admin/reports/?{DAYS}&cells={cells}")
    links = {unescape(one) for one in re.findall(r'<a href="([^"]*of=kind.counted[^"]*hour[^"]*)"', html)}
    assert links and all(of in one for one in links)
    judged = sum(many(lee.text(one)) for one in links)
    assert judged == many(lee.text(f"{LIST}&of=kind.counted{',judged' if cells == 'target' else ''}"))


@point(67)
def test_what_half_were_called_within_leads_to_everybody_it_counts(lee: Desk, story: Story) -> None:
    html = lee.text(f"/admin/reports/?{DAYS}")
    tile = next(one for one in re.findall(r'<div class="card tile.*?</div>', html, re.S) if "Half called" in one)
    href = re.search(r'href="([^"]+of=waits[^"]*)"', tile)
    number = re.search(r"n = (\d+)", words(tile))
    assert href and number and many(lee.text(unescape(href[1]))) == int(number[1])


@point(67)
def test_what_half_of_a_person_were_called_within_leads_to_their_waits(lee: Desk, story: Story) -> None:
    """Of fewer than five nothing is told, so that nothing is to be looked at."""
    table = re.findall(r"Calls by person</caption>(.*?)</table>", lee.text(f"/admin/reports/?{DAYS}"), re.S)[0]
    maria, dev = re.findall(r"<bdi>(\w+)</bdi>.*?</tr>", table, re.S), re.findall(r"<bdi>.*?</tr>", table, re.S)
    assert maria == ["Dev", "Maria"] and "waits" not in dev[0]
    href = re.search(rf'href="([^"]+of=kind.counted,person.{story.maria.person_id},waits[^"]*)">5\smin<', dev[1])
    assert href and many(lee.text(unescape(href[1]))) == 5


@point(67)
def test_a_share_leads_to_its_part(lee: Desk, story: Story) -> None:
    for of, title, number in (
        ("kind.counted,state.met", "Called in target", 6),
        ("kept.kept,promised", "Promise kept", 7),
        ("week.2026-11-16,judged", "Target met or missed, week from 16 Nov", 13),
    ):
        html = lee.text(f"{LIST}&of={of}")
        assert many(html) == number and f"<h1>{title}</h1>" in html.replace("\xa0", " ")


def test_a_list_tells_the_work_and_nobody_of_whom_it_is_about(lee: Desk, story: Story) -> None:
    html = lee.text(f"{LIST}&of=kind.counted")
    text = words(html)
    assert "Visitor" not in text and "555" not in text
    row = next(one for one in re.findall(r'<tr role="row"><td.*?</tr>', html, re.S) if story.references[2] in one)
    told = words(row).strip()
    assert re.fullmatch(
        rf"{story.references[2]} 10:10 am ET Dev, 10:24 am ET 14 min called in target Owner: Dev Information given",
        told,
    ), told
    assert "3 h 30 min so far waiting past the target" in text and "earlier episode" in text
    assert "received 17 Nov – 18 Nov 2026 · by opening hours" in text


def test_the_auditor_sees_references_and_no_way_to_a_request(rae: Desk, lee: Desk, story: Story) -> None:
    reference = story.references[11]
    assert f'href="/admin/queue/{reference}"' in lee.text(f"{LIST}&of={LATE_MARKS}")
    html = rae.text(f"{LIST}&of={LATE_MARKS}")
    assert reference in html and "/admin/queue/" not in html and "Agree that" not in html


def test_looking_is_on_record_once_and_is_among_the_looks_at_each_request(lee: Desk, rae: Desk, story: Story) -> None:
    for _ in range(2):
        lee.get(f"{LIST}&of=state.late&clock=all&source=w1")
    with reading() as conn:
        (details,) = conn.execute(select(_A.details).where(_A.action == "report.listed")).scalars()
        subject = sightings.subject(conn, story.references[3])
        assert subject is not None
        seen = sightings.sightings(conn, subject)
    assert details == {
        "since": "2026-11-17", "until": "2026-11-19", "clock": "all", "source": "w1", "of": "state.late",
        "ids": [stored(story.references[3]).id],
    }  # fmt: skip
    assert "report.listed" in {one.action for one in seen}
    text = words(rae.text("/admin/audit/?kind=viewed"))
    assert "Lee looked at the requests behind a figure of the reports" in text
    assert "figure: called late" in text and "by all hours" in text and "1 request" in text
    assert "looked at the requests behind a figure" in words(rae.text(f"/admin/audit/seen/{story.references[3]}"))


@pytest.mark.parametrize("of", ["moon", "state.moon", "hour.168", "week.2026-11-17", "person.x"])
def test_what_no_figure_counts_is_not_there(lee: Desk, of: str) -> None:
    assert lee.get(f"{LIST}&of={of}").status_code == 404
    assert lee.get(f"/admin/reports/requests?from=2030-01-01&to=2029-01-01&of={of}").status_code == 404


def test_a_long_list_is_told_page_by_page(lee: Desk, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from intake.queries import report_lists

    monkeypatch.setattr(report_lists.page, "__kwdefaults__", {**report_lists.page.__kwdefaults__, "most": 10})
    seen, html = [], lee.text(LIST)
    while True:
        seen += re.findall(r'class="ref" href="/admin/queue/([^"]+)"', html)
        older = re.search(r'href="([^"]+)">Older<', html)
        if not older:
            break
        html = lee.text(unescape(older[1]))
    assert len(seen) == 25 and "<b>25 requests</b>" in html and ">Newest<" in html


def test_a_manager_agrees_to_one_miss_and_takes_it_back_on_the_same_list(lee: Desk, story: Story) -> None:
    reference, path = story.references[11], f"{LIST}&of={LATE_MARKS}"
    assert "Agree for all" not in lee.text(path)
    answer = lee.post(
        "/admin/reports/agree", pick=reference, of=LATE_MARKS, **{"from": "2026-11-17", "to": "2026-11-18"}
    )
    assert answer.status_code == 303 and answer.location == f"/admin/reports/requests?of={LATE_MARKS}&{DAYS}"
    html = lee.text(answer.location)
    assert f"Agreed: {reference} is no miss" in html and many_or_none(html) == 0
    assert stored(reference).uncounted_at == END
    step, back = (re.search(rf'name="{name}" value="([^"]+)"', html) for name in ("step", "back"))
    assert step and back
    undone = lee.post("/admin/queue/undo", step=step[1], back=unescape(back[1]))
    assert undone.status_code == 303 and undone.location == unescape(back[1])
    assert stored(reference).uncounted_at is None and many(lee.text(undone.location)) == 1


def many_or_none(html: str) -> int:
    found = re.search(r"<b>(\d+) requests?</b>", html)
    return int(found[1]) if found else -1


def test_all_that_are_shown_are_agreed_to_at_once_and_undone_together(lee: Desk, story: Story, site: Site) -> None:
    more = ask(site, on_day("9:40"), phone="212-555-1040").reference
    casework.close(site, story.maria, more, ClosedReason.TEST, now=on_day("13:59"))
    html = lee.text(f"{LIST}&of={LATE_MARKS}")
    assert "Agree for all 2 shown" in html
    picks = sorted(set(re.findall(r'name="pick" value="([^"]+)"', html)))
    assert picks == sorted((more, story.references[11]))
    answer = lee.client.post(
        "/admin/reports/agree", data={"csrf_token": lee.token, "pick": picks, "of": LATE_MARKS, "from": "2026-11-17"}
    )
    html = lee.text(answer.location)
    assert "Agreed: 2 requests are no misses" in html
    step = re.search(r'name="step" value="([^"]+)"', html)
    assert step
    lee.post("/admin/queue/undo", step=step[1])
    assert [stored(one).uncounted_at for one in picks] == [None, None]
    assert count(Audit, _A.action == "callback.left_out") == 3


def test_agreeing_to_nothing_or_to_what_is_no_late_mark_changes_nothing(lee: Desk, story: Story, site: Site) -> None:
    lee.get(LIST)
    for pick in ({}, {"pick": story.references[4]}, {"pick": "000-000"}):
        answer = lee.post("/admin/reports/agree", of="kind.counted", **pick)
        assert answer.status_code == 303
    assert count(Audit, _A.action == "callback.left_out") == 1
    kim = Desk(lee.client.application, person(site, "Kim", now=END))
    kim.get("/admin/queue/")
    assert kim.post("/admin/reports/agree", pick=story.references[11]).status_code == 403


def test_undo_leads_nowhere_else(lee: Desk, story: Story) -> None:
    lee.get(LIST)
    for back in ("//evil.example", "/admin/reports/requests?x=\r\ny", "https://evil.example/admin/reports/requests?"):
        assert lee.post("/admin/queue/undo", step="0" * 32, back=back).location in (None, "/admin/queue/")


def test_a_list_asks_few_questions(lee: Desk, story: Story, count_queries) -> None:  # type: ignore[no-untyped-def]
    lee.get(f"{LIST}&of=kind.counted")
    count_queries()
    lee.get(f"{LIST}&of=kind.counted")
    assert count_queries() <= 12
