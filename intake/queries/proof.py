"""Whether the record still is what was sealed: read along the seals, entry by entry, in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, func, select

from intake.ledger import seals
from intake.ledger.seals import Seal
from intake.models import Audit
from intake.models.site import Site

PAGE = 2000
_LAST = 2**63 - 1

Reading = Callable[[], AbstractContextManager[Connection]]


class Fault(StrEnum):
    """What does not fit."""

    SEAL_MISSING = "seal_missing"
    SEAL_CHANGED = "seal_changed"
    ENTRY_MISSING = "entry_missing"
    ENTRY_ADDED = "entry_added"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that does not fit: the seal, and the entries ``first_id`` to ``last_id`` it stands for."""

    fault: Fault
    seal_id: int
    first_id: int
    last_id: int
    sealed: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """How far the seals were read: from behind ``start`` to ``end``, the last one that fits."""

    start: Seal
    end: Seal
    is_complete: bool
    finding: Finding | None = None


def unsealed(conn: Connection, through_id: int) -> int:
    """How many entries lie behind the last seal."""
    return int(conn.execute(select(func.count()).where(Audit.__table__.c.id > through_id)).scalar_one())


def check(site: Site, open_: Reading, start: Seal) -> Checked:
    """Recompute the seals behind ``start`` up to the newest.

    Every page is read in a short transaction of its own: what is sealed does not change meanwhile, and if it does, that
    is what is looked for. Memory holds a page of seals and a page of entries.
    """
    with open_() as conn:
        newest = seals.newest(conn).id  # a later one may stand for entries younger than the page read below
    rows = _Ahead(_entries(open_, start.through_id))
    end = start
    for seal in takewhile(lambda one: one.id <= newest, _seals(open_, start.id)):
        finding = _link(end, seal) or _content(site, end, seal, rows)
        if finding:
            return Checked(start, end, is_complete=False, finding=finding)
        end = seal
    return Checked(start, end, is_complete=True)


def _link(last: Seal, seal: Seal) -> Finding | None:
    """Whether a seal stands on the one before it."""
    if seal.id != last.id + 1:
        return Finding(Fault.SEAL_MISSING, last.id + 1, _first(last), seal.through_id)
    if seal.previous_hash != last.hash or seal.through_id <= last.through_id:
        return Finding(Fault.SEAL_CHANGED, seal.id, _first(last), seal.through_id)
    return None


def _content(site: Site, last: Seal, seal: Seal, rows: _Ahead) -> Finding | None:
    """Whether the entries are those that were sealed, neither more nor fewer nor others."""
    head = {name: getattr(seal, name) for name in ("id", "through_id", "entries", "previous_hash", "sealed_at")}
    proof, found, first, final = seals.headed(site, **head), 0, _first(last), last.through_id
    for row in rows.up_to(seal.through_id):
        proof.add(seals.encoded(row))
        first, final, found = (row.id if not found else first), row.id, found + 1
    if proof.finish() == seal.hash:
        return None
    sealed = seal.entries - last.entries
    if found == sealed:
        return Finding(Fault.CHANGED, seal.id, first, final)
    fault = Fault.ENTRY_MISSING if found < sealed else Fault.ENTRY_ADDED
    return Finding(fault, seal.id, _first(last), seal.through_id, sealed, found)


def _first(last: Seal) -> int:
    """The lowest number an entry behind this seal can have."""
    return last.through_id + 1 if last.id else 1


def _seals(open_: Reading, after: int) -> Iterator[Seal]:
    while True:
        with open_() as conn:
            page = seals.seals(conn, after=after, most=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def _entries(open_: Reading, after: int) -> Iterator[Row[Any]]:
    while True:
        with open_() as conn:
            page = seals.entries(conn, after=after, through=_LAST, most=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


class _Ahead:
    """Rows one after the other, looked at one ahead, so that the first of the next seal is not lost."""

    def __init__(self, rows: Iterator[Row[Any]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def up_to(self, last_id: int) -> Iterator[Row[Any]]:
        """Those with a number up to this one."""
        while self._next is not None and self._next.id <= last_id:
            row, self._next = self._next, next(self._rows, None)
            yield row
