"""What lies in ``deploy/`` and what the documents tell to type fits the service: names, commands, rights."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from config import ROOT, new_keys
from intake import cli
from intake.cli import environment_file
from intake.environment import NAMES

DEPLOY = ROOT / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))
DOCUMENTS = [ROOT / "README.md", ROOT / "docs" / "operating.md", ROOT / "docs" / "privacy.md", ROOT / "SECURITY.md"]
OUR_NAME = re.compile(r"\b(?:INTAKE_[A-Z][A-Z_]*[A-Z]|MAIL_[A-Z][A-Z_]*[A-Z]|DATABASE_URL|REDIS_URL|SECRET_KEY\w*)\b")
VERB = re.compile(r"(?:--app app|flask|callback-intake|`)\s?intake ([a-z][a-z-]+)")
OF_A_DESK = {"INTAKE_ADMIN_PASSWORD", "INTAKE_DEMO_PASSWORD"}


def texts() -> dict[str, str]:
    files = [path for path in DEPLOY.iterdir() if path.is_file()] + DOCUMENTS
    return {path.name: path.read_text() for path in files}


def unknown_names(text: str) -> set[str]:
    """Settings that nobody reads. NAME_FILE counts for NAME."""
    known = {*NAMES, *OF_A_DESK}
    return {name for name in OUR_NAME.findall(text) if name not in known and name.removesuffix("_FILE") not in known}


def unknown_verbs(text: str) -> set[str]:
    return set(VERB.findall(text)) - set(cli.intake.commands)


def block(text: str) -> str:
    """The part of a unit that says what it may do."""
    found = re.search(r"# What a process of the service may do.*?SystemCallErrorNumber=EPERM\n", text, re.DOTALL)
    assert found
    return found[0].replace(" callback-intake-backups", "")


def test_every_setting_that_is_named_is_one_that_is_read() -> None:
    assert {name: found for name, text in texts().items() if (found := unknown_names(text))} == {}


def test_every_command_that_is_named_is_one_that_there_is() -> None:
    assert {name: found for name, text in texts().items() if (found := unknown_verbs(text))} == {}


def test_every_command_is_told_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in cli.intake.commands if f"`{name}" not in readme] == []


def test_the_example_is_what_init_writes_without_its_keys() -> None:
    empty = dict.fromkeys(new_keys(), "")
    assert (DEPLOY / "intake.env.example").read_text() == environment_file.fresh(empty, {})


def test_every_unit_takes_the_same_settings_and_has_the_same_rights() -> None:
    assert {path.stem for path in SERVICES} == {"intake-web", "intake-deliver", "intake-purge", "intake-backup"}
    units = [path.read_text() for path in SERVICES]
    assert len({block(text) for text in units}) == 1
    for line in ("User=callback-intake", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
        assert f"\n{line}\n" in block(units[0])
    assert all("\nEnvironmentFile=/etc/callback-intake/intake.env\n" in text for text in units)
    assert {path.stem for path in DEPLOY.glob("*.timer")} == {"intake-purge", "intake-backup"}


def test_the_proxy_makes_the_number_buffers_a_request_and_logs_no_address() -> None:
    lines = [line.strip() for line in (DEPLOY / "Caddyfile").read_text().splitlines()]
    assert "header_up X-Request-ID {http.request.uuid}" in lines and "request_buffers 128KB" in lines
    assert "exclude http.log.error http.handlers.reverse_proxy http.stdlib" in lines
    assert not [line for line in lines if line.split(" ")[0] == "log" and line != "log default {"]


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not here")
    for path in (*SERVICES, *DEPLOY.glob("*.timer")):
        text = path.read_text().replace("/opt/callback-intake/.venv/bin/flask", "/bin/true")
        text = text.replace("/opt/callback-intake/.venv/bin/gunicorn", "/bin/true")
        (tmp_path / path.name).write_text(text)
    files = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "value",
    ["Quiet Bay", "St. Mary's", 'The "Bay"', "pa$$word$HOME", "back\\slash", "tick`tick`", "a=b # c", "Zoë", ""],
)
def test_what_init_writes_is_read_by_the_command_as_it_was_meant(value: str) -> None:
    found = runpy.run_path(str(DEPLOY / "callback-intake"))
    read = found["settings"](environment_file.fresh(new_keys(), {"INTAKE_PROVIDER_NAME": value}))
    assert read["INTAKE_PROVIDER_NAME"] == value
    assert set(new_keys()) <= set(read)


def test_the_command_takes_a_value_in_any_quotes_and_knows_no_variables() -> None:
    settings = runpy.run_path(str(DEPLOY / "callback-intake"))["settings"]
    text = "A=plain value\nB='it is $5'\nC=\"it is $5 and \\$5\"\n# D=no\n\nE=\n"
    assert settings(text) == {"A": "plain value", "B": "it is $5", "C": "it is $5 and $5", "E": ""}


@pytest.mark.parametrize(
    "complaints",
    [
        unknown_names("set INTAKE_PROVIDER_NAMES=x"),
        unknown_names("MAIL_HOST"),
        unknown_verbs(".venv/bin/flask --app app intake cleanup"),
        unknown_verbs("`flask intake retry`"),
    ],
)
def test_what_does_not_fit_is_seen(complaints: set[str]) -> None:
    assert complaints
