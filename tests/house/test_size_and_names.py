"""Files and functions stay small, say what they are for, and carry a name that says something."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import ROOT, Source, everything, service

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "handlers", "misc"}
CODE = (".py", ".css", ".js")


def long_files(sources: list[Source]) -> list[str]:
    """Migrations are exempt: a schema is as long as it is."""
    counted = ((source.path, source.text.count("\n")) for source in sources if source.room != "migrations")
    return [f"{path}: {lines} lines" for path, lines in counted if lines > LONGEST_FILE]


def functions(source: Source) -> Iterator[tuple[str, int]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{source.path}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def long_functions(sources: list[Source]) -> list[str]:
    every = (function for source in sources if source.room != "migrations" for function in functions(source))
    return [f"{name}: {lines} lines" for name, lines in every if lines > LONGEST_FUNCTION]


def silent_files(sources: list[Source]) -> list[str]:
    """Files that do not begin with one sentence on one line; an empty file has nothing to explain."""
    first = {
        source.path: (ast.get_docstring(source.tree) or "").partition("\n")[0] for source in sources if source.text
    }
    return [path for path, line in first.items() if not line.endswith((".", "!", "?"))]


def empty_names(paths: list[Path]) -> list[str]:
    return [str(path) for path in paths for part in path.parts if EMPTY_NAMES & set(Path(part).stem.split("_"))]


def kept_files() -> list[Path]:
    """Code by its path, without the environment, caches and data beside it. (In a mail "manager" is a role.)"""
    folders = ("intake", "migrations", "static", "tests", "bench")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in CODE]
    return [path.relative_to(ROOT) for path in (*found, *ROOT.glob("*.py"))]


def test_no_file_is_longer_than_a_person_reads() -> None:
    assert long_files(everything()) == []


def test_no_function_is_longer_than_a_screen() -> None:
    assert long_functions(everything()) == []


def test_functions_are_small_as_a_rule() -> None:
    lengths = [lines for source in service() for _, lines in functions(source)]
    assert statistics.median(lengths) <= 10
    assert statistics.quantiles(lengths, n=10)[-1] <= 30


def test_every_file_says_what_it_is_for() -> None:
    assert silent_files(everything()) == []


def test_no_name_is_a_drawer_for_everything() -> None:
    assert empty_names(kept_files()) == []


@pytest.mark.parametrize(
    "complaints",
    [
        long_files([Source("intake.web.x", "x = 1\n" * 401)]),
        long_functions([Source("intake.web.x", "def long():\n" + "    x = 1\n" * 60)]),
        silent_files([Source("intake.web.x", "x = 1\n")]),
        silent_files([Source("intake.web.x", '"""Goes on\nand on."""\n')]),
        empty_names([Path("intake/web/form_helpers.py")]),
        empty_names([Path("intake/utils/times.py")]),
    ],
)
def test_what_is_over_the_budget_is_seen(complaints: list[str]) -> None:
    assert complaints
