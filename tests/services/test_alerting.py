"""Nothing is forgotten: a week of requests in which every alert is what the rules say, worked out here once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from intake.database import reading
from intake.models import Alert, OutboxMessage
from intake.models.site import Site
from intake.queries import calendar, live, next_call
from intake.queries.worklist import View
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition
from intake.services import alerting, calls, claims, leases
from intake.services.calls import Outcome
from tests.making import ask, mails, person, stored

MINUTE = timedelta(minutes=1)
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 16, 5, 0, tzinfo=UTC)
"""Midnight in New York."""
OPEN = [(8, 20)] * 5 + [(9, 17), (10, 16)]
"""The hours a new installation starts with, Monday first."""


def told() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every digest: to whom, and reference and kind of what it names."""
    with reading() as conn:
        o = OutboxMessage.__table__.c
        rows = conn.execute(select(o.recipient, o.details).where(o.kind == "staff.alerts").order_by(o.id)).all()
    return [(row.recipient, [(item[0], item[1]) for item in row.details["items"]]) for row in rows]


def look(site: Site, at: datetime) -> None:
    alerting.raise_due(site, now=at)
    alerting.tell(site, now=at)


@pytest.fixture
def manager(site: Site, now: datetime) -> Actor:
    return person(site, "Mara", "manager", now=now)


@pytest.fixture
def staff(site: Site, now: datetime) -> Actor:
    return person(site, "Sam", now=now)


def test_first_the_team_is_told_then_the_managers_and_a_claim_makes_it_the_holders(
    site: Site, now: datetime, manager: Actor, staff: Actor
) -> None:
    reference = ask(site, now).reference
    look(site, now + 9 * MINUTE)
    assert told() == []
    look(site, now + 10 * MINUTE)
    look(site, now + 10 * MINUTE)
    assert told() == [("team", [(reference, "soon")])]
    claims.claim(site, staff, reference, now=now + 12 * MINUTE)
    look(site, now + 16 * MINUTE)
    assert told()[1:] == [(f"user:{staff.user_id}", [(reference, "late")])], "the holder; the team has heard just now"
    look(site, now + 25 * MINUTE)
    look(site, now + 30 * MINUTE)
    assert told()[2:] == [(f"user:{manager.user_id}", [(reference, "escalated")])]
    assert ("staff.alerts", "team") not in mails(reference), "a digest is about several requests, so about none"


def test_a_call_under_way_holds_and_a_call_made_stops(site: Site, now: datetime, staff: Actor, manager: Actor) -> None:
    reference = ask(site, now).reference
    claims.start_call(site, staff, reference, now=now + 5 * MINUTE)
    look(site, now + 40 * MINUTE)
    assert told() == []
    agreed = now + 3 * timedelta(hours=1)
    outcome = Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=agreed)
    calls.log_attempt(site, staff, reference, outcome, now=now + 41 * MINUTE)
    look(site, now + 60 * MINUTE)
    assert told() == []
    look(site, agreed + 31 * MINUTE)
    assert told() == [(f"user:{staff.user_id}", [(reference, "late")])], "an agreed time is a promise of its own"


def test_what_is_over_before_it_was_told_is_settled_untold(site: Site, now: datetime, staff: Actor) -> None:
    first, second = ask(site, now, phone="(212) 555-0101").reference, ask(site, now, phone="(212) 555-0102").reference
    alerting.raise_due(site, now=now + 11 * MINUTE)
    claims.start_call(site, staff, first, now=now + 12 * MINUTE)
    calls.log_attempt(site, staff, first, Outcome(Disposition.SPOKE_INFORMATION), now=now + 13 * MINUTE)
    alerting.tell(site, now=now + 14 * MINUTE)
    assert told() == [("team", [(second, "soon")])]


def test_of_two_lookers_who_raise_the_same_one_does(site: Site, now: datetime) -> None:
    ask(site, now)
    at = now + 16 * MINUTE
    with reading() as conn:
        watch = alerting._watch(conn, site, at)
        rows = alerting.alerting.near_due(conn, until=at, after=None, limit=10)
        wanted = alerting._wanted(conn, watch, rows, at)
    assert alerting.raise_due(site, now=at) == 1
    assert len(wanted) == 1 and alerting._keep(wanted) == 0


