"""``make bench``: our form against a bare Flask app, same server, same database, same minute. Ratios count."""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, repeat
from pathlib import Path
from statistics import median

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

import config
from app import create_app
from bench import bare, layers, load, queue, reports
from bench.processes import Browser, Process, environment, free_port, migrate, wait_until_up, web
from intake.database import db
from intake.web.tokens import FormTokens

ROUNDS, SECONDS, WARM_UP = 21, 1.0, 1.0  # many short ones: neighbours share the machine's mood
POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://127.0.0.1:5432/test?user=root")
POST_TARGET, GET_TARGET = 0.5, 0.6
KEYS = config.new_keys()


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A database of our own; None where there is no server."""
    url = make_url(POSTGRESQL.replace("postgresql://", "postgresql+psycopg://", 1))
    name = f"bench_{uuid.uuid4().hex[:8]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        with admin.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name}"))
    except SQLAlchemyError:
        yield None
        return
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as conn:
            conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@dataclass
class Server:
    """A running app: where, and which processes serve it."""

    name: str
    port: int
    process: Process

    @property
    def pids(self) -> list[int]:
        return self.process.children()


@contextmanager
def servers(ours_url: str, bare_url: str, folder: Path) -> Iterator[tuple[Server, Server]]:
    """Ours and the bare app, each in a gunicorn with two workers."""
    env = environment(ours_url, folder, KEYS)
    migrate(env)
    bare.make_table(bare_url)
    ours = Server("ours", port := free_port(), web(env, port, folder / "ours.log").start())
    started = [ours]
    try:
        wait_until_up(ours.port)
        with Browser(ours.port) as browser:
            size = len(browser.get("/callback")[1])
        env = environment(bare_url, folder, {}, BENCH_PAGE_BYTES=str(size))
        plain = Server(
            "bare", port := free_port(), web(env, port, folder / "bare.log", "bench.bare:create_app()").start()
        )
        started.append(plain)
        wait_until_up(plain.port)
        yield ours, plain
    finally:
        for server in started:
            server.process.stop()


def forms(numbers: count[int]) -> Iterator[bytes]:
    """Different people's forms, each opened half a minute ago."""
    tokens = FormTokens(KEYS["SECRET_KEY"])
    while True:
        number = next(numbers)
        opened = datetime.now(UTC) - timedelta(seconds=30)
        own = {"name": f"Ada Vance {number}", "phone": f"212-736-{number % 10000:04d}", "token": tokens.give(opened)}
        yield load.post("/callback", {**layers.FIELDS, **own, "email": ""})


def compare(title: str, pair: tuple[Server, Server], expected: int, target: float) -> bool:
    """Alternate rounds, print the medians and the ratio; whether it is good enough."""
    texts = forms(count()) if expected == 303 else repeat(load.get("/callback"))
    found: dict[str, list[load.Result]] = {server.name: [] for server in pair}
    for server in pair:
        load.measure(server.port, texts, expected, WARM_UP, server.pids)
    for _ in range(ROUNDS):
        for server in pair:
            found[server.name].append(load.measure(server.port, texts, expected, SECONDS, server.pids))
    print(f"\n{title}")
    for name, results in found.items():
        show(name, results)
    return verdict(found["ours"], found["bare"], target)


def show(name: str, results: list[load.Result]) -> None:
    """One server's medians."""
    print(
        f"  {name}  {median(r.per_second for r in results):7.0f} req/s"
        f"   p50 {median(r.p50_ms for r in results):6.2f} ms   p99 {median(r.p99_ms for r in results):6.1f} ms"
        f"   CPU {median(r.cpu_ms for r in results):5.2f} ms   wrong answers {sum(r.wrong for r in results)}"
    )


def verdict(ours: list[load.Result], plain: list[load.Result], target: float) -> bool:
    """Rounds are compared with their neighbours, since a machine has its moods."""
    ratios = [mine.per_second / theirs.per_second for mine, theirs in zip(ours, plain, strict=True)]
    is_good = median(ratios) >= target and not sum(r.wrong for r in ours + plain)
    spread = f"rounds {min(ratios):.2f} to {max(ratios):.2f}"
    print(f"  ratio {median(ratios):.2f} ({spread}), at least {target}: {'PASS' if is_good else 'FAIL'}")
    return is_good


def both(name: str, ours_url: str, bare_url: str, folder: Path) -> bool:
    """The two comparisons on one database."""
    folder.mkdir()
    with servers(ours_url, bare_url, folder) as pair:
        what = f"POST /callback on {name}, the whole accept path against one inserted row"
        posted = compare(what, pair, 303, POST_TARGET)
        what = f"GET /callback on {name}, against a constant page of the same length"
        shown = compare(what, pair, 200, GET_TARGET)
    return posted and shown


def show_layers(folder: Path) -> None:
    """The layer table."""
    folder.mkdir()
    settings = config.load({"INTAKE_ENV": "development", "INTAKE_INSTANCE": str(folder), **KEYS})
    migrate(environment(settings.database_url, folder, KEYS))
    app = create_app(settings)
    print("\nOne accepted request, layer by layer (SQLite, microseconds)\n     passed  computed")
    for name, (passed, computed) in layers.table(app):
        print(f"  {passed:9.1f} {computed:9.1f}  {name}")
    with app.app_context():
        db.engine.dispose()


def queue_main(named: list[str]) -> int:
    """The queue alone, on the databases that are named or on both: a million requests take minutes to make."""
    good = True
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, postgresql() as few, postgresql() as many:
        folder = Path(scratch)
        if "postgresql" not in named:
            good &= queue.measure("SQLite", (f"sqlite:///{folder}/few.db", f"sqlite:///{folder}/many.db"), folder)
        if "sqlite" in named:
            return 0 if good else 1
        if few is None or many is None:
            print("\nPostgreSQL is not here: left out.")
        else:
            good &= queue.measure("PostgreSQL", (few, many), folder)
    return 0 if good else 1


def reports_main(named: list[str]) -> int:
    """Response times alone, on the databases that are named or on both."""
    good = True
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, postgresql() as url:
        folder = Path(scratch)
        if "postgresql" not in named:
            good &= reports.measure("SQLite", f"sqlite:///{folder}/reports.db", folder)
        if "sqlite" not in named and url is None:
            print("\nPostgreSQL is not here: left out.")
        elif "sqlite" not in named and url is not None:
            # One process computes it all, so that all of it is measured.
            alone = make_url(url).update_query_dict({"options": "-c max_parallel_workers_per_gather=0"})
            good &= reports.measure("PostgreSQL", alone.render_as_string(hide_password=False), folder)
    return 0 if good else 1


ALONE = {"queue": queue_main, "reports": reports_main}
"""What takes minutes to make, and is measured only when it is named."""


def main() -> int:
    """0 if every target is met."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch)
        good = both(
            "SQLite", f"sqlite:///{folder}/sqlite/ours.db", f"sqlite:///{folder}/sqlite/bare.db", folder / "sqlite"
        )
        with postgresql() as url:
            if url is None:
                print("\nPostgreSQL is not here: left out.")
            else:
                good &= both("PostgreSQL", url, url, folder / "postgresql")
        show_layers(folder / "layers")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(ALONE[sys.argv[1]](sys.argv[2:]) if sys.argv[1:] else main())
