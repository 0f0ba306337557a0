"""The commands an administrator types."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from intake.database import reading, writing
from intake.ledger import outbox
from intake.queries import people
from tests.conftest import NOON


def run(app: Flask, *words: str, typed: str = "") -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["intake", *words], input=typed)
    return done.exit_code, done.output


def test_create_user_reads_the_password_from_standard_input_and_does_not_repeat_it(sqlite_app: Flask) -> None:
    code, output = run(
        sqlite_app, "create-user", "Ana@example.com", "--role", "staff", "--role", "manager", "--password-stdin",
        typed="violet-Anchor-93-tide\n",
    )  # fmt: skip
    assert code == 0, output
    assert "Anchor" not in output
    with reading() as conn:
        person = people.by_email(conn, "ana@example.com")
    assert person is not None
    assert set(person.roles) == {"staff", "manager"}


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (("create-user", "ana@example.com", "--role", "staff", "--password-stdin"), "short\n"),
        (("create-user", "no address", "--role", "staff", "--password-stdin"), "violet-Anchor-93-tide\n"),
        (("create-user", "ana@example.com", "--role", "owner", "--password-stdin"), "violet-Anchor-93-tide\n"),
        (("create-user", "ana@example.com", "--password-stdin"), "violet-Anchor-93-tide\n"),
    ],
)
def test_create_user_says_what_is_wrong_and_makes_nobody(sqlite_app: Flask, words: tuple[str, ...], typed: str) -> None:
    code, output = run(sqlite_app, *words, typed=typed)
    assert code != 0
    assert "Traceback" not in output
    with reading() as conn:
        assert people.by_email(conn, "ana@example.com") is None


def test_create_user_asks_again_until_the_password_is_good(sqlite_app: Flask) -> None:
    typed = "christopher1\nchristopher1\nviolet-Anchor-93-tide\nviolet-Anchor-93-tide\n"
    code, output = run(sqlite_app, "create-user", "ana@example.com", "--role", "staff", typed=typed)
    assert code == 0 and "lists that attackers try first" in output and "can sign in now" in output
    with reading() as conn:
        assert people.by_email(conn, "ana@example.com") is not None


def test_a_weak_password_in_the_environment_is_named_by_its_setting(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAKE_ADMIN_PASSWORD", "christopher1")
    code, output = run(sqlite_app, "init")
    assert code == 1 and "INTAKE_ADMIN_PASSWORD: This password is on lists" in output and "christopher1" not in output


def test_deliver_once_sends_what_is_due_and_stops(sqlite_app: Flask, tmp_path: Path) -> None:
    with writing() as conn:
        outbox.enqueue(conn, "team.check_digest", "team", now=NOON.replace(year=2025))
    assert run(sqlite_app, "deliver", "--once")[0] == 0
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1


def test_init_makes_the_first_administrator_once(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_ADMIN_PASSWORD", "violet-Anchor-93-tide")
    code, output = run(sqlite_app, "init")
    assert code == 0, output
    assert "violet-Anchor-93-tide" in output
    code, output = run(sqlite_app, "init")
    assert code == 0
    assert "Password" not in output


def test_a_mistyped_anchor_is_no_proof_of_tampering(sqlite_app: Flask) -> None:
    done = sqlite_app.test_cli_runner().invoke(args=["intake", "verify-audit", "--anchor", "foo"])
    assert done.exit_code == 2 and "is no anchor" in done.output and "gone or changed" not in done.output
