"""``python -m bench reports``: response times of two years against one scan of the same rows in the index."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import column, func, select

from bench import history, queue
from bench.queue import Place
from intake.database import db, reading
from intake.models import CallbackRequest
from intake.models.reports import PartOf
from intake.queries import calendar as calendars
from intake.queries import tallies
from intake.queries.facts import Asked
from intake.queries.report import report, still_waiting
from intake.rules.periods import Period
from intake.services import report_days

MANY = int(os.environ.get("BENCH_REPORT_ROWS", "1000000"))
ROUNDS, PAGES = 9, 20
PANEL = {"sqlite": 15, "postgresql": 5}
PAGE, TOLD_ONLY = {"sqlite": 5, "postgresql": 5}, {"sqlite": 0, "postgresql": 0}
KILOBYTES, MILLISECONDS, GROWTH = 60, 500, 64
PERIODS = {"30 days": 30, "1 year": 365}
LARGE = 200_000
Ask = Callable[[Place, Asked], object]
_C = CallbackRequest.__table__.c


def furnished(url: str, folder: Path, many: int) -> Place:
    """A migrated service with two years of requests."""
    app, site, sample = queue.begun(url, folder)
    with app.app_context():
        with reading() as conn:
            opening = calendars.current(conn, site).hours
        began = time.monotonic()
        history.fill(sample, opening, many, datetime.now(UTC))
        made = time.monotonic()
        while report_days.count_due(site, now=datetime.now(UTC)):
            pass
        print(
            f"  {many:,} requests made in {made - began:.0f} s, counted in {time.monotonic() - made:.0f} s", flush=True
        )
    return Place(app, site, many)


def scan(place: Place, asked: Asked) -> object:
    """What is least: every row of these days read once from the index, and one column added up."""
    days = _C.received_on.between(asked.period.first_on, asked.period.last_on)
    with reading() as conn:
        wanted = select(func.count(), func.sum(_C.all_seconds)).where(_C.closed_at.is_not(None), days)
        return conn.execute(wanted).one()


def whole(place: Place, asked: Asked) -> object:
    """All figures of the page."""
    with reading(of_one_moment=True) as conn:
        return report(conn, place.site, asked, now=datetime.now(UTC))


def part(of: PartOf) -> Ask:
    """What one panel tells of the period."""

    def ask(place: Place, asked: Asked) -> object:
        now = datetime.now(UTC)
        with reading(of_one_moment=True) as conn:
            known = tallies.known(conn, asked, now, asked.period.last_on)
            return tallies.by_parts(conn, asked, now, (of,), known)

    return ask


def hours(place: Place, asked: Asked) -> object:
    """The panels by week and by hour of the week."""
    now = datetime.now(UTC)
    with reading(of_one_moment=True) as conn:
        return tallies.by_hour(conn, asked, now, tallies.known(conn, asked, now, asked.period.last_on))


def waiting(place: Place, asked: Asked) -> object:
    """Who has not been called yet."""
    with reading() as conn:
        return still_waiting(conn, place.site, asked, datetime.now(UTC))


def in_english(ask: Ask) -> Ask:
    """Of most requests, but not of all: told by the facts that are kept of each."""
    return lambda place, asked: ask(place, replace(asked, language="en"))


PANELS: Mapping[str, tuple[Ask, Mapping[str, int]]] = {
    "all figures of the page": (whole, PAGE),
    "first look and bands": (part(PartOf.ARRIVAL), PANEL),
    "by page": (part(PartOf.SOURCE), PANEL),
    "by person": (part(PartOf.PERSON), PANEL),
    "by week and hour": (hours, PANEL),
    "not called yet": (waiting, PANEL),
    "in English, first look": (in_english(part(PartOf.ARRIVAL)), PANEL),
    "in English, the page": (in_english(whole), TOLD_ONLY),
}
"""What is measured, and how many scans it may cost."""


def computed(place: Place, ask: Ask, asked: Asked) -> float:
    """Milliseconds computed for it, by this process and the database's."""
    with place.app.app_context():
        before = place.work.done()
        ask(place, asked)
        return place.work.done() - before


def last_days(place: Place, days: int) -> Asked:
    """So many days up to today, everything told."""
    today = datetime.now(ZoneInfo(place.site.time_zone)).date()
    return Asked(Period(today - timedelta(days=days - 1), today))


