"""``flask intake check``: whether everything is as it should be, told to a person or to a program."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime

import click
from flask import Flask, current_app

from intake.cli import findings, without_settings
from intake.cli.findings import Finding, State
from intake.delivery import mailer, trial
from intake.extensions import current_site

_SIGNS = {State.FINE: "  ok    ", State.WARNING: "  look  ", State.FAULT: "  WRONG "}
_NOT_SENT = (
    mailer.ServerDownError,
    mailer.TryLaterError,
    mailer.CutOffError,
    mailer.RefusedError,
    mailer.UndeliverableError,
)


@click.command("check")
@click.option("--send-to", "address", default="", help="Also send a test mail to this ADDRESS.", metavar="ADDRESS")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def check(address: str, as_json: bool) -> None:
    """Look at settings, database, worker, mail server, disk and backup; exit code 1 if anything is wrong."""
    found = list(_found(address, datetime.now(UTC)))
    worst = next(
        state for state in (State.FAULT, State.WARNING, State.FINE) if any(one.state is state for one in found)
    )
    if as_json:
        listed = [{"what": one.what, "state": one.state.value, "words": one.words} for one in found]
        click.echo(json.dumps({"state": worst.value, "findings": listed}, ensure_ascii=False))
    else:
        click.echo("\n".join(line for one in found for line in _lines(one)))
    if worst is State.FAULT:
        raise SystemExit(1)


def _found(address: str, now: datetime) -> Iterator[Finding]:
    problems = without_settings.problems()
    if problems:
        yield from (findings.fault("settings", problem) for problem in problems)
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    yield from findings.all_of(app, current_site(), now)
    if address:
        yield _test_mail(app, address, now)


def _test_mail(app: Flask, address: str, now: datetime) -> Finding:
    try:
        trial.send_to(app, current_site(), address, now=now)
    except _NOT_SENT as error:
        return findings.fault("test mail", f"It was not taken: {error}")
    return findings.fine("test mail", f"The mail server took it, for {address}. Is it there, and not among the spam?")


def _lines(finding: Finding) -> list[str]:
    head = f"{_SIGNS[finding.state]}{finding.what:<16}"
    return textwrap.wrap(finding.words, 118, initial_indent=head, subsequent_indent=" " * len(head))
