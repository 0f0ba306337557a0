"""The database's file is its owner's alone, and nobody waits for a lock for ever."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from intake import database
from intake.database import db, engine_options, prepare_engine, reading, writing
from tests.conftest import running_app
from tests.web.visiting import open_form, send, words


@pytest.fixture
def loose_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("intake.db*")}


NAMES = {"intake.db", "intake.db-wal", "intake.db-shm", "intake.db-turn"}


@pytest.mark.usefixtures("loose_umask")
def test_a_new_file_and_its_companions_are_private_in_an_open_folder(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o755)
    with running_app(f"sqlite:///{folder / 'intake.db'}", folder):
        with writing() as conn:
            conn.execute(text("CREATE TABLE probe (id INTEGER)"))
        assert modes(folder) == dict.fromkeys(NAMES, 0o600)


@pytest.mark.usefixtures("loose_umask")
def test_a_file_that_others_could_read_is_closed_to_them_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "intake.db"
    for name in NAMES:
        (tmp_path / name).touch(0o644)
    prepare_engine(create_engine(f"sqlite:///{path}"))
    assert modes(tmp_path) == dict.fromkeys(NAMES, 0o600)


def test_a_folder_that_is_not_there_does_not_stop_the_start(tmp_path: Path) -> None:
    prepare_engine(create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'intake.db'}"))
    prepare_engine(create_engine("sqlite://"))
    assert list(tmp_path.iterdir()) == []


def test_parameters_are_hidden_on_both_databases() -> None:
    assert engine_options("sqlite:///a.db")["hide_parameters"]
    assert engine_options("postgresql+psycopg:///a")["hide_parameters"]


@pytest.fixture
def hurried_app(postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """On PostgreSQL, with the patience of a second."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 2)
    with running_app(postgresql_url, tmp_path) as app:
        yield app


def test_a_locked_table_ends_in_the_page_that_says_not_sent(hurried_app: Flask) -> None:
    visitor = hurried_app.test_client()
    token = open_form(visitor)
    other = create_engine(db.engine.url)
    with other.connect() as conn, conn.begin():
        conn.execute(text("LOCK TABLE callback_request IN ACCESS EXCLUSIVE MODE"))
        response = send(visitor, token)
    other.dispose()
    assert response.status_code == 503
    assert "Your request was not sent" in words(response.text)
    assert send(visitor, token).status_code == 303


def test_a_statement_that_does_not_end_is_ended(hurried_app: Flask) -> None:
    with pytest.raises(OperationalError), reading() as conn:
        conn.execute(text("SELECT pg_sleep(20)"))


def test_limits_in_the_address_win(postgresql_url: str, tmp_path: Path) -> None:
    glue = "&" if "?" in postgresql_url else "?"
    with running_app(f"{postgresql_url}{glue}options=-c%20statement_timeout%3D7s", tmp_path), reading() as conn:
        assert conn.execute(text("SHOW statement_timeout")).scalar_one() == "7s"
        assert conn.execute(text("SHOW lock_timeout")).scalar_one() == "10s"
