"""Reading the record: who did what, newest first, filtered, page by page; and how far it is sealed and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal, select, true, tuple_

from intake.ledger import seals
from intake.ledger.seals import Seal
from intake.models import Audit, AuditText, CallbackRequest, User
from intake.models.base import table_of
from intake.models.site import Site
from intake.rules.permissions import ActorKind

PAGE = 50
COUNTED_TO = 1000
CHECKED = "audit.checked"
CHECK_SHOWN_FOR = timedelta(days=31)
"""So long the last check is told; the index is not searched further back for one."""

_A, _T, _U, _C = (model.__table__.c for model in (Audit, AuditText, User, CallbackRequest))
_position = tuple_(_A.at, _A.id)
_directions = ((_A.at, _A.id), (_A.at.desc(), _A.id.desc()))
"""The orders in which newer and older entries are read, from a place on."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(\d{1,17})-(\d{1,18})", re.ASCII)
_LATEST = 253_402_300_799_000_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries. ``actor`` is a person's id or a kind of actor; ``until`` is exclusive; empty means all."""

    actor: int | ActorKind | None = None
    reference: str = ""
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as stored. ``text`` is what somebody typed for it; about a request, it is read with ``reason`` only."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    action: str
    reference: str
    details: dict[str, Any]
    has_text: bool
    is_redacted: bool
    text: str = field(repr=False)
    callback_id: int | None = None

    def may_be_opened(self, *, with_contact: bool) -> bool:
        """Whether ``reason`` has words for this reader: what a visitor typed is a name or a number."""
        is_there = self.has_text and not self.is_redacted and self.callback_id is not None
        return is_there and (with_contact or self.actor_kind == ActorKind.PERSON)

    @property
    def place(self) -> str:
        """Where the entry stands, for an address."""
        return f"{round((self.at - _EPOCH) / timedelta(microseconds=1))}-{self.id}"


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; and the places behind which older and newer ones are read, where there are any."""

    entries: tuple[Entry, ...]
    older: str | None = None
    newer: str | None = None


def page(conn: Connection, site: Site, which: Filter, *, before: str = "", after: str = "", most: int = PAGE) -> Page:
    """The entries next to a place, older (``before``) or newer (``after``); without a place, or none there, the newest.

    Words typed about a request may name the visitor, so no list holds them: see ``reason``.
    """
    place, is_back = _place(after), True
    rows = conn.execute(_beside(which, place, is_back=True).limit(most + 1)).all() if place else []
    if not rows:
        place, is_back = _place(before), False
        rows = conn.execute(_beside(which, place, is_back=False).limit(most + 1)).all()
    if not rows:
        return Page(())
    found = tuple(_entry(site, row) for row in rows[:most][:: -1 if is_back else 1])
    is_more, is_any_behind = len(rows) > most, bool(rows[0].is_any_behind)
    has_older, has_newer = (is_any_behind, is_more) if is_back else (is_more, is_any_behind)
    return Page(found, found[-1].place if has_older else None, found[0].place if has_newer else None)


def _beside(which: Filter, place: tuple[datetime, int] | None, *, is_back: bool) -> Select[Any]:
    """What lies beyond a place in one direction, and whether anything lies there or in the other."""
    asked = _asked(which, place, is_back=is_back)
    if place is None:
        return asked.add_columns(literal(value=False).label("is_any_behind"))
    here, (newer, older) = tuple_(*place), _directions
    behind = select(_A.id).where(*_conditions(which), _position <= here if is_back else _position >= here)
    nearest = behind.order_by(*(older if is_back else newer)).limit(1).correlate(None)
    return asked.add_columns(nearest.exists().label("is_any_behind"))


def count(conn: Connection, which: Filter, through_id: int) -> int:
    """How many entries an export holds."""
    asked = select(func.count()).select_from(table_of(Audit)).where(_A.id <= through_id, *_conditions(which))
    return int(conn.execute(asked).scalar_one())


def after_page(
    conn: Connection, site: Site, which: Filter, last: Entry | None, *, through_id: int, most: int
) -> tuple[Entry, ...]:
    """For an export: the entries behind ``last``, newest first, none younger than ``through_id``."""
    asked = _asked(which, (last.at, last.id) if last else None).where(_A.id <= through_id)
    return tuple(_entry(site, row) for row in conn.execute(asked.limit(most)))


def reason(conn: Connection, site: Site, entry_id: int, *, with_contact: bool) -> Entry | None:
    """One entry about a request with the words typed for it; without them if they are gone, None if there are none."""
    row = conn.execute(_asked(Filter(), None).where(_A.id == entry_id)).first()
    found = _entry(site, row, is_opened=True) if row else None
    if found is None or not (found.is_redacted or found.may_be_opened(with_contact=with_contact)):
        return None
    return found if found.callback_id is not None else None


def newest_id(conn: Connection) -> int:
    """The youngest entry's number; 0 when there is none."""
    return int(conn.execute(select(func.max(_A.id))).scalar() or 0)


