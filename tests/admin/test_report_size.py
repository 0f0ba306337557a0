"""A report on two hundred thousand requests: what it reads. How long that takes, ``python -m bench reports`` says."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries import kept_days, tallies
from intake.queries.tallies import DayTold
from intake.rules.periods import Period
from intake.services import report_days
from tests.admin.desk import Desk, at
from tests.points import point
from tests.queries.story import END, tell

DAY = date(2026, 11, 18)
DAYS = Period(DAY - timedelta(days=145), DAY)
TIMES = 160


def times(counts: Counter[int]) -> Counter[int]:
    return Counter({key: n * TIMES for key, n in counts.items()})


def busy(told: DayTold) -> DayTold:
    """A day on which everything happened so many times."""
    parts = {
        part: {
            key: replace(one, counts=one.counts * TIMES, called=times(one.called), left=times(one.left))
            for key, one in tallied.items()
        }
        for part, tallied in told.parts.items()
    }
    return replace(told, hours=told.hours * TIMES, parts=parts)


@point(75)
def test_two_hundred_thousand_requests_are_told_from_their_days_within_sixty_kilobytes(
    app: Flask, site: Site, monkeypatch: pytest.MonkeyPatch, count_queries: Callable[[], int]
) -> None:
    story, now = tell(site), END + timedelta(days=1)
    with reading() as conn:
        one = busy(tallies.of_day(conn, DAY, now))
    monkeypatch.setattr(tallies, "of_day", lambda *_: one)
    monkeypatch.setattr(kept_days, "due", lambda *_: list(DAYS.each()))
    assert report_days.count_due(site, now=now) == len(list(DAYS.each()))
    with at(now):
        lee = Desk(app, story.lee)
        path = f"/admin/reports/?from={DAYS.first_on}&to={DAYS.last_on}"
        lee.text(path)
        count_queries()
        html = lee.text(path)
    assert count_queries() <= 20
    counted = re.search(r"(\d+) requests counted", html)
    assert counted and int(counted[1]) > 200_000
    assert len(gzip.compress(html.encode())) <= 60_000
