"""One command says whether a production installation is in order, and what to do where it is not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from config import load, new_keys
from intake.database import db
from intake.extensions import schema_head
from intake.models.site import Site
from intake.services import sealing
from tests.cli.test_init import shell
from tests.conftest import running_app
from tests.delivery.conftest import Authority, Post, make_authority, only_this_password, post_office
from tests.making import ask, person
from tests.test_config import production


def moment() -> datetime:
    """Now: the command reads the clock by itself, perhaps long after this file was read."""
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("check"), "127.0.0.1")


@pytest.fixture
def post(authority: Authority) -> Iterator[Post]:
    box = Post()
    options = {"tls_context": authority.server, "require_starttls": True, "auth_required": True}
    with post_office(box, authenticator=only_this_password(box), **options):
        yield box


@pytest.fixture
def house(database_url: str, tmp_path: Path, post: Post, authority: Authority) -> Iterator[Flask]:
    """An installation in which everything is as it should be."""
    mail = {
        "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(post.port), "MAIL_USERNAME": "intake", "MAIL_PASSWORD": "right",
        "MAIL_CA_FILE": str(authority.ca_file), "INTAKE_TRUSTED_PROXIES": "1", "INTAKE_PROVIDER_NAME": "Bay",
    }  # fmt: skip
    tmp_path.chmod(0o700)
    with running_app(database_url, tmp_path, **mail) as app:
        app.config["IS_PRODUCTION"] = True
        site: Site = app.extensions["intake"]
        site = app.extensions["intake"] = replace(site, is_production=True, needs_second_factor=True)
        for name in ("Ana", "Bo"):
            person(site, name, "admin", now=moment())
        ask(site, moment())
        sealing.seal_all(site, now=moment())
        (tmp_path / "last-backup").touch()
        yield app


def checked(app: Flask, *words: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit code, and each matter with its state and words."""
    done = app.test_cli_runner().invoke(args=["intake", "check", "--json", *words])
    told = json.loads(done.output)
    return done.exit_code, {one["what"]: (one["state"], one["words"]) for one in told["findings"]}


def test_a_sound_installation_has_nothing_to_say_and_sends_nothing(house: Flask, post: Post) -> None:
    code, found = checked(house)
    odd = {what: said for what, said in found.items() if said[0] != "fine" and what != "disk"}
    assert (code, odd) == (0, {})
    assert {"database", "schema", "keys", "worker", "mail server", "backup", "clock", "disk"} <= set(found)
    assert post.seen_password and post.mails == []


def test_a_test_mail_goes_to_whoever_asked_and_says_nothing_about_anybody(house: Flask, post: Post) -> None:
    code, found = checked(house, "--send-to", "ana@example.org")
    assert (code, found["test mail"][0]) == (0, "fine")
    (mail,) = post.mails
    assert mail["To"] == "ana@example.org" and "test" in mail["Subject"]
    post.script["RCPT"] = ["550 no such mailbox"]
    code, found = checked(house, "--send-to", "ana@example.org")
    assert (code, found["test mail"][0]) == (1, "fault") and "550" in found["test mail"][1]


@pytest.mark.parametrize(
    ("setting", "words"),
    [({"MAIL_CA_FILE": ""}, "certificate is not trusted"), ({"MAIL_PASSWORD": "wrong"}, "refused our sign-in")],
    ids=["certificate", "password"],
)
def test_a_mail_server_that_would_take_nothing_is_told(house: Flask, setting: dict[str, str], words: str) -> None:
    house.config.update(setting)
    state = house.extensions["mail"]
    state.password = house.config["MAIL_PASSWORD"]
    code, found = checked(house)
    assert (code, found["mail server"][0]) == (1, "fault")
    assert words in found["mail server"][1]


