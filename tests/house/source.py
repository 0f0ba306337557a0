"""The project's own Python files as syntax trees, and the questions the walls ask them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One file: ``name`` is its dotted module, e.g. ``intake.web.public``."""

    name: str
    text: str
    path: str = "made-up.py"

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All there is in the tree, walked through once for all the walls."""
        return list(ast.walk(self.tree))

    @cached_property
    def room(self) -> str:
        """``web`` for ``intake.web.public``, ``intake`` for the package itself, the name itself outside of it."""
        parts = self.name.split(".")
        return parts[1] if parts[0] == "intake" and len(parts) > 1 else parts[0]

    def at(self, node: ast.AST, words: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 0)} {words}"


@cache
def read(path: Path) -> Source:
    """A file, read and parsed once for all the walls."""
    relative = path.relative_to(ROOT)
    parts = relative.with_suffix("").parts
    return Source(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path.read_text(), str(relative))


def service() -> list[Source]:
    """Everything that runs in production."""
    return [read(path) for path in (ROOT / "app.py", ROOT / "config.py", *sorted((ROOT / "intake").rglob("*.py")))]


def everything() -> list[Source]:
    """The service with its migrations, tests, benchmarks and server settings."""
    rest = [ROOT / "gunicorn.conf.py"]
    for folder in ("migrations", "tests", "bench"):
        rest += sorted((ROOT / folder).rglob("*.py"))
    return service() + [read(path) for path in rest]


def imports(source: Source) -> Iterator[tuple[ast.stmt, str]]:
    """Every name a file imports, wherever in the file, in full: ``from flask import g`` gives ``flask.g``."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(source, node)
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)


def _base(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.name.split(".")
    is_package = source.path.endswith("__init__.py")
    package = package[: len(package) - node.level + is_package]
    return ".".join([*package, node.module] if node.module else package)


def is_within(name: str, *packages: str) -> bool:
    """Whether ``name`` is one of the packages or lies inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def dotted(node: ast.AST) -> str:
    """``datetime.now`` for that expression; the unknown start of a longer one is left out."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}".lstrip(".") if isinstance(node, ast.Attribute) else ""


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the dotted name of what is called."""
    for node in source.nodes:
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def references(source: Source) -> Iterator[tuple[ast.Attribute, str]]:
    """Every dotted expression, called or not."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute):
            yield node, dotted(node)


def strings(source: Source) -> Iterator[tuple[ast.Constant, str]]:
    """Every string that is not a docstring."""
    docs = {
        id(node.body[0].value)
        for node in source.nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node, node.value
