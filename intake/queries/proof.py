"""Whether the record still is what was sealed: read along the seals, entry by entry, in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from intake.ledger import seals
from intake.ledger.seals import Seal
from intake.models import Audit, AuditText
from intake.models.base import table_of
from intake.models.keyring import SealError
from intake.models.site import Site

PAGE = 2000
_LAST = 2**63 - 1
_A, _T = Audit.__table__.c, AuditText.__table__.c

Reading = Callable[[], AbstractContextManager[Connection]]


class Fault(StrEnum):
    """What does not fit."""

    SEAL_MISSING = "seal_missing"
    SEAL_CHANGED = "seal_changed"
    ENTRY_MISSING = "entry_missing"
    ENTRY_ADDED = "entry_added"
    CHANGED = "changed"
    WORDS_CHANGED = "words_changed"
    WORDS_MISSING = "words_missing"


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
    return int(conn.execute(select(func.count()).where(_A.id > through_id)).scalar_one())


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
        finding = _link(end, seal) or _content(site, end, seal, rows) or _words(site, open_, end, seal)
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


def _words(site: Site, open_: Reading, last: Seal, seal: Seal) -> Finding | None:
    """Whether the typed words that lie beside the sealed entries are those whose digest the entries keep."""
    with open_() as conn:
        rows = _typed(conn, last.through_id, seal.through_id)
        bad = next((row for row in rows if not (row.is_empty or _is_as_sealed(site, row))), None)
        if bad:
            return Finding(Fault.WORDS_CHANGED, seal.id, bad.id, bad.id)
        missing = _not_forgotten(conn, [row for row in rows if row.is_empty])
    return Finding(Fault.WORDS_MISSING, seal.id, missing, missing) if missing is not None else None


def _typed(conn: Connection, after: int, through: int) -> Sequence[Row[Any]]:
    is_empty = and_(_A.text_digest.is_not(None), _T.salt.is_(None), _T.text_encrypted.is_(None)).label("is_empty")
    asked = select(_A.id, _A.callback_id, _A.text_digest, _T.public_id, _T.salt, _T.text_encrypted, is_empty)
    asked = asked.outerjoin_from(table_of(Audit), table_of(AuditText), _T.audit_id == _A.id)
    has_words = or_(_A.text_digest.is_not(None), _T.audit_id.is_not(None))
    return conn.execute(asked.where(_A.id > after, _A.id <= through, has_words).order_by(_A.id)).all()


def _is_as_sealed(site: Site, row: Row[Any]) -> bool:
    if row.text_digest is None or row.salt is None or row.text_encrypted is None:
        return False
    try:
        words = site.keyring.open("audit_text.text", row.public_id, row.text_encrypted)
    except SealError:
        return False
    return compare_digest(site.keyring.text_digest(row.salt, words or ""), row.text_digest)


def _not_forgotten(conn: Connection, rows: Sequence[Row[Any]]) -> int | None:
    """The first entry whose words are gone without an entry that says so: of its request, or of old words at large."""
    if not rows:
        return None
    about = {row.callback_id for row in rows if row.callback_id is not None}
    redacted = select(_A.callback_id).where(_A.callback_id.in_(about), _A.action == "callback.redacted")
    forgotten = set(conn.execute(redacted).scalars())
    left = [row.id for row in rows if row.callback_id not in forgotten]
    at_large = select(func.max(_A.id)).where(_A.action == "audit.texts_redacted")
    last = (conn.execute(at_large).scalar() or -1) if left else -1
    return next((entry for entry in left if entry > last), None)


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