def people(conn: Connection) -> dict[int, str]:
    """Everybody who has or had an account, by name."""
    return {row.id: row.name for row in conn.execute(select(_U.id, _U.name).order_by(_U.name, _U.id))}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the record is sealed, how many entries are open (up to COUNTED_TO), and the last check from the panel."""

    seal: Seal
    unsealed: int
    checked_at: datetime | None
    checked: dict[str, Any]


def standing(conn: Connection, now: datetime) -> Standing:
    """Two small reads, whatever the length of the record."""
    seal = seals.newest(conn)
    behind = select(_A.id).where(_A.id > seal.through_id).limit(COUNTED_TO).subquery()
    checks = select(_A.at, _A.details).where(_A.action == CHECKED, _A.at >= now - CHECK_SHOWN_FOR)
    last = checks.order_by(_A.at.desc(), _A.id.desc()).limit(1).subquery()
    always = select(func.count().label("unsealed")).select_from(behind).subquery()
    row = conn.execute(select(always, last).select_from(always.outerjoin(last, true()))).one()
    return Standing(seal, int(row.unsealed), row.at, row.details or {})


def _asked(which: Filter, place: tuple[datetime, int] | None, *, is_back: bool = False) -> Select[Any]:
    """Entries beyond a place: the older ones, newest first, or (``is_back``) the newer ones, oldest first."""
    source = table_of(Audit).outerjoin(table_of(AuditText), _T.audit_id == _A.id)
    source = source.outerjoin(table_of(CallbackRequest), _C.id == _A.callback_id)
    asked = select(
        _A.id, _A.at, _A.actor_kind, _A.actor_id, _A.action, _A.details, _A.callback_id, _A.text_digest, _C.reference,
        _T.public_id, _T.text_encrypted,
    ).select_from(source).where(*_conditions(which))  # fmt: skip
    newer, older = _directions
    if place is not None:
        asked = asked.where(_position > tuple_(*place) if is_back else _position < tuple_(*place))
    return asked.order_by(*(newer if is_back else older))


def _conditions(which: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if isinstance(which.actor, ActorKind):
        found += [_A.actor_id.is_(None), _A.actor_kind == which.actor.value]
    elif which.actor is not None:
        found.append(_A.actor_id == which.actor)
    if which.reference:
        found.append(_A.callback_id == select(_C.id).where(_C.reference == which.reference).scalar_subquery())
    if which.actions:
        found.append(_A.action.in_(which.actions))
    if which.since is not None:
        found.append(_A.at >= which.since)
    if which.until is not None:
        found.append(_A.at < which.until)
    return found


def _entry(site: Site, row: Row[Any], *, is_opened: bool = False) -> Entry:
    has_text = row.text_digest is not None
    may_read = row.text_encrypted is not None and (is_opened or row.callback_id is None)
    text = site.keyring.open("audit_text.text", row.public_id, row.text_encrypted) if may_read else None
    return Entry(
        row.id, row.at, row.actor_kind, row.actor_id, row.action, row.reference or "", row.details or {},
        has_text, has_text and row.text_encrypted is None, text or "", row.callback_id,
    )  # fmt: skip


def _place(named: str) -> tuple[datetime, int] | None:
    found = _PLACE.fullmatch(named)
    if not found or int(found[1]) > _LATEST:
        return None
    return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])
