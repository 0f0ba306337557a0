"""Reading the record: who did what, newest first, filtered; and how far it is sealed and checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_

from intake.ledger import seals
from intake.ledger.seals import Seal
from intake.models import Audit, AuditText, CallbackRequest, User
from intake.models.base import table_of
from intake.models.site import Site
from intake.rules.permissions import ActorKind

PAGE = 50
COUNTED_TO = 1000
SEEING = ("callback.viewed", "callback.call_started")
"""What shows somebody a request on a page of its own, or its number in full."""

_A, _T, _U, _C = (model.__table__.c for model in (Audit, AuditText, User, CallbackRequest))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(\d{1,17})-(\d{1,18})", re.ASCII)
_LATEST = 253_402_300_799_000_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries. ``actor`` is a person's id, or a kind of actor; days are instants, ``until`` is exclusive."""

    actor: int | ActorKind | None = None
    callback_id: int | None = None
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as stored. ``text`` are words typed about a person's own deed, never about a visitor."""

    id: int
    at: datetime
    actor_kind: ActorKind
    actor_id: int | None
    action: str
    reference: str
    details: dict[str, Any]
    has_text: bool
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first, and the places from which older and newer ones are read."""

    entries: tuple[Entry, ...]
    older: str | None
    newer: str | None


def page(
    conn: Connection,
    site: Site,
    which: Filter,
    *,
    before: str = "",
    after: str = "",
    with_contact: bool,
    most: int = PAGE,
) -> Page:
    """One page behind a place (``before``) or in front of it (``after``); a place that was made up is the beginning."""
    forward = _place(after)
    place = forward or _place(before)
    rows = conn.execute(_asked(which, place, is_forward=forward is not None).limit(most + 1)).all()
    has_more, rows = len(rows) > most, rows[:most]
    if forward:
        rows = rows[::-1]
    found = tuple(_entry(site, row, with_contact) for row in rows)
    has_older, has_newer = (True, has_more) if forward else (has_more, place is not None)
    return Page(
        found,
        older=_named(found[-1]) if found and has_older else None,
        newer=_named(found[0]) if found and has_newer else None,
    )


def after_page(
    conn: Connection, site: Site, which: Filter, last: Entry | None, through_id: int, most: int
) -> list[Entry]:
    """For an export: the entries behind ``last``, newest first, none younger than ``through_id``."""
    place = (last.at, last.id) if last else None
    asked = _asked(which, place, is_forward=False).where(_A.id <= through_id)
    return [_entry(site, row, with_contact=False) for row in conn.execute(asked.limit(most))]


def _asked(which: Filter, place: tuple[datetime, int] | None, *, is_forward: bool) -> Select[Any]:
    source = table_of(Audit).outerjoin(table_of(AuditText), _T.audit_id == _A.id)
    source = source.outerjoin(table_of(CallbackRequest), _C.id == _A.callback_id)
    asked = select(
        _A.id, _A.at, _A.actor_kind, _A.actor_id, _A.action, _A.details, _A.callback_id, _A.text_digest, _C.reference,
        _T.public_id, _T.text_encrypted,
    ).select_from(source).where(*_conditions(which))  # fmt: skip
    if place is not None:
        here, there = tuple_(_A.at, _A.id), tuple_(*place)
        asked = asked.where(here > there if is_forward else here < there)
    order = (_A.at, _A.id) if is_forward else (_A.at.desc(), _A.id.desc())
    return asked.order_by(*order)


def _conditions(which: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if isinstance(which.actor, ActorKind):
        found += [_A.actor_id.is_(None), _A.actor_kind == which.actor.value]
    elif which.actor is not None:
        found.append(_A.actor_id == which.actor)
    if which.callback_id is not None:
        found.append(_A.callback_id == which.callback_id)
    if len(which.actions) == 1:
        found.append(_A.action == which.actions[0])
    elif which.actions:  # not through the index of actions: several ranges of it would have to be sorted
        found.append(_A.action.concat("").in_(which.actions))
    if which.since is not None:
        found.append(_A.at >= which.since)
    if which.until is not None:
        found.append(_A.at < which.until)
    return found


def _entry(site: Site, row: Row[Any], with_contact: bool) -> Entry:
    """Words typed about a request may name the visitor: they are for those who may see names."""
    may_read = row.public_id is not None and (with_contact or row.callback_id is None)
    text = site.keyring.open("audit_text.text", row.public_id, row.text_encrypted) if may_read else None
    return Entry(
        row.id, row.at, ActorKind(row.actor_kind), row.actor_id, row.action, row.reference or "", row.details or {},
        row.text_digest is not None, text or "",
    )  # fmt: skip


def _named(entry: Entry) -> str:
    return f"{(entry.at - _EPOCH) // timedelta(microseconds=1)}-{entry.id}"


def _place(named: str) -> tuple[datetime, int] | None:
    found = _PLACE.fullmatch(named)
    if not found or int(found[1]) > _LATEST:
        return None
    return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])


def people(conn: Connection) -> dict[int, str]:
    """Everybody who has or had an account, by name."""
    return {row.id: row.name for row in conn.execute(select(_U.id, _U.name).order_by(_U.name, _U.id))}


def callback_id(conn: Connection, reference: str) -> int | None:
    """The request with this reference."""
    return conn.execute(select(_C.id).where(_C.reference == reference)).scalar()


def newest_id(conn: Connection) -> int:
    """The youngest entry's number; 0 when there is none."""
    return int(conn.execute(select(func.max(_A.id))).scalar() or 0)


def unsealed(conn: Connection, through_id: int, *, most: int | None = COUNTED_TO) -> int:
    """How many entries lie behind the last seal, counted up to ``most``."""
    behind = select(_A.id).where(_A.id > through_id).limit(most).subquery()
    return int(conn.execute(select(func.count()).select_from(behind)).scalar_one())


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the record is sealed, and the last time somebody checked the seals from the panel."""

    seal: Seal
    unsealed: int
    checked_at: datetime | None
    checked: dict[str, Any]


def standing(conn: Connection) -> Standing:
    """Three small reads, whatever the length of the record."""
    last = seals.newest(conn)
    asked = select(_A.at, _A.details).where(_A.action == "audit.checked").order_by(_A.at.desc(), _A.id.desc())
    row = conn.execute(asked.limit(1)).first()
    return Standing(last, unsealed(conn, last.through_id), row.at if row else None, row.details if row else {})


def known_actions(found: Sequence[str], asked: str) -> tuple[str, ...]:
    """What to look for: one action, or ``seen`` for all that showed somebody a request."""
    return SEEING if asked == "seen" else (asked,) if asked in found else ()
