"""The demo: every state is there whatever the hour, a second run adds nothing, and production refuses."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from intake.cli import demo_crowd
from intake.cli.demo_stories import STORIES
from intake.database import reading
from intake.models import Audit, CallAttempt, CallbackRequest, OutboxMessage
from intake.models.site import Site
from intake.queries import directory, people
from intake.queries.directory import PersonState
from intake.rules import phone
from intake.rules.workflow import ClosedReason, Disposition, Status
from intake.services import people as people_services
from tests.conftest import NOON, running_app
from tests.told_once import told_once

demo = import_module("intake.cli.demo")
C = CallbackRequest.__table__.c
HOURS = (
    NOON,
    datetime(2026, 11, 22, 9, 37, tzinfo=UTC),  # Sunday before dawn
    datetime(2026, 11, 23, 13, 1, tzinfo=UTC),  # Monday, the office has just opened
    datetime(2026, 12, 26, 21, 58, tzinfo=UTC),  # Saturday, about to close
    datetime(2026, 3, 8, 7, 30, tzinfo=UTC),  # the night the clocks go forward
)


@pytest.fixture(autouse=True)
def _written_stories_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The crowd takes its time, and one test tells a part of it."""
    monkeypatch.setattr(demo, "crowd", lambda _now, _zone: ())


