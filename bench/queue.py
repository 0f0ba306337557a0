"""``python -m bench queue``: the queue with 1,000,000 requests stored against the queue with 1,000."""

from __future__ import annotations

import contextvars
import gzip
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

import config
from app import create_app
from bench import crowd
from bench.processes import environment, migrate
from intake.database import db, reading
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import next_call, search
from intake.rules.phone import parse
from intake.rules.spam import Signals
from intake.services import callbacks, people

MANY = int(os.environ.get("BENCH_QUEUE_ROWS", "1000000"))
DEEP = 60
FEW, FEW_WAITING, MANY_WAITING = 1000, 500, 10_000
ROUNDS, SLOWER, QUERIES, KILOBYTES, MILLISECONDS = 15, 1.5, 6, 40, 150
REQUEST_QUERIES = 14
MANAGER = crowd.PEOPLE
PASSWORD = "a quiet harbour at noon"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_NEXT = re.compile(r'href="([^"]*after=[^"]*)"')


class Work:
    """Milliseconds computed by this thread, and by the database's server where it is a process on this machine.

    A machine that others use too makes every page wait for its turn; what is computed for it stays the same.
    """

    def __init__(self, engine: Engine) -> None:
        self._servers: set[int] = set()
        if engine.dialect.name == "postgresql":
            event.listen(engine, "checkout", lambda conn, *_: self._servers.add(conn.info.backend_pid))

    def done(self) -> float:
        """So much so far."""
        return (time.thread_time_ns() + sum(self._computed(pid) for pid in self._servers)) / 1e6

    @staticmethod
    def _computed(pid: int) -> int:
        with suppress(OSError):
            return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        return 0


@dataclass
class Place:
    """One service with its requests, and somebody at their desk."""

    app: Flask
    site: Site
    many: int
    statements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        with self.app.app_context():
            self.work = Work(db.engine)
            event.listen(db.engine, "before_cursor_execute", lambda _c, _k, sql, *_: self.statements.append(sql))

    def sign_in(self, person: int = 1) -> None:
        """Sit down; done when everything is there, since an idle page locks itself."""
        fields = {"csrf_token": self.token("/login"), "email": f"p{person}@example.com", "password": PASSWORD}
        self._send("POST", "/login", data=fields)

    def get(self, path: str) -> str:
        """A page; it must be there."""
        return self._send("GET", path)

    def _send(self, method: str, path: str, **more: Any) -> str:
        answer = contextvars.Context().run(self.client.open, path, method=method, buffered=True, **more)
        if answer.status_code not in (200, 302, 303):
            raise RuntimeError(f"{path}: {answer.status_code}")
        return str(answer.get_data(as_text=True))

    def token(self, path: str) -> str:
        """The page's own, which a form sends back."""
        found = _TOKEN.search(self.get(path))
        return found[1] if found else ""

    def deep(self, path: str, pages: int) -> str:
        """The address so many pages on, or of the last page that is full."""
        full = path
        for _ in range(pages):
            onward = _NEXT.search(self.get(path))
            if onward is None:
                return full
            full, path = path, onward[1].replace("&amp;", "&")
        return path

    def rows(self, path: str) -> int:
        """So many requests the page shows."""
        return self.get(path).count('data-ref="')

    def found(self, words: str) -> str:
        """The address of a search."""
        return f"/admin/queue/?m={search.key_for(self.site, words)}"


