"""Other requests that may be of the same person: the same number, or the same email, however either was spelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select

from intake.models import CallbackRequest, User
from intake.models.site import Site
from intake.queries.casefile import CaseFile
from intake.rules.workflow import Status

MOST = 10

_C = CallbackRequest.__table__.c
_U = User.__table__.c


@dataclass(frozen=True, slots=True)
class Related:
    """Another request. ``is_same_number``, ``is_same_email``: how it was found; ``is_joined``: to the one asked about.

    Two people may share a telephone, so that none of this says that it is the same person.
    """

    reference: str
    status: Status
    received_at: datetime
    closed_at: datetime | None
    assignee_name: str
    is_same_number: bool
    is_same_email: bool
    is_joined: bool

    @property
    def can_be_joined(self) -> bool:
        """Both wait for a call, and one call would do for both."""
        return self.closed_at is None and self.status is not Status.CHECK


@dataclass(frozen=True, slots=True)
class Kin:
    """The newest of them, whether there are more, and which request this one was joined to ("" for none)."""

    others: tuple[Related, ...]
    has_more: bool
    survivor: str


def of(conn: Connection, site: Site, case: CaseFile, *, most: int = MOST) -> Kin:
    """What is known besides this request; nobody and nothing for someone who may not see numbers."""
    ring = site.keyring
    phones = ring.indexes_of("phone", case.phone_e164) if case.phone_e164 else []
    emails = ring.indexes_of("email", case.email.casefold()) if case.email else []
    joined = _C.duplicate_of_id == case.id
    ways: list[ColumnElement[bool]] = [_C.phone_index.in_(phones), _C.email_index.in_(emails), joined]
    if not phones and not emails:
        return Kin((), False, "")
    asked = (
        select(
            _C.reference, _C.status, _C.received_at, _C.closed_at, _C.phone_index, _C.email_index, _U.name,
            _C.duplicate_of_id,
        )
        .outerjoin(User.__table__, _U.id == _C.assignee_id)
        .where(or_(*ways), _C.id != case.id)
        .order_by(_C.received_at.desc(), _C.id.desc())
        .limit(most + 1)
    )  # fmt: skip
    rows = conn.execute(asked).all()
    found = tuple(
        Related(
            row.reference,
            Status(row.status),
            row.received_at,
            row.closed_at,
            row.name or "",
            is_same_number=row.phone_index in phones,
            is_same_email=row.email_index in emails,
            is_joined=row.duplicate_of_id == case.id,
        )
        for row in rows[:most]
    )
    return Kin(found, len(rows) > most, _survivor(conn, case.id) if case.closed_at else "")


def _survivor(conn: Connection, callback_id: int) -> str:
    mine = select(_C.duplicate_of_id).where(_C.id == callback_id).scalar_subquery()
    return str(conn.execute(select(_C.reference).where(_C.id == mine)).scalar() or "")
