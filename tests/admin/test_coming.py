"""When nothing is due, the queue names the one that will be due next."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from intake.models.site import Site
from intake.rules.spam import Signals
from intake.services import snoozing
from tests.admin.desk import Desk, words
from tests.making import ask

pytestmark = pytest.mark.words


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_when_nothing_is_due_the_next_one_is_named(maria: Desk, site: Site, now: datetime) -> None:
    coming = ask(site, now).reference
    html = maria.text("/admin/queue/?view=due-now")
    assert "Nothing is due" in html and coming in html


def test_what_is_put_off_or_not_yet_decided_is_not_named_as_next(maria: Desk, site: Site, now: datetime) -> None:
    asleep = ask(site, now - minutes(20)).reference
    ask(site, now - minutes(10), signals=Signals(honeypot=True, seconds_to_fill=0.3))
    snoozing.snooze(site, maria.actor, asleep, now + minutes(50), reason="in a meeting", now=now)
    assert "Next:" not in words(maria.text("/admin/queue/?view=due-now"))
    coming = ask(site, now, phone="212-555-0147").reference
    html = maria.text("/admin/queue/?view=due-now")
    assert "Nothing is due" in html and coming in html and asleep not in html
