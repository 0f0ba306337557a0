"""Fresh, unmigrated databases, and the migrations run on them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import Engine, create_engine, text

from intake.database import db, engine_options, prepare_engine
from tests.conftest import POSTGRESQL, missing

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
SCRIPTS = ScriptDirectory(str(MIGRATIONS))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
"""From the first to the newest."""


@dataclass(frozen=True)
class Database:
    """One database under an app that has nothing but the migrations."""

    app: Flask
    engine: Engine

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    def up(self, revision: str = "head") -> None:
        upgrade(revision=revision)

    def down(self, revision: str = "base") -> None:
        downgrade(revision=revision)


@contextmanager
def bound(url: str) -> Iterator[Database]:
    """The service's own engine on this address."""
    app = Flask("migrations")
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(url))
    db.init_app(app)
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    with app.app_context():
        prepare_engine(db.engine)
        yield Database(app, db.engine)
        db.engine.dispose()


@contextmanager
def fresh_postgresql() -> Iterator[str]:
    """An empty PostgreSQL database that is gone afterwards."""
    name = f"intake_migrations_{uuid.uuid4().hex[:10]}"
    admin = create_engine(POSTGRESQL.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name}"))
    except Exception:  # the server is not here, or will not have us
        missing("PostgreSQL")
    yield admin.url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@contextmanager
def fresh(kind: str, folder: Path) -> Iterator[Database]:
    """An empty database of this kind."""
    if kind == "sqlite":
        with bound(f"sqlite:///{folder / 'fresh.db'}") as database:
            yield database
        return
    with fresh_postgresql() as url, bound(url) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Each test runs on an empty database of each kind."""
    with fresh(request.param, tmp_path) as made:
        yield made
