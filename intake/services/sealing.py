"""Sealing the record, so that nobody can change or remove an entry unseen, and checking that nobody did."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy.exc import IntegrityError, OperationalError

from intake.database import reading, writing
from intake.ledger import seals
from intake.ledger.seals import BEGINNING, Seal
from intake.models.site import Site
from intake.queries import audit, proof
from intake.queries.proof import Checked

log = logging.getLogger(__name__)

BATCH = 5000
"""Entries under one seal at most: what the sealer holds in memory."""


def seal(site: Site, *, now: datetime) -> Seal | None:
    """Seal the oldest entries that are not sealed yet, at most BATCH; None when there was nothing to do or no chance.

    No chance: the writers did not pause for 200 ms, or another sealer was faster. Either way the next turn does it.
    """
    with reading() as conn:
        last = seals.newest(conn)
        if not seals.entries(conn, after=last.through_id, through=2**63 - 1, most=1):
            return None
    through = _final_id()
    if through is None:
        return None
    made = _made(site, last, through, now)
    return made if made and _kept(made) else None


def _final_id() -> int | None:
    try:
        with writing() as conn:
            return seals.final_id(conn)
    except OperationalError:  # the lock was not to be had; a database that is down says so at the next statement
        return None


def _made(site: Site, last: Seal, through: int, now: datetime) -> Seal | None:
    with reading() as conn:
        rows = seals.entries(conn, after=last.through_id, through=through, most=BATCH)
    if not rows:
        return None
    head = {
        "id": last.id + 1, "through_id": rows[-1].id, "entries": last.entries + len(rows),
        "previous_hash": last.hash, "sealed_at": now,
    }  # fmt: skip
    return Seal(**head, hash=seals.proven(site, rows, **head))


def _kept(made: Seal) -> bool:
    """Store it and write it into the log. False if another sealer put its own there first."""
    try:
        with writing() as conn:
            seals.add(conn, made)
    except IntegrityError:
        return False
    # As a warning, since every set-up keeps those: outside the database a seal binds even whoever owns the database.
    log.warning("the record is sealed, %d entries, anchor %s", made.entries, anchor(made))
    return True


def anchor(made: Seal) -> str:
    """A seal as the log has it, and as ``verify-audit --anchor`` takes it."""
    return f"{made.id}:{made.hash.hex()}"


def seal_all(site: Site, *, now: datetime) -> int:
    """Seal what is there now, or until others are at it; returns how many seals were made.

    Not what comes meanwhile: where people never stop writing, this has an end all the same.
    """
    with reading() as conn:
        there = audit.newest_id(conn)
    made = 0
    while sealed := seal(site, now=now):
        made += 1
        if sealed.through_id >= there:
            break
    return made


def stands(anchored: str) -> bool:
    """Whether the seal that the log once named is still there as it was."""
    number, _, _ = anchored.partition(":")
    with reading() as conn:
        found = seals.with_id(conn, int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
    return found is not None and anchor(found) == anchored.strip().lower()


def verify(site: Site) -> Checked:
    """Recompute every seal from the first on. For a shell: it takes as long as the record is long."""
    return proof.check(site, reading, BEGINNING)
