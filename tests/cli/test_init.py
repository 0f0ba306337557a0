"""From a bare machine to the first administrator: settings are made once, tables and one person follow."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from config import ROOT, load, new_keys
from intake.cli import environment_file
from intake.database import reading
from intake.extensions import current_site
from intake.queries import invitations, people
from tests.conftest import NOON, settings_for

FILLED = {
    "INTAKE_PROVIDER_NAME": 'Quiet "Bay" & $ons',
    "INTAKE_PROVIDER_SHORT_NAME": "Bay",
    "INTAKE_PROVIDER_PHONE": "(212) 736-0100",
    "INTAKE_PUBLIC_URL": "https://callback.example.org",
    "INTAKE_TEAM_EMAIL": "team@example.org",
    "MAIL_DEFAULT_SENDER": "callback@example.org",
    "MAIL_SERVER": "mail.example.org",
}


def shell(*words: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """``flask …`` as an administrator types it, with nothing set but ``env``."""
    command = [sys.executable, "-m", "flask", "--app", "app", *words]
    bare = {"PATH": os.environ["PATH"], **env}
    return subprocess.run(command, cwd=ROOT, env=bare, input=typed, capture_output=True, text=True, check=False)


def values_in(text: str) -> dict[str, str]:
    """As a shell reads the file."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [shlex.split(line)[0].partition("=") for line in lines]
    return {name: value.replace("\\$", "$").replace("\\`", "`") for name, _, value in pairs}


def test_a_bare_machine_gets_a_complete_file_and_is_told_what_to_fill_in(tmp_path: Path) -> None:
    done = shell("intake", "init", INTAKE_INSTANCE=str(tmp_path))
    assert done.returncode == 0, done.stderr
    values = values_in(done.stdout)
    assert set(new_keys()) <= {name for name, value in values.items() if value}
    assert [name for name in FILLED if f"  {name}" not in done.stderr] == []
    assert not any(values[name] in done.stderr for name in new_keys())
    assert load({**values, **FILLED}).is_production
    assert list(tmp_path.iterdir()) == []


def test_other_commands_say_what_is_missing_without_a_traceback(tmp_path: Path) -> None:
    for words in (("intake", "deliver"), ("db", "upgrade"), ("routes",)):
        done = shell(*words, INTAKE_INSTANCE=str(tmp_path))
        assert (done.returncode, "SECRET_KEY is not set" in done.stderr) == (1, True), done.stderr
        assert "Traceback" not in done.stderr


def test_a_server_does_not_start_on_what_helps_a_shell() -> None:
    code = "import os; os.environ.clear(); os.environ['FLASK_RUN_FROM_CLI'] = 'true'; import app; app.create_app()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "SettingsError" in done.stderr


def test_the_file_is_its_owners_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "intake.env"
    assert shell("intake", "init", "--write", str(file)).returncode == 0
    before = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = shell("intake", "init", "--write", str(file))
    assert (done.returncode, file.read_bytes()) == (0, before)
    assert "INTAKE_TEAM_EMAIL" in done.stderr


def test_what_a_file_says_is_kept_and_only_what_it_lacks_is_added() -> None:
    keys, old = new_keys(), '# mine\nSECRET_KEY=kept\nINTAKE_LINK_KEY=""\nexport MAIL_SERVER=here\nOTHER=1\n'
    text = environment_file.completed(old, keys, {"INTAKE_AUDIT_KEY_FILE": "/run/audit"})
    values = values_in(text.replace("export ", ""))
    assert text.startswith("# mine\nSECRET_KEY=kept\n") and "OTHER=1\n" in text
    assert values["SECRET_KEY"] == "kept" and values["MAIL_SERVER"] == "here"
    assert values["INTAKE_LINK_KEY"] == keys["INTAKE_LINK_KEY"]
    assert values["INTAKE_INDEX_KEYS"] == keys["INTAKE_INDEX_KEYS"]
    assert "INTAKE_AUDIT_KEY" not in values
    assert environment_file.completed(text, new_keys(), {"INTAKE_AUDIT_KEY_FILE": "/run/audit"}) == text


def test_a_secret_that_is_set_already_is_neither_repeated_nor_replaced() -> None:
    text = environment_file.fresh(new_keys(), {"SECRET_KEY": "in-the-environment", "MAIL_PASSWORD": "hush", **FILLED})
    values = values_in(text)
    assert "in-the-environment" not in text and "hush" not in text and "SECRET_KEY" not in values
    assert {name: values[name] for name in FILLED} == FILLED


def run(app: Flask, *words: str, typed: str = "") -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["intake", "init", *words], input=typed)
    return done.exit_code, done.output


@pytest.fixture
def production(app: Flask) -> Flask:
    app.config["IS_PRODUCTION"] = True
    return app


def test_the_first_administrator_gets_a_link_that_opens_once_and_a_newer_one_replaces_it(production: Flask) -> None:
    code, output = run(production, "--email", "ana@example.org")
    assert code == 0, output
    first = _token(output)
    code, output = run(production, "--email", "ana@example.org")
    assert code == 0, output
    with reading() as conn:
        assert invitations.find(conn, first, now=NOON) is None
        found = invitations.find(conn, _token(output), now=NOON)
    assert found is not None and (found.email, found.is_first) == ("ana@example.org", True)


def _token(output: str) -> str:
    (line,) = [line.strip() for line in output.splitlines() if "/welcome/" in line]
    assert line.startswith(current_site().public_url)
    return line.rpartition("/")[2]


def test_a_password_may_come_from_standard_input_and_makes_one_administrator_only(sqlite_app: Flask) -> None:
    sqlite_app.config["IS_PRODUCTION"] = True
    code, output = run(sqlite_app, "--email", "ana@example.org", "--password-stdin", typed="violet-Anchor-93-tide\n")
    assert (code, "Anchor" in output) == (0, False), output
    assert all(name in output for name in ("INTAKE_ENCRYPTION_KEYS", "intake backup"))
    code, output = run(sqlite_app, "--email", "bo@example.org", "--password-stdin", typed="violet-Anchor-93-tide\n")
    assert code == 0 and "There is an administrator" in output
    with reading() as conn:
        assert [person.email for person in people.active_with(conn, "admin")] == ["ana@example.org"]


def test_without_an_email_nobody_is_made(sqlite_app: Flask) -> None:
    sqlite_app.config["IS_PRODUCTION"] = True
    code, output = run(sqlite_app)
    assert code == 1 and "--email" in output
    with reading() as conn:
        assert not people.any_person(conn)


def test_production_makes_tables_in_an_empty_database_and_leaves_an_older_one_alone(tmp_path: Path) -> None:
    from app import create_app
    from intake.database import db

    app = create_app(settings_for(f"sqlite:///{tmp_path / 'new' / 'intake.db'}", tmp_path))
    app.config["IS_PRODUCTION"] = True
    with app.app_context():
        assert "The tables are made" in run(app, "--email", "ana@example.org")[1]
        with db.engine.begin() as conn:
            conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
        code, output = run(app, "--email", "ana@example.org")
        assert code == 1 and "flask db upgrade" in output and "backup" in output
        db.engine.dispose()
