"""SIGKILL between raising an alert and telling it: it is told, once, by whoever looks next."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bench.processes import ROOT, environment
from intake.database import db, reading
from intake.models import Alert, OutboxMessage
from intake.models.site import Site
from intake.queries.rule_versions import RuleKind
from intake.rules.alerting import AlertRules
from intake.services import alerting, rule_versions
from tests.conftest import KEYS
from tests.making import ask, count, person

HOOK = "http://127.0.0.1:9/hook"
O = OutboxMessage.__table__.c  # noqa: E741
KILLED = """
import os, signal, sys
from datetime import datetime
from app import create_app
from intake.services import alerting
app, now, real = create_app(), datetime.fromisoformat(sys.argv[1]), alerting.outbox.enqueue
def enqueue(*args, **more):
    real(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)
with app.app_context():
    site = app.extensions["intake"]
    alerting.raise_due(site, now=now)
    alerting.outbox.enqueue = enqueue
    alerting.tell(site, now=now)
"""


def told() -> list[str]:
    with reading() as conn:
        about = O.kind.in_(("staff.alerts", "hook.alert"))
        return sorted(conn.execute(select(O.recipient).where(about)).scalars())


def test_killed_between_raising_and_telling_each_is_told_once(site: Site, now: datetime, tmp_path: Path) -> None:
    night = now + timedelta(hours=10)
    admin, sam = person(site, "Ada", "admin", now=now), person(site, "Sam", now=now)
    rules = AlertRules(is_on_call=True, on_call=(sam.person_id,)).to_document()
    rule_versions.change(site, admin, RuleKind.ALERTS, rules, seen=0, words="", now=now)
    ask(site, night)
    url = db.engine.url.render_as_string(hide_password=False)
    env = environment(url, tmp_path, KEYS, INTAKE_ONCALL_WEBHOOK_URL=HOOK)
    done = subprocess.run([sys.executable, "-c", KILLED, night.isoformat()], cwd=ROOT, env=env, capture_output=True,
                          check=False)  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert count(Alert) == 2, "raised before it was killed"
    assert told() == [], "neither half a mail nor a mark is left"
    site = replace(site, webhook_url=HOOK)
    for minutes in (0, 1, 2):
        alerting.raise_due(site, now=night + timedelta(minutes=minutes))
        alerting.tell(site, now=night + timedelta(minutes=minutes))
    assert told() == ["hook", f"user:{sam.person_id}"]
