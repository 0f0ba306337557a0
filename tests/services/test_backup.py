"""A copy taken under load holds every request acknowledged before, and never overwrites by mistake."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import stat
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, select, text

import config
from intake.database import db, reading
from intake.extensions import schema_head
from intake.models import Audit, CallbackRequest, Invitation, SignIn, SignInStep
from intake.models.site import Site
from intake.rules.permissions import SYSTEM, Actor
from intake.services import backup, inviting, second_step
from intake.services.backup import BackupError
from intake.services.sign_in import NotMatchedError
from tests.conftest import KEYS, running_app
from tests.making import ask, count, open_session, stored
from tests.services.test_second_factor import set_up


@contextmanager
def empty_database(url: str, folder: Path) -> Iterator[str]:
    """Another database of the same kind, without a table."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{folder / 'other.db'}"
        return
    name = f"intake_copy_{uuid.uuid4().hex[:8]}"
    admin = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def test_a_copy_taken_under_load_brings_back_every_request_acknowledged_before(
    app: Flask, site: Site, database_url: str, tmp_path: Path, now: datetime
) -> None:
    told: list[str] = []
    stop = threading.Event()

    def visitor() -> None:
        with app.app_context():
            while not stop.is_set():
                told.append(ask(site, now).reference)

    visitors = [threading.Thread(target=visitor, daemon=True) for _ in range(4)]
    for one in visitors:
        one.start()
    while len(told) < 40:
        assert any(one.is_alive() for one in visitors)
        stop.wait(0.02)
    file, before = tmp_path / "copy.backup", set(told)
    backup.back_up(file)
    stop.set()
    for one in visitors:
        one.join(20)
    assert len(told) > len(before), "they went on meanwhile"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    assert not [name for name, key in KEYS.items() if key.partition(":")[2].encode() in content and ":" in key]
    with empty_database(database_url, tmp_path) as other, running_app(other, tmp_path / "other"):
        assert "the keys open it" in backup.restore(site, file, schema_head(), now=now)
        with reading() as conn:
            back = set(conn.execute(select(CallbackRequest.reference)).scalars())
        assert before <= back <= set(told)
        with pytest.raises(BackupError, match="not empty"):
            backup.restore(site, file, schema_head(), now=now)
        ask(site, now)  # it takes requests again, under numbers that are free


def test_a_restore_over_a_live_database_asks_first_and_replaces_all(
    app: Flask, site: Site, tmp_path: Path, now: datetime
) -> None:
    kept, file = ask(site, now).reference, tmp_path / "copy.backup"
    backup.back_up(file)
    lost = ask(site, now).reference
    with pytest.raises(BackupError, match="--force"):
        backup.restore(site, file, schema_head(), now=now)
    assert count(CallbackRequest) == 2
    backup.restore(site, file, schema_head(), is_forced=True, now=now)
    with reading() as conn:
        assert list(conn.execute(select(CallbackRequest.reference)).scalars()) == [kept] != [lost]
        with pytest.raises(Exception, match="append-only"):
            conn.execute(text("DELETE FROM audit"))


def test_what_opened_doors_when_the_backup_was_made_opens_none_after_it_is_back(
    app: Flask, site: Site, maria: Actor, tmp_path: Path, now: datetime
) -> None:
    """Also what was never used: nobody can tell it from what was used since."""
    phone = set_up(site, maria, now - timedelta(minutes=5))
    open_session(site, maria, "sid", now=now)
    inviting.send_link(site, SYSTEM, maria.person_id, now=now)
    phone.halfway(now)
    file = tmp_path / "copy.backup"
    backup.back_up(file)
    backup.restore(site, file, schema_head(), is_forced=True, now=now)
    assert count(SignIn, SignIn.ended_at.is_(None)) == 0
    assert count(Invitation, Invitation.revoked_at.is_(None)) == 0
    assert count(SignInStep) == 0
    for attempt in (second_step.pass_code, second_step.pass_recovery_code):
        typed = phone.shows(now) if attempt is second_step.pass_code else phone.codes[0]
        with pytest.raises(NotMatchedError):
            attempt(site, phone.halfway(now, typed), typed, "192.0.2.1", now=now)
    next_code = phone.shows(now + timedelta(seconds=30))
    assert second_step.pass_code(site, phone.halfway(now), next_code, "192.0.2.1", now=now).user_id == maria.person_id
    assert count(Audit, Audit.action == "service.restored") == 1


