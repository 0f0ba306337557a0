"""The queue page: order, words, rights, pages, search."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from intake.database import writing
from intake.models import Audit, CallbackRequest
from intake.models.site import Site
from intake.queries.worklist import View
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, ForWhom, Voicemail
from intake.services import calls, casework, claims, snoozing
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at, desk, words
from tests.making import ask, count, person
from tests.points import point

FILTERED = (("Ana", ""), ("Ben", "k3"), ("Cleo", ""))


def references(html: str) -> list[str]:
    return re.findall(r'<span class="ref">([^<]+)</span>', html)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@point(41)
def test_the_most_overdue_request_stands_first(maria: Desk, site: Site, now: datetime) -> None:
    later = ask(site, now - minutes(5), name="Jo").reference
    first = ask(site, now - minutes(40), name="Ana").reference
    html = maria.text("/admin/queue/")
    assert references(html) == [first, later]
    assert "Overdue 25 min" in words(html)
    assert "Due in 10 min" in words(html)


def test_a_due_time_has_a_word_a_shape_and_a_machine_readable_instant(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now - minutes(40))
    html = maria.text("/admin/queue/")
    shape = '<svg class="i" aria-hidden="true"><use href="#i-late"/></svg>'
    assert f'<span class="due late">{shape}<time datetime="2026-11-18T16:35:00+00:00"' in html


def test_numbers_are_masked_until_claimed(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, phone="(212) 555-0182").reference
    assert "555-0182" not in maria.text("/admin/queue/")
    claims.claim(site, maria.actor, reference, now=now)
    assert "(212) 555-0182" in maria.text("/admin/queue/")


def test_a_colleagues_number_stays_masked(maria: Desk, site: Site, now: datetime) -> None:
    dev = person(site, "Dev", now=now)
    reference = ask(site, now, phone="(212) 555-0182").reference
    claims.claim(site, dev, reference, now=now)
    html = maria.text("/admin/queue/")
    assert "555-0182" not in html
    assert "Dev" in html and "ending" in html and "0182" in html


def test_no_message_another_person_and_language_are_marked_in_the_row(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now, voicemail=Voicemail.NONE, for_whom=ForWhom.OTHER, language="es")
    text = words(maria.text("/admin/queue/"))
    assert "No message" in text and "for other" in text and "ES" in text


def test_the_callers_local_time_is_shown(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now, phone="312-555-0182")
    assert "11 am CT" in words(maria.text("/admin/queue/"))


def test_somebody_asleep_can_be_claimed_but_not_called(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now - timedelta(hours=3), phone="808-555-0182")
    html = maria.text("/admin/queue/")
    assert "until 8 am" in words(html)
    assert "/call" not in html and "/claim" in html


def test_only_the_most_urgent_claim_is_filled(maria: Desk, site: Site, now: datetime) -> None:
    for number in (50, 40, 30):
        ask(site, now - minutes(number))
    shown = maria.text("/admin/queue/").partition("<table")[2].partition("</table>")[0]
    assert shown.count("btn go") == 1


def test_every_view_says_how_many_it_holds(maria: Desk, site: Site, now: datetime) -> None:
    mine = ask(site, now - minutes(60)).reference
    ask(site, now)
    ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.3))
    claims.claim(site, maria.actor, mine, now=now)
    tabs = re.findall(r'view=([a-z-]+)"[^>]*>[^<]*(?:<b[^>]*>([^<]+)</b>)?', maria.text("/admin/queue/"))
    assert dict(tabs) == {
        "all-open": "3", "due-now": "1", "mine": "1", "unclaimed": "1", "scheduled": "0", "retry": "0", "number": "0",
        "snoozed": "0", "check": "1", "closed": "",
    }  # fmt: skip


@pytest.mark.parametrize("view", list(View))
def test_an_empty_view_says_so_in_words(maria: Desk, view: View) -> None:
    html = maria.text(f"/admin/queue/?view={view.value.replace('_', '-')}")
    assert "<table" not in html and "Nothing" in words(html)
    assert '<p class="quiet"></p>' not in html


def test_an_unknown_view_is_the_whole_queue(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    assert reference in maria.text("/admin/queue/?view=%27%3B--")


def test_a_request_under_check_is_decided_not_claimed(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.3))
    html = maria.text("/admin/queue/?view=check")
    assert "Decide" in html and "/claim" not in html and "/call" not in html


def test_closed_requests_show_when_and_why_they_ended(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - minutes(60)).reference
    casework.close(site, maria.actor, reference, ClosedReason.DUPLICATE, now=now)
    text = words(maria.text("/admin/queue/?view=closed"))
    assert "Ended noon ET" in text and "Same request twice" in text


def test_a_long_queue_goes_on_page_by_page_without_gaps(maria: Desk, site: Site, now: datetime) -> None:
    made = {ask(site, now - minutes(number)).reference for number in range(55)}
    first = maria.text("/admin/queue/")
    onward = re.search(r'href="([^"]*after=[^"]*)"', first)
    assert onward and len(references(first)) == 50
    second = maria.text(onward.group(1).replace("&amp;", "&"))
    assert set(references(first)) | set(references(second)) == made
    assert "First page" in second and "Next 50" not in second


def test_a_page_of_fifty_costs_at_most_six_queries_and_forty_kilobytes(
    maria: Desk, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    for number in range(55):
        ask(site, now - minutes(number))
    count_queries()
    html = maria.text("/admin/queue/")
    assert count_queries() <= 6, "what is shown for the first time goes on record, too"
    maria.text("/admin/queue/")
    assert count_queries() <= 5
    assert len(gzip.compress(html.encode())) < 40_000


@point(55)
def test_search_finds_by_name_and_by_the_last_four_digits(maria: Desk, site: Site, now: datetime) -> None:
    ana = ask(site, now, name="Ana María López", phone="212-555-0182").reference
    ask(site, now, name="Jo", phone="212-555-0147")
    for typed in ("lop", "maria ana", "0182", "(212) 555 0182", "•••ending 0182"):
        maria.get("/admin/queue/")
        answer = maria.post("/admin/queue/search", find=typed)
        assert answer.status_code == 303
        assert re.fullmatch(r"/admin/queue/\?m=[0-9a-f]{16}([.~][0-9a-f]{16})*", answer.location), "keys, and no text"
        assert references(maria.text(answer.location)) == [ana]


def test_search_also_finds_what_has_ended(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, name="Ana").reference
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)
    answer = maria.post("/admin/queue/search", find="ana")
    assert reference in maria.text(answer.location)


def test_a_typed_reference_opens_the_request_itself(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    answer = maria.post("/admin/queue/search", find=reference.lower().replace("-", " ") + " ")
    if not re.search(r"\d", reference):  # six letters and no digit could be a name
        answer = maria.post("/admin/queue/search", find=reference)
    assert answer.status_code == 303 and answer.location == f"/admin/queue/{reference}"


def test_the_beginning_of_a_reference_opens_the_request_or_lists_those_that_begin_so(
    maria: Desk, site: Site, now: datetime
) -> None:
    made = [ask(site, now, name="Ana").reference for _ in range(2)]
    with writing() as conn:
        for old, new in zip(made, ("K7M-4QX", "K7M-5ZZ"), strict=True):
            c = CallbackRequest.__table__.c
            conn.execute(update(CallbackRequest).where(c.reference == old).values(reference=new))
    assert maria.post("/admin/queue/search", find="k7m-5").location == "/admin/queue/K7M-5ZZ"
    listed = maria.post("/admin/queue/search", find="K7M").location
    assert listed == "/admin/queue/?m=K7M-" and set(references(maria.text(listed))) == {"K7M-4QX", "K7M-5ZZ"}


def test_a_reference_nobody_has_may_be_a_name_with_a_dash(maria: Desk, site: Site, now: datetime) -> None:
    assert "Nothing found" in maria.text(maria.post("/admin/queue/search", find="0A0-0A0").location)
    reference = ask(site, now, name="Ann-Lee").reference
    assert reference in maria.text(maria.post("/admin/queue/search", find="Ann-Lee").location)


@pytest.mark.parametrize("typed", ["", "  ", "a", "?!"])
def test_a_search_for_nothing_says_what_can_be_found(maria: Desk, typed: str) -> None:
    assert maria.post("/admin/queue/search", find=typed).location == "/admin/queue/"
    assert 'class="bad"' in maria.text("/admin/queue/")


@point(55)
def test_a_search_is_on_record_without_its_words(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now, name="Ana")
    maria.post("/admin/queue/search", find="ana")
    assert count(Audit, Audit.action == "queue.searched") == 1


def test_a_search_key_that_was_tampered_with_finds_nothing(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now, name="Ana")
    assert "Nothing found" in maria.text("/admin/queue/?m=zz~~%00")


def test_a_name_is_text_and_never_markup(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, name="<img src=x onerror=alert(1)>", message="</textarea><script>").reference
    for path in ("/admin/queue/", f"/admin/queue/{reference}"):
        html = maria.text(path)
        assert "<img" not in html and "</textarea><script>" not in html
        assert "&lt;img src=x" in html


def test_the_panel_has_no_inline_script_or_style(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    claims.claim(site, maria.actor, reference, now=now)
    for path in ("/admin/queue/", f"/admin/queue/{reference}"):
        html = maria.text(path)
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", html)


def test_no_page_shows_the_name_of_an_enum(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - minutes(60), signals=Signals(honeypot=True)).reference
    claims.start_call(site, maria.actor, reference, now=now)
    for path in ("/admin/queue/", f"/admin/queue/{reference}"):
        assert not re.search(r"\b[a-z]+_[a-z_]+\b", words(maria.text(path)))


def test_the_menu_holds_only_places_one_may_enter(app: Flask, maria: Desk, now: datetime) -> None:
    assert 'aria-label="Panel"' in maria.text("/admin/queue/")
    auditor = desk(app, "Lee", "auditor", now=now)
    answer = auditor.get("/admin/")
    assert answer.request.path == "/admin/audit/" and "/admin/queue/" not in answer.get_data(as_text=True)
    assert "/admin/audit/" not in maria.text("/admin/queue/")


def test_the_front_page_leads_to_the_queue(maria: Desk) -> None:
    answer = maria.client.get("/admin/")
    assert answer.status_code == 302 and answer.location.endswith("/admin/queue/")


def test_no_id_stands_twice_on_a_page(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, is_free_time=True, preferred_note="Friday").reference
    casework.acknowledge_time(site, maria.actor, reference, now=now)
    claims.start_call(site, maria.actor, reference, now=now)
    for path in ("/admin/queue/", f"/admin/queue/{reference}"):
        ids = re.findall(r'\sid="([^"]+)"', maria.text(path))
        assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)


def test_a_call_at_an_unusual_hour_says_that_it_was_asked_for(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now - minutes(5), phone="808-555-0182")
    html = maria.text("/admin/queue/")
    assert "/call" in html
    assert "asked for it now" in html and "They asked for a call as soon as possible" in html


def test_every_row_without_a_call_says_why(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now, window=Window(now + timedelta(hours=1), now + timedelta(hours=3)))
    tried = ask(site, now - minutes(5)).reference
    claims.start_call(site, maria.actor, tried, now=now)
    calls.log_attempt(site, maria.actor, tried, Outcome(Disposition.BUSY), now=now)
    html = maria.text("/admin/queue/")
    assert "/call" not in html
    assert html.count('<use href="#i-wait"/></svg> later<span class="vh"> (') == 2
    assert "The next try is planned for later" in html


def test_at_night_every_row_says_when_we_open(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now - timedelta(hours=3))
    with at(now + timedelta(hours=8, minutes=30)):  # 8:30 pm: lawful, but the office is closed
        maria.sign_in("maria@example.com")
        html = maria.text("/admin/queue/")
    assert "until 8 am" in words(html) and "We are closed now" in html and "/call" not in html


def test_the_queue_is_narrowed_by_owner_state_and_channel_and_says_so(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    mine, theirs, free = (ask(site, now, name=name, source=code).reference for name, code in FILTERED)
    maria.press(mine, "claim")
    dev.press(theirs, "claim")
    assert dev.actor is not None
    asked = {
        "owner=me": {mine},
        "owner=none": {free},
        f"owner={dev.actor.user_id}": {theirs},
        "status=new": {free},
        "status=assigned&owner=me": {mine},
        "page=k3": {theirs},
        "channel=voicemail": set(),
        "owner=none&owner=me": {mine, free},
        "status=new&status=assigned&page=k3": {theirs},
        "page=k3,none": {theirs},
        "language=en&language=es&owner=me": {mine},
        "language=es": set(),
        "from_day=2026-11-18&to_day=2026-11-18": {mine, theirs, free},
        "to_day=2026-11-17": set(),
        "from_day=2026-11-19": set(),
        "owner=x&status=y&channel=z&from_day=never": {mine, theirs, free},
    }
    for query, found in asked.items():
        html = maria.text(f"/admin/queue/?{query}")
        assert {one for one in (mine, theirs, free) if f"/admin/queue/{one}" in html} == found, query
        assert ("Clear filters" in html) == ("owner=x" not in query)
    assert "1 in this view" in words(maria.text("/admin/queue/?owner=me"))
    assert "matches these filters" in maria.text("/admin/queue/?channel=voicemail")


def test_the_filter_offers_every_state_that_the_list_tells_and_finds_those_rows(
    maria: Desk, site: Site, now: datetime
) -> None:
    made = [ask(site, now - minutes(3), phone=f"212-555-01{one:02}").reference for one in range(5)]
    unread = ask(site, now, is_free_time=True, preferred_note="After work", phone="212-555-0109").reference
    claimed, calling, asleep, spam, _ = made
    maria.press(claimed, "claim")
    maria.press(calling, "call")
    snoozing.snooze(site, maria.actor, asleep, now + minutes(50), reason="in a meeting", now=now)  # type: ignore[arg-type]
    maria.press(spam, "close", reason="spam")
    for view, states in (("all-open", 5), ("closed", 1)):
        html = maria.text(f"/admin/queue/?view={view}&filter=open")
        offered = dict(re.findall(r'name="status" value="([a-z_]+)"[^>]*> <span>([^<]+)', html))
        told = dict(re.findall(r'data-ref="([0-9A-Z-]+)".*?class="q-st">([^<]+)<', html, re.DOTALL))
        assert len(set(told.values())) == states
        for value, state in offered.items():
            found = set(references(maria.text(f"/admin/queue/?view={view}&status={value}")))
            assert found == {one for one, words in told.items() if words.startswith(state)}, value
        assert all(any(words.startswith(state) for state in offered.values()) for words in told.values())
    assert set(references(maria.text("/admin/queue/?status=read_time&status=on_call"))) == {unread, calling}
    assert references(maria.text("/admin/queue/?view=closed&status=closed")) == [spam], "an old address"


def test_filters_last_over_views_buttons_and_the_way_back(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    html = maria.text("/admin/queue/?view=unclaimed&owner=none")
    assert 'href="/admin/queue/?view=due-now&amp;owner=none"' in html
    assert 'href="/admin/queue/?view=unclaimed&amp;owner=none"' in maria.text(f"/admin/queue/{reference}")
    back = maria.press(reference, "claim", **{"from": "queue", "view": "unclaimed", "owner": "none"})
    assert back.location.endswith("/admin/queue/?view=unclaimed&owner=none")


def test_what_has_ended_is_narrowed_too(maria: Desk, site: Site, now: datetime) -> None:
    kept, other = (ask(site, now, name=name, source=code).reference for name, code in FILTERED[:2])
    for reference in (kept, other):
        casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)  # type: ignore[arg-type]
    html = maria.text("/admin/queue/?view=closed&page=k3&status=closed")
    assert other in html and kept not in html and "among those received" in words(html)
    assert "among" not in words(maria.text("/admin/queue/?view=closed&page=k3"))
    [tab] = re.findall(r'href="([^"]*view=closed[^"]*)"', maria.text("/admin/queue/?status=on_call&channel=web"))
    html = maria.text(tab.replace("&amp;", "&"))
    assert not references(html) and "matches these filters" in words(html), "nobody is on a call about what has ended"


def test_a_search_is_narrowed_too(maria: Desk, site: Site, now: datetime) -> None:
    mine, theirs = (ask(site, now, name="Ana", source=code).reference for code in ("", "k3"))
    maria.press(mine, "claim")
    found = maria.post("/admin/queue/search", find="ana").location
    assert {mine, theirs} <= set(references(maria.text(found)))
    assert references(maria.text(f"{found}&owner=none&status=new")) == [theirs]
    html = maria.text(f"{found}&owner=me&owner=none")
    assert set(references(html)) == {mine, theirs} and 'name="m"' in html
    assert "matches these filters" in maria.text(f"{found}&status=closed")


def test_a_narrowed_page_costs_no_more_queries_than_the_whole_queue(
    app: Flask, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    maria = desk(app, "Lee", "manager", now=now)
    for number in range(3):
        ask(site, now - minutes(number), name="Ana María")
    for path in (
        maria.post("/admin/queue/search", find="maria ana").location,
        "/admin/queue/?owner=none&owner=me&language=en",
        "/admin/queue/?view=closed&status=closed",
        "/admin/queue/?view=check",
    ):
        maria.text(path)
        count_queries()
        maria.text(path)
        assert count_queries() <= 6, path
