"""``flask intake …``: what an administrator does from a shell."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import UTC, datetime

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from intake.cli.demo import demo
from intake.cli.keeping import backup, purge, restore
from intake.cli.record import verify_audit
from intake.cli.second_factor import reset_mfa
from intake.database import reading
from intake.delivery import worker
from intake.extensions import current_site
from intake.queries import people as people_queries
from intake.rules.permissions import Role
from intake.services import people
from intake.services.accounts import PeopleError
from intake.services.passwords import PasswordError

intake = AppGroup("intake", help="Callback Intake: set up, deliver, look after.")


def init_app(app: Flask) -> None:
    """Add the commands to ``flask``."""
    app.cli.add_command(intake)


for command in (demo, purge, backup, restore, verify_audit, reset_mfa):
    intake.add_command(command)


@intake.command("create-user")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--name", default="", help="How colleagues know this person.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_user(email: str, roles: tuple[str, ...], name: str, password_stdin: bool) -> None:
    """Make an account for EMAIL."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else click.prompt("Password", hide_input=True)
    try:
        people.create_user(
            current_site(), email=email, name=name, roles=roles, password=password, now=datetime.now(UTC)
        )
    except (PeopleError, PasswordError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} can sign in now.")


@intake.command("deliver")
@click.option("--once", is_flag=True, help="Send what is due and stop.")
def deliver(once: bool) -> None:
    """Send waiting mail until stopped. Several of these may run at once on PostgreSQL."""
    worker.deliver_forever(current_app._get_current_object(), once=once)  # type: ignore[attr-defined]


@intake.command("init")
@click.option("--email", default="admin@example.com", show_default=True, help="The first administrator.")
def init(email: str) -> None:
    """Bring a development database up to date and make the first administrator."""
    if current_app.config["IS_PRODUCTION"]:
        raise click.ClickException("In production run 'flask db upgrade' and 'flask intake create-user' yourself.")
    upgrade()
    say_where()
    with reading() as conn:
        if people_queries.any_person(conn):
            return
    password = os.environ.get("INTAKE_ADMIN_PASSWORD") or secrets.token_urlsafe(12)
    roles = [role.value for role in (Role.ADMIN, Role.MANAGER, Role.STAFF)]
    people.create_user(
        current_site(), email=email, name="Administrator", roles=roles, password=password, now=datetime.now(UTC)
    )
    click.echo(f"\n  Sign in as  {email}\n  Password    {password}   (shown once; change it after signing in)\n")


def say_where() -> None:
    """Print where the form and the panel are."""
    url = current_site().public_url
    click.echo(f"\n  The form    {url}/callback\n  The panel   {url}/admin/")
