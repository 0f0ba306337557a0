"""The history of the settings: every version of hours, targets, rules and words, whose, when, before and after."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from intake.database import reading, writing
from intake.models import RuleVersion
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries.rule_versions import RuleKind
from intake.rules.alerting import AlertRules
from intake.rules.call_script import CallScript
from intake.rules.promise import ResponseTarget
from intake.rules.routing import Routing, Rule, Team
from intake.services import people, rule_versions, settings
from tests.admin.desk import Desk, words
from tests.admin.test_settings import TARGETS, fields
from tests.making import ask, person

HISTORY = "/admin/settings/history"
SECOND = timedelta(seconds=1)


def entries(html: str) -> list[str]:
    """What is read of each, newest first."""
    card = html.partition("newest first</h2>")[2].partition("</section>")[0]
    return [words(f"<h3{part}").strip() for part in card.split("<h3")[1:]]


def change(site: Site, ada: Desk, kind: RuleKind, document: dict[str, Any], now: datetime, seen: int = 0) -> int:
    assert ada.actor
    return rule_versions.change(site, ada.actor, kind, document, seen=seen, words="x", now=now)


def test_the_history_says_who_changed_what_a_page_at_a_time(
    app: Flask, ada: Desk, count_queries: Callable[[], int]
) -> None:
    ask(app.extensions["intake"], datetime.now(UTC))
    form = fields(ada.text(TARGETS))
    for minutes in range(16, 38):
        ada.post(TARGETS, **form | {"minutes": str(minutes)}, do="save")
        with reading() as conn:
            form["version"] = str(calendars.current(conn, app.extensions["intake"]).id)
    count_queries()
    html = ada.text("/admin/settings/history")
    assert count_queries() <= 6
    assert "Ada, noon ET First call within, opening minutes: before: 36 → now: 37" in words(html)
    older = re.findall(r'href="(/admin/settings/history\?before=[^"]+)"', html)[0]
    text = words(ada.text(older))
    assert "before: 15 → now: 16" in text and "The built-in settings were stored when the first request came" in text


def test_routing_alerts_and_words_stand_among_the_rest_before_and_after_in_plain_words(
    app: Flask, site: Site, ada: Desk, grace: Desk, now: datetime, count_queries: Callable[[], int]
) -> None:
    maria = person(site, "Maria", now=now)
    assert ada.actor and maria.user_id
    change(site, ada, RuleKind.ALERTS, AlertRules(escalate_minutes=20, on_call=(maria.user_id,)).to_document(), now)
    settings.change_target(site, ada.actor, ResponseTarget(minutes=20), seen=None, words="x", now=now + SECOND)
    spanish = Routing((Rule(1, "team:1", language="es"),), (Team(1, "Español", (maria.user_id,)),))
    first = change(site, ada, RuleKind.ROUTING, spanish.to_document(), now + 2 * SECOND)
    change(site, ada, RuleKind.SCRIPT, CallScript(steps="988 or 911").to_document(), now + 3 * SECOND)
    fewer = Routing((), spanish.teams, most=4)
    change(site, ada, RuleKind.ROUTING, fewer.to_document(), now + 4 * SECOND, seen=first)
    people.disable(site, ada.actor, maria.user_id, now=now + 5 * SECOND)
    grace.text(HISTORY)
    count_queries()
    told = entries(grace.text(HISTORY))
    assert count_queries() <= 6
    assert [one.partition(" ET ")[2].partition(":")[0] for one in told] == [
        "Routing Rule 1", "Notes and script Steps in a crisis", "Routing Rule 1",
        "First call within, opening minutes", "Alerts Escalate after, opening minutes late",
    ]  # fmt: skip
    assert all(one.startswith("Ada, noon ET") for one in told)
    assert "before: Spanish → team Español → now: none" in told[0]
    assert "Most a person is given: before: 10 → now: 4" in told[0]
    assert "now: 988 or 911" in told[1]
    assert "Team 1: before: none → now: Español: Maria" in told[2], "also of somebody who works here no more"
    assert "before: 10 → now: 20" in told[4] and "People on call: before: nobody → now: Maria" in told[4]


def test_pages_of_both_kinds_together_leave_nothing_out_and_tell_nothing_twice(
    site: Site, ada: Desk, now: datetime
) -> None:
    assert ada.actor
    seen = 0
    for number in range(30):
        at = now + number * SECOND
        if number % 3:
            seen = change(site, ada, RuleKind.ALERTS, AlertRules(escalate_minutes=100 + number).to_document(), at, seen)
        else:
            with reading() as conn:
                version = calendars.current(conn, site).id
            wanted = ResponseTarget(minutes=100 + number)
            settings.change_target(site, ada.actor, wanted, seen=version, words="x", now=at)
    with writing() as conn:  # a clock that was set back
        conn.execute(update(RuleVersion).where(RuleVersion.__table__.c.id == seen).values(created_at=now))
    told, path = list[str](), HISTORY
    while path:
        html = ada.text(path)
        told += entries(html)
        found = re.search(rf'href="({HISTORY}\?before=[^"]+)"', html)
        path = found[1] if found else ""
    numbers = [int(re.findall(r"now: (\d+)", one)[0]) for one in told]
    assert sorted(numbers) == list(range(100, 130)) and len(entries(ada.text(HISTORY))) == 20


@pytest.mark.parametrize("place", ["", "nothing", "12", "-.-", "1.", "99999999999.1", "0.0"])
def test_a_place_that_is_none_is_the_newest_page(site: Site, ada: Desk, now: datetime, place: str) -> None:
    change(site, ada, RuleKind.ALERTS, AlertRules(escalate_minutes=20).to_document(), now)
    told = entries(ada.text(f"{HISTORY}?before={place}"))
    assert len(told) == (0 if place == "0.0" else 1)
