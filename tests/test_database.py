"""The database's file is its owner's alone, and nobody waits for a lock for ever."""

from __future__ import annotations

import os
import runpy
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

import config
from intake import database
from intake.database import Prepared, at_once, db, engine_options, prepare_engine, reading, together, writing
from intake.database.engine import committing
from intake.ledger import audit
from intake.models import Audit, CallbackRequest, OutboxMessage, Role
from intake.models.base import table_of
from intake.models.site import Site
from intake.rules.permissions import VISITOR
from intake.web import form_page
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
    monkeypatch.setattr(database.engine, "BUSY_SECONDS", 1)
    monkeypatch.setattr(database.engine, "STATEMENT_SECONDS", 2)
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


def test_writers_that_come_together_share_a_commit_and_one_that_fails_fails_alone(sqlite_app: Flask) -> None:
    def add(number: int) -> Callable[[Connection], int]:
        def work(conn: Connection) -> int:
            if number == 3:
                raise ValueError("only mine")
            conn.execute(insert(Role).values(id=100 + number, name=f"role {number}"))
            return number

        return work

    def one(number: int) -> int | str:
        try:
            with sqlite_app.app_context():
                return together(add(number))
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(one, range(8)))
    assert came == [0, 1, 2, "only mine", 4, 5, 6, 7]
    with reading() as conn:
        kept = set(conn.execute(select(Role.id).where(Role.id >= 100)).scalars())
    assert kept == {100, 101, 102, 104, 105, 106, 107}


def test_what_is_added_at_once_is_stored_whole_or_not_at_all(app: Flask, site: Site, now: datetime) -> None:
    """On PostgreSQL it is one statement without BEGIN and COMMIT: the last part's failure must undo the first."""
    whole = Prepared(insert(table_of(Role)), "id", "name")

    def add(conn: Connection, last: int) -> None:
        with at_once(conn):
            whole.run(conn, {"id": last - 1, "name": f"role {last - 1}"})
            audit.record(conn, site, VISITOR, "callback.received", now=now)
            whole.run(conn, {"id": last, "name": f"role {last}"})

    together(lambda conn: add(conn, 201), is_one_statement=True)
    with pytest.raises(IntegrityError):
        together(lambda conn: (add(conn, 301), add(conn, 201)), is_one_statement=False)
    with pytest.raises(IntegrityError):
        together(lambda conn: add(conn, 202), is_one_statement=True)  # 201 is taken
    with reading() as conn:
        kept = set(conn.execute(select(Role.id).where(Role.id >= 200)).scalars())
        entries = conn.execute(select(func.count()).select_from(Audit)).scalar_one()
    assert (kept, entries) == ({200, 201}, 1)


def test_a_database_that_is_locked_fails_a_whole_batch_once(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def begin(_engine: object, batch: list[object]) -> None:
        asked.append(len(batch))
        raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError())

    monkeypatch.setattr(database.transactions, "_in_one", begin)
    jobs = [database.transactions._Job(lambda _conn: None) for _ in range(3)]
    database.transactions._work_off(db.engine, jobs)
    assert asked == [3]
    assert all(isinstance(job.error, OperationalError) and job.woken.is_set() for job in jobs)


def test_whoever_gets_no_turn_is_told_so_and_nothing_is_stored_later(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.engine, "BUSY_SECONDS", 0.2)
    done: list[int] = []
    with database.transactions._thread_turn, pytest.raises(OperationalError):
        together(lambda _conn: done.append(1))
    together(lambda _conn: done.append(2))
    assert done == [2]


def test_a_folder_that_cannot_be_written_to_is_the_databases_failure(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(database.transactions, "_turn_file", full)
    with pytest.raises(OperationalError):
        together(lambda _conn: None)
    with pytest.raises(OperationalError), writing():
        pass


def test_an_accepted_request_costs_postgresql_two_turns(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One question and one statement; nobody asks whether the connection still stands, or begins, or commits."""
    turns: list[str] = []
    plainly = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *given: Any, **more: Any) -> Any:
        turns.append(str(query)[:30])
        return plainly(cursor, query, *given, **more)

    with running_app(postgresql_url, tmp_path) as app:
        client = app.test_client()
        assert send(client, phone="212-736-0101").status_code == 303  # the first stores the opening hours
        with monkeypatch.context() as hasty:
            hasty.setattr(form_page, "RECHECK", timedelta(0))
            form = {"token": open_form(client), "phone": "212-736-0102"}
        monkeypatch.setattr(psycopg.Cursor, "execute", counted)
        assert send(client, **form).status_code == 303
    assert len(turns) == 2, turns


def test_a_request_is_accepted_although_every_idle_connection_was_lost(postgresql_url: str, tmp_path: Path) -> None:
    with running_app(postgresql_url, tmp_path) as app:
        client = app.test_client()
        assert send(client, phone="212-736-0101").status_code == 303
        other = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
        with other.connect() as conn:
            conn.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        other.dispose()
        assert send(client, phone="212-736-0102").status_code == 303
        with reading() as conn:
            assert conn.execute(select(func.count()).select_from(CallbackRequest)).scalar_one() == 2


def test_a_connection_lost_after_the_commit_leads_to_the_request_that_was_stored(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer never came, so it is sent again, and finds itself there: one request, one entry, one mail."""
    lost: list[bool] = []
    plainly = psycopg.Cursor.execute

    def lose(cursor: Any, query: Any, *given: Any, **more: Any) -> Any:
        done = plainly(cursor, query, *given, **more)
        if "INSERT INTO callback_request" in str(query) and not lost:
            lost.append(True)
            cursor.connection.close()
            raise psycopg.OperationalError("the connection is lost")
        return done

    with running_app(postgresql_url, tmp_path) as app:
        client = app.test_client()
        form = {"token": open_form(client), "phone": "212-736-0102"}
        monkeypatch.setattr(psycopg.Cursor, "execute", lose)
        answer = send(client, **form)
        assert (answer.status_code, lost) == (303, [True])
        assert client.get(answer.headers["Location"]).status_code == 200, "the link is that of the stored request"
        with reading() as conn:
            for table in (CallbackRequest, Audit, OutboxMessage):
                action = (Audit.action == "callback.received",) if table is Audit else ()
                asked = select(func.count()).select_from(table).where(*action)
                assert conn.execute(asked).scalar_one() == 1, table


def test_the_usual_processes_fit_into_the_hundred_connections_of_a_postgresql_as_it_comes(
    postgresql_url: str, tmp_path: Path
) -> None:
    """Three are its superuser's. Two connections for each thread of the web server, and one more to accept with."""
    served = runpy.run_path(str(Path(config.__file__).with_name("gunicorn.conf.py")))
    with running_app(postgresql_url, tmp_path):
        pools: list[Any] = [db.engine.pool, committing(db.engine).pool]
    main, accepting = (pool.size() + pool._max_overflow for pool in pools)
    assert (main, accepting) == (2 * served["threads"], served["threads"])
    web_processes, delivery = 2, main
    assert web_processes * (main + accepting) + delivery <= 97
