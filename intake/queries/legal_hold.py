"""Requests under a legal hold: since when, by whom and why, as the record says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from intake.models import Audit, AuditText, CallbackRequest, User
from intake.models.site import Site
from intake.rules.workflow import ClosedReason, Status

PAGE = 50
PLACED = "callback.hold_placed"

_C, _A, _T, _U = (model.__table__.c for model in (CallbackRequest, Audit, AuditText, User))
_EACH = Audit.__table__.alias().c


@dataclass(frozen=True, slots=True)
class Held:
    """One request on hold. ``since`` is None and ``by`` empty where no page placed it; ``reason`` takes the right to
    see names.
    """

    id: int
    reference: str
    received_at: datetime
    status: Status
    closed_at: datetime | None
    closed_reason: ClosedReason | None
    since: datetime | None
    by: str
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Requests on hold, the newest first. ``older``: the id below which there are more; None at the end."""

    held: tuple[Held, ...]
    older: int | None


def of(conn: Connection, site: Site, callback_id: int, *, with_contact: bool) -> Held | None:
    """The hold on one request, if there is one."""
    row = conn.execute(_asked().where(_C.id == callback_id)).first()
    return _held(site, row, with_contact) if row else None


def page(conn: Connection, site: Site, *, before: int | None = None, with_contact: bool, most: int = PAGE) -> Page:
    """All there are, ``most`` at a time."""
    asked = _asked() if before is None else _asked().where(_C.id < before)
    rows = conn.execute(asked.order_by(_C.id.desc()).limit(most + 1)).all()
    found = tuple(_held(site, row, with_contact) for row in rows[:most])
    return Page(found, found[-1].id if len(rows) > most else None)


def _asked() -> Select[Any]:
    """Each with the entry that placed it last."""
    newest = select(func.max(_EACH.id)).where(_EACH.callback_id == _C.id, _EACH.action == PLACED).scalar_subquery()
    source = CallbackRequest.__table__.outerjoin(Audit.__table__, _A.id == newest)
    source = source.outerjoin(AuditText.__table__, _T.audit_id == _A.id).outerjoin(User.__table__, _U.id == _A.actor_id)
    return select(
        _C.id, _C.reference, _C.received_at, _C.status, _C.closed_at, _C.closed_reason, _A.at, _U.name, _T.public_id,
        _T.text_encrypted,
    ).select_from(source).where(_C.has_legal_hold)  # fmt: skip


def _held(site: Site, row: Row[Any], with_contact: bool) -> Held:
    may_read = with_contact and row.public_id is not None
    reason = site.keyring.open("audit_text.text", row.public_id, row.text_encrypted) if may_read else None
    return Held(
        row.id, row.reference, row.received_at, Status(row.status), row.closed_at,
        ClosedReason(row.closed_reason) if row.closed_reason else None, row.at, row.name or "", reason or "",
    )  # fmt: skip
