"""What every test may ask for: an app on a fresh database, a live server, a query counter."""

from __future__ import annotations

import contextvars
import itertools
import os
import shutil
import socket
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine, create_engine, event, text
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

import config
from app import create_app
from intake.database import Prepared, db
from intake.models import Base
from intake.models.site import Site
from intake.services import passwords

POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://127.0.0.1:5432/test?user=root")
REQUIRED = bool(os.environ.get("REQUIRE_SERVICES"))
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
"""A Wednesday, noon in New York: the office is open."""

# How long an example takes says how busy the machine is, and nothing of what it shows.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
KEYS = config.new_keys()
SHELL = "/usr/bin/chromium-headless-shell"
"""The same engine without the windows nobody looks at: a page opens and is measured in two thirds of the time."""
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # every commit of SQLite waits for the disk
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each process a test starts would compile the whole service anew
os.environ.setdefault("PLAYWRIGHT_CHROMIUM", SHELL if Path(SHELL).exists() else "/usr/bin/chromium")


STOCK_HASHER = passwords._HASHER
"""What passwords cost outside the tests; within them each of a thousand people would cost 50 ms otherwise."""
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def missing(what: str) -> None:
    """Skip on a small machine, fail where the services are promised."""
    (pytest.fail if REQUIRED else pytest.skip)(f"{what} is not here")


@pytest.fixture
def now() -> datetime:
    """The instant a test takes place."""
    return NOON


def settings_for(url: str, folder: Path, **more: str) -> config.Settings:
    """Development settings on this database, with the run's own keys."""
    values = {"INTAKE_ENV": "development", "INTAKE_INSTANCE": str(folder), "DATABASE_URL": url, **KEYS, **more}
    return config.load(values)


