"""The record as an auditor reads it: who did what, who saw whom, whether it was changed, and a copy of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from intake.database import reading, writing
from intake.ledger import audit
from intake.models import Audit
from intake.models.site import Site
from intake.queries import audit as record
from intake.rules.permissions import SYSTEM
from intake.rules.promise import ResponseTarget
from intake.rules.spam import Signals
from intake.services import auditing, claims, handing, sealing, settings
from intake.services.sign_in import TRIES
from intake.wording.record import GROUPS, Group, actions_in
from tests.admin.desk import Desk, at, desk, words
from tests.making import PASSWORD, ask, count, person
from tests.points import point
from tests.services.test_sealing import past_the_triggers

MINUTE = timedelta(minutes=1)
PAGE = "/admin/audit/"
_A = Audit.__table__.c


@pytest.fixture
def rae(app: Flask, now: datetime) -> Desk:
    """The auditor."""
    return desk(app, "Rae", "auditor", now=now)


def entry(site: Site, now: datetime, action: str, **more: object) -> None:
    with writing() as conn:
        audit.record(conn, site, SYSTEM, action, now=now, **more)  # type: ignore[arg-type]


def rows(html: str) -> list[str]:
    return [words(row).strip() for row in re.findall(r"<tr role=\"row\"><td.*?</tr>", html, re.DOTALL)]


def newest(action: str) -> dict[str, object]:
    with reading() as conn:
        asked = select(_A.details).where(_A.action == action).order_by(_A.id.desc()).limit(1)
        return dict(conn.execute(asked).scalar_one())


@point(79)
def test_the_auditor_reads_the_record_and_no_queue(rae: Desk, maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, name="Ana").reference
    maria.press(reference, "claim")
    html = rae.text("/admin/")
    assert rae.get("/admin/").request.path == PAGE
    assert any(
        re.fullmatch(rf"18 Nov 2026 12:00:00 pm ET Maria claimed the request {reference}", r) for r in rows(html)
    )
    assert "Ana" not in html and "0182" not in words(html)
    assert rae.get("/admin/queue/").status_code == 403 and rae.get(f"/admin/queue/{reference}").status_code == 403


def test_whoever_runs_the_service_does_not_audit_themself(app: Flask, now: datetime) -> None:
    for role in ("admin", "manager", "staff"):
        assert desk(app, role.title(), role, now=now).get(PAGE).status_code == 403


@point(78)
def test_each_look_change_call_sign_in_and_refusal_has_its_entry(
    rae: Desk, maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    for page in ("/admin/queue/", f"/admin/queue/{reference}"):
        maria.get(page)
    maria.press(reference, "call")
    maria.press(reference, "attempt", outcome="no_answer", voicemail="none")
    dev.get(PAGE)
    chief = person(site, "Ada", "admin", now=now)
    settings.change_target(site, chief, ResponseTarget(minutes=20), seen=None, words="Target: 20 min", now=now)
    export(rae)
    text = words(rae.text(PAGE))
    for said in (
        "Maria signed in", "Maria looked at the queue", "Maria opened the request", "Maria pressed Call",
        "Dev was refused a page", "A visitor sent the request", "Ada changed the settings", "Target: 20 min",
        "Rae took a copy of the record", "Rae looked at the record",
    ):  # fmt: skip
        assert said in text, said


def test_the_filter_stands_in_the_address_and_holds_on_the_next_page(
    rae: Desk, maria: Desk, site: Site, now: datetime
) -> None:
    reference, other = ask(site, now).reference, ask(site, now).reference
    claims.claim(site, maria.actor, reference, now=now)  # type: ignore[arg-type]
    claims.claim(site, maria.actor, other, now=now - 30 * 24 * 60 * MINUTE)  # type: ignore[arg-type]
    person = str(maria.actor.user_id)  # type: ignore[union-attr]
    for query, expected in (
        (f"ref={reference.lower()}", ["A visitor sent", "Maria claimed"]),
        (f"person={person}&kind=changed", ["Maria claimed", "Maria claimed"]),
        (f"person={person}&kind=changed&from=2026-11-18&to=2026-11-18", ["Maria claimed"]),
        (f"person={person}&kind=changed&to=2026-11-17", ["Maria claimed"]),
        ("person=visitor", ["A visitor sent", "A visitor sent"]),
        ("kind=exported", []),
    ):
        found = rows(rae.text(f"{PAGE}?{query}"))
        assert len(found) == len(expected), (query, found)
        assert all(any(one in row for row in found) for one in expected), (query, found)
    html = rae.text(f"{PAGE}?person={person}&kind=changed")
    assert f'value="{person}" selected' in html and 'value="changed" selected' in html
    wrong = rae.text(f"{PAGE}?ref=nobody&from=someday")
    assert "A reference looks like" in wrong and "Write the day like" in wrong and 'value="nobody"' in wrong


def test_days_begin_at_midnight_where_the_office_is(rae: Desk, site: Site, now: datetime) -> None:
    midnight = datetime.fromisoformat("2026-11-17T00:00:00-05:00")
    for moment in (midnight - MINUTE, midnight, midnight + 24 * 60 * MINUTE - MINUTE, midnight + 24 * 60 * MINUTE):
        entry(site, moment, "mail.sent", details={"kind": "team.new", "recipient": "team"})
    assert len(rows(rae.text(f"{PAGE}?from=2026-11-17&to=2026-11-17&kind=mail"))) == 2


MAIL: dict[str, object] = {"kind": "team.new", "recipient": "team"}


def walk(rae: Desk, path: str, link: str) -> list[list[str]]:
    """The rows of this page and of those that a link named so leads to, page by page."""
    found = []
    while path:
        html = rae.text(path)
        found.append(rows(html))
        following = re.search(rf'href="([^"]*)">{link}</a>', html)
        path = following[1].replace("&amp;", "&") if following else ""
    return found


def place(minutes: int, now: datetime, number: int) -> str:
    """Where an entry of that age stands."""
    return f"{round((now - minutes * MINUTE).timestamp() * 1_000_000)}-{number}"


def test_pages_follow_each_other_both_ways_without_gap_or_repeat(
    rae: Desk, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    for number in range(120):
        entry(site, now - number // 2 * MINUTE, "mail.sent", details=MAIL | {"number": number})
    there = walk(rae, f"{PAGE}?kind=mail", "Older")
    assert [len(page) for page in there] == [50, 50, 20]
    assert len({row for page in there for row in page}) == 120
    last = re.findall(r'href="([^"]*before=[^"]*)">Older', rae.text(f"{PAGE}?kind=mail"))[0].replace("&amp;", "&")
    rae.text(last)
    count_queries()
    html = rae.text(last)
    assert count_queries() <= 6
    end = re.findall(r'href="([^"]*before=[^"]*)">Older', html)[0].replace("&amp;", "&")
    back = walk(rae, end, "Newer")
    assert back == there[::-1]
    rae.text(PAGE)
    count_queries()
    rae.text(PAGE)
    assert count_queries() <= 6


def test_at_either_end_no_link_leads_on(rae: Desk, site: Site, now: datetime) -> None:
    for number in range(51):
        entry(site, now - number * MINUTE, "mail.sent", details=MAIL)
    first = rae.text(f"{PAGE}?kind=mail")
    assert ">Older<" in first and ">Newer<" not in first and ">Newest<" not in first
    last = rae.text(f"{PAGE}?kind=mail&before={place(0, now, 0)}")
    assert [">Older<" in last, ">Newer<" in last, ">Newest<" in last, len(rows(last))] == [False, True, True, 50]
    oldest = rae.text(f"{PAGE}?kind=mail&after=0-0")
    assert [">Older<" in oldest, ">Newer<" in oldest, len(rows(oldest))] == [False, True, 50]
    for nowhere in (f"after={place(0, now, 10**9)}", "after=x", "before=x", f"before={place(-1, now, 0)}"):
        html = rae.text(f"{PAGE}?kind=mail&{nowhere}")
        assert rows(html) == rows(first) and ">Newer<" not in html, nowhere
    entry(site, now + MINUTE, "mail.sent", details=MAIL)
    newer = rae.text(f"{PAGE}?kind=mail&after={place(0, now, 10**9)}")
    assert [len(rows(newer)), ">Older<" in newer, ">Newer<" in newer] == [1, True, False]
    assert "No entry fits" in rae.text(f"{PAGE}?kind=deleted&before=nonsense&after=nonsense")


def test_looks_in_a_row_are_told_as_one(rae: Desk, maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    for minute in range(3):
        with at(now + minute * MINUTE):
            maria.get(f"/admin/queue/{reference}")
    with at(now + 3 * MINUTE):
        (row,) = rows(rae.text(f"{PAGE}?ref={reference}&kind=viewed"))
    assert "12:02:00 pm ET Maria opened the request" in row and "3 views in 2 min" in row


def test_details_are_told_in_words(rae: Desk, maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    odd = Signals(honeypot=True, seconds_to_fill=0.2)
    ask(site, now, signals=odd)
    reference = ask(site, now).reference
    claims.claim(site, maria.actor, reference, now=now)  # type: ignore[arg-type]
    maria.get("/admin/queue/")
    handing.take_over(
        site, dev.actor, reference, holder_id=maria.actor.user_id, reason="Gone home", now=now  # type: ignore
    )  # fmt: skip
    entry(site, now, "visitor.changed_time", details={"from": None, "to": "20261119T2000Z-20261119T2200Z"})
    entry(site, now, "calendar.changed", details={"target": {"minutes": 20}, "is_new": True})
    html = rae.text(PAGE)
    text = words(html)
    assert "took the request over from Maria" in text and "owner: Maria → Dev" in text
    assert "looks odd: Filled in a field that people do not see; Sent in less than 2 seconds" in text
    assert "– → tomorrow, Thursday, 3 pm to 5 pm ET" in text
    assert "“All open”: 2 requests" in text
    assert "calendar changed" in text and "target: minutes: 20 is new: yes" in text
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b", text), "no code is shown"


def test_an_act_of_a_later_version_is_shown_all_the_same(rae: Desk, site: Site, now: datetime) -> None:
    entry(site, now, "moon.landed_on", details={"who_knows": ["a", 1]})
    assert "moon landed on" in words(rae.text(PAGE)) and "who knows: a, 1" in words(rae.text(PAGE))


@point(79)
def test_who_has_seen_a_request_names_people_times_and_lists(
    app: Flask, rae: Desk, maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference, other = ask(site, now).reference, ask(site, now, name="Jo").reference
    maria.get(f"/admin/queue/{reference}")
    with at(now + MINUTE):
        dev.get("/admin/queue/?view=unclaimed")
    dev.get(f"/admin/queue/{other}")
    rae.get(f"{PAGE}seen/{reference}")
    html = rae.text(f"{PAGE}seen/{reference}")
    found = rows(html)
    assert "Dev saw it in the list “Unclaimed”" in found[0] and "12:01:00 pm ET" in found[0]
    assert any("Maria opened the request" in row for row in found)
    assert not any("Dev opened" in row for row in found), "that was the other one"
    assert "Rae" not in " ".join(found) and "Ana" not in html
    assert rae.get(f"{PAGE}seen/000-000").status_code == 404
    assert newest("audit.viewed") == {"reference": reference}
    both = desk(app, "Sam", "auditor", "staff", now=now)
    assert f"/admin/audit/seen/{reference}" in both.text(f"/admin/queue/{reference}")
    assert "/admin/audit/" not in maria.text(f"/admin/queue/{reference}")


def test_what_an_auditor_looked_at_is_told_in_words_and_not_in_codes(rae: Desk) -> None:
    rae.text(f"{PAGE}?from=2026-01-01&to=2026-01-31")
    told = " ".join(rows(rae.text(PAGE)))
    assert "from 2026-01-01 on" in told and "before 2026-02-01" in told and "T00:00" not in told


def test_reading_the_record_is_on_record_once_for_each_question(rae: Desk) -> None:
    for query in ("", "", "?kind=viewed", "?kind=viewed", ""):
        rae.text(f"{PAGE}{query}")
    assert count(Audit, _A.action == "audit.viewed") == 2
    with at(datetime.fromisoformat("2026-11-18T17:05:00+00:00")):
        rae.text(PAGE)
    assert count(Audit, _A.action == "audit.viewed") == 2
    with at(datetime.fromisoformat("2026-11-18T17:15:00+00:00")):
        rae.text(PAGE)
    assert count(Audit, _A.action == "audit.viewed") == 3


@point(78)
def test_the_card_says_that_the_seals_fit_or_what_does_not(rae: Desk, site: Site, now: datetime) -> None:
    assert "were not checked here lately" in rae.text(PAGE)
    for _ in range(5):
        entry(site, now, "person.refused", details={"reason": "throttled"})
    assert rae.post(f"{PAGE}check").status_code == 303
    text = words(rae.text(PAGE))
    entries = count(Audit) - 1
    assert f"Record checked noon ET: {entries} entries, no gaps" in text and "Entries not sealed yet: 1" in text
    with past_the_triggers() as conn:
        conn.exec_driver_sql("UPDATE audit SET action = 'mail.sent' WHERE id = 3")
    rae.post(f"{PAGE}check")
    text = words(rae.text(PAGE))
    assert "An entry from number 1 to" in text and "was changed" in text and "Leave the database as it is" in text


def test_of_a_long_record_the_newest_part_is_checked_and_said_so(
    rae: Desk, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "CHECKED_AT_ONCE", 4)
    monkeypatch.setattr(sealing, "BATCH", 3)
    for _ in range(12):
        entry(site, now, "person.refused")
    sealing.seal_all(site, now=now)
    rae.post(f"{PAGE}check")
    text = words(rae.text(PAGE))
    assert re.search(r"the newest \d of 1\d entries, no gaps\. The rest is checked by flask intake verify-audit", text)


COPY = {"recipient": "Counsel", "purpose": "Yearly review", "password": PASSWORD}


def export(rae: Desk, **fields: str) -> list[list[str]]:
    rae.get(PAGE)
    answer = rae.post(f"{PAGE}export", **{**COPY, **fields})
    assert answer.status_code == 200 and answer.mimetype == "text/csv", answer.status
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_a_copy_says_for_whom_and_what_for_and_is_on_record_before_it_leaves(
    rae: Desk, maria: Desk, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "CHUNK", 2)
    rae.get(PAGE)
    refused = rae.post(f"{PAGE}export", purpose="Yearly review")
    html = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "Say who gets the copy" in html and 'value="Yearly review"' in html
    assert "Say what it is for" in rae.post(f"{PAGE}export", recipient="Counsel").get_data(as_text=True)
    assert count(Audit, _A.action == "audit.exported") == 0
    for _ in range(5):
        entry(site, now, "mail.dead", details={"kind": "team.new", "recipient": "team"})
    notice, head, *lines = export(rae, kind="mail", **{"from": "2026-11-18"})
    assert notice == ["42 CFR part 2 prohibits unauthorized use or disclosure of these records."]
    assert head[1] == "When" and len(lines) == 5
    assert lines[0][1] == "2026-11-18T12:00:00-05:00" and lines[0][2] == "The service"
    assert [int(line[0]) for line in lines] == sorted((int(line[0]) for line in lines), reverse=True)
    told = newest("audit.exported")
    assert told["rows"] == 5 and told["group"] == "mail" and "Counsel" not in str(told)
    assert "Counsel: Yearly review" in words(rae.text(PAGE))
    assert rae.post(f"{PAGE}export", ref="nobody", recipient="x", purpose="x").status_code == 422


def test_a_desk_left_open_is_not_enough_to_take_a_copy(rae: Desk) -> None:
    rae.get(PAGE)
    for _ in range(TRIES):
        refused = rae.post(f"{PAGE}export", **{**COPY, "password": "guessed"})
        assert refused.status_code == 422 and "This is not your password" in refused.text
        assert 'value="Counsel"' in refused.text and "guessed" not in refused.text
    assert rae.post(f"{PAGE}export", **COPY).status_code == 429
    assert count(Audit, _A.action == "audit.exported") == 0


def test_what_was_typed_is_no_formula_in_the_copy(rae: Desk) -> None:
    for recipient in ("=HYPERLINK(1)", "＋1"):
        export(rae, recipient=recipient, purpose="x")
    reasons = [line[6] for line in export(rae)[2:] if line[6]]
    assert sorted(reasons) == ["'=HYPERLINK(1): x", "'＋1: x"]


@point(78)
def test_no_road_through_the_service_changes_or_removes_an_entry(rae: Desk, maria: Desk, app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PAGE)]
    assert {(rule.rule, *sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})) for rule in rules} == {
        (PAGE, "GET"), (f"{PAGE}seen/<reference>", "GET"), (f"{PAGE}check", "POST"), (f"{PAGE}export", "POST"),
        (f"{PAGE}<int:entry_id>/reason", "POST"),
    }  # fmt: skip
    for statement in ("UPDATE audit SET action = 'x'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"), writing() as conn:
            conn.exec_driver_sql(statement)


def test_every_group_finds_something() -> None:
    assert [group for group in GROUPS if not actions_in(group)] == []
    assert record.CHECKED in actions_in(Group.VIEWED)


def test_a_copy_of_one_request_holds_what_is_about_it(rae: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    ask(site, now, name="Jo")
    lines = export(rae, ref=reference)[2:]
    assert [line[4] for line in lines] == [reference]