def compare(place: Place) -> bool:
    """Each panel against the scan, in rounds that alternate. Of a part only how much it takes is told."""
    good, kind = True, _kind(place)
    print(f"{'':34}{'scan':>9}{'panel':>10}  ratio  at most")
    for told, days in PERIODS.items():
        asked = last_days(place, days)
        for name, (ask, most) in PANELS.items():
            sides = [(computed(place, scan, asked), computed(place, ask, asked)) for _ in range(ROUNDS + 2)][2:]
            floor, cost = (median(side) for side in zip(*sides, strict=True))
            good &= (is_good := not most[kind] or cost <= floor * most[kind])
            line = f"{f'{name}, {told}':34}{floor:9.2f}{cost:10.2f}{cost / floor:7.1f}{most[kind] or '':>9}"
            print(line if is_good else f"{line}  FAIL", flush=True)
    return good


def _kind(place: Place) -> str:
    with place.app.app_context():
        return db.engine.dialect.name


def large(place: Place) -> Period:
    """As many of the last days as hold LARGE requests, or all there are."""
    with place.app.app_context(), reading() as conn:
        days = select(_C.received_on, func.count().label("n")).group_by(_C.received_on)
        found = conn.execute(days.order_by(column("received_on").desc())).all()
    first, last, held = found[0][0], found[0][0], 0
    for day, n in found:
        if held >= LARGE:
            break
        first, held = day, held + n
    return Period(first, last)


def page(place: Place, period: Period) -> bool:
    """The page itself, as it is sent."""
    path = f"/admin/reports/?from={period.first_on}&to={period.last_on}"
    place.sign_in(queue.MANAGER)
    size = len(gzip.compress(place.get(path).encode())) / 1000
    rounds = []
    for _ in range(PAGES):
        before, began = place.work.done(), time.monotonic()
        place.get(path)
        rounds.append((place.work.done() - before, (time.monotonic() - began) * 1000))
    cost, passed = (sorted(side)[PAGES * 95 // 100 - 1] for side in zip(*rounds, strict=True))
    is_good = cost <= MILLISECONDS and size <= KILOBYTES
    print(
        f"page of {period.days} days: 95 of 100 within {cost:.0f} ms computed ({passed:.0f} ms passed), at most"
        f" {MILLISECONDS}; {size:.1f} kB gzip, at most {KILOBYTES}{'' if is_good else '  FAIL'}",
        flush=True,
    )
    return is_good


def sheet(place: Place, period: Period) -> bool:
    """The sheet of the same days, sent line by line; what the process grows by meanwhile."""
    fields = {"from": period.first_on, "to": period.last_on, "recipient": "Board", "purpose": "Review"}
    token = place.token("/admin/reports/csv")
    began = time.monotonic()
    answer = place.client.post(
        "/admin/reports/csv", data={**fields, "password": queue.PASSWORD, "csrf_token": token}, buffered=False
    )
    if answer.status_code != 200:
        raise RuntimeError(f"sheet: {answer.status_code}")
    first, before, highest, lines = 0.0, 0, 0, 0
    for lines, _ in enumerate(answer.response):
        if lines == 1:
            first, before = time.monotonic() - began, _resident()
        if lines % 5000 == 0:
            highest = max(highest, _resident())
    grown = max(0, highest - before) / 1e6
    print(
        f"sheet of {lines:,} lines: first after {first:.1f} s, last after {time.monotonic() - began:.1f} s, memory grew"
        f" by {grown:.0f} MB, at most {GROWTH}{'' if grown <= GROWTH else '  FAIL'}",
        flush=True,
    )
    return grown <= GROWTH


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def measure(name: str, url: str, folder: Path) -> bool:
    """Everything on one kind of database."""
    print(f"\nResponse times on {name}: milliseconds computed, medians of {ROUNDS} rounds")
    place = furnished(url, folder / f"reports-{name}", MANY)
    try:
        return measured(place)
    finally:
        queue.close(place)


def measured(place: Place) -> bool:
    """All of it; whether all is good enough."""
    good = compare(place)
    period = large(place)
    return good & page(place, period) & sheet(place, period)