def test_a_look_at_many_late_requests_asks_little(
    site: Site, now: datetime, count_queries: object, staff: Actor
) -> None:
    for number in range(12):
        ask(site, now, phone=f"(212) 555-01{number:02}")
    look(site, now + 30 * MINUTE)
    count_queries()
    look(site, now + 31 * MINUTE)
    assert count_queries() <= 10


def test_of_the_hundreds_a_late_request_has_had_only_those_asked_for_are_read(
    site: Site, now: datetime, manager: Actor
) -> None:
    reference = ask(site, now).reference
    for quarters in range(2, 8):
        alerting.raise_due(site, now=now + quarters * 15 * MINUTE)
    row = stored(reference)
    with reading() as conn:
        had = alerting.alerting.raised(conn, {(row.id, row.due_at, "escalated", 3)})
    assert [occasion[2:] for occasion in had] == [("escalated", f"user:{manager.person_id}", 3)]


# A week, minute by minute where it matters, and what the rules say of it in plain loops.


@dataclass
class Story:
    """One request of the week: when it comes, who claims it when, and when somebody calls."""

    comes: datetime
    claimed: datetime | None = None
    called: datetime | None = None
    reference: str = ""
    due: datetime = MONDAY
    had: set[tuple[str, str, int]] = field(default_factory=set)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 16 + day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def week() -> list[Story]:
    return [
        Story(local(0, 9), claimed=local(0, 9, 5), called=local(0, 9, 12)),
        Story(local(0, 10), claimed=local(0, 10, 20), called=local(0, 11, 30)),
        Story(local(0, 19, 40)),
        Story(local(1, 3), called=local(1, 8, 10)),
        Story(local(1, 12), claimed=local(1, 12, 10)),
        Story(local(2, 9), called=local(3, 9)),
        Story(local(2, 15), claimed=local(2, 15, 10)),
        Story(local(4, 19, 50), called=local(5, 9, 2)),
        Story(local(5, 16, 50), claimed=local(6, 10, 5), called=local(6, 10, 50)),
    ]


def looks() -> Iterator[tuple[datetime, bool]]:
    """Every ten minutes around whatever happens, else every other hour by day and every four hours at night (quick),
    and whether the worker is on: from Tuesday noon to Wednesday noon it is not.
    """
    happens = [at for story in week() for at in (story.comes, story.claimed, story.called) if at]
    at = MONDAY
    while at < MONDAY + timedelta(days=7):
        yield at, not local(1, 12, 30) <= at < local(2, 12, 30)
        is_near = any(timedelta() <= at + 10 * MINUTE - one <= 20 * MINUTE for one in happens)
        is_day = 7 <= at.astimezone(NEW_YORK).hour < 21
        at += 10 * MINUTE if is_near else (120 - at.hour % 2 * 60 - at.minute if is_day else 240) * MINUTE


def is_open_now(at: datetime) -> bool:
    here = at.astimezone(NEW_YORK)
    start, end = OPEN[here.weekday()]
    return start <= here.hour < end


OPEN_MINUTES = [is_open_now(MONDAY + n * MINUTE) for n in range(-60, 8 * 1440)]
"""Minute by minute, from an hour before the week on."""
PASSED = list(accumulate(OPEN_MINUTES, initial=0))


def minute_of(at: datetime) -> int:
    return int((at - MONDAY) / MINUTE) + 60


def is_open(at: datetime) -> bool:
    return OPEN_MINUTES[minute_of(at)]


def open_minutes(begin: datetime, end: datetime) -> int:
    return PASSED[minute_of(end)] - PASSED[minute_of(begin)]


def is_open_request(story: Story, at: datetime) -> bool:
    return story.comes <= at and not (story.called and story.called <= at)


def is_held(story: Story, at: datetime) -> bool:
    """A claim ends by itself after half an hour in which nothing happened."""
    return story.claimed is not None and story.claimed <= at < story.claimed + 30 * MINUTE


def listed(stories: list[Story], at: datetime) -> dict[View, int]:
    """What the queue's views hold at this instant."""
    waits = [story for story in stories if is_open_request(story, at)]
    held = [story for story in waits if is_held(story, at)]
    nothing = dict.fromkeys((view for view in View if view is not View.CLOSED), 0)
    return nothing | {
        View.ALL_OPEN: len(waits),
        View.DUE_NOW: sum(story.due <= at + 5 * MINUTE for story in waits),
        View.MINE: len(held),
        View.UNCLAIMED: len(waits) - len(held),
    }


