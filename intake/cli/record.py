"""``flask intake verify-audit``: proves from a shell that the record is what it was."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

from intake.database import reading
from intake.extensions import current_site
from intake.queries import proof
from intake.queries.proof import Checked, Fault, Finding
from intake.services import sealing

_ANCHOR = re.compile(r"[0-9]{1,18}:[0-9a-fA-F]{64}")
_FAULTS = {
    Fault.SEAL_MISSING: "Seal {seal_id} is missing: entries {first_id} to {last_id} are no longer proven.",
    Fault.SEAL_CHANGED: "Seal {seal_id} does not stand on the seal before it: one of the two was changed.",
    Fault.ENTRY_MISSING: (
        "Entry missing: {sealed} were sealed with seal {seal_id} from number {first_id} to {last_id}, {found} are left."
    ),
    Fault.ENTRY_ADDED: (
        "Entry added: {sealed} were sealed with seal {seal_id} from number {first_id} to {last_id}, now it is {found}."
    ),
    Fault.CHANGED: "Changed: an entry from number {first_id} to {last_id}, or seal {seal_id} that covers them.",
    Fault.WORDS_CHANGED: (
        "Words changed: what was typed for entry {first_id} is not what was sealed, or its key is not in the settings."
    ),
    Fault.WORDS_MISSING: "Words missing: what was typed for entry {first_id} is gone, and no entry says why.",
}


@click.command("verify-audit")
@click.option("--anchor", "anchors", multiple=True, help="NUMBER:HASH of a seal from the log; it must still stand.")
def verify_audit(anchors: tuple[str, ...]) -> None:
    """Seal what is open, recompute every seal, and name the first that does not fit (exit code 1)."""
    for anchor in anchors:
        if not _ANCHOR.fullmatch(anchor.strip()):
            raise click.UsageError(
                f"{anchor!r} is no anchor: copy NUMBER:HASH from the log, the hash is 64 characters."
            )
    site = current_site()
    sealing.seal_all(site, now=datetime.now(UTC))
    checked = sealing.verify(site)
    with reading() as conn:
        open_ = proof.unsealed(conn, checked.end.through_id) if checked.is_complete else 0
    _tell(checked, open_)
    gone = [anchor for anchor in anchors if not sealing.stands(anchor)]
    for anchor in gone:
        click.echo(f"The seal with this anchor is gone or changed: {anchor}", err=True)
    if checked.finding or gone:
        raise SystemExit(1)


def _tell(checked: Checked, unsealed: int) -> None:
    end = checked.end
    click.echo(f"Entries that fit   {end.entries}\nSeals that fit     {end.id}")
    if checked.finding:
        click.echo(words(checked.finding), err=True)
        return
    click.echo(f"Not sealed yet     {unsealed}\nNewest seal        {sealing.anchor(end)}")
    click.echo("Every seal fits: no sealed entry was changed, removed or added.")


def words(finding: Finding) -> str:
    """What does not fit, for an administrator."""
    about = {name: getattr(finding, name) for name in Finding.__slots__}
    return _FAULTS[finding.fault].format(**about)
