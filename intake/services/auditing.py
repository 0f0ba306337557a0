"""What an auditor does: have the seals checked, read a reason, take a copy. All of it is in the record itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.database import reading, writing
from intake.ledger import audit, seals
from intake.models.site import Site
from intake.queries import audit as record
from intake.queries import proof
from intake.queries.audit import Entry, Filter
from intake.queries.proof import Checked
from intake.rules.permissions import Actor, Permission
from intake.services import copies, sealing
from intake.services.copies import Wanted
from intake.services.errors import NotFoundError

CHECKED_AT_ONCE = 50_000
"""Entries that a press on "Check now" reads at most: about a second's work. The whole record is for a shell."""
CHUNK = 1000
"""Entries an export holds in memory. Each chunk is a read of its own, so that no long one keeps old rows alive."""


def check(site: Site, actor: Actor, *, now: datetime) -> Checked:
    """Seal what is open, recompute the seals over the newest CHECKED_AT_ONCE entries, and record the outcome."""
    actor.require(Permission.AUDIT)
    sealing.seal(site, now=now)
    with reading() as conn:
        start = seals.before_last(conn, CHECKED_AT_ONCE)
    found = proof.check(site, reading, start)
    with writing() as conn:
        audit.record(conn, site, actor, record.CHECKED, details=_told(found), now=now)
    return found


def _told(found: Checked) -> dict[str, Any]:
    """A check in numbers: entries counted from the beginning of the record, those before ``after`` not read."""
    told: dict[str, Any] = {"after": found.start.entries, "entries": found.end.entries}
    if found.finding:
        bad = found.finding
        told["fault"] = {"kind": bad.fault.value, "seal": bad.seal_id, "from": bad.first_id, "to": bad.last_id}
    return told


def read_reason(site: Site, actor: Actor, entry_id: int, *, now: datetime) -> Entry:
    """What somebody typed for one entry about a request. That it was read is on record before it is shown.

    NotFoundError if nothing was typed, or nothing that this person may read. Without words if they were deleted.
    """
    actor.require(Permission.AUDIT)
    with writing() as conn:
        found = record.reason(conn, site, entry_id, with_contact=actor.may(Permission.CONTACT))
        if found is None:
            raise NotFoundError
        if found.text:
            audit.record(
                conn, site, actor, "callback.reason_viewed", callback_id=found.callback_id,
                details={"entry": entry_id}, now=now,
            )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Copy:
    """An export that is on record already: how many entries, and the number of the youngest."""

    which: Filter
    rows: int
    through_id: int


def begin_copy(
    site: Site, actor: Actor, which: Filter, wanted: Wanted, *, about: Mapping[str, Any], now: datetime
) -> Copy:
    """Put an export on record before the first row leaves. ``about``: the filter as the record keeps it.

    Refused like ``copies.approve``.
    """
    actor.require(Permission.AUDIT)
    typed = copies.approve(site, actor, wanted, now=now)
    with reading() as conn:
        through_id = record.newest_id(conn)
        rows = record.count(conn, which, through_id)
    with writing() as conn:
        audit.record(conn, site, actor, "audit.exported", details={**about, "rows": rows}, typed=typed, now=now)
    return Copy(which, rows, through_id)


def copied(site: Site, copy: Copy) -> Iterator[Entry]:
    """The entries of an export, newest first, read as they are asked for."""
    last: Entry | None = None
    while True:
        with reading() as conn:
            chunk = record.after_page(conn, site, copy.which, last, through_id=copy.through_id, most=CHUNK)
        yield from chunk
        if len(chunk) < CHUNK:
            return
        last = chunk[-1]
