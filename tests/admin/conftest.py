"""A working day at noon, and colleagues signed in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask

from intake.models.site import Site
from tests.admin.desk import Desk, at, desk
from tests.making import ask
from tests.queries.story import END, Story, tell


@pytest.fixture(autouse=True)
def working_day(now: datetime) -> Iterator[None]:
    """The clock stands at noon unless a test moves it."""
    with at(now):
        yield


@pytest.fixture
def maria(app: Flask, now: datetime) -> Desk:
    """A member of staff."""
    return desk(app, "Maria", now=now)


@pytest.fixture
def dev(app: Flask, now: datetime) -> Desk:
    """Another one."""
    return desk(app, "Dev", now=now)


@pytest.fixture
def grace(app: Flask, now: datetime) -> Desk:
    """The manager on duty."""
    return desk(app, "Grace", "manager", now=now)


@pytest.fixture
def ada(app: Flask, now: datetime) -> Desk:
    """The administrator."""
    return desk(app, "Ada", "admin", now=now)


@pytest.fixture
def called(maria: Desk, site: Site, now: datetime) -> str:
    """A request on which Maria has pressed Call."""
    reference = ask(site, now - timedelta(minutes=10), phone="312-555-0182", email="ana@example.com").reference
    maria.press(reference, "call")
    maria.get(f"/admin/queue/{reference}")
    return reference


@pytest.fixture
def afternoon(working_day: None) -> Iterator[None]:
    """The moment at which the reports' story is looked at."""
    with at(END):
        yield


@pytest.fixture
def story(site: Site) -> Story:
    """The requests that docs/metrics.md works out by hand."""
    return tell(site)


@pytest.fixture
def lee(app: Flask, story: Story) -> Desk:
    """The story's manager."""
    return Desk(app, story.lee)


@pytest.fixture
def rae(app: Flask, story: Story, now: datetime) -> Desk:
    """An auditor who looks at it."""
    return desk(app, "Rae", "auditor", now=now)
