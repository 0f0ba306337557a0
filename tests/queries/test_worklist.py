"""The queue's views, its pages, its counts and its search."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from intake.database import reading, writing
from intake.ledger import search_words
from intake.models import CallbackRequest
from intake.models.keyring import Key
from intake.queries import casefile, live, search, worklist, worklist_ended
from intake.queries.worklist import Filters, View
from intake.queries.worklist_filters import Standing
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import Channel, ClosedReason, Disposition, Status
from intake.services import calls, casework, claims
from intake.services.calls import Outcome
from tests.making import ask, person, stored
from tests.points import point

SOON = timedelta(minutes=5)


@pytest.fixture
def site(app: Flask):
    return app.extensions["intake"]


@pytest.fixture
def maria(site, now):
    return person(site, "Maria", now=now)


def page(site, view, now, **more):
    with reading() as conn:
        wanted = {"user_id": 1, "now": now, "due_soon": SOON, "with_contact": True, **more}
        return worklist.page(conn, site, view, **wanted)


def references(site, view, now, **more):
    return [row.reference for row in page(site, view, now, **more).rows]


def test_a_tab_and_the_filter_of_its_name_hold_the_same(site, now, maria):
    tried, put_off, called = (ask(site, now, phone=f"212-555-010{number}").reference for number in range(3))
    for reference in (tried, put_off, called):
        calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), now=now)
    later = now + timedelta(hours=3)
    with writing() as conn:
        change = update(CallbackRequest).where(CallbackRequest.reference == put_off)
        conn.execute(change.values(snoozed_at=later, next_at=later + timedelta(hours=1)))
    claims.start_call(site, maria, called, override_reason="they rang", now=later)
    asked = {"filters": Filters(statuses=(Status.ATTEMPTING,))}
    assert references(site, View.RETRY, later) == references(site, View.ALL_OPEN, later, **asked) == [tried]
    assert references(site, View.SNOOZED, later) == [put_off]


def test_every_view_shows_what_it_says_and_counts_what_it_shows(site, now, maria):
    mine = ask(site, now).reference
    claims.claim(site, maria, mine, now=now)
    free = ask(site, now + timedelta(minutes=1)).reference
    booked = ask(site, now, window=Window(now + timedelta(hours=2), now + timedelta(hours=4))).reference
    retried = ask(site, now + timedelta(minutes=2)).reference
    calls.log_attempt(site, maria, retried, Outcome(Disposition.NO_ANSWER), now=now + timedelta(minutes=3))
    check = ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.1)).reference
    numberless = ask(site, now, email="ana@example.com").reference
    calls.log_attempt(site, maria, numberless, Outcome(Disposition.WRONG_NUMBER), now=now)
    over = ask(site, now).reference
    casework.close(site, maria, over, ClosedReason.TEST, now=now)
    at = now + timedelta(minutes=12)
    expected = {
        View.ALL_OPEN: {mine, free, booked, retried, check, numberless},
        View.DUE_NOW: {mine, free},
        View.MINE: {mine, retried, numberless},
        View.UNCLAIMED: {free, booked},
        View.SCHEDULED: {booked},
        View.RETRY: {retried},
        View.NUMBER: {numberless},
        View.SNOOZED: set(),
        View.CHECK: {check},
        View.CLOSED: {over},
    }
    for view, shown in expected.items():
        assert set(references(site, view, at, user_id=maria.user_id)) == shown, view
    with reading() as conn:
        counted = live.glance(conn, user_id=maria.user_id, now=at, due_soon=SOON).tally.views
    assert counted == {view: len(shown) for view, shown in expected.items() if view is not View.CLOSED}


def test_the_most_urgent_stands_first_and_pages_meet_without_gap_or_overlap(site, now):
    made = [ask(site, now + timedelta(seconds=number // 2)).reference for number in range(11)]
    seen, cursor = [], None
    while True:
        found = page(site, View.ALL_OPEN, now, limit=4, after=cursor)
        seen += [row.reference for row in found.rows]
        cursor = found.next_cursor
        if cursor is None:
            break
    assert seen == made


def test_closed_requests_come_newest_first_and_page_too(site, now, maria):
    made = [ask(site, now).reference for _ in range(5)]
    for number, reference in enumerate(made):
        casework.close(site, maria, reference, ClosedReason.TEST, now=now + timedelta(minutes=number))
    first = page(site, View.CLOSED, now, limit=3)
    rest = page(site, View.CLOSED, now, limit=3, after=first.next_cursor)
    assert [row.reference for row in (*first.rows, *rest.rows)] == made[::-1]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "999999999999999999999", "MTIz", "../../", "é"])
def test_a_broken_cursor_is_the_first_page(site, now, cursor):
    reference = ask(site, now).reference
    assert references(site, View.ALL_OPEN, now, after=cursor) == [reference]


@pytest.mark.parametrize(
    "text",
    [
        "lopez",
        "LÓPEZ",
        "lop",
        "ana maria",
        "Ana",
        "0182",
        "(212) 555-0182",
        "+1 212 555 0182",
        "tel:+1-212-555-0182",
        "212.555 01 82",
        "••• 0182",
        "555-0182",
        "ana@Example.com",
        "guadalup",
    ],
)
@point(55)
def test_search_finds_by_words_their_beginnings_digits_number_and_email(site, now, text):
    reference = ask(site, now, name="Ana María López Guadalupe", email="ana@example.com").reference
    ask(site, now, name="Ben Stone", phone="312 555 0147")
    assert references(site, View.ALL_OPEN, now, match=search.key_for(site, text)) == [reference]


@pytest.mark.parametrize("text", ["christop", "christoph", "christophe", "Christopher", "christopher lopez"])
def test_a_long_name_is_found_at_every_letter(site, now, text):
    reference = ask(site, now, name="Christopher López").reference
    ask(site, now, name="Christine López")
    assert references(site, View.ALL_OPEN, now, match=search.key_for(site, text)) == [reference]


@pytest.mark.parametrize("text", ["ana", "ana stone", "stone ana", "0182"])
def test_a_search_comes_newest_first_and_its_pages_meet_without_gap_or_overlap(site, now, maria, text):
    made = [ask(site, now + timedelta(seconds=number), name="Ana Stone").reference for number in range(7)]
    for number in range(3):
        ask(site, now, name=f"Ben{number} Stone", phone="312 555 0147")
    casework.close(site, maria, made[3], ClosedReason.TEST, now=now)
    key, seen, cursor = search.key_for(site, text), [], None
    for size in (3, 3, 1):
        found = page(site, View.ALL_OPEN, now, limit=3, after=cursor, match=key)
        assert len(found.rows) == size
        seen += [row.reference for row in found.rows]
        cursor = found.next_cursor
    assert cursor is None
    assert seen == made[::-1]


def test_with_several_live_keys_a_search_finds_old_and_new_once(site, now):
    other = Key(9, b"o" * 32)
    newer = replace(site, keyring=replace(site.keyring, index=(other, *site.keyring.index)))
    made = [ask(which, now, name="Ana Stone").reference for which in (site, newer, site, newer, newer)]
    with writing() as conn:  # one request written under both
        words = search_words.tokens(newer, name="Ana Stone", e164="+12125550182", email=None)
        search_words.write(conn, stored(made[0]).id, words)
    for text in ("ana", "ana stone"):
        key, seen, cursor = search.key_for(newer, text), [], None
        while cursor or not seen:
            found = page(newer, View.ALL_OPEN, now, limit=2, after=cursor, match=key)
            seen += [row.reference for row in found.rows]
            cursor = found.next_cursor
        assert seen == made[::-1]


def test_the_rarest_word_leads_the_search(site, now):
    for _ in range(3):
        ask(site, now, name="Ana Stone")
    ask(site, now, name="Ana Zebulon")
    common, rare = (search._tokens(search.key_for(site, word)) for word in ("ana", "zebulon"))
    with reading() as conn:
        assert search._rarest_first(conn, [common, rare]) == [rare, common]


@pytest.mark.parametrize("text", ["zzz", "ana stone", "0183", "ben@example.com"])
def test_search_finds_nothing_where_nothing_is(site, now, text):
    ask(site, now, name="Ana López")
    ask(site, now, name="Ben Stone", phone="312 555 0147")
    assert references(site, View.ALL_OPEN, now, match=search.key_for(site, text)) == []


@pytest.mark.parametrize("key", ["", "~", "zz", "0" * 16 + "~", "../x", "0" * 15, "%", ".".join(["0" * 16] * 400)])
def test_a_broken_search_key_finds_nothing(site, now, key):
    ask(site, now)
    assert references(site, View.ALL_OPEN, now, match=key) == []


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("K7M-4QX", "K7M-4QX"),
        ("k7m 4qx", "K7M-4QX"),
        ("k7m4qx", "K7M-4QX"),
        ("ko1-lil", "K01-111"),
        ("k7m", "K7M-"),
        ("kqm-", "KQM-"),
        ("k7m4", "K7M-4"),
        ("K7M-4Q", "K7M-4Q"),
        ("Martha", None),
        ("Ana", None),
        ("k7", None),
        ("0182", None),
    ],
)
def test_a_typed_reference_is_recognised(text, reference):
    assert search.reference_in(text) == reference


def test_the_beginning_of_a_reference_finds_every_one_that_begins_so_newest_first(site, now):
    made = [ask(site, now + timedelta(seconds=number)).reference for number in range(4)]
    with writing() as conn:
        c = CallbackRequest.__table__.c
        for old, new in zip(made, ("K7M-4QX", "K7M-4ZZ", "K7N-000", "K7M-000"), strict=True):
            conn.execute(update(CallbackRequest).where(c.reference == old).values(reference=new))
    with reading() as conn:
        assert search.begun_with(conn, "K7M-", most=2) == ["K7M-000", "K7M-4ZZ"]
        assert search.begun_with(conn, "K7M-4QX", most=2) == ["K7M-4QX"]
        assert search.begun_with(conn, "K7P-", most=2) == []
    first = page(site, View.ALL_OPEN, now, limit=2, match="K7M-")
    rest = page(site, View.ALL_OPEN, now, limit=2, match="K7M-", after=first.next_cursor)
    assert [row.reference for row in (*first.rows, *rest.rows)] == ["K7M-000", "K7M-4ZZ", "K7M-4QX"]


def test_the_search_key_holds_no_word_of_the_search(site):
    key = search.key_for(site, "lopez")
    assert key and "lop" not in key


def test_without_the_right_to_see_contacts_a_line_shows_none(site, now):
    ask(site, now, name="Ana")
    (row,) = page(site, View.ALL_OPEN, now, with_contact=False).rows
    assert (row.name, row.phone_e164, row.last4) == ("", "", "")


def test_a_case_file_shows_everything_once(site, now, maria):
    reference = ask(
        site, now, message="after two", email="ana@example.com", source="k3", source_path="/contact"
    ).reference
    claims.start_call(site, maria, reference, now=now)
    calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER, note="rang out"), now=now)
    with reading() as conn:
        case = casefile.find(conn, site, reference, with_contact=True)
        entries = casefile.timeline(conn, site, case.id, with_contact=True).entries
    assert (case.message, case.email, case.source, case.source_path) == (
        "after two",
        "ana@example.com",
        "k3",
        "/contact",
    )
    assert case.consent_version == 1
    assert case.attempts == (now,)
    assert [entry.text for entry in entries if entry.kind == "note"] == ["rang out"]
    assert [entry.details["state"] for entry in entries if entry.kind == "mail"] == ["pending", "pending"]
    assert [entry.action for entry in entries if entry.kind == "attempt"] == ["callback.attempted"]


def test_a_case_file_without_the_contact_right_shows_nothing_personal(site, now):
    reference = ask(site, now, name="Zebulon", message="after two", email="zeb@example.com").reference
    with reading() as conn:
        case = casefile.find(conn, site, reference, with_contact=False)
    text = repr(case)
    for word in ("Zebulon", "after two", "zeb@", "0182"):
        assert word not in text


def test_what_was_put_off_is_not_due_until_it_comes_back_by_itself(site, now, maria):
    """No worker, no job: the same row at another minute."""
    reference = ask(site, now).reference
    back = now + timedelta(hours=1)
    with writing() as conn:
        change = update(CallbackRequest).where(CallbackRequest.reference == reference)
        conn.execute(change.values(snoozed_at=now, next_at=back))
    for at, view in ((back - timedelta(seconds=1), View.SNOOZED), (back, View.DUE_NOW)):
        shown = [one for one in (View.SNOOZED, View.DUE_NOW) if references(site, one, at)]
        with reading() as conn:
            counted = live.glance(conn, user_id=maria.user_id, now=at, due_soon=SOON).tally.views
        assert shown == [view] == [one for one in (View.SNOOZED, View.DUE_NOW) if counted[one]]


def ended(site, now, maria, dev):
    """Twelve that have ended, in every mix of two owners, two pages and three minutes, oldest first."""
    made = []
    for number in range(12):
        reference = ask(site, now + timedelta(minutes=number // 4), source=("k3", "")[number % 2]).reference
        who = (maria, dev)[number // 2 % 2]
        claims.claim(site, who, reference, now=now + timedelta(minutes=5))
        casework.close(site, who, reference, ClosedReason.TEST, now=now + timedelta(minutes=30 - number))
        made.append((reference, who.user_id, ("k3", "")[number % 2], number // 4))
    return made


def test_what_has_ended_is_paged_under_any_filter_without_gap_or_overlap(site, now, maria):
    dev = person(site, "Dev", now=now)
    made = ended(site, now, maria, dev)
    m, d = maria.user_id, dev.user_id
    minute = timedelta(minutes=1)
    asked = [
        (Filters(owners=(m,)), lambda who, code, at: who == m),
        (Filters(owners=(m, d)), lambda who, code, at: True),
        (Filters(owners=(0,)), lambda who, code, at: False),
        (Filters(sources=("k3",)), lambda who, code, at: code == "k3"),
        (Filters(owners=(m,), sources=("k3",)), lambda who, code, at: who == m and code == "k3"),
        (Filters(received_from=now + minute), lambda who, code, at: at >= 1),
        (Filters(owners=(d, m), received_until=now + minute), lambda who, code, at: at == 0),
        (Filters(owners=(d,), statuses=(Status.CLOSED,), received_from=now + minute, received_until=now + 2 * minute),
         lambda who, code, at: who == d and at == 1),
    ]  # fmt: skip
    for filters, fits in asked:
        seen, cursor = [], None
        while cursor or not seen:
            found = page(site, View.CLOSED, now + timedelta(hours=1), limit=2, after=cursor, filters=filters)
            seen += [row.reference for row in found.rows]
            cursor = found.next_cursor
            if not found.rows:
                break
        assert seen == [reference for reference, *rest in made if fits(*rest)][::-1], filters


def test_several_filters_look_through_a_month_and_one_looks_through_everything(site, now, maria):
    reference = ask(site, now, source="k3").reference
    casework.close(site, maria, reference, ClosedReason.TEST, now=now)
    later, closed = now + timedelta(days=40), Filters(sources=("k3",))
    assert references(site, View.CLOSED, later, filters=closed) == [reference]
    both = replace(closed, statuses=(Status.CLOSED,))
    assert references(site, View.CLOSED, later, filters=both) == []
    back_then = replace(both, received_from=now - timedelta(days=1), received_until=now + timedelta(days=1))
    assert references(site, View.CLOSED, later, filters=back_then) == [reference]


def test_what_only_open_requests_can_be_is_not_looked_for_among_what_has_ended(site, now, maria):
    reference = ask(site, now).reference
    casework.close(site, maria, reference, ClosedReason.TEST, now=now)
    open_only = Filters(standings=(Standing.ON_CALL,))
    for none in (open_only, replace(open_only, channels=(Channel.WEB,)), replace(open_only, owners=(0, 1))):
        assert references(site, View.CLOSED, now, filters=none) == []
        with reading() as conn:
            walks = str(worklist_ended.ids(none, None, 50, now).compile(conn))
        assert "ORDER BY" not in walks, "no index is walked for it"
    for some in (replace(open_only, statuses=(Status.CLOSED,)), replace(open_only, reasons=(ClosedReason.TEST,))):
        assert references(site, View.CLOSED, now, filters=some) == [reference]
