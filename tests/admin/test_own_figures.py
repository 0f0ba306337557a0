"""One's own figures: the very line that the reports hold of oneself, and nothing of anybody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit
from intake.rules.periods import Preset
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition
from intake.services import calls, claims
from tests.admin.desk import Desk, at, desk, words
from tests.making import ask, person
from tests.queries.story import END, Story, tell

PAGE, LIST = "/admin/account/figures", "/admin/account/figures/requests"


@pytest.fixture(autouse=True)
def afternoon() -> Iterator[None]:
    """The moment at which the story is looked at."""
    with at(END):
        yield


@pytest.fixture
def story(sqlite_app: Flask) -> Story:
    return tell(sqlite_app.extensions["intake"])


@pytest.fixture
def maria(sqlite_app: Flask, story: Story) -> Desk:
    """Five first calls, seven in all."""
    return Desk(sqlite_app, story.maria)


def main(html: str) -> str:
    return words(re.findall(r"<main.*?</main>", html, re.S)[0])


def tiles(html: str) -> dict[str, str]:
    """What stands under each title."""
    found = re.findall(r'<div class="card tile[^"]*"><h2>(.*?)</h2>(.*?)</div>', html, re.S)
    return {title: words(told).strip() for title, told in found}


def line_of(name: str, html: str) -> list[str]:
    """The cells of somebody's line in the reports."""
    (line,) = re.findall(rf"<bdi>{name}</bdi></th>(.*?)</tr>", html, re.S)
    return [words(cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", line, re.S)]


def log(app: Flask, who: Actor, reference: str, now: datetime) -> None:
    outcome = calls.Outcome(Disposition.NO_ANSWER, override_reason="asked to")
    calls.log_attempt(app.extensions["intake"], who, reference, outcome, now=now)


@pytest.mark.parametrize("period", ["today", "7"])
def test_it_says_of_oneself_what_the_line_in_the_reports_says(
    sqlite_app: Flask, maria: Desk, story: Story, period: str
) -> None:
    made, first, half, share, _, likely, reached = line_of(
        "Maria", Desk(sqlite_app, story.lee).text(f"/admin/reports/?period={period}")
    )
    own = tiles(maria.text(f"{PAGE}?period={period}"))
    assert own["Calls made"].split()[0] == made and own["First calls"].split()[0] == first
    assert own["Half called within"].startswith(half)
    if period == "today":  # four, of which nothing more is said
        assert {half, share, likely, reached} == {own["Half called within"], own["Reached"]} == {"too few"}
        return
    percent, part, whole = re.fullmatch(r"(\d+ %) \((\d+)/(\d+)\)", share).groups()  # type: ignore[union-attr]
    assert own["Called in target"].startswith(f"{percent} {part} of {whole} within 15 opening minutes likely {likely}")
    assert own["Reached"].startswith(reached)


def test_there_is_nothing_of_anybody_else_on_it_whatever_the_address_asks_for(maria: Desk, story: Story) -> None:
    for path in (PAGE, LIST):
        usual = main(maria.text(path))
        assert not {"Dev", "Lee", "Ada"} & set(re.findall(r"\w+", usual))
        asked = f"person={story.dev.person_id}&source=w1&language=es&for_whom=me&of=state.late&clock=all"
        assert main(maria.text(f"{path}?{asked}")) == usual


def test_behind_first_calls_are_exactly_those_requests_and_that_one_looked_is_on_record(
    maria: Desk, story: Story
) -> None:
    page = maria.text(f"{PAGE}?period=7")
    (href,) = re.findall(r'<strong><a href="([^"]+)">5</a>', page)
    html = maria.text(href)
    mine = {story.references[number] for number in (1, 14, 19, 22)}
    assert "<b>5 requests</b>" in html, "one of them was opened again"
    assert set(re.findall(r'href="/admin/queue/(\w{3}-\w{3})">', html)) == mine
    assert all(maria.get(f"/admin/queue/{one}").status_code == 200 for one in mine)
    a = Audit.__table__.c
    with reading() as conn:
        (told,) = conn.execute(select(a.details).where(a.action == "report.listed")).scalars()
    assert told["person"] == story.maria.person_id and len(told["ids"]) == 4


def test_a_colleague_who_holds_one_of_them_now_is_not_named_in_the_list(
    sqlite_app: Flask, maria: Desk, story: Story
) -> None:
    site = sqlite_app.extensions["intake"]
    claims.assign(site, story.lee, story.references[19], story.dev.person_id, now=END - timedelta(minutes=5))
    assert "Dev" not in main(maria.text(LIST))


def test_whoever_made_no_call_is_told_so_and_every_period_can_be_chosen(sqlite_app: Flask, story: Story) -> None:
    kim = desk(sqlite_app, "Kim", now=END)
    html = kim.text(PAGE)
    assert "You made no call in these days" in html and not tiles(html)
    assert re.findall(r'<option value="(\w+)"', html) == [one.value for one in Preset]
    assert "0 requests" in kim.text(LIST)


def test_later_calls_alone_are_told_and_lead_to_no_first_ones(sqlite_app: Flask, story: Story) -> None:
    site = sqlite_app.extensions["intake"]
    kim = person(site, "Kim", now=END)
    reference = ask(site, END - timedelta(days=1), phone="212-555-4000").reference
    log(sqlite_app, story.dev, reference, END - timedelta(hours=5))
    claims.release(site, story.dev, reference, now=END - timedelta(hours=4))
    log(sqlite_app, kim, reference, END - timedelta(hours=1))
    html = Desk(sqlite_app, kim).text(PAGE)
    assert tiles(html)["Calls made"].startswith("1 ") and tiles(html)["First calls"].startswith("0 ")
    assert LIST not in html


def test_the_way_there_is_under_the_name_of_whoever_may_work_and_of_nobody_else(
    sqlite_app: Flask, maria: Desk, story: Story
) -> None:
    assert f'href="{PAGE}"' in maria.text("/admin/queue/")
    rae = desk(sqlite_app, "Rae", "auditor", now=END)
    assert PAGE not in rae.text("/admin/account/") and rae.get(PAGE).status_code == 403
