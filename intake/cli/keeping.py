"""``flask intake purge``: forget what has been kept long enough."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask import current_app

from intake.database import reading
from intake.extensions import current_site
from intake.queries import retention as expiry
from intake.rules.retention import Retention
from intake.services import retention as forgetting


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Count what would go, and take nothing.")
def purge(dry_run: bool) -> None:
    """Take names, numbers and words out of requests that ended long ago. Figures and the record stay."""
    now = datetime.now(UTC)
    retention: Retention = current_app.config["INTAKE_RETENTION"]
    if dry_run:
        with reading() as conn:
            requests, texts = expiry.counts(conn, retention, now=now)
        click.echo(f"{requests} requests and {texts} old texts of the record would be emptied.")
        return
    requests = texts = 0
    for done in forgetting.purge(current_site(), retention, now=now):
        requests, texts = requests + done.requests, texts + done.texts
    forgetting.tidy_up()
    click.echo(f"{requests} requests and {texts} old texts of the record were emptied.")
