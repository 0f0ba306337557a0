"""Twenty people, fifty times: one claim has one winner, and "Next call" gives each of them somebody else to call."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from intake.database import reading, writing
from intake.models import Audit, CallbackRequest
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.workflow import Status
from intake.services import claims
from intake.services.errors import TakenError
from intake.services.next_call import claim_next
from tests.making import ask, person, stored
from tests.points import point
from tests.races.crowd import PEOPLE, colleagues, crowd

ROUNDS = 50
FEW = 7
C = CallbackRequest.__table__.c


@pytest.fixture
def staff(app: Flask, now: datetime) -> list[Actor]:
    return colleagues(now)


def free_again(*references: str) -> None:
    """Back in the queue for the next round."""
    row = {"assignee_id": None, "claimed_at": None, "status": Status.NEW}
    with writing() as conn:
        conn.execute(update(CallbackRequest).where(C.reference.in_(references)).values(**row))


def claimed(*references: str) -> int:
    """How many entries say that one of these was claimed."""
    asked = select(func.count()).select_from(Audit).join(CallbackRequest.__table__, C.id == Audit.callback_id)
    with reading() as conn:
        return int(
            conn.execute(asked.where(Audit.action == "callback.claimed", C.reference.in_(references))).scalar_one()
        )


def holders(*references: str) -> dict[int | None, str]:
    with reading() as conn:
        rows = conn.execute(select(C.assignee_id, C.reference).where(C.reference.in_(references)))
        return {row.assignee_id: row.reference for row in rows}


def claim(site: Site, actor: Actor, *, reference: str, now: datetime) -> str:
    """The name of whoever has it, "" for oneself."""
    try:
        claims.claim(site, actor, reference, now=now)
    except TakenError as taken:
        return taken.holder
    return ""


def press_next(site: Site, actor: Actor, *, now: datetime) -> str:
    return claim_next(site, actor, now=now).reference


@point(43)
def test_of_twenty_who_claim_one_request_one_wins_and_nineteen_are_told_who(
    site: Site, now: datetime, staff: list[Actor], database_url: str, tmp_path: Path
) -> None:
    reference = ask(site, now).reference
    with crowd(database_url, tmp_path, staff, partial(claim, reference=reference, now=now), rounds=ROUNDS) as together:
        for number in range(ROUNDS):
            came = together.press()
            winner = next(actor for actor in staff if actor.user_id == stored(reference).assignee_id)
            assert came.pop(winner.user_id) == ""
            assert Counter(came.values()) == {winner.name: PEOPLE - 1}
            assert claimed(reference) == number + 1
            free_again(reference)


@point(48)
def test_of_twenty_who_press_next_call_each_has_another_request(
    site: Site, now: datetime, staff: list[Actor], database_url: str, tmp_path: Path
) -> None:
    asleep = [ask(site, now - timedelta(hours=20), phone="671-555-0100").reference for _ in range(3)]
    claims.claim(site, person(site, "Dev", now=now), ask(site, now - timedelta(hours=2)).reference, now=now)
    waiting = [ask(site, now - timedelta(minutes=number)).reference for number in range(PEOPLE)]
    with crowd(database_url, tmp_path, staff, partial(press_next, now=now), rounds=ROUNDS) as together:
        for number in range(ROUNDS):
            came = together.press()
            assert sorted(came.values()) == sorted(waiting)
            assert holders(*waiting) == came
            assert claimed(*waiting) == (number + 1) * PEOPLE
            free_again(*waiting)
    assert set(holders(*asleep)) == {None}


def test_when_there_are_fewer_than_those_who_press_every_one_is_claimed_once(
    site: Site, now: datetime, staff: list[Actor], database_url: str, tmp_path: Path
) -> None:
    waiting = [ask(site, now).reference for _ in range(FEW)]
    with crowd(database_url, tmp_path, staff, partial(press_next, now=now), rounds=5) as together:
        for _ in range(5):
            came = Counter(together.press().values())
            assert came == Counter([*waiting, *[""] * (PEOPLE - FEW)])
            free_again(*waiting)
