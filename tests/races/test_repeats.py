"""One request sent twenty times at one instant, to several processes that also join: one waits, none is lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from intake.models import CallbackRequest, DuplicateLink
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.services import repeats
from tests.conftest import NOON, running_app
from tests.making import ask, count
from tests.points import point
from tests.races.crowd import PEOPLE, colleagues, crowd


def send_and_look(site: Site, actor: Actor) -> str:
    """As a visitor's browser and a worker do it, at one time."""
    reference = ask(site, NOON, name="Ana", phone="212-736-5000").reference
    repeats.look(site, now=NOON + timedelta(seconds=1))
    return reference


@point(62)
def test_of_twenty_at_one_instant_in_four_processes_exactly_one_stays_open(database_url: str, tmp_path: Path) -> None:
    with running_app(database_url, tmp_path / "here") as app:
        with crowd(database_url, tmp_path / "there", colleagues(NOON), send_and_look, rounds=1) as together:
            sent = set(together.press().values())
        repeats.look(app.extensions["intake"], now=NOON + timedelta(seconds=5))
        assert len(sent) == PEOPLE == count(CallbackRequest)
        assert count(CallbackRequest, CallbackRequest.closed_at.is_(None)) == 1
        assert (
            count(CallbackRequest, CallbackRequest.duplicate_of_id.is_not(None)) == PEOPLE - 1 == count(DuplicateLink)
        )