def _worker_name(worker_id: str) -> str:
    return f"intake_{worker_id}_{uuid.uuid4().hex[:6]}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that every test copies."""
    folder = tmp_path_factory.mktemp("template")
    path = folder / "intake.db"
    app = create_app(settings_for(f"sqlite:///{path}", folder))
    with app.app_context():
        upgrade()
        with db.engine.connect() as conn:
            conn.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
        _dialects["sqlite"] = db.engine.dialect
        db.engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_database(worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An own, migrated PostgreSQL database for this test process."""
    admin_url = POSTGRESQL.replace("postgresql://", "postgresql+psycopg://", 1)
    name = _worker_name(worker_id)
    admin = create_engine(admin_url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name}"))
            # The server is not what dies in these tests: nothing waits for its disk.
            conn.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    except Exception:  # the server is not here, or will not have us
        missing("PostgreSQL")
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    app = create_app(settings_for(url, tmp_path_factory.mktemp("postgresql")))
    with app.app_context():
        upgrade()
        _dialects["postgresql"] = db.engine.dialect
        db.engine.dispose()
    yield url
    with admin.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


_emptied = itertools.count(1)
KEPT = ("role", "consent_wording", "alembic_version")
_TABLES = [table.name for table in Base.metadata.sorted_tables if table.name not in KEPT]
_FILLED = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in _TABLES)
_UNCOUNTED = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"
_cleaners: dict[str, psycopg.Connection[tuple[str]]] = {}


def _cleaner(url: str) -> psycopg.Connection[tuple[str]]:
    """The connection that empties this database; a new one where a test has ended them all."""
    try:
        _cleaners[url].execute("SELECT 1")
    except (KeyError, psycopg.OperationalError):
        _cleaners[url] = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    return _cleaners[url]


def _empty(url: str) -> None:
    """Take all rows away, past the append-only triggers, and keep what the migration put there.

    TRUNCATE makes new files for every table and index, which costs ten times as much for the few rows of a test.
    """
    conn = _cleaner(url)
    gone = "".join(f'DELETE FROM "{name}"; ' for (name,) in conn.execute(_FILLED))
    conn.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {gone}{_UNCOUNTED}; COMMIT")
    if next(_emptied) % 200 == 0:
        conn.execute("VACUUM")  # nobody else does where autovacuum is off, and every test would be slower


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database."""
    path = tmp_path / "intake.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_database: str) -> str:
    """This process's PostgreSQL database, emptied."""
    _empty(postgresql_database)
    return postgresql_database


DATABASES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test that touches rows runs on both databases; one marked ``words``, on the one its name falls to.

    ``words`` is for a page's words alone: what locks, sorts, searches, pages, times or counts stays on both.
    """
    if "database_url" in metafunc.fixturenames:
        is_words = metafunc.definition.get_closest_marker("words") and "count_queries" not in metafunc.fixturenames
        turn = zlib.crc32(metafunc.definition.nodeid.encode()) % 2
        metafunc.parametrize("database_url", DATABASES[turn : turn + 1] if is_words else DATABASES, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


class Browser(FlaskClient):
    """A test client whose requests each have a context of their own, as on a server.

    Without this the app context a test stands in would be shared, and ``g`` would remember who was signed in.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return contextvars.Context().run(super().open, *args, **kwargs)


class _Compiled(BytecodeCache):
    """Templates compiled once for all the apps of this process; a fresh app each test costs half as much with it."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()
_rules: dict[tuple[object, ...], dict[str, Any]] = {}
_compile_rule = Rule.compile


def _compile(self: Rule) -> None:
    """What finds and what fills in an address, made once a process for rules that read alike: half of an app."""
    key = (self.rule, self.host, self.subdomain, self.merge_slashes, repr(self.defaults))
    if key not in _rules:
        _compile_rule(self)
        names = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")
        _rules[key] = {name: getattr(self, name) for name in names}
        return
    made = _rules[key]
    self._parts, self._trace, self._converters = made["_parts"], made["_trace"], made["_converters"]
    self.arguments = set(made["arguments"])
    self._build = made["_build"].__func__.__get__(self, None)
    self._build_unknown = made["_build_unknown"].__func__.__get__(self, None)


Rule.compile = _compile  # type: ignore[method-assign]

_dialects: dict[str, Dialect] = {}
_statements: LRUCache[Any, Any] = LRUCache(2000)


def _share_statements(engine: Engine) -> None:
    """SQL compiled once for all the engines of this process; each app would compile its own anew.

    They share the dialect for it, which statements are kept by: the one that has met the database to migrate it.
    """
    if dialect := _dialects.get(engine.dialect.name):
        engine.dialect, engine._compiled_cache = dialect, _statements


@contextmanager
def running_app(url: str, folder: Path, **more: str) -> Iterator[Flask]:
    """An app inside its context; its connections are closed afterwards."""
    app = create_app(settings_for(url, folder, **more))
    app.config["TESTING"] = True
    app.test_client_class = Browser
    app.jinja_env.bytecode_cache = COMPILED
    with app.app_context():
        _share_statements(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The service on a fresh database, once on each."""
    with running_app(database_url, tmp_path) as app:
        yield app


@pytest.fixture
def sqlite_app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The service on SQLite only, for what does not touch the database's nature."""
    with running_app(sqlite_url, tmp_path) as app:
        yield app


@pytest.fixture
def site(app: Flask) -> Site:
    """The provider of ``app``."""
    return app.extensions["intake"]  # type: ignore[no-any-return]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript."""
    return app.test_client()


@pytest.fixture
def count_queries(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Call it to learn how many statements ran since it was last called."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    def taken() -> int:
        count = len([statement for statement in seen if not statement.startswith(("BEGIN", "SELECT pg_advisory"))])
        seen.clear()
        return count

    def noted(prepared: Prepared, dialect: Dialect) -> object:
        made = made_of(prepared, dialect)
        seen.append(made.sql)
        return made

    made_of = Prepared.made
    monkeypatch.setattr(Prepared, "made", noted)
    event.listen(db.engine, "before_cursor_execute", note)
    yield taken
    event.remove(db.engine, "before_cursor_execute", note)


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """A real threaded server for ``app``; yields its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # seconds until it hears its end
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)


@pytest.fixture
def live_server(sqlite_app: Flask) -> Iterator[str]:
    """The service on SQLite behind a real socket."""
    with serving(sqlite_app) as address:
        yield address


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Debian's Chromium, quiet and able to run as root."""
    path = os.environ["PLAYWRIGHT_CHROMIUM"]
    if not Path(path).exists():
        missing("Chromium")
    args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--js-flags=--always-sparkplug"]  # fmt: skip
    return {**browser_type_launch_args, "executable_path": path, "args": args}