def test_a_worker_that_is_gone_a_clock_set_back_and_an_old_backup_are_told(house: Flask, tmp_path: Path) -> None:
    site = house.extensions["intake"]
    ask(site, moment() - timedelta(hours=3), phone="212-555-0183")
    old = (moment() - timedelta(days=3)).timestamp()
    os.utime(tmp_path / "last-backup", (old, old))
    code, found = checked(house)
    assert code == 1
    assert "intake deliver" in found["delivery"][1] and "3 hours" in found["worker"][1]
    assert found["backup"] == ("warning", "The newest one made here is 3 days old.")
    ask(site, moment() + timedelta(hours=3), phone="212-555-0184")
    assert checked(house)[1]["clock"][0] == "fault"


def test_an_older_schema_and_foreign_keys_are_told(house: Flask, tmp_path: Path) -> None:
    site: Site = house.extensions["intake"]
    other = replace(site.keyring, encryption=load(production(tmp_path, **new_keys())).keyring().encryption)
    house.extensions["intake"] = replace(site, keyring=other)
    code, found = checked(house)
    assert (code, found["keys"][0]) == (1, "fault")
    with db.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
    try:
        code, found = checked(house)
        assert (code, found["schema"][0]) == (1, "fault") and "flask db upgrade" in found["schema"][1]
    finally:
        with db.engine.begin() as conn:
            conn.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema_head()}'")


@contextmanager
def without(trigger: str, name: str) -> Iterator[None]:
    """As somebody who owns the database would have it."""
    with db.engine.begin() as conn:
        if conn.dialect.name == "sqlite":
            kept = conn.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{trigger}'").scalar_one()
            off, on = f"DROP TRIGGER {trigger}", kept
        else:
            off, on = (f"ALTER TABLE {name} {verb} TRIGGER {trigger}" for verb in ("DISABLE", "ENABLE"))
        conn.exec_driver_sql(off)
    try:
        yield
    finally:
        with db.engine.begin() as conn:
            conn.exec_driver_sql(on)


def test_a_record_that_could_be_changed_is_a_fault(house: Flask) -> None:
    with without("audit_seal_refuses_delete", "audit_seal"):
        code, found = checked(house)
    assert (code, found["record"][0]) == (1, "fault") and "audit_seal_refuses_delete" in found["record"][1]
    assert checked(house)[1]["record"][0] == "fine"


def test_days_of_the_reports_that_nothing_would_mark_are_a_fault(house: Flask) -> None:
    with without("episode_marks_update", "episode"):
        code, found = checked(house)
    assert (code, found["reports"][0]) == (1, "fault") and "episode_marks_update" in found["reports"][1]
    assert checked(house)[1]["reports"][0] == "fine"


def test_a_sender_that_tells_what_is_treated_is_a_warning_and_no_fault(house: Flask) -> None:
    site: Site = house.extensions["intake"]
    telling = replace(site, mail_sender="callback@bayrecovery.org", provider_short_name="Bay Rehab")
    house.extensions["intake"] = telling
    code, found = checked(house)
    assert code == 0
    assert found["mail sender"][0] == "warning" and "“recovery”" in found["mail sender"][1]
    assert found["page titles"][0] == "warning" and "“rehab”" in found["page titles"][1]


def test_a_database_that_is_away_or_read_only_is_told(sqlite_app: Flask, tmp_path: Path) -> None:
    db.engine.dispose()
    (tmp_path / "intake.db").write_bytes(b"no database" * 1000)
    code, found = checked(sqlite_app)
    assert (code, found["database"][0]) == (1, "fault")


def test_to_a_person_it_is_a_list_in_lines_of_a_terminal(sqlite_app: Flask) -> None:
    done = sqlite_app.test_cli_runner().invoke(args=["intake", "check"])
    assert "look  settings        This is development" in done.output
    assert all(len(line) <= 118 for line in done.output.splitlines())


def test_settings_that_are_wrong_are_named_one_by_one() -> None:
    done = shell("intake", "check", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1 and told["state"] == "fault"
    assert any(one["words"] == "SECRET_KEY is not set" for one in told["findings"])
