"""What monitors are told: the truth, with its causes, and nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from intake.database import db, writing
from intake.ledger import mail_channel, outbox
from intake.web import health
from tests.conftest import running_app
from tests.making import ask

TOKEN = "qH3v-8Zt1Lm_Wd7Rk0Xc5Ny2Bf9Gj4Ps6Ua"


def causes(client: FlaskClient) -> list[str]:
    answer = client.get("/readyz")
    assert answer.status_code == (200 if answer.json == {"status": "ready"} else 503)
    return [cause["what"] for cause in answer.json.get("causes", [])]


def test_a_service_with_all_it_needs_is_ready_and_sets_no_cookie(client: FlaskClient) -> None:
    assert client.get("/livez").json == {"status": "alive"}
    for path in ("/livez", "/readyz", "/metrics"):
        answer = client.get(path)
        assert "Set-Cookie" not in answer.headers and answer.headers["Cache-Control"] == "no-store"
    assert causes(client) == []


def test_a_schema_of_another_version_is_named(app: Flask, client: FlaskClient) -> None:
    with writing() as conn:
        was = conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        conn.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        assert causes(client) == ["schema"]
        assert "flask db upgrade" in client.get("/readyz").text
    finally:
        with writing() as conn:
            conn.execute(text("UPDATE alembic_version SET version_num = :was"), {"was": was})
    assert causes(client) == []


def test_mail_that_nobody_sends_is_named_and_mail_that_is_not_due_is_not(app: Flask, client: FlaskClient) -> None:
    now = datetime.now(UTC)
    with writing() as conn:
        outbox.enqueue(conn, "team.check_digest", "team", now=now, available_at=now + timedelta(hours=1))
        outbox.enqueue(conn, "team.check_digest", "team", now=now, available_at=now - timedelta(minutes=2))
    assert causes(client) == []
    with writing() as conn:
        outbox.enqueue(conn, "team.check_digest", "team", now=now, available_at=now - timedelta(minutes=9))
    assert causes(client) == ["delivery"]


def test_a_silent_mail_server_is_named_after_a_while_and_not_blamed_on_the_worker(
    app: Flask, client: FlaskClient
) -> None:
    now = datetime.now(UTC)
    with writing() as conn:
        outbox.enqueue(conn, "team.check_digest", "team", now=now, available_at=now - timedelta(minutes=12))
        mail_channel.mark_down(conn, error="no answer from somebody@example.org", now=now - timedelta(minutes=10))
        mail_channel.mark_down(conn, error="no answer", now=now)
    assert causes(client) == []
    with writing() as conn:
        conn.execute(text("UPDATE mail_channel SET down_since = :at"), {"at": _stored(now - timedelta(minutes=20))})
    assert causes(client) == ["mail server"]
    assert "somebody" not in client.get("/readyz").text


def _stored(instant: datetime) -> object:
    return instant.replace(tzinfo=None).isoformat(" ") if db.engine.dialect.name == "sqlite" else instant


def test_without_a_database_the_process_lives_and_is_not_ready(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("SELECT", None, OSError("no such host db.internal"))

    monkeypatch.setattr(health, "reading", away)
    client = sqlite_app.test_client()
    assert client.get("/livez").status_code == 200
    assert causes(client) == ["database"]
    assert "db.internal" not in client.get("/readyz").text


@pytest.fixture
def watched(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with running_app(database_url, tmp_path, INTAKE_METRICS_TOKEN=TOKEN) as app:
        yield app


def test_the_figures_are_read_from_the_database_and_hold_nobody(watched: Flask) -> None:
    now = datetime.now(UTC)
    ask(watched.extensions["intake"], now, name="Marguerite")
    ask(watched.extensions["intake"], now - timedelta(days=3), name="Marguerite")
    answer = watched.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    lines = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert float(lines['intake_requests_open{status="new"}']) == 2
    assert float(lines["intake_requests_received_last_day"]) == 1
    assert float(lines["intake_requests_overdue"]) == 1
    assert float(lines["intake_requests_longest_overdue_seconds"]) > 3600
    assert float(lines["intake_mail_waiting"]) == 2
    assert float(lines["intake_ready"]) == 0, "mail of three days ago is still due"
    assert "Marguerite" not in answer.text


@pytest.mark.parametrize(
    "sent", ["", TOKEN, f"Bearer {TOKEN}x", "Bearer ", "Bearer \N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_the_figures_are_for_the_holder_of_the_token_only(watched: Flask, sent: str) -> None:
    answer = watched.test_client().get("/metrics", headers={"Authorization": sent} if sent else {})
    assert answer.status_code == 401 and "intake_" not in answer.text


def test_without_a_token_in_the_settings_there_are_no_figures_even_for_this_machine(client: FlaskClient) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
