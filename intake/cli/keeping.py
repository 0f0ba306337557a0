"""``flask intake purge``, ``backup`` and ``restore``: what is kept, for how long, and a copy of it."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app

from intake.database import reading
from intake.extensions import current_site, schema_head
from intake.queries import retention as expiry
from intake.queries.search import reference_in
from intake.rules.retention import Retention
from intake.services import backup as copying
from intake.services import retention as forgetting
from intake.services.errors import NotFoundError, RefusedError

LAST_BACKUP = "last-backup"
"""An empty file in the instance folder, as old as the newest backup made on this machine."""


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Count what would go, and take nothing.")
@click.option("--reference", help="Only this ended request, however young: its person asked for it.")
def purge(dry_run: bool, reference: str | None) -> None:
    """Take names, numbers and words out of requests that ended long ago. Figures and the record stay."""
    now = datetime.now(UTC)
    if reference:
        _forget(reference, now, dry_run)
        return
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


def _forget(typed: str, now: datetime, dry_run: bool) -> None:
    reference = reference_in(typed)
    if dry_run or not reference:
        raise click.UsageError("Say --reference K7M-4QX, without --dry-run.")
    try:
        forgetting.forget(current_site(), reference, now=now)
    except NotFoundError:
        raise click.ClickException(f"There is no request {reference}.") from None
    except RefusedError as refused:
        why = "It is still open: close it first." if refused.code == "still_open" else "It is on legal hold."
        raise click.ClickException(why) from None
    forgetting.tidy_up()
    click.echo(f"{reference} was emptied. Backups made before still hold it.")


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def backup(file: Path, force: bool) -> None:
    """Write a copy of the database to FILE while the service runs. The keys are not in it."""
    try:
        size = copying.back_up(file, is_forced=force)
    except copying.BackupError as error:
        raise click.ClickException(str(error)) from error
    with contextlib.suppress(OSError):  # ``check`` then cannot tell how old it is; the backup is there all the same
        (Path(current_app.config["INTAKE_INSTANCE"]) / LAST_BACKUP).touch(mode=0o600)
    click.echo(f"{file} holds everything up to now ({size / 1_000_000:.1f} MB). Keep the keys somewhere else.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Lose what is in the database now.")
def restore(file: Path, force: bool) -> None:
    """Put the copy in FILE in the database's place: all of it, or nothing if something is wrong."""
    try:
        click.echo(copying.restore(current_site(), file, schema_head(), now=datetime.now(UTC), is_forced=force))
        click.echo("Everybody signs in again. Links that were sent and recovery codes no longer work: make new ones.")
    except copying.BackupError as error:
        raise click.ClickException(str(error)) from error
