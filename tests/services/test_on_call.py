"""Out of hours: the people on call and the webhook are told, each once, until a claim or the morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from intake.database import reading, writing
from intake.ledger import outbox
from intake.models import Alert, OutboxMessage
from intake.models.site import Site
from intake.queries import mail, paging
from intake.queries.rule_versions import RuleKind
from intake.rules.alerting import AlertRules
from intake.rules.limits import STANDARD
from intake.rules.permissions import Actor
from intake.rules.routing import Routing, Rule
from intake.rules.spam import Signals
from intake.services import alerting, claims, routing, rule_versions, shifts, snoozing, viewing
from tests.making import actions, ask, count, person, stored

MINUTE = timedelta(minutes=1)
O = OutboxMessage.__table__.c  # noqa: E741


@pytest.fixture
def night(now: datetime) -> datetime:
    """Ten in the evening in New York."""
    return now + timedelta(hours=10)


@pytest.fixture
def site(site: Site) -> Site:
    return replace(site, webhook_url="https://pager.example.org/hook")


@pytest.fixture
def manager(site: Site, now: datetime) -> Actor:
    return person(site, "Mara", "manager", now=now)


@pytest.fixture
def sam(site: Site, now: datetime) -> Actor:
    return person(site, "Sam", now=now)


def switch_on(site: Site, now: datetime, *people: Actor) -> None:
    admin = person(site, "Ada", "admin", now=now)
    rules = AlertRules(is_on_call=True, on_call=tuple(who.person_id for who in people))
    rule_versions.change(site, admin, RuleKind.ALERTS, rules.to_document(), seen=0, words="", now=now)


def look(site: Site, at: datetime) -> list[tuple[str, str]]:
    """What this look tells: to whom, and what of the request."""
    with reading() as conn:
        before = len(conn.execute(select(O.id)).all())
    alerting.raise_due(site, now=at)
    alerting.tell(site, now=at)
    with reading() as conn:
        rows = conn.execute(select(O.recipient, O.details).order_by(O.id)).all()[before:]
    return sorted((row.recipient, row.details.get("kind") or row.details["items"][0][1]) for row in rows)


def why_unneeded(site: Site, at: datetime) -> str | None:
    """Of the newest message to the webhook, asked as it goes out."""
    with writing() as conn:
        page = outbox.claim(conn, now=at, lease_key="one", lease_seconds=60, limit=9, is_hook=True)[-1]
    with reading() as conn:
        return paging.why_unneeded(conn, site, page, mail.about(conn, site, page.callback_id or 0), at)


def test_nobody_is_on_call_until_it_is_switched_on(site: Site, night: datetime, manager: Actor) -> None:
    ask(site, night)
    assert look(site, night + MINUTE) == []
    assert count(Alert) == 0


def test_a_request_at_night_is_told_by_mail_and_webhook_once_and_again_when_nobody_claims(
    site: Site, night: datetime, manager: Actor, sam: Actor
) -> None:
    switch_on(site, night, sam)
    ask(site, night, signals=Signals(honeypot="x", seconds_to_fill=0.1), phone="(212) 555-0199")
    reference = ask(site, night).reference
    mine = f"user:{sam.person_id}"
    assert look(site, night + MINUTE) == [("hook", "on_call"), (mine, "on_call")]
    assert look(site, night + 2 * MINUTE) == []
    late = [("hook", "on_call_late"), (f"user:{manager.person_id}", "on_call_late"), (mine, "on_call_late")]
    assert look(site, night + 31 * MINUTE) == sorted(late)
    claims.claim(site, sam, reference, now=night + 40 * MINUTE)
    assert look(site, night + 61 * MINUTE) == []
    with reading() as conn:
        hook = conn.execute(select(O.callback_id, O.details).where(O.recipient == "hook").order_by(O.id)).first()
    assert hook and hook.callback_id == stored(reference).id
    assert set(hook.details) == {"kind", "number", "due_at", "claim_by"}


def test_the_next_of_the_night_is_told_by_mail_after_five_minutes_and_to_the_webhook_at_once(
    site: Site, night: datetime, sam: Actor
) -> None:
    switch_on(site, night, sam)
    ask(site, night, phone="(212) 555-0101")
    look(site, night)
    ask(site, night + MINUTE, phone="(212) 555-0102")
    assert look(site, night + MINUTE) == [("hook", "on_call")]
    assert look(site, night + 6 * MINUTE) == [(f"user:{sam.person_id}", "on_call")]


def test_a_rule_that_gives_it_to_somebody_who_went_home_silences_nobody_until_they_claim_it(
    site: Site, now: datetime, night: datetime, manager: Actor, sam: Actor
) -> None:
    switch_on(site, night, manager)
    shifts.come(site, sam, now=now)
    admin = person(site, "Roy", "admin", now=now)
    rules = Routing(rules=(Rule(1, f"user:{sam.person_id}"),)).to_document()
    rule_versions.change(site, admin, RuleKind.ROUTING, rules, seen=0, words="", now=now)
    reference = ask(site, night).reference
    assert routing.route_waiting(site, now=night) == 1
    assert stored(reference).assignee_id == sam.person_id
    mara = f"user:{manager.person_id}"
    assert look(site, night + MINUTE)[:1] == [("hook", "on_call")]
    assert why_unneeded(site, night + MINUTE) is None
    viewing.record(site, sam, stored(reference), STANDARD, now=night + 2 * MINUTE)
    assert (mara, "on_call_late") in look(site, night + 31 * MINUTE)
    claims.claim(site, sam, reference, now=night + 32 * MINUTE)
    claims.claim(site, sam, reference, now=night + 33 * MINUTE)
    assert actions(reference)[-2:] == ["callback.viewed", "callback.claimed"]
    assert why_unneeded(site, night + 33 * MINUTE) == "claimed"
    assert look(site, night + 61 * MINUTE) == []


def test_whoever_is_given_it_by_a_colleague_counts_as_having_it(
    site: Site, night: datetime, manager: Actor, sam: Actor
) -> None:
    switch_on(site, night, manager)
    reference = ask(site, night).reference
    claims.assign(site, manager, reference, sam.person_id, now=night)
    alerting.raise_due(site, now=night + MINUTE)
    assert count(Alert) == 0


def test_what_was_put_off_is_not_told_before_its_time(site: Site, night: datetime, sam: Actor) -> None:
    switch_on(site, night, sam)
    reference = ask(site, night).reference
    alerting.raise_due(site, now=night + MINUTE)
    snoozing.snooze(site, sam, reference, night + timedelta(hours=11), reason="asleep", now=night + MINUTE)
    assert look(site, night + 2 * MINUTE) == [], "not even what was raised before it was put off"
    assert look(site, night + 40 * MINUTE) == []


def test_what_the_night_did_not_tell_is_not_told_by_day(site: Site, night: datetime, sam: Actor) -> None:
    switch_on(site, night, sam)
    ask(site, night)
    alerting.raise_due(site, now=night + MINUTE)
    assert count(Alert) == 2
    morning = night + timedelta(hours=10, minutes=5)
    assert alerting.tell(site, now=morning) == 0
    assert look(site, morning + 6 * MINUTE) == [("team", "soon")]


def test_with_nobody_left_on_call_the_managers_are_told(site: Site, night: datetime, manager: Actor) -> None:
    site = replace(site, webhook_url="")
    switch_on(site, night)
    ask(site, night)
    assert look(site, night) == [(f"user:{manager.person_id}", "on_call")]
