"""The site and the colleagues that tests of the services share."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from intake.models.site import Site
from intake.rules.permissions import Actor
from tests.making import person


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


@pytest.fixture
def dev(site: Site, now: datetime) -> Actor:
    return person(site, "Dev", now=now)


@pytest.fixture
def lee(site: Site, now: datetime) -> Actor:
    return person(site, "Lee", "manager", now=now)
