"""``flask intake reset-mfa``: for somebody whose telephone and recovery codes are gone."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from intake.database import reading
from intake.extensions import current_site
from intake.queries import people
from intake.rules.permissions import SYSTEM
from intake.services import second_factor
from intake.services.errors import RefusedError


@click.command("reset-mfa")
@click.argument("email")
def reset_mfa(email: str) -> None:
    """Take the second factor and the recovery codes of EMAIL away and sign them out everywhere. They get a mail."""
    with reading() as conn:
        person = people.by_email(conn, email)
    if person is None:
        raise click.ClickException(f"Nobody here has the email {email}.")
    try:
        second_factor.reset(current_site(), SYSTEM, person.id, now=datetime.now(UTC))
    except RefusedError as error:
        raise click.ClickException(f"{person.email} has no second factor.") from error
    click.echo(f"{person.email} signs in with the password alone, and can set up a second factor again.")
