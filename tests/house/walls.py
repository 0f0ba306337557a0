"""The seven walls of the house: each takes a source file and answers with what is wrong in it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from tests.house.source import Source, calls, dotted, imports, is_within, references, strings

FACES = ("web", "admin", "cli")
"""The rooms that speak with people; they read the clock once per request and hand it down."""

CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now", "datetime.date.today",
    "datetime.datetime.utcnow", "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.monotonic",
    "time.perf_counter",
}  # fmt: skip
PAGES = ("web", "admin")
OUTSIDE = ("smtplib", "socket", "flask_mail", "requests", "httpx", "urllib.request", "http.client", "ftplib")
OF_THE_REQUEST = {"request", "g", "session", "current_app", "has_request_context", "copy_current_request_context"}
SIGNS_IN = ("intake.web.signin", "intake.web.sign_in_")
"""Flask-Security works on ``db.session`` and commits in its own views: its neighbours may touch that."""


def rules_stand_alone(source: Source) -> Iterator[str]:
    """1a. rules/ imports the standard library, phonenumbers, holidays and itself."""
    if source.room != "rules":
        return
    for node, name in imports(source):
        top = name.split(".")[0]
        if top not in sys.stdlib_module_names and not is_within(name, "phonenumbers", "holidays", "intake.rules"):
            yield source.at(node, f"rules may not import {name}")


def nobody_below_reads_the_clock(source: Source) -> Iterator[str]:
    """1b. ``now`` is an argument everywhere but in web, admin, cli and the worker; SQL never asks for it."""
    if not source.name.startswith("intake"):
        return
    for node, name in references(source):
        if name in ("func.now", "func.current_timestamp"):
            yield source.at(node, "the database's clock is never asked")
    for node, text in strings(source):
        if re.search(r"\bCURRENT_TIMESTAMP\b|\bnow\(\)|datetime\('now'", text, re.IGNORECASE):
            yield source.at(node, "the database's clock is never asked")
    if source.room in FACES or source.name == "intake.delivery.worker":
        return
    for node, name in references(source):
        if name in CLOCKS:
            yield source.at(node, f"{name} is read below the rooms that may")
    for stmt, name in imports(source):
        if name in CLOCKS:
            yield source.at(stmt, f"{name} is read below the rooms that may")


def no_request_waits_for_mail(source: Source) -> Iterator[str]:
    """2. web, admin and services never import delivery or Flask-Mail; only delivery talks to the outside at all."""
    for node, name in imports(source):
        if source.room in ("web", "admin", "services") and is_within(name, "intake.delivery", "flask_mail"):
            yield source.at(node, f"{source.room} may not import {name}")
        elif source.name.startswith("intake") and source.room != "delivery" and is_within(name, *OUTSIDE):
            yield source.at(node, f"only delivery talks to the outside, not {name} here")


def only_services_and_delivery_commit(source: Source) -> Iterator[str]:
    """3. No transaction that writes begins or ends outside services/ and delivery/."""
    if not source.name.startswith("intake") or source.room in ("services", "delivery", "database"):
        return
    for node, name in imports(source):
        if name in ("intake.database.writing", "intake.database.together"):
            yield source.at(node, "only services and delivery write")
    for call, name in calls(source):
        if name.split(".")[-1] in ("commit", "begin", "begin_nested", "writing", "together"):
            yield source.at(call, f"{name}() belongs into services")
    for const, text in strings(source):
        if re.match(r"\s*(COMMIT|BEGIN|SAVEPOINT)\b(?!\s+SELECT)", text):
            yield source.at(const, "no transactions by hand")
    if not source.name.startswith(SIGNS_IN):
        yield from (
            source.at(node, "db.session is for Flask-Security only")
            for node, name in references(source)
            if name == "db.session"
        )


def the_request_stays_in_its_rooms(source: Source) -> Iterator[str]:
    """4. ``request``, ``g``, ``session`` and ``current_app`` appear only in web, admin, cli and extensions.py."""
    if not source.name.startswith("intake") or source.room in (*FACES, "extensions"):
        return
    for node, name in imports(source):
        package, _, last = name.rpartition(".")
        if (is_within(package, "flask") and last in OF_THE_REQUEST) or is_within(name, "flask_login", "flask.globals"):
            yield source.at(node, f"{name} stops at the rooms that speak with people")
    for ref, name in references(source):
        if name.startswith("flask.") and name.split(".")[1] in OF_THE_REQUEST:
            yield source.at(ref, f"{name} stops at the rooms that speak with people")


def the_panel_never_queries(source: Source) -> Iterator[str]:
    """5. Flask-Admin lives in admin/ only, never with its own SQL; no page holds SQL, and views are added at start."""
    for node, name in imports(source):
        if is_within(name, "flask_admin.contrib"):
            yield source.at(node, f"{name} queries and commits by itself")
        elif is_within(name, "flask_admin") and source.name.startswith("intake") and source.room != "admin":
            yield source.at(node, f"{name} belongs into admin")
        elif source.room in PAGES and _is_sql(source, name):
            yield source.at(node, f"{source.room} asks queries and services, not {name}")
    for call, name in calls(source):
        if source.room in PAGES and name.split(".")[-1] in ("execute", "scalars", "exec_driver_sql"):
            yield source.at(call, f"{source.room} holds no SQL")
        if name.endswith("add_view") and source.name.startswith("intake") and source.name != "intake.admin":
            yield source.at(call, "views are registered in intake/admin/__init__.py, before the first request")


def _is_sql(source: Source, name: str) -> bool:
    if is_within(name, "sqlalchemy"):
        return not is_within(name, "sqlalchemy.exc") and name != "sqlalchemy.Connection"
    return is_within(name, "intake.ledger") or (name == "intake.database.db" and not source.name.startswith(SIGNS_IN))


def every_place_in_the_panel_is_guarded(sources: list[Source]) -> list[str]:
    """6. Each view class stands on PanelView (which lets nobody in) and says which right opens it."""
    classes = {node.name: (source, node) for source in sources for node in _classes(source)}
    added, wrong = _added(sources), []
    for name, (source, node) in classes.items():
        ancestors = _ancestors(name, classes)
        if not ancestors & {"BaseView", "AdminIndexView", "BaseModelView"} or name == "PanelView":
            continue
        if "PanelView" not in ancestors:
            wrong.append(source.at(node, f"{name} does not stand on PanelView"))
        elif name in added and not _says_who({name, *ancestors} - {"PanelView"}, classes):
            wrong.append(source.at(node, f"{name} does not say which right opens it"))
    return wrong


def _classes(source: Source) -> Iterator[ast.ClassDef]:
    if source.room == "admin":
        yield from (node for node in source.nodes if isinstance(node, ast.ClassDef))


def _ancestors(name: str, classes: dict[str, tuple[Source, ast.ClassDef]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        known = classes.get(waiting.pop())
        bases = {dotted(base).split(".")[-1] for base in known[1].bases} if known else set()
        waiting += bases - found
        found |= bases
    return found


def _added(sources: list[Source]) -> set[str]:
    """The classes handed to Flask-Admin: ``add_view(Queue(…))`` and ``index_view=PanelIndex()``."""
    made = set()
    for source in sources:
        for call, name in calls(source):
            given = call.args[:1] if name.endswith("add_view") else []
            given += [keyword.value for keyword in call.keywords if keyword.arg == "index_view"]
            made |= {dotted(each.func).split(".")[-1] for each in given if isinstance(each, ast.Call)}
    return made


def _says_who(names: set[str], classes: dict[str, tuple[Source, ast.ClassDef]]) -> bool:
    for _, node in (classes[name] for name in names if name in classes):
        for part in node.body:
            targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == "permission" for target in targets):
                return True
            if isinstance(part, ast.FunctionDef) and part.name == "is_accessible":
                return True
    return False


def nobody_imports_app_or_config(source: Source) -> Iterator[str]:
    """7. Nobody imports ``app``; only ``app`` and tests import ``config``."""
    if source.room in ("tests", "bench"):
        return
    for node, name in imports(source):
        if is_within(name, "app"):
            yield source.at(node, "nobody imports app")
        if is_within(name, "config") and source.name != "app":
            yield source.at(node, "only app imports config")


WALLS = (
    rules_stand_alone,
    nobody_below_reads_the_clock,
    no_request_waits_for_mail,
    only_services_and_delivery_commit,
    the_request_stays_in_its_rooms,
    the_panel_never_queries,
    nobody_imports_app_or_config,
)