@pytest.fixture
def told(sqlite_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[datetime]:
    """A database with the demo in it, told at the instant the test asks for."""
    now: datetime = getattr(request, "param", NOON)

    def tell(site: Site) -> None:
        demo.add_people(site, "plum-Ladder-orbit-7", now=now)
        demo.tell(site, now=now)

    with running_app(sqlite_url, tmp_path) as app:
        told_once(f"the demo at {now}", app.extensions["intake"], tell)
        yield now


def rows(*columns: Any) -> list[Any]:
    with reading() as conn:
        return list(conn.execute(select(*columns)))


@pytest.mark.parametrize("told", HOURS, indirect=True)
def test_every_state_and_every_closed_reason_is_there_at_any_hour(told: datetime) -> None:
    found = rows(C.status, C.closed_reason, C.due_at, C.next_at, C.first_attempt_at, C.is_free_time, C.call_started_at)
    assert len(found) == len(STORIES) == 43
    assert {row.status for row in found} == set(Status)
    assert {row.closed_reason for row in found if row.closed_reason} == set(ClosedReason)
    new = [row for row in found if row.status == Status.NEW]
    assert any(row.due_at < told for row in new), "somebody has waited too long"
    assert any(row.due_at > told for row in new), "somebody is still on time"
    assert any(row.status == Status.ATTEMPTING and row.next_at and row.next_at > told for row in found)
    assert any(row.status == Status.SCHEDULED and row.next_at > told for row in found)
    assert any(row.is_free_time for row in found)
    assert any(row.call_started_at for row in found), "somebody is on the phone right now"


@pytest.mark.parametrize("told", HOURS, indirect=True)
def test_nothing_happens_in_the_future_and_the_record_is_in_the_order_of_time(told: datetime) -> None:
    at = [row.at for row in rows(Audit.at) if row.at > told - demo.LOOK_BACK]
    assert at == sorted(at)
    assert at[-1] <= told
    assert max(row.received_at for row in rows(C.received_at)) <= told
    assert min(row.received_at for row in rows(C.received_at)) > told - timedelta(days=14)


def test_the_doubtful_the_unwanted_and_the_urgent_are_there(told: datetime) -> None:
    found = Counter(row.disposition for row in rows(CallAttempt.disposition))
    assert {Disposition.CRISIS, Disposition.WRONG_NUMBER, Disposition.DO_NOT_CALL, Disposition.LEFT_MESSAGE} <= set(
        found
    )
    reasons = [row.spam_reasons for row in rows(C.status, C.spam_reasons) if row.status == Status.CHECK]
    assert any("honeypot,too_fast" in text for text in reasons)
    assert any("suppressed" in text for text in reasons)
    kinds = {row.kind for row in rows(OutboxMessage.kind)}
    assert {"team.new", "visitor.received", "visitor.wrong_number", "manager.crisis", "person.assigned"} <= kinds


def test_what_did_not_come_by_the_form_and_what_went_from_hand_to_hand_is_there(told: datetime) -> None:
    assert {"voicemail", "referral", "answering_service"} < {row.channel for row in rows(C.channel)}
    acts = {row.action for row in rows(Audit.action)}
    assert {"callback.taken_down", "callback.handed_off", "callback.taken_over", "callback.corrected"} <= acts


@pytest.mark.parametrize("now", HOURS)
def test_no_number_in_the_demo_belongs_to_anybody(now: datetime) -> None:
    stories = STORIES + demo_crowd.crowd(now, "America/New_York")
    assert len(stories) >= 300
    assert all(phone.parse(story.phone).is_fictional for story in stories)
    assert all(story.email is None or story.email.endswith("@example.com") for story in stories)


def test_sixty_ordinary_days_end_as_days_do(sqlite_app: Flask, site: Site) -> None:
    """A fifth of them: called in time and late, cancelled, unwanted; most settled, and no number twice."""
    people_before = demo_crowd.crowd(NOON, site.time_zone)
    assert len({story.phone for story in people_before}) == len(people_before)
    assert people_before[0].since > timedelta(days=59)
    assert people_before == demo_crowd.crowd(NOON, site.time_zone)
    demo.add_people(site, "plum-Ladder-orbit-7", now=NOON)
    assert demo.tell(site, now=NOON, stories=people_before[::5]) == len(people_before[::5])
    found = rows(C.status, C.is_met, C.is_promise_kept, C.received_at)
    settled = [row for row in found if row.status in (Status.CLOSED, Status.WITHDRAWN)]
    assert len(settled) > 0.8 * len(found)
    assert {row.is_met for row in found} >= {True, False}
    assert len({row.disposition for row in rows(CallAttempt.disposition)}) >= 5


def test_the_command_makes_people_who_can_sign_in_and_says_the_password(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAKE_DEMO_PASSWORD", "plum-Ladder-orbit-7")
    began = time.monotonic()
    done = sqlite_app.test_cli_runner().invoke(args=["intake", "demo"])
    assert done.exit_code == 0, done.output
    assert time.monotonic() - began < 20
    assert "plum-Ladder-orbit-7" in done.output
    for email in ("admin@example.com", "manager@example.com", "staff@example.com", "auditor@example.com"):
        assert email in done.output
        with reading() as conn:
            assert people.by_email(conn, email) is not None
    assert standing(demo.COMES) is PersonState.INVITED and standing(demo.GOES) is PersonState.DISABLED


def standing(email: str) -> PersonState | None:
    """How this person's account stands in the panel."""
    with reading() as conn:
        found = people.by_email(conn, email)
        entry = directory.one(conn, found.id, now=datetime.now(UTC)) if found else None
    return entry.state(datetime.now(UTC)) if entry else None


def test_a_second_run_adds_nothing_and_says_so(sqlite_app: Flask) -> None:
    runner = sqlite_app.test_cli_runner()
    runner.invoke(args=["intake", "demo"])
    before = rows(func.count(C.id))
    done = runner.invoke(args=["intake", "demo"])
    assert done.exit_code == 0
    assert "nothing was added" in done.output
    assert rows(func.count(C.id)) == before


def test_an_account_that_is_there_keeps_its_password(sqlite_app: Flask) -> None:
    site: Site = sqlite_app.extensions["intake"]
    people_services.create_user(
        site, email="admin@example.com", password="violet-Anchor-93-tide", roles=["admin"], now=NOON
    )
    done = sqlite_app.test_cli_runner().invoke(args=["intake", "demo"])
    assert done.exit_code == 0
    assert "here before, password unchanged" in done.output


def test_production_refuses_the_demo(sqlite_app: Flask) -> None:
    sqlite_app.config["IS_PRODUCTION"] = True
    done = sqlite_app.test_cli_runner().invoke(args=["intake", "demo"])
    assert done.exit_code != 0
    assert "development only" in done.output
    assert rows(func.count(C.id))[0][0] == 0


def test_a_weak_demo_password_is_refused_before_anything_is_stored(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAKE_DEMO_PASSWORD", "short")
    done = sqlite_app.test_cli_runner().invoke(args=["intake", "demo"])
    assert done.exit_code != 0
    assert "INTAKE_DEMO_PASSWORD" in done.output
    assert rows(func.count(C.id))[0][0] == 0
