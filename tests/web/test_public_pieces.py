"""The small parts of the visitor's pages: clean text, tokens, addresses, and what is said about now."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import redis
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from intake.models.keyring import Key, Keyring
from intake.queries.calendar import Calendar
from intake.rules.hours import OpeningHours, Span, default_hours
from intake.rules.promise import ResponseTarget
from intake.web.addresses import ArrivalCounter, LocalCounter, client_network
from intake.web.forms import TimeForm, path_only
from intake.web.look import timed
from intake.web.opening import offer
from intake.web.tokens import FormTokens
from tests.conftest import missing
from tests.points import point

NEW_YORK = "America/New_York"
KEYRING = Keyring((), (Key(1, b"k" * 32),), b"", b"")


NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)


def test_a_token_comes_back_with_its_nonce_and_time() -> None:
    tokens = FormTokens("s" * 40)
    token = tokens.read(tokens.give(NOW))
    assert token is not None and token.given_at == NOW
    assert not token.is_old(NOW + timedelta(hours=24))
    assert token.is_old(NOW + timedelta(hours=24, seconds=1))
    assert not token.is_old(NOW - timedelta(hours=1))


def test_a_token_that_was_changed_is_none() -> None:
    tokens = FormTokens("s" * 40)
    good = tokens.give(NOW)
    for position in range(len(good)):
        changed = good[:position] + ("A" if good[position] != "A" else "B") + good[position + 1 :]
        assert tokens.read(changed) is None or changed[-1] != good[-1]  # the last letter carries two unused bits
    assert tokens.read("é" * 50) is None


def request_from(remote: str, *forwarded: str) -> Request:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    return Request(EnvironBuilder(headers=headers, environ_overrides={"REMOTE_ADDR": remote}).get_environ())


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "network"),
    [
        ("192.0.2.7", (), 0, "192.0.2.7"),
        ("192.0.2.7", ("203.0.113.9",), 0, "192.0.2.7"),
        ("10.0.0.1", ("1.1.1.1, 203.0.113.9",), 1, "203.0.113.9"),
        ("10.0.0.1", ("1.1.1.1", "203.0.113.9"), 1, "203.0.113.9"),
        ("10.0.0.1", ("1.1.1.1, 203.0.113.9, 10.0.0.2",), 2, "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9:4711",), 1, "203.0.113.9"),
        ("10.0.0.1", (), 2, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", (), 0, "2001:db8:1:2::/64"),
        ("10.0.0.1", ("[2001:db8:1:2::9]",), 1, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", (), 0, "192.0.2.7"),
        ("10.0.0.1", ("unknown",), 1, None),
        ("", (), 0, None),
    ],
)
def test_only_what_our_own_proxies_wrote_names_the_sender(
    remote: str, forwarded: tuple[str, ...], proxies: int, network: str | None
) -> None:
    assert client_network(request_from(remote, *forwarded), proxies) == network  # type: ignore[arg-type]


def test_arrivals_are_counted_by_kind_and_value() -> None:
    counter = ArrivalCounter("", KEYRING)
    assert [counter.seen_before("address", "192.0.2.7") for _ in range(3)] == [0, 1, 2]
    assert counter.seen_before("number", "192.0.2.7") == 0
    assert counter.seen_before("address", None) == 0


def test_a_counter_nobody_answers_counts_nothing_and_says_so_quickly() -> None:
    counter = ArrivalCounter("redis://127.0.0.1:1", KEYRING)
    assert counter.seen_before("address", "192.0.2.7") == 0
    assert ArrivalCounter("nonsense://", KEYRING).seen_before("address", "192.0.2.7") == 0


def test_a_count_ends_an_hour_after_its_first_arrival() -> None:
    at = [0.0]
    counter = LocalCounter(3600, clock=lambda: at[0])
    counts = []
    for at[0] in (0, 1800, 3599, 3600, 3601):
        counts.append(counter.add("a"))
    assert counts == [1, 2, 3, 1, 2]


def test_a_flood_of_addresses_takes_no_more_memory_than_is_set() -> None:
    counter = LocalCounter(3600, most=100)
    for number in range(1000):
        counter.add(str(number))
        assert len(counter) <= 100
    assert counter.add("999") == 2
    assert counter.add("0") == 1


def test_counts_that_are_over_leave_nothing_behind() -> None:
    at = [0.0]
    counter = LocalCounter(10, clock=lambda: at[0])
    for number in range(50):
        counter.add(str(number))
    at[0] = 10
    counter.add("new")
    assert len(counter) == 1


def test_counting_starts_no_thread_and_loses_none_of_many_at_once() -> None:
    counter, before = ArrivalCounter("", KEYRING), threading.active_count()
    for _ in range(50):
        counter.seen_before("address", "192.0.2.7")
    assert threading.active_count() == before
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counter.seen_before("address", "192.0.2.7"), range(400)))
    assert counter.seen_before("address", "192.0.2.7") == 450


@pytest.fixture
def redis_url() -> str:
    url = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
    try:
        redis.Redis.from_url(url, socket_connect_timeout=0.5).ping()
    except redis.RedisError:
        missing("Redis")
    return url


def test_in_redis_all_processes_count_together_and_no_address_is_there_to_read(redis_url: str) -> None:
    keyring = Keyring((), (Key(1, os.urandom(32)),), b"", b"")
    one, other = ArrivalCounter(redis_url, keyring), ArrivalCounter(redis_url, keyring)
    try:
        counts = [counter.seen_before("address", "192.0.2.7") for counter in (one, other, one)]
        assert counts == [0, 1, 2]
        assert one.seen_before("number", "192.0.2.7") == 0
        store = redis.Redis.from_url(redis_url)
        ours = keyring.index_of("count_address", "192.0.2.7").hex()
        (key,) = store.keys(f"*{ours}*")
        assert b"192.0.2.7" not in key and 0 < store.ttl(key) <= 3600
    finally:
        for kind in ("address", "number"):
            found = redis.Redis.from_url(redis_url).keys(f"*{keyring.index_of(f'count_{kind}', '192.0.2.7').hex()}*")
            redis.Redis.from_url(redis_url).delete(*found)


@pytest.mark.parametrize(
    ("given_path", "kept"),
    [
        ("/help", "/help"),
        ("https://host.example/help/x?utm=1#top", "/help/x"),
        ("/a/ana@example.com/b", "/a/b"),
        ("/a/ana%40example.com", "/a"),
        ("help", ""),
        ("javascript:alert(1)", ""),
        ("http://[", ""),
        (None, ""),
    ],
)
@point(40)
def test_of_a_page_only_the_path_is_kept(given_path: str | None, kept: str) -> None:
    assert path_only(given_path) == kept


def test_times_are_marked_up_in_order_and_the_rest_is_escaped() -> None:
    marked = timed("<b> 1 pm to 11 pm", ("1 pm", "A"), ("11 pm", "B"))
    assert marked == '&lt;b&gt; <time datetime="A">1 pm</time> to <time datetime="B">11 pm</time>'
    assert timed("soon", ("1 pm", "A")) == "soon"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def calendar(hours: OpeningHours) -> Calendar:
    return Calendar(None, hours, ResponseTarget())


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (at(18, 17), "We are open now, until 8 pm Eastern"),
        (at(19, 1), "We are closed now. We open tomorrow, Thursday, at 8 am Eastern"),
        (at(19, 12), "We are closed now. We open today at 8 am Eastern"),
    ],
)
def test_the_line_about_now_names_the_next_edge(sqlite_app: Flask, now: datetime, state: str) -> None:
    said = offer(calendar(default_hours(NEW_YORK)), NEW_YORK, now)
    assert said.state.replace("\u00a0", " ") == state


def test_an_office_that_never_closes_or_never_opens_is_named_rightly(sqlite_app: Flask) -> None:
    always = OpeningHours(NEW_YORK, ((Span(0, 1440),),) * 7)
    never = OpeningHours(NEW_YORK, ((),) * 7)
    assert offer(calendar(always), NEW_YORK, NOW).state == "We are open now, day and night"
    assert offer(calendar(never), NEW_YORK, NOW).state == "We are closed now"
    assert offer(calendar(never), NEW_YORK, NOW).days == ()


@given(st.integers(0, 8 * 24 * 60))
@settings(max_examples=60)
def test_what_is_said_stays_true_until_it_is_said_to_end(minutes: int) -> None:
    # Not on the full minute: a window that begins in exactly an hour is offered at that instant only.
    now = at(15, 0) + timedelta(minutes=minutes, seconds=1)
    hours = calendar(OpeningHours(NEW_YORK, ((Span(490, 725), Span(780, 1570)),) * 7))
    first = offer(hours, NEW_YORK, now)
    last = offer(hours, NEW_YORK, first.valid_until - timedelta(seconds=1))
    assert now < first.valid_until <= now + timedelta(minutes=15)
    assert (first.state, first.days, first.is_open) == (last.state, last.days, last.is_open)


def test_every_time_that_is_offered_can_be_chosen_where_the_office_never_closes(sqlite_app: Flask) -> None:
    calendar = Calendar(1, OpeningHours(NEW_YORK, ((Span(0, 1440),),) * 7), ResponseTarget())
    for hour in range(24):
        now = NOW + timedelta(hours=hour)
        with sqlite_app.test_request_context("/callback"):
            values = [value for day in offer(calendar, NEW_YORK, now).days for value, _ in day.choices]
            assert len(values) >= 4
            for value in values:
                posted = MultiDict({"preferred_time": value})
                form = TimeForm(posted, calendar=calendar, zone=NEW_YORK, now=now, opened_at=now)
                assert form.validate(), (value, form.problems)
