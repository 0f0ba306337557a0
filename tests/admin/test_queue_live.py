"""The list while it stays open: told of what has changed and of nothing else, by nobody's leave and on no record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, SignIn
from intake.models.site import Site
from intake.rules.spam import Signals
from intake.rules.workflow import ClosedReason
from intake.services import casework, claims, visitor
from tests.admin.desk import Desk, at
from tests.admin.live import BY_ITSELF, open_list
from tests.making import ask, count, look, newest_sign_in, person, stored
from tests.points import point

A_MINUTE = timedelta(minutes=1)


def test_a_list_in_which_nothing_has_changed_is_told_so_in_no_words(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now)
    page = open_list(maria)
    first = page.poll()
    assert first.status_code == 200 and first.get_json()["rows"] == {} and first.get_json()["new"] == 0
    again = page.poll(**{"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""
    assert again.headers["X-Updated"] == "12:00:00 pm ET"
    with at(now + A_MINUTE):
        assert page.poll(**{"If-None-Match": first.headers["ETag"]}).status_code == 200, "their clocks have moved on"
    ask(site, now)
    assert page.poll(**{"If-None-Match": first.headers["ETag"]}).status_code == 200


@point(46)
def test_a_row_that_a_colleague_claims_changes_in_place_and_only_that_one(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    changed, other = ask(site, now - A_MINUTE).reference, ask(site, now).reference
    page = open_list(maria)
    dev.press(changed, "claim")
    rows = page.news()["rows"]
    assert changed in rows and "Dev" in rows[changed]["cells"]["q-own"] and not rows[changed]["gone"]
    assert "Claim" not in rows[changed]["cells"]["q-act"] and "Open" in rows[changed]["cells"]["q-act"]
    assert other not in rows or "btn go" in rows[other]["cells"]["q-act"]  # it is the most urgent one to claim now
    assert page.news()["rows"] == {}


def test_what_has_changed_is_printed_as_the_page_would_print_it(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now - timedelta(minutes=40), phone="312-555-0182").reference
    page = open_list(maria)
    dev.press(reference, "claim")
    found = page.news()["rows"][reference]
    html = maria.text("/admin/queue/")
    assert all(f">{cell}</td>" in html for cell in found["cells"].values())
    assert f'data-mark="{found["mark"]}"' in html and found["late"] and 'class="is-late' in html


def test_nothing_told_holds_a_name_or_a_number(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, name="Zenobia", phone="(212) 555-0182", email="z@example.com").reference
    page = open_list(maria)
    maria.press(reference, "claim")
    answer = page.poll()
    text = answer.get_data(as_text=True)
    assert "You" in text
    assert not any(one in text for one in ("Zenobia", "example.com"))
    assert not re.search(r"\b(0182|555)", text), "as a word of its own: marks of rows are made of digits too"


@point(46)
def test_what_is_new_in_the_part_that_is_shown_is_counted_and_not_named(maria: Desk, site: Site, now: datetime) -> None:
    for number in range(52):
        ask(site, now - number * A_MINUTE)
    page = open_list(maria)
    assert len(page.marks) == 50 and page.news()["new"] == 0, "what is on the next page is not new"
    ask(site, now)  # due after the last row of this page
    assert page.news()["new"] == 0
    sooner = ask(site, now - timedelta(minutes=60)).reference
    answer = page.poll()
    assert answer.get_json()["new"] == 1 and sooner not in answer.get_data(as_text=True)
    later = open_list(maria, after=page.until)
    assert later.news()["new"] == 0


def test_what_belongs_to_the_view_no_more_is_marked(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    taken, ended, kept = (ask(site, now - number * A_MINUTE).reference for number in (3, 2, 1))
    page = open_list(maria, view="unclaimed")
    dev.press(taken, "claim")
    casework.close(site, dev.actor, ended, ClosedReason.TEST, now=now)  # type: ignore[arg-type]
    rows = page.news()["rows"]
    assert rows[taken]["gone"] and rows[ended]["gone"] and not rows.get(kept, {}).get("gone")
    assert "no longer in this view" in rows[taken]["cells"]["q-own"]
    assert rows[ended]["cells"]["q-st"] == "Test or mistake"
    maria.press(kept, "claim")
    narrowed = open_list(maria, owner="me")
    assert not narrowed.news()["rows"]
    maria.press(kept, "release")
    assert narrowed.news()["rows"][kept]["gone"]


def test_what_ended_or_was_found_changes_too_but_is_never_new_or_gone(maria: Desk, site: Site, now: datetime) -> None:
    one, other = (ask(site, now, name="Ana").reference for _ in range(2))
    casework.close(site, maria.actor, one, ClosedReason.TEST, now=now)  # type: ignore[arg-type]
    closed = open_list(maria, view="closed")
    found = open_list(maria, m=maria.post("/admin/queue/search", find="ana").location.partition("m=")[2])
    casework.close(site, maria.actor, other, ClosedReason.TEST, now=now)  # type: ignore[arg-type]
    ask(site, now, name="Ana")
    assert closed.news()["new"] == 0
    news = found.news()
    assert news["new"] == 0 and not news["rows"][other]["gone"] and "Test" in news["rows"][other]["cells"]["q-st"]


def test_the_numbers_of_the_views_are_told_and_what_the_tab_counts(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now - timedelta(minutes=30))
    mine = ask(site, now - timedelta(minutes=30)).reference
    ask(site, now)
    ask(site, now - timedelta(minutes=30), signals=Signals(honeypot=True, seconds_to_fill=0.2))
    page = open_list(maria)
    maria.press(mine, "claim")
    found = page.news()
    assert found["counts"] == {
        "all_open": "4", "due_now": "2", "mine": "1", "unclaimed": "2", "scheduled": "0", "retry": "0",
        "number": "0", "snoozed": "0", "check": "1", "on_shift": "nobody",
    }  # fmt: skip
    assert (found["due"], found["ring"]) == (2, 1), "one of those that are due is nobody's"


def test_where_nobody_is_at_work_nothing_rings(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now - timedelta(minutes=30))
    with at(now + timedelta(hours=11)):
        maria.sign_in("maria@example.com")
        found = open_list(maria).news()
    assert found["due"] == 1 and found["ring"] == 0


def test_a_withdrawn_request_says_so_in_its_row(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now)
    page = open_list(maria)
    visitor.withdraw(site, made.link_token, now=now)
    row = page.news()["rows"][made.reference]
    assert row["gone"] and row["cells"]["q-st"] == "Cancelled by the visitor"


@point(45)
def test_the_list_shows_who_looks_at_what_but_never_oneself(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    page = open_list(maria)
    dev.text(f"/admin/queue/{reference}")
    cell = page.news()["rows"][reference]["cells"]["q-own"]
    assert "Viewing now:" in cell and "Dev" in cell
    assert "Viewing now:" not in dev.text("/admin/queue/")
    assert "Viewing now:" in maria.text("/admin/queue/")
    with at(now + timedelta(seconds=46)):
        assert "Viewing now:" not in page.news()["rows"][reference]["cells"]["q-own"]


def test_of_many_who_look_a_row_names_two_and_says_all_of_them(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    for name in ("Ada", "Ben", "Cy", "Di"):
        look(person(site, name, now=now), reference, now)
    page = maria.text("/admin/queue/")
    (eyes,) = re.findall(r'<span class="eyes.*?</span></span>', page)
    assert re.findall(r'<span class="vh">([^<]*)<', eyes) == ["Viewing now: Ada, Ben, Cy, Di"]
    assert re.findall(r'aria-hidden="true">([^<]+)<', eyes) == ["Ada, Ben", "+ 2"]


def test_in_the_row_of_ones_own_claim_stands_release_and_in_no_other(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    button = f'formaction="/admin/queue/{reference}/release"'
    assert button not in maria.text("/admin/queue/")
    page = open_list(maria)
    claims.claim(site, maria.actor, reference, now=now)
    assert button in page.news()["rows"][reference]["cells"]["q-act"]
    assert button in maria.text("/admin/queue/?view=mine") and button not in dev.text("/admin/queue/")
    maria.post(f"/admin/queue/{reference}/release", **{"from": "queue", "view": "mine"})
    assert stored(reference).assignee_id is None


@point(80)
def test_asking_is_on_no_record_and_keeps_no_session_alive(app: Flask, maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    look(maria.actor, reference, now)  # type: ignore[arg-type]
    page, seen, entries = open_list(maria), _last_seen(maria), count(Audit)
    for minutes in range(2, 15, 2):
        with at(now + timedelta(minutes=minutes)):
            for headers in (BY_ITSELF, {}):
                answer = maria._send("GET", "/admin/queue/live", headers=headers)
                assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
            token = {"csrf_token": maria.token}
            assert maria._send("POST", f"/admin/queue/{reference}/here", data=token).status_code == 200
    assert (_last_seen(maria), count(Audit)) == (seen, entries)
    with at(now + timedelta(minutes=15)):
        assert page.poll().status_code == 423, "the lock comes when it would have come"


def _last_seen(desk: Desk) -> datetime:
    assert desk.actor
    with reading() as conn:
        s = SignIn.__table__.c
        asked = select(s.last_seen_at).where(s.id == newest_sign_in(desk.actor.person_id))
        return conn.execute(asked).scalar_one()


def test_asking_costs_few_statements_and_no_write(
    maria: Desk, dev: Desk, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    made = [ask(site, now - number * A_MINUTE).reference for number in range(51)]
    page = open_list(maria)
    dev.text(f"/admin/queue/{made[3]}")
    page.news()
    count_queries()
    first = page.poll()
    assert first.get_json()["rows"] == {} and count_queries() <= 7
    assert page.poll(**{"If-None-Match": first.headers["ETag"]}).status_code == 304 and count_queries() <= 6


@pytest.mark.parametrize(
    "query", ["shown=%00", "shown=K7M-4QX.zzzzzzzz", "until=x&after=%FF", "view=%27--", "m=~&shown=K7M-4QX.00000000"]
)
def test_a_question_that_makes_no_sense_is_answered_like_one_that_shows_nothing(
    maria: Desk, site: Site, now: datetime, query: str
) -> None:
    ask(site, now)
    answer = maria._send("GET", f"/admin/queue/live?{query}", headers=BY_ITSELF)
    assert answer.status_code == 200 and json.loads(answer.data)["rows"] == {}


def test_nothing_is_told_of_what_ended_more_than_a_day_ago(maria: Desk, site: Site, now: datetime) -> None:
    references = [ask(site, now - timedelta(days=3)).reference for _ in range(3)]
    for reference, hours in zip(references, (25, 23), strict=False):
        casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now - timedelta(hours=hours))  # type: ignore[arg-type]
    shown = ",".join(f"{reference}.00000000" for reference in references)
    answer = maria._send("GET", f"/admin/queue/live?shown={shown}", headers=BY_ITSELF)
    assert answer.get_json()["rows"].keys() == {*references[1:]}


def test_many_rows_that_nobody_shows_are_not_looked_for(maria: Desk, site: Site, now: datetime) -> None:
    shown = ",".join(f"{number:03}-000.00000000" for number in range(999))
    assert maria._send("GET", f"/admin/queue/live?shown={shown}", headers=BY_ITSELF).status_code == 200


def test_a_claim_in_a_list_stays_with_the_view(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    page = open_list(maria, view="mine")
    claims.claim(site, maria.actor, reference, now=now)  # type: ignore[arg-type]
    assert page.news()["new"] == 1, "an empty view is told too"
