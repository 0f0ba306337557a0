"""Whatever staff change of a request is a deed, to be undone for twenty seconds, or stands here with a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from tests.house.source import Source, calls, dotted, imports, service

NOT_UNDONE = {
    "claims.start_call": "somebody may be ringing already, and the number was seen",
    "legal_hold._turn": "each has an opposite, with a reason of its own; meanwhile nothing is sent or deleted",
    "mail.send_again": "the mail goes out at once, and nothing of the request is changed",
    "mail.send_any_again": "likewise",
    "mail.send_all_again": "likewise",
    "viewing.record": "a look: what was seen was seen",
    "dossier.put_on_record": "a look: what was seen was seen",
    "auditing.read_reason": "a look: what was seen was seen",
    "leases.look_after": "what has lapsed goes back by itself, whoever opens a page then",
    "people.disable": "an access ends, and whatever was held with it goes back; nobody chose these requests",
    "people.change": "likewise of a role",
    "undoing.undo": "the undoing itself",
}
"""Functions that write about requests in somebody's name and cannot be undone, and why."""

Name = tuple[str, str]


@dataclass(frozen=True)
class Function:
    """One of a service: what it names of others, called at once or handed on, and the calls in it."""

    named: frozenset[Name]
    called: tuple[ast.Call, ...]
    arguments: tuple[str, ...]

    def opens(self, way: str) -> bool:
        """A transaction, as ``writing`` or as ``deed``."""
        return any(dotted(one.func) == way for one in self.called)

    def writes(self) -> bool:
        """It changes a request's row, or puts on record that something was done to one."""
        for one in self.called:
            name = dotted(one.func)
            is_of_one = any(keyword.arg == "callback_id" for keyword in one.keywords)
            is_of_row = name in ("insert", "update", "delete") and dotted(one.args[0]) == "CallbackRequest"
            if name in ("change", "overwrite") or is_of_row or (name == "audit.record" and is_of_one):
                return True
        return False


def functions(sources: Iterable[Source]) -> dict[Name, Function]:
    """All of them, by module and name."""
    found = {}
    for source in sources:
        module = source.name.rpartition(".")[2]
        names = {one.name: (module, one.name) for one in source.tree.body if isinstance(one, ast.FunctionDef)}
        names |= {full.rpartition(".")[2]: (full.split(".")[-2], full.split(".")[-1]) for _, full in imports(source)
                  if full.startswith("intake.")}  # fmt: skip
        for node in source.tree.body:
            if isinstance(node, ast.FunctionDef):
                found[module, node.name] = _function(node, names)
    return found


def _function(node: ast.FunctionDef, names: Mapping[str, Name]) -> Function:
    named, called = set[Name](), []
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            called.append(part)
        if isinstance(part, ast.Name | ast.Attribute):
            start, _, end = dotted(part).partition(".")
            named |= {(names[start][1], end) if end else names[start]} if start in names else set()
    return Function(frozenset(named), tuple(called), tuple(one.arg for one in node.args.args))


def within(name: Name, known: Mapping[Name, Function]) -> set[Name]:
    """It and all that it leads to."""
    seen, ahead = set[Name](), {name}
    while ahead:
        one = ahead.pop()
        seen.add(one)
        ahead |= (known[one].named & known.keys()) - seen
    return seen


def no_deeds(known: Mapping[Name, Function]) -> set[str]:
    """What opens a transaction of its own in somebody's name, writes about a request in it, and is no deed."""
    own = [name for name, one in known.items() if "actor" in one.arguments and one.opens("writing")]
    return {".".join(name) for name in own if any(known[one].writes() for one in within(name, known))}


@cache
def services() -> dict[Name, Function]:
    return functions(source for source in service() if source.room == "services")


def test_what_staff_write_about_a_request_is_a_deed_or_says_why_not() -> None:
    assert no_deeds(services()) == set(NOT_UNDONE), "make it a deed (services.deeds), or say here why it is none"


def test_whatever_page_does_a_deed_offers_its_undoing() -> None:
    deeds = {name for name, one in services().items() if one.opens("deed")}
    assert {("claims", "claim"), ("next_call", "skip"), ("by_hand", "_store"), ("duplicates", "link")} <= deeds
    lead, found = set(deeds), set(deeds)
    while found:
        found = {name for name, one in services().items() if one.named & found} - lead
        lead |= found
    pages = {source.path: [name for _, name in calls(source)] for source in service() if source.room == "admin"}
    does = {path for path, names in pages.items() if any(tuple(name.split(".")[-2:]) in lead for name in names)}
    silent = [path for path in does if not any(name.endswith("done") for name in pages[path])]
    assert "intake/admin/adding.py" in does and silent == [], "say what was done by admin.undoing.done"


def test_a_new_one_that_is_no_deed_is_seen() -> None:
    text = """
from intake.database import writing
from intake.services.locking import change, lock

def praise(site, actor, reference, *, now):
    with writing() as conn:
        _praise(conn, lock(conn, reference))

def _praise(conn, row):
    change(conn, row, is_praised=True)
"""
    assert no_deeds(functions([Source("intake.services.praise", text)])) == {"praise.praise"}
    assert no_deeds(functions([Source("intake.services.praise", text.replace("writing", "deed"))])) == set()
