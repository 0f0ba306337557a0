"""Other requests that may be of the same person: the same number, or the same email, however either was spelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from intake.models import Audit, AuditText, CallbackRequest, User
from intake.models.site import Site
from intake.queries.casefile import FIRST_SENT, CaseFile
from intake.queries.suppression import phone_indexes
from intake.rules.hours import Interval
from intake.rules.workflow import Status

MOST = 10

_C = CallbackRequest.__table__.c
_U = User.__table__.c
_A = Audit.__table__.c
_X = AuditText.__table__.c


@dataclass(frozen=True, slots=True)
class Related:
    """Another request. ``is_same_number``, ``is_same_email``: how it was found; ``is_joined``: to the one asked about.

    ``is_former_number``: it has the number that the one asked about had before its visitor changed it.

    Two people may share a telephone, so that none of this says that it is the same person.
    """

    reference: str
    status: Status
    first_sent_at: datetime
    closed_at: datetime | None
    assignee_name: str
    window: Interval | None
    is_free_time: bool
    is_same_number: bool
    is_same_email: bool
    is_former_number: bool
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
    if not phones and not emails:
        return Kin((), False, "")
    numbers = _former_numbers(conn, site, case.id) if case.had_another_number else []
    former = [index for number in numbers for index in ring.indexes_of("phone", number)]
    joined = _C.duplicate_of_id == case.id
    ways: list[ColumnElement[bool]] = [_C.phone_index.in_(phones + former), _C.email_index.in_(emails), joined]
    asked = (
        select(
            _C.reference, _C.status, FIRST_SENT.label("first_sent_at"), _C.closed_at, _C.phone_index, _C.email_index,
            _U.name, _C.duplicate_of_id, _C.window_from, _C.window_until, _C.is_free_time,
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
            row.first_sent_at,
            row.closed_at,
            row.name or "",
            window=(row.window_from, row.window_until) if row.window_from else None,
            is_free_time=row.is_free_time,
            is_same_number=row.phone_index in phones,
            is_same_email=row.email_index in emails,
            is_former_number=row.phone_index in former and row.phone_index not in phones,
            is_joined=row.duplicate_of_id == case.id,
        )
        for row in rows[:most]
    )
    return Kin(found, len(rows) > most, case.survivor if case.closed_at else "")


def share_contact(conn: Connection, site: Site, one: Any, other: Any) -> bool:
    """Whether two stored requests have a number or an email in common, now or before their visitor changed it."""
    return not _contacts(conn, site, one).isdisjoint(_contacts(conn, site, other))


def _contacts(conn: Connection, site: Site, row: Any) -> set[bytes]:
    """The keyed hashes, under every live key, of all that a request's visitor could be reached at."""
    ring = site.keyring
    email = ring.open("callback_request.email", row.public_id, row.email_encrypted)
    found = set(phone_indexes(site, row)) | set(ring.indexes_of("email", email.casefold()) if email else ())
    for number in _former_numbers(conn, site, row.id):
        found.update(ring.indexes_of("phone", number))
    return found


def _former_numbers(conn: Connection, site: Site, callback_id: int) -> list[str]:
    """The numbers in E.164 that a visitor has changed, as far as their words are kept."""
    asked = select(_X.public_id, _X.text_encrypted).join(Audit.__table__, _A.id == _X.audit_id)
    asked = asked.where(_A.callback_id == callback_id, _A.action == "visitor.changed_number")
    told = (site.keyring.open("audit_text.text", row.public_id, row.text_encrypted) for row in conn.execute(asked))
    return [before for text in told if (before := (text or "").partition(" ")[0])]
