"""From "Calls made" to each call that was counted: of everybody for whoever sees reports, of oneself for all."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit
from intake.queries import calls_made
from tests.admin.desk import Desk, words
from tests.making import stored
from tests.points import point
from tests.queries.story import Story

DAYS = "from=2026-11-17&to=2026-11-18"
LIST, OWN = f"/admin/reports/calls?{DAYS}", "/admin/account/figures/calls"
_A = Audit.__table__.c
pytestmark = pytest.mark.usefixtures("afternoon")


def rows(html: str) -> list[str]:
    return [words(one).strip() for one in re.findall(r'<tr role="row"><td.*?</tr>', html, re.S)]


@point(67)
@pytest.mark.parametrize("more", ["", "&clock=all", "&person={dev}"])
def test_each_number_of_calls_leads_to_so_many(lee: Desk, story: Story, more: str) -> None:
    report = lee.text(f"/admin/reports/?{DAYS}{more.format(dev=story.dev.person_id)}")
    found = re.findall(r'<bdi>(\w+)</bdi></th><td role="cell"><a href="([^"]+)">(\d+)</a>', report)
    assert {name: int(number) for name, _, number in found} == {"Dev": 4} | ({} if "person" in more else {"Maria": 9})
    for name, href, number in found:
        html = lee.text(unescape(href))
        assert f"<b>{number} calls</b>" in html and len(rows(html)) == int(number)
        assert f"<h1>Calls made by {name}</h1>" in html
        assert "Response times" in lee.text(
            unescape(re.findall(r'class="btn bare" href="(/admin/reports/[^"]*)"', html)[0])
        )


@point(67)
def test_the_sum_leads_to_the_calls_of_all_with_whoever_made_them(lee: Desk, story: Story) -> None:
    href, number = re.findall(r'<a href="([^"]+/calls[^"]*)">(\d+)</a>', lee.text(f"/admin/reports/?{DAYS}"))[-1]
    html = lee.text(unescape(href))
    assert number == "13" and "<b>13 calls</b>" in html and "<h1>Calls made</h1>" in html
    assert [sum(f" {name} " in row for row in rows(html)) for name in ("Dev", "Maria")] == [4, 9]
    assert f"{story.references[2]} 10:24 am ET Dev first call No answer" in rows(html), rows(html)


def test_a_call_is_told_in_words_and_nobody_of_whom_it_was_about(lee: Desk, rae: Desk, story: Story) -> None:
    path, reference = f"{LIST}&person={story.dev.person_id}", story.references[2]
    html = lee.text(path)
    assert f"{reference} 10:24 am ET first call No answer" in rows(html), rows(html)
    assert "Visitor" not in words(html) and "555" not in words(html)
    assert f'href="/admin/queue/{reference}"' in html
    assert "/admin/queue/" not in rae.text(path) and rows(rae.text(path)) == rows(html)


def test_looking_is_on_record_once(lee: Desk, rae: Desk, story: Story) -> None:
    for _ in range(2):
        lee.get(f"{LIST}&person={story.dev.person_id}")
    with reading() as conn:
        (details,) = conn.execute(select(_A.details).where(_A.action == "report.listed")).scalars()
    assert stored(story.references[2]).id in details.pop("ids")
    assert details == {"since": "2026-11-17", "until": "2026-11-19", "person": story.dev.person_id, "of": "calls"}
    assert "figure: calls made" in words(rae.text("/admin/audit/?kind=viewed"))


@pytest.mark.parametrize("more", ["&person=1&source=w1", "&person=1&language=es", "&source=w1"])
def test_of_what_the_reports_tell_no_number_there_is_no_list(lee: Desk, more: str) -> None:
    assert lee.get(f"{LIST}{more}").status_code == 404
    assert lee.get("/admin/reports/calls?from=2026-11-18&to=2026-11-17&person=1").status_code == 404


def test_own_calls_stand_behind_own_figures_whatever_the_address_asks_for_and_no_others(
    app: Flask, story: Story
) -> None:
    maria, dev = Desk(app, story.maria), story.dev.person_id
    (href,) = re.findall(r'<strong><a href="([^"]+/calls[^"]*)">9</a>', maria.text("/admin/account/figures?period=7"))
    html = maria.text(unescape(href))
    assert "<b>9 calls</b>" in html and len(rows(html)) == 9 and "<h1>Calls you made</h1>" in html
    assert rows(maria.text(f"{OWN}?period=7&person={dev}")) == rows(html)
    for one in (dev, story.maria.person_id):
        assert maria.get(f"{LIST}&person={one}").status_code == 403


def test_a_long_list_is_told_page_by_page_with_few_questions(
    lee: Desk, story: Story, monkeypatch: pytest.MonkeyPatch, count_queries: Callable[[], int]
) -> None:
    monkeypatch.setattr(calls_made.page, "__kwdefaults__", {**calls_made.page.__kwdefaults__, "most": 4})
    html, seen = lee.text(f"{LIST}&person={story.maria.person_id}"), []
    while older := re.search(r'href="([^"]+)">Older<', html):
        seen += rows(html)
        html = lee.text(unescape(older[1]))
    assert len(seen + rows(html)) == 9 and "<b>9 calls</b>" in html and ">Newest<" in html
    count_queries()
    lee.get(f"{LIST}&person={story.maria.person_id}")
    assert count_queries() <= 6
