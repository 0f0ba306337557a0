"""The data walks one way: the import contracts of pyproject.toml hold, and break when somebody walks back."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.source import ROOT

LINT = Path(sys.executable).with_name("lint-imports")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
ROOMS = [room.strip() for layer in CONTRACTS[0]["layers"] for room in layer.split("|")]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--config", str(folder / "pyproject.toml"), "--no-cache"]
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_the_data_walks_one_way() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_every_room_is_in_the_contract() -> None:
    entries = (path for path in (ROOT / "intake").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists())
    assert {path.stem for path in entries} - {"__init__", "__pycache__"} == set(ROOMS)
    assert CONTRACTS[0]["exhaustive"]


@pytest.fixture
def small_house(tmp_path: Path) -> Path:
    """Every room, empty, under the same contracts."""
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for room in ("", *ROOMS):
        (tmp_path / "intake" / room).mkdir()
        (tmp_path / "intake" / room / "__init__.py").touch()
    return tmp_path


def test_an_empty_house_passes(small_house: Path) -> None:
    done = lint(small_house)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("room", "text"),
    [
        ("rules", "from intake import models"),
        ("services", "import intake.web"),
        ("web", "import intake.admin"),
        ("ledger", "def later():\n    from intake.queries import x"),
        ("admin", "import intake.delivery"),
        ("extensions", "import intake.cli"),
    ],
)
def test_walking_back_is_seen(small_house: Path, room: str, text: str) -> None:
    (small_house / "intake" / room / "back.py").write_text(text + "\n")
    assert "BROKEN" in lint(small_house).stdout


def test_a_room_nobody_listed_is_seen(small_house: Path) -> None:
    (small_house / "intake" / "attic.py").touch()
    assert lint(small_house).returncode != 0
