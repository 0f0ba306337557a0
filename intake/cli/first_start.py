"""``flask intake init``: from a bare machine to the first administrator, a step each time it is run."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy.exc import SQLAlchemyError

from intake.cli import environment_file, without_settings
from intake.database import db, reading
from intake.extensions import current_site, schema_head
from intake.models.site import Site
from intake.queries import invitations, service
from intake.queries import people as people_queries
from intake.rules.permissions import SYSTEM, Role
from intake.services import inviting, people
from intake.services.accounts import PeopleError
from intake.services.passwords import PasswordError

ROLES = [role.value for role in (Role.ADMIN, Role.MANAGER, Role.STAFF)]
SAMPLE = "admin@example.com"

_KEEP = """
Keep two things, apart from each other:
  the keys       {names}
                 A copy of the settings' file in a password manager, or on paper in a safe. Without them nobody reads a
                 name again, whatever else was saved; with them and the database anybody does.
  the database   'flask intake backup FILE' every night (deploy/ has a timer), and FILE on another machine.
"""


@click.command("init")
@click.option(
    "--write", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the settings to FILE (0600)."
)
@click.option("--email", default="", help=f"The first administrator. In development {SAMPLE}.")
@click.option("--name", default="", help="How colleagues know this person.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else a link is made.")
def init(file: Path | None, email: str, name: str, password_stdin: bool) -> None:
    """Make settings, tables and the first administrator. Run it again after each step; what is there stays."""
    problems = without_settings.problems()
    if problems and os.environ.get("INTAKE_ENV") == "development":
        raise click.ClickException("\n  - ".join(["The settings do not let the service start:", *problems]))
    if file is not None:
        write_settings(file)
    elif problems and not email:
        print_settings()
    if problems:
        if email:
            raise click.ClickException("\n  - ".join(["First the settings. What is wrong with them:", *problems]))
        return
    if current_app.config["IS_PRODUCTION"]:
        _production(current_site(), email, name, password_stdin)
    else:
        _development(email or SAMPLE, name or "Administrator", password_stdin)


def print_settings() -> None:
    """A complete file on standard output, and beside it what is still to be done."""
    text = environment_file.fresh(without_settings.new_keys(), os.environ)
    click.echo(text)
    _say_what_to_fill_in(text, "this file. Nothing was kept: run again with --write FILE, or send the output to one")


def write_settings(file: Path) -> None:
    """Make FILE, or add to it what it lacks. A value that is there is never touched."""
    try:
        before = file.read_text() if file.exists() else ""
        text = environment_file.completed(before, without_settings.new_keys(), os.environ)
        if text != before:
            environment_file.write(file, text)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(
        f"{file} was {'completed' if before else 'made'}." if text != before else f"{file} lacks nothing.", err=True
    )
    _say_what_to_fill_in(text, str(file))


def _say_what_to_fill_in(text: str, place: str) -> None:
    empty = environment_file.still_empty(text)
    if empty:
        words = {name: why for name, _, why in environment_file.TO_FILL_IN}
        click.echo(f"\nFill in, in {place}:", err=True)
        for name in empty:
            click.echo(f"  {name:<28}{words[name]}", err=True)
    click.echo(
        "\nThen run it with these settings in the environment: 'flask intake init --email you@example.org' makes the "
        "tables\nand the first administrator, and 'flask intake check' says whether everything is in order.",
        err=True,
    )


def _production(site: Site, email: str, name: str, password_stdin: bool) -> None:
    _tables()
    _first_administrator(site, email, name, password_stdin, datetime.now(UTC))
    click.echo(_KEEP.format(names=", ".join(without_settings.new_keys())))
    click.echo("Next: start the service and its worker, then 'flask intake check'.")
    say_where()


def _tables() -> None:
    """An empty database gets its tables. One with rows in it is never changed in passing."""
    head = schema_head()
    if db.engine.dialect.name == "sqlite":
        Path(str(db.engine.url.database)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with reading() as conn:
            found = service.schema(conn)
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or type(error).__name__).strip().partition("\n")[0]
        raise click.ClickException(f"The database in DATABASE_URL does not answer: {why}") from error
    if found is None:
        upgrade()
        click.echo(f"The tables are made ({head}).")
    elif found == head:
        click.echo(f"The tables are there ({head}).")
    else:
        raise click.ClickException(
            f"The database stands at {found}, and this version needs {head}. Make a backup ('flask intake backup "
            "FILE'), then run 'flask db upgrade' and this once more."
        )


def _first_administrator(site: Site, email: str, name: str, password_stdin: bool, now: datetime) -> None:
    with reading() as conn:
        there = people_queries.active_with(conn, Role.ADMIN)
        person = people_queries.by_email(conn, email) if email else None
    if there:
        click.echo("There is an administrator, who invites everybody else at /admin/people/.")
        return
    if not email:
        raise click.ClickException("Nobody can sign in yet. Run it again with --email, the first administrator's.")
    try:
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
            people.create_user(site, email=email, name=name, roles=ROLES, password=password, now=now)
            click.echo(f"{email} can sign in now.")
            return
        if person is None:
            user_id = inviting.invite(site, SYSTEM, email=email, name=name or _name_in(email), roles=ROLES, now=now)
        else:
            user_id = person.id
            inviting.send_link(site, SYSTEM, user_id, now=now)
    except (PeopleError, PasswordError) as error:
        raise click.ClickException(str(error)) from error
    _show_link(site, email, user_id, now)


def _name_in(email: str) -> str:
    return email.partition("@")[0].replace(".", " ").title()


def _show_link(site: Site, email: str, user_id: int, now: datetime) -> None:
    with reading() as conn:
        public_id = invitations.newest_open(conn, user_id, now=now)
    click.echo(
        f"{email} chooses a password here, once, within 72 hours (the same link goes out by mail):\n\n"
        f"  {site.invitation_link(public_id or '')}\n\nRun this again for a new link; the old one then opens nothing."
    )


def _development(email: str, name: str, password_stdin: bool) -> None:
    upgrade()
    say_where()
    with reading() as conn:
        if people_queries.any_person(conn):
            return
    made_up = os.environ.get("INTAKE_ADMIN_PASSWORD") or secrets.token_urlsafe(12)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else made_up
    now = datetime.now(UTC)
    try:
        people.create_user(current_site(), email=email, name=name, roles=ROLES, password=password, now=now)
    except PasswordError as error:
        raise click.ClickException(str(error) if password_stdin else f"INTAKE_ADMIN_PASSWORD: {error}") from error
    except PeopleError as error:
        raise click.ClickException(str(error)) from error
    shown = "as typed" if password_stdin else f"{password}   (shown once; change it after signing in)"
    click.echo(f"\n  Sign in as  {email}\n  Password    {shown}\n")


def say_where() -> None:
    """Print where the form and the panel are."""
    url = current_site().public_url
    click.echo(f"\n  The form    {url}/callback\n  The panel   {url}/admin/")
