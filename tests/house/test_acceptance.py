"""The eighty points of docs/acceptance.md: each is proven by a test that says so, or says itself that it is not yet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from config import ROOT
from tests.house.source import read

_POINT = re.compile(r"^(\d+)\. (.*?)(?=^\d+\. |^## |\Z)", re.MULTILINE | re.DOTALL)


def written() -> dict[int, bool]:
    """Each point's number, and whether it claims to be proven."""
    text = (ROOT / "docs" / "acceptance.md").read_text()
    return {int(match[1]): "*not yet*" not in match[2] for match in _POINT.finditer(text)}


def functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every function under tests/, whether or not pytest would take it for a test."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(read(path).tree):
            if isinstance(node, ast.FunctionDef):
                yield path, node


def marked() -> Iterator[tuple[int, str]]:
    """Each number a test carries, with the test's name."""
    for path, node in functions():
        for number in numbers(node):
            yield number, f"{path.relative_to(ROOT)}: {node.name}"


def is_run(path: Path, test: ast.FunctionDef) -> bool:
    """Whether pytest collects it, and neither skips it nor lets it fail."""
    marks = " ".join(ast.unparse(mark) for mark in test.decorator_list)
    named = path.name.startswith("test_") and test.name.startswith("test_")
    return named and "skip" not in marks and "xfail" not in marks


def numbers(test: ast.FunctionDef) -> Iterator[int]:
    """The points that a test carries."""
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "point":
            yield from (ast.literal_eval(argument) for argument in mark.args)


def test_there_are_eighty_points() -> None:
    assert list(written()) == list(range(1, 81))


def test_a_point_that_claims_a_proof_has_one() -> None:
    proven = {number for number, _ in marked()}
    assert [number for number, claims in written().items() if claims and number not in proven] == []


def test_a_point_with_a_proof_no_longer_says_not_yet() -> None:
    """A point takes several tests: the last one to come strikes the words out, and until then carries no mark."""
    points = written()
    assert [(number, test) for number, test in marked() if not points.get(number)] == []


def test_the_marks_stand_on_tests_that_are_run() -> None:
    assert [
        f"{path}: {node.name}" for path, node in functions() if list(numbers(node)) and not is_run(path, node)
    ] == []


def test_a_mark_that_proves_nothing_is_seen() -> None:
    taken = "@point(3)\ndef test_it(): ..."
    for file, text in (
        ("test_a.py", "@point(3)\ndef it(): ..."), ("pages.py", taken), ("test_a.py", f"@pytest.mark.skip\n{taken}"),
        ("test_a.py", f"@pytest.mark.xfail(strict=True)\n{taken}"),
    ):  # fmt: skip
        (node,) = (each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef))
        assert list(numbers(node)) == [3] and not is_run(Path(file), node)