def begun(url: str, folder: Path) -> tuple[Flask, Site, dict[str, Any]]:
    """A migrated service with its people and one request, which is returned as it is stored."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = config.new_keys()
    migrate(environment(url, folder, keys))
    app = create_app(
        config.load({"INTAKE_ENV": "development", "INTAKE_INSTANCE": str(folder), "DATABASE_URL": url, **keys})
    )
    site: Site = app.extensions["intake"]
    now = datetime.now(UTC)
    with app.app_context():
        for number in range(1, crowd.PEOPLE + 1):
            people.create_user(
                site,
                email=f"p{number}@example.com",
                name=f"Person {number}",
                roles=("manager",) if number == MANAGER else ("staff",),
                password=PASSWORD,
                now=now,
            )
        answers = callbacks.Answers("Ada", parse("212 555 0182"))
        made = callbacks.submit(site, answers, callbacks.Arrival("nonce", Signals(), "192.0.2.1"), now=now)
        return app, site, crowd.sample_of(made.reference)


def furnished(url: str, folder: Path, many: int, waiting: int) -> Place:
    """A migrated service with so many requests."""
    app, site, sample = begun(url, folder)
    with app.app_context():
        crowd.fill(site, sample, many, waiting, datetime.now(UTC))
    return Place(app, site, many)


def pages(place: Place) -> Iterator[tuple[str, str]]:
    """What is looked at, and its address."""
    day = datetime.now(UTC).date()
    several = f"owner=3&language=es&channel=web&from_day={day - timedelta(days=28)}&to_day={day}"
    filters = {
        "owner": "owner=3", "two owners and nobody": "owner=3&owner=5&owner=none", "language": "language=es",
        "a rare channel": "channel=voicemail", "page code": "page=k3", "days": f"from_day={day - timedelta(days=9)}",
        "several within days": several,
    }  # fmt: skip
    yield "open", "/admin/queue/"
    for view in ("due-now", "mine", "unclaimed", "snoozed", "check"):
        yield f"open, {view}", f"/admin/queue/?view={view}"
    yield "open, many pages on", place.deep("/admin/queue/", DEEP)
    for name, query in filters.items():
        yield f"open by {name}", f"/admin/queue/?{query}"
    yield "open by state", "/admin/queue/?status=scheduled"
    yield "open by owner, many pages on", place.deep("/admin/queue/?owner=3", DEEP)
    yield "ended", "/admin/queue/?view=closed"
    yield "ended, many pages on", place.deep("/admin/queue/?view=closed", DEEP)
    for name, query in filters.items():
        yield f"ended by {name}", f"/admin/queue/?view=closed&{query}"
    yield "ended by state", "/admin/queue/?view=closed&status=withdrawn"
    yield "ended by owner, many pages on", place.deep("/admin/queue/?view=closed&owner=3", DEEP)
    number = place.many - 300
    for name, words in (
        ("beginning of a name", "van"), ("number", crowd.phone_of(number)), ("last four", crowd.phone_of(number)[-4:]),
        ("name", crowd.name_of(number)), ("email", f"a{number % 5000}@example.com"),
    ):  # fmt: skip
        yield f"search by {name}", place.found(words)
    yield "search, many pages on", place.deep(place.found("van"), DEEP)
    yield "search by name, narrowed", place.found("van") + "&language=es&owner=3"
    yield "request by its reference", f"/admin/queue/{crowd.reference_of(number)}"


def cost(place: Place, path: str) -> float:
    """Milliseconds computed for one page."""
    before = place.work.done()
    place.get(path)
    return place.work.done() - before


def alternating(small: Place, large: Place, asked: Callable[[Place], float]) -> tuple[float, float]:
    """The medians of what it costs on either side, in rounds that alternate."""
    sides = [(asked(small), asked(large)) for _ in range(ROUNDS + 3)][3:]
    few, many = (median(side) for side in zip(*sides, strict=True))
    return few, many


def compare(small: Place, large: Place) -> bool:
    """Every page; whether all are good enough."""
    print(f"{'':34}{'1,000':>9}{large.many:>12,}  ratio  queries   gzip")
    good = True
    plain: dict[str, str] = {}
    for place in (small, large):
        place.sign_in()
    for (name, few), (_, many) in zip(pages(small), pages(large), strict=True):
        stand_in = plain.setdefault(name.split()[0].strip(","), few)
        addresses = {small.many: stand_in if small.rows(few) < large.rows(many) else few, large.many: many}
        before, after = alternating(small, large, lambda place, to=addresses: cost(place, to[place.many]))  # type: ignore[misc]
        large.statements.clear()
        size = len(gzip.compress(large.get(many).encode())) / 1000
        queries = sum(not one.startswith(("BEGIN", "SELECT pg_advisory")) for one in large.statements)
        most = REQUEST_QUERIES if name.startswith("request") else QUERIES
        is_good = after <= min(before * SLOWER, MILLISECONDS) and size <= KILOBYTES and queries <= most
        good &= is_good
        said = f"{name:34}{before:8.1f} {after:11.1f} {after / before:6.2f} {queries:8} {size:5.1f} kB"
        print(said if is_good else f"{said}  FAIL", flush=True)
    return good & _next_call(small, large)


def _next_call(small: Place, large: Place) -> bool:
    before, after = alternating(small, large, _asked_next)
    print(f"{'who is next (the query alone)':34}{before:8.2f} {after:11.2f} {after / before:6.2f}")
    return after <= before * SLOWER


def _asked_next(place: Place) -> float:
    with place.app.app_context():
        before = place.work.done()
        with reading() as conn:
            calendar = calendars.current(conn, place.site)
            next_call.first(conn, place.site, calendar, user_id=1, now=datetime.now(UTC))
        return place.work.done() - before


def measure(name: str, urls: tuple[str, str], folder: Path) -> bool:
    """Both sizes on one kind of database."""
    print(f"\nThe queue on {name}: milliseconds computed for a page, medians of {ROUNDS} rounds")
    with ExitStack() as stack:
        sizes = ((FEW, FEW_WAITING), (MANY, MANY_WAITING))
        places = []
        for url, (many, waiting) in zip(urls, sizes, strict=True):
            began = time.monotonic()
            place = furnished(url, folder / f"{name}-{many}-{uuid.uuid4().hex[:4]}", many, waiting)
            stack.callback(close, place)
            print(f"  {many:,} requests made in {time.monotonic() - began:.0f} s", flush=True)
            places.append(place)
        return compare(*places)


def close(place: Place) -> None:
    """Let go of its database."""
    with place.app.app_context():
        db.engine.dispose()
