"""No page is forgotten: whatever the service shows stands in the table that the browser tests walk through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask, template_rendered
from werkzeug.routing import Rule

from intake.rules.permissions import Role
from intake.services import claims
from tests.admin.desk import Desk, at
from tests.browser.every_page import EVERY
from tests.house.markup import TEMPLATES, pages
from tests.making import ask, person, stored

FOR_MACHINES = {
    "health.live": "JSON",
    "health.metrics": "text",
    "health.ready": "JSON",
    "idle_lock.state": "JSON",
    "public.favicon": "a picture",
    "public.front": "leads on",
    "public.leave": "leads away",
    "public.robots": "text",
    "queue.live": "JSON",
    "reports.data": "JSON",
    "settings.index": "leads on",
    "static": "files",
}
"""What answers a GET, and with no page."""
SKELETONS = {"base.html", "admin/base.html", "admin/settings.html", "security/base.html"}
STATUSES = {
    "visitor": {200, 400, 404, 405, 413, 422, 429, 500, 503},
    "desk": {200, 400, 401, 403, 404, 405, 409, 413, 422, 423, 429, 500, 503},
}
"""What each half of the service can answer with a page. (Nobody who asks for a call is ever told to wait: a form that
comes too often is stored under "Check". One private link changes things only so often.)"""


def tabled(endpoint: str) -> bool:
    return any(shown.endpoint == endpoint for shown in EVERY)


def rules(app: Flask, method: str) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if method in (rule.methods or ()))


def path_of(rule: Rule, reference: str, user_id: int) -> str:
    path = rule.rule.replace("<reference>", reference).replace("<int:user_id>", str(user_id))
    return (
        path.replace("<any(svg, ico):kind>", "svg").replace("<path:filename>", "panel.css").replace("<token>", "none")
    )


def test_every_address_that_shows_a_page_is_in_the_table(sqlite_app: Flask) -> None:
    missing = {rule.endpoint for rule in rules(sqlite_app, "GET")} - set(FOR_MACHINES)
    assert [endpoint for endpoint in sorted(missing) if not tabled(endpoint)] == []


def test_what_is_called_no_page_is_none(sqlite_app: Flask, now: datetime) -> None:
    alex = everybody(sqlite_app, now)
    for rule in rules(sqlite_app, "GET"):
        if rule.endpoint in FOR_MACHINES:
            answer = alex.get(path_of(rule, "000-000", 1))
            assert answer.status_code in range(300, 400) or answer.mimetype != "text/html", rule.rule


def everybody(app: Flask, now: datetime) -> Desk:
    """Somebody with every right there is."""
    return Desk(app, person(app.extensions["intake"], "Alex", *(role.value for role in Role), now=now))


def test_every_button_that_answers_with_a_page_is_in_the_table(sqlite_app: Flask, now: datetime) -> None:
    """Each is pressed with nothing filled in, on a request of one's own and on a colleague's."""
    shown: list[str] = []

    def noted(_app: Flask, template: object, **_more: object) -> None:
        shown.append(str(getattr(template, "name", "")))

    site = sqlite_app.extensions["intake"]
    with at(now), template_rendered.connected_to(noted, sqlite_app):
        alex = everybody(sqlite_app, now)
        dev, kim = (person(site, name, now=now) for name in ("Dev", "Kim"))
        found = set()
        for rule in (rule for rule in rules(sqlite_app, "POST") if rule.endpoint != "security.logout"):
            for holder in (alex.actor, dev):
                reference = ask(site, now).reference
                claims.claim(site, holder, reference, now=now)
                alex.get("/admin/account/")
                shown.clear()
                alex.post(path_of(rule, reference, kim.person_id), version=str(stored(reference).version))
                found |= {rule.endpoint for name in shown if not name.startswith("errors/")}
    assert {endpoint.partition(".")[0] for endpoint in found} >= {"queue", "people", "settings", "account"}
    assert [endpoint for endpoint in sorted(found) if not tabled(endpoint)] == []


def test_every_template_of_a_page_is_in_the_table() -> None:
    names = {str(path.relative_to(TEMPLATES)) for path in pages() if "components" not in path.parts}
    assert names - SKELETONS - {shown.template for shown in EVERY} == set()


@pytest.mark.parametrize("half", STATUSES)
def test_every_way_of_saying_no_is_in_the_table(half: str) -> None:
    of_visitors = ("public/", "errors/page.html")
    known = {shown.status for shown in EVERY if shown.template.startswith(of_visitors) == (half == "visitor")}
    assert known == STATUSES[half]


def test_no_page_stands_in_the_table_twice() -> None:
    names = [shown.name for shown in EVERY]
    assert sorted(names) == sorted(set(names))
