"""A working day at noon, and colleagues signed in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask

from tests.admin.desk import Desk, at, desk


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
