"""The walls of the house hold, and each of them is able to fall."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.house import walls
from tests.house.source import Source, everything, service

Wall = Callable[[Source], Iterator[str]]


@pytest.mark.parametrize("wall", walls.WALLS, ids=lambda wall: wall.__name__)
def test_the_wall_stands(wall: Wall) -> None:
    assert [complaint for source in everything() for complaint in wall(source)] == []


def test_every_place_in_the_panel_says_which_right_opens_it() -> None:
    assert walls.every_place_in_the_panel_is_guarded(service()) == []


def test_there_is_something_to_guard() -> None:
    rooms = {source.room for source in service()}
    assert rooms >= {"rules", "models", "ledger", "queries", "services", "wording", "delivery", "web", "admin", "cli"}


BREACHES = [
    (walls.rules_stand_alone, "intake.rules.hours", "import flask"),
    (walls.rules_stand_alone, "intake.rules.hours", "from sqlalchemy import select"),
    (walls.rules_stand_alone, "intake.rules.hours", "def late():\n    from intake.models import User"),
    (walls.nobody_below_reads_the_clock, "intake.rules.hours", "from datetime import datetime\nx = datetime.now()"),
    (walls.nobody_below_reads_the_clock, "intake.services.calls", "import datetime\nx = datetime.datetime.now(None)"),
    (walls.nobody_below_reads_the_clock, "intake.ledger.audit", "from time import time\nx = time()"),
    (walls.nobody_below_reads_the_clock, "intake.wording.times", "default = date.today"),
    (walls.nobody_below_reads_the_clock, "intake.delivery.mailer", "x = time.monotonic()"),
    (walls.nobody_below_reads_the_clock, "intake.queries.worklist", "x = func.now()"),
    (walls.nobody_below_reads_the_clock, "intake.web.public", "x = text('SELECT now()')"),
    (walls.nobody_below_reads_the_clock, "intake.models.base", "x = text('CURRENT_TIMESTAMP')"),
    (walls.no_request_waits_for_mail, "intake.web.public", "from intake.delivery import worker"),
    (walls.no_request_waits_for_mail, "intake.admin.queue", "from intake import delivery"),
    (walls.no_request_waits_for_mail, "intake.services.calls", "def send():\n    import flask_mail"),
    (walls.no_request_waits_for_mail, "intake.services.people", "import smtplib"),
    (walls.no_request_waits_for_mail, "intake.queries.mail", "import urllib.request"),
    (walls.only_services_and_delivery_commit, "intake.web.public", "from intake.database import writing"),
    (walls.only_services_and_delivery_commit, "intake.admin.queue", "from intake.database import together"),
    (walls.only_services_and_delivery_commit, "intake.ledger.audit", "def record(conn):\n    conn.commit()"),
    (walls.only_services_and_delivery_commit, "intake.queries.people", "with engine.begin() as conn: pass"),
    (walls.only_services_and_delivery_commit, "intake.admin.queue", "conn.exec_driver_sql('BEGIN IMMEDIATE')"),
    (walls.only_services_and_delivery_commit, "intake.admin.queue", "db.session.add(x)"),
    (walls.only_services_and_delivery_commit, "intake.cli.demo", "database.writing()"),
    (walls.the_request_stays_in_its_rooms, "intake.services.calls", "from flask import request"),
    (walls.the_request_stays_in_its_rooms, "intake.ledger.audit", "from flask import Flask, g"),
    (walls.the_request_stays_in_its_rooms, "intake.wording.names", "import flask\nx = flask.session"),
    (walls.the_request_stays_in_its_rooms, "intake.delivery.worker", "from flask import current_app"),
    (walls.the_request_stays_in_its_rooms, "intake.queries.people", "from flask_login import current_user"),
    (walls.the_panel_never_queries, "intake.admin.people", "from flask_admin.contrib.sqla import ModelView"),
    (walls.the_panel_never_queries, "intake.web.public", "from flask_admin import expose"),
    (walls.the_panel_never_queries, "intake.admin.queue", "from sqlalchemy import select"),
    (walls.the_panel_never_queries, "intake.admin.queue", "from intake.ledger import audit"),
    (walls.the_panel_never_queries, "intake.admin.queue", "from intake.database import db"),
    (walls.the_panel_never_queries, "intake.web.private_page", "conn.execute(statement)"),
    (walls.the_panel_never_queries, "intake.admin.queue", "admin.add_view(Later())"),
    (walls.nobody_imports_app_or_config, "intake.web.public", "from config import load"),
    (walls.nobody_imports_app_or_config, "intake.cli.demo", "def make():\n    from app import create_app"),
    (walls.nobody_imports_app_or_config, "config", "import app"),
    (walls.nobody_imports_app_or_config, "migrations.env", "import config"),
]


@pytest.mark.parametrize(("wall", "name", "text"), BREACHES)
def test_a_breach_is_seen(wall: Wall, name: str, text: str) -> None:
    assert list(wall(Source(name, text)))


PASSAGES = [
    (walls.rules_stand_alone, "intake.rules.phone", "import phonenumbers\nfrom intake.rules.hours import Interval"),
    (walls.rules_stand_alone, "intake.rules.phone", "from datetime import datetime\nfrom zoneinfo import ZoneInfo"),
    (walls.nobody_below_reads_the_clock, "intake.web.public", "now = datetime.now(UTC)"),
    (walls.nobody_below_reads_the_clock, "intake.delivery.worker", "now = datetime.now(UTC)"),
    (walls.nobody_below_reads_the_clock, "intake.rules.hours", '"""Never calls now()."""'),
    (walls.no_request_waits_for_mail, "intake.cli", "from intake.delivery import worker"),
    (walls.only_services_and_delivery_commit, "intake.services.calls", "with writing() as conn: pass"),
    (walls.only_services_and_delivery_commit, "intake.web.signin", "db.session.close()"),
    (walls.the_request_stays_in_its_rooms, "intake.extensions", "from flask import request"),
    (walls.the_request_stays_in_its_rooms, "intake.delivery.worker", "from flask import Flask"),
    (walls.the_panel_never_queries, "intake.web.public", "from sqlalchemy.exc import OperationalError"),
    (walls.nobody_imports_app_or_config, "app", "from config import load"),
    (walls.nobody_imports_app_or_config, "tests.conftest", "import config\nfrom app import create_app"),
]


@pytest.mark.parametrize(("wall", "name", "text"), PASSAGES)
def test_what_is_allowed_passes(wall: Wall, name: str, text: str) -> None:
    assert list(wall(Source(name, text))) == []


PANEL = "class PanelView(BaseView):\n    permission = None\n"


@pytest.mark.parametrize(
    "text",
    [
        "class Open(BaseView): pass",
        PANEL + "class Forgotten(PanelView): pass\nadmin.add_view(Forgotten())",
        "class Index(AdminIndexView): pass",
    ],
    ids=["stands on Flask-Admin's own view", "names no right", "an open index"],
)
def test_an_open_place_in_the_panel_is_seen(text: str) -> None:
    assert walls.every_place_in_the_panel_is_guarded([Source("intake.admin.later", text)])


@pytest.mark.parametrize(
    "text",
    [
        "class Queue(PanelView):\n    permission = Permission.QUEUE\nadmin.add_view(Queue())",
        "class Part(PanelView): pass\nclass Whole(Part):\n    permission = 1\nadmin.add_view(Whole())",
        "class Index(PanelView, AdminIndexView):\n    def is_accessible(self): ...\nAdmin(index_view=Index())",
    ],
)
def test_a_guarded_place_passes(text: str) -> None:
    assert walls.every_place_in_the_panel_is_guarded([Source("intake.admin.later", PANEL + text)]) == []
