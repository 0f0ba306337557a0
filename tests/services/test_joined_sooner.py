"""Who asked for a time, and asks again to be called sooner: joined, the earlier promise of the two is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from intake.database import reading
from intake.models.site import Site
from intake.queries import board, calendar, next_call, passed_over, private_link
from intake.rules.permissions import Actor
from intake.rules.windows import Window
from intake.rules.workflow import Disposition
from intake.services import alerting, calls, claims, duplicates, visitor
from intake.services.callbacks import Submitted
from intake.services.calls import Outcome
from tests.making import ask, person, stored
from tests.points import point
from tests.services.test_undoing import columns, undo

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


def tomorrow(now: datetime) -> Window:
    return Window(now + DAY, now + DAY + timedelta(hours=2))


def two(site: Site, now: datetime, **newer: Any) -> tuple[Submitted, Submitted]:
    """The older one is for tomorrow; the newer one, ten minutes later, says ``newer``."""
    return ask(site, now, window=tomorrow(now)), ask(site, now + 10 * MINUTE, **newer)


def told(site: Site, made: Submitted, now: datetime) -> Any:
    with reading() as conn:
        return private_link.find(conn, site, made.link_token, now=now)


def offered(site: Site, who: Actor, now: datetime) -> str | None:
    with reading() as conn:
        found = next_call.first(conn, site, calendar.current(conn, site), user_id=who.person_id, now=now)
    return found.reference if found else None


def waits_since(now: datetime) -> datetime | None:
    with reading() as conn:
        return board.figures(conn, now=now, soon=now, since=now - DAY).oldest_at


@point(62)
def test_the_older_is_called_alerted_and_told_by_the_earlier_promise_until_they_are_taken_apart(
    site: Site, maria: Actor, now: datetime
) -> None:
    (older, newer), at = two(site, now), now + 12 * MINUTE
    before, promise, page = columns(older.reference), stored(newer.reference), told(site, older, at)
    duplicates.link(site, maria, older.reference, newer.reference, now=at)
    row = stored(older.reference)
    assert (row.due_at, row.promised_by_at, row.next_at) == (promise.due_at, promise.promised_by_at, None)
    assert (row.window_from, row.window_until) == (now + DAY, now + DAY + timedelta(hours=2)), "still their wish"
    assert offered(site, maria, at) == older.reference and waits_since(at) == now
    assert told(site, older, at) == page, "its visitor reads of tomorrow"
    assert told(site, newer, at).promised_by_at == promise.promised_by_at
    duplicates.unlink(site, maria, newer.reference, now=at + MINUTE)
    assert columns(older.reference) == before
    assert offered(site, maria, at + MINUTE) == newer.reference


def test_late_by_the_earlier_promise_it_raises_alerts(site: Site, maria: Actor, now: datetime) -> None:
    older, newer = two(site, now)
    duplicates.link(site, maria, older.reference, newer.reference, now=now + 12 * MINUTE)
    assert alerting.raise_due(site, now=stored(newer.reference).due_at + 5 * MINUTE) > 0


def test_nobody_needs_a_reason_to_call_them_before_their_time_and_uncalled_they_are_called_in_it(
    site: Site, maria: Actor, now: datetime
) -> None:
    (older, newer), at = two(site, now), now + 12 * MINUTE
    duplicates.link(site, maria, older.reference, newer.reference, now=at)
    claims.start_call(site, maria, older.reference, now=at)
    calls.log_attempt(site, maria, older.reference, Outcome(Disposition.NO_ANSWER), now=at + MINUTE)
    row = stored(older.reference)
    assert row.is_promise_kept and row.next_at >= row.window_from and row.due_at == row.next_at
    assert offered(site, maria, at + 2 * MINUTE) is None


def test_of_two_times_asked_for_the_earlier_is_waited_for(site: Site, maria: Actor, now: datetime) -> None:
    soon = Window(now + timedelta(hours=2), now + timedelta(hours=4))
    (older, newer), at = two(site, now, window=soon), now + 12 * MINUTE
    duplicates.link(site, maria, older.reference, newer.reference, now=at)
    assert offered(site, maria, at) is None
    with reading() as conn:
        in_force = calendar.current(conn, site)
        assert passed_over.opens_at(conn, in_force, user_id=maria.person_id, now=at) == soon.from_at
    assert offered(site, maria, soon.from_at) == older.reference


def test_a_join_undone_leaves_the_time_asked_for_as_it_was(site: Site, maria: Actor, now: datetime) -> None:
    older, newer = two(site, now)
    before = columns(older.reference), columns(newer.reference)
    duplicates.link(site, maria, older.reference, newer.reference, now=now + 12 * MINUTE)
    undo(site, maria, now + 12 * MINUTE)
    assert (columns(older.reference), columns(newer.reference)) == before


def test_another_time_asked_for_by_the_older_link_takes_no_sooner_promise_away(
    site: Site, maria: Actor, now: datetime
) -> None:
    older, newer, at = ask(site, now), ask(site, now + MINUTE), now + 2 * MINUTE
    promise = stored(newer.reference)
    duplicates.link(site, maria, older.reference, newer.reference, now=at)
    visitor.change_time(site, older.link_token, window=tomorrow(now), now=at)
    row = stored(older.reference)
    assert (row.due_at, row.target_at, row.next_at) == (promise.due_at, promise.target_at, None)
    assert row.promised_by_at == promise.promised_by_at and offered(site, maria, at) == older.reference
    page = told(site, older, at)
    assert (page.window, page.promised_by_at) == (tomorrow(now), tomorrow(now).until_at), "its own page tells its wish"
    assert told(site, newer, at).promised_by_at == promise.promised_by_at
    duplicates.unlink(site, maria, newer.reference, now=at)
    row = stored(older.reference)
    assert (row.next_at, row.promised_by_at) == (tomorrow(now).from_at, tomorrow(now).until_at)


def test_once_the_sooner_promise_is_kept_or_over_another_time_counts_alone(
    site: Site, maria: Actor, now: datetime
) -> None:
    for at, is_called in ((now + 3 * MINUTE, True), (now + 3 * HOUR, False)):
        older, newer = ask(site, now), ask(site, now + MINUTE)
        duplicates.link(site, maria, older.reference, newer.reference, now=now + 2 * MINUTE)
        if is_called:
            claims.start_call(site, maria, older.reference, now=at)
            calls.log_attempt(site, maria, older.reference, Outcome(Disposition.NO_ANSWER), now=at)
        visitor.change_time(site, older.link_token, window=tomorrow(now), now=at)
        row = stored(older.reference)
        assert row.next_at == tomorrow(now).from_at < row.due_at and row.is_promise_kept is is_called