def to_call(stories: list[Story], at: datetime) -> str:
    """Whom "Next call" offers: the first due, once the office is open, or within the hour in which they asked."""
    waits = [story for story in stories if is_open_request(story, at)]
    callable_now = [story for story in waits if is_open(at) or at - story.comes < 60 * MINUTE]
    return min(callable_now, key=lambda story: story.due).reference if callable_now else ""


def offered(site: Site, staff: Actor, at: datetime) -> str:
    with reading() as conn:
        in_force = calendar.current(conn, site)
        found = next_call.first(conn, site, in_force, user_id=staff.person_id, now=at)
    return found.reference if found else ""


def counted(staff: Actor, at: datetime) -> dict[View, int]:
    with reading() as conn:
        return live.glance(conn, user_id=staff.person_id, now=at, due_soon=5 * MINUTE).tally.views


def expected(story: Story, at: datetime, staff: str, manager: str) -> set[tuple[str, str, int]]:
    """What a look at this instant adds."""
    if story.called is not None and story.called <= at:
        return set()
    is_awake = is_open(at) or is_open(at - 15 * MINUTE)
    if at < max(story.comes, story.due - 5 * MINUTE) or not is_awake:
        return set()
    owner = staff if is_held(story, at) else "team"
    if at <= story.due:
        return {("soon", owner, 1)}
    past = open_minutes(story.due, at)
    escalations = {("escalated", manager, (past - 10) // 15 + 1)} if past >= 10 else set()
    return {("late", owner, 1)} | escalations


def act(site: Site, story: Story, staff: Actor, since: datetime, at: datetime) -> None:
    """What happens to a request between two looks, each at its own instant."""
    if since < story.comes <= at:
        story.reference = ask(
            site, story.comes, phone=f"(212) 555-01{story.comes.minute + story.comes.hour:02}"
        ).reference
        story.due = stored(story.reference).due_at
    if story.claimed and since < story.claimed <= at:
        claims.claim(site, staff, story.reference, now=story.claimed)
    if story.called and since < story.called <= at:
        claims.start_call(site, staff, story.reference, override_reason="they asked", now=story.called)
        calls.log_attempt(site, staff, story.reference, Outcome(Disposition.SPOKE_INFORMATION), now=story.called)


def raised(reference: str) -> list[tuple[str, str, int]]:
    with reading() as conn:
        a = Alert.__table__.c
        asked = select(a.kind, a.recipient, a.number).where(a.callback_id == stored(reference).id).order_by(a.id)
        return [(row.kind, row.recipient, row.number) for row in conn.execute(asked)]


def test_in_a_week_with_the_worker_off_for_a_day_alerts_views_and_returned_claims_are_what_the_rules_say(
    site: Site,
) -> None:
    """Alerts are the worker's; all else holds without it, as pages give back what has lapsed."""
    manager, staff = (person(site, name, role, now=MONDAY) for name, role in (("Mara", "manager"), ("Sam", "staff")))
    stories, since = week(), MONDAY - MINUTE
    for at, is_worker_on in looks():
        for story in stories:
            act(site, story, staff, since, at)
            if story.reference and is_worker_on:
                story.had |= expected(story, at, f"user:{staff.user_id}", f"user:{manager.user_id}")
        if is_worker_on:
            leases.return_idle(site, now=at)
            look(site, at)
        if at.minute == 0 and (not is_worker_on or at.hour % 4 == 0):  # to be quick
            leases.look_after(site, staff, now=at)
            assert counted(staff, at) == listed(stories, at), at
            assert offered(site, staff, at) == to_call(stories, at), at
        since = at
    for story in stories:
        assert sorted(raised(story.reference)) == sorted(story.had), story
    assert stories[0].had and not any(kind == "escalated" for kind, _, _ in stories[0].had)
    assert sum(len(story.had) for story in stories) > 40
    _ensure_nobody_was_flooded()


def _ensure_nobody_was_flooded() -> None:
    with reading() as conn:
        o = OutboxMessage.__table__.c
        rows = conn.execute(select(o.recipient, o.created_at).where(o.kind == "staff.alerts").order_by(o.id)).all()
        a = Alert.__table__.c
        untold = conn.execute(select(a.id).where(a.told_at.is_(None), a.settled_at.is_(None))).all()
    last: dict[str, datetime] = {}
    for row in rows:
        assert row.recipient not in last or row.created_at - last[row.recipient] >= 15 * MINUTE
        last[row.recipient] = row.created_at
    assert len(rows) > 20 and len(untold) <= 6