def test_a_file_is_overwritten_only_by_force_and_nothing_half_is_left(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "copy.backup"
    file.write_text("something dear")
    with pytest.raises(BackupError, match="there already"):
        backup.back_up(file)
    assert file.read_text() == "something dear"
    assert backup.back_up(file, is_forced=True) == file.stat().st_size > 1000
    with pytest.raises(BackupError, match="cannot be written"):
        backup.back_up(tmp_path / "no folder" / "copy.backup")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_somebody_elses_database_is_no_backup(app: Flask, site: Site, tmp_path: Path, now: datetime) -> None:
    kept, file = ask(site, now).reference, tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute(f"INSERT INTO alembic_version VALUES ('{schema_head()}')")
        other.commit()
    with pytest.raises(BackupError, match=r"no whole backup|pg_restore failed"):
        backup.restore(site, file, schema_head(), is_forced=True, now=now)
    assert stored(kept)
    with pytest.raises(BackupError, match="not a file"):
        backup.back_up(Path("/dev/null"), is_forced=True)


def test_a_name_with_a_question_mark_is_a_name(app: Flask, site: Site, tmp_path: Path, now: datetime) -> None:
    kept = ask(site, now).reference
    file = tmp_path / "copy?mode=rwc#1 %41.backup"
    backup.back_up(file)
    backup.restore(site, file, schema_head(), is_forced=True, now=now)
    assert stored(kept) and [path.name for path in tmp_path.iterdir() if path.name.startswith("copy")] == [file.name]


def test_what_is_no_backup_changes_nothing(app: Flask, site: Site, tmp_path: Path, now: datetime) -> None:
    ask(site, now)
    whole, file = tmp_path / "whole.backup", tmp_path / "broken.backup"
    backup.back_up(whole)
    for content in (b"", b"hello", whole.read_bytes()[: whole.stat().st_size // 3]):
        file.write_bytes(content)
        with pytest.raises(BackupError):
            backup.restore(site, file, schema_head(), is_forced=True, now=now)
    assert count(CallbackRequest) == 1


def test_other_keys_and_another_schema_are_told(app: Flask, site: Site, tmp_path: Path, now: datetime) -> None:
    ask(site, now)
    file = tmp_path / "copy.backup"
    backup.back_up(file)
    assert "db upgrade" in backup.restore(site, file, "9999", is_forced=True, now=now)
    with running_app(db.engine.url.render_as_string(hide_password=False), tmp_path) as again:
        ring = again.extensions["intake"].keyring
        assert "do not open it" in backup.restore(_strange(site, ring), file, schema_head(), is_forced=True, now=now)


def _strange(site: Site, ring: object) -> Site:
    key = config._keys("INTAKE_ENCRYPTION_KEYS", config.new_keys()["INTAKE_ENCRYPTION_KEYS"])
    return replace(site, keyring=replace(ring, encryption=key))  # type: ignore[type-var]


def test_the_database_itself_is_no_place_for_its_copy(sqlite_app: Flask) -> None:
    for name in ("", "-wal"):
        with pytest.raises(BackupError, match="belongs to the database"):
            backup.back_up(Path(f"{db.engine.url.database}{name}"), is_forced=True)


def test_without_postgresqls_client_it_says_what_to_install(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with running_app(postgresql_url, tmp_path) as app:
        said = app.test_cli_runner().invoke(args=["intake", "backup", str(tmp_path / "copy")])
    assert said.exit_code == 1 and "postgresql-client" in said.output


@pytest.mark.parametrize(
    "address", ["postgresql+psycopg://ana:s3cr%40t@db/intake", "postgresql+psycopg://ana@db/intake?password=s3cr%40t"]
)
def test_a_password_is_on_no_command_line(address: str) -> None:
    plain, password = backup.without_password(make_url(address))
    assert password == "s3cr@t" and "s3cr" not in plain and plain.startswith("postgresql://ana@db/intake")
