"""``flask intake …``: what an administrator does from a shell."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from intake.cli import without_settings as unset
from intake.cli.checking import check
from intake.cli.demo import demo
from intake.cli.first_start import init
from intake.cli.keeping import backup, purge, restore
from intake.cli.record import verify_audit
from intake.cli.second_factor import reset_mfa
from intake.delivery import worker
from intake.extensions import current_site
from intake.rules.permissions import Role
from intake.services import people
from intake.services.accounts import PeopleError
from intake.services.passwords import PasswordError

intake = AppGroup("intake", help="Callback Intake: set up, deliver, look after.")


def init_app(app: Flask, new_keys: unset.NewKeys) -> None:
    """Add the commands to ``flask``."""
    unset.keep_maker(app, new_keys)
    unset.refuse_outside(app)
    app.cli.add_command(intake)


def without_settings(error: Exception, problems: Sequence[str], new_keys: unset.NewKeys) -> Flask:
    """For a shell: the commands that help to make settings. Everywhere else the error."""
    return unset.stand_in(error, problems, new_keys, [init, check])


for command in (init, check, demo, purge, backup, restore, verify_audit, reset_mfa):
    intake.add_command(command)


@intake.command("create-user")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--name", default="", help="How colleagues know this person.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_user(email: str, roles: tuple[str, ...], name: str, password_stdin: bool) -> None:
    """Make an account for EMAIL."""
    while True:
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _asked_twice()
        try:
            people.create_user(
                current_site(), email=email, name=name, roles=roles, password=password, now=datetime.now(UTC)
            )
        except PasswordError as error:
            if password_stdin:
                raise click.ClickException(str(error)) from error
            click.echo(str(error), err=True)
        except PeopleError as error:
            raise click.ClickException(str(error)) from error
        else:
            click.echo(f"{email} can sign in now.")
            return


def _asked_twice() -> str:
    """Typed unseen, so typed twice."""
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


@intake.command("deliver")
@click.option("--once", is_flag=True, help="Send what is due and stop.")
def deliver(once: bool) -> None:
    """Send waiting mail until stopped. Several of these may run at once on PostgreSQL."""
    worker.deliver_forever(current_app._get_current_object(), once=once)  # type: ignore[attr-defined]
