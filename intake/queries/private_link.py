"""What the visitor's private link shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from intake.models import CallbackRequest
from intake.models.keyring import link_hash
from intake.models.site import Site
from intake.queries.as_told import as_told
from intake.rules.mail_domain import likely_domain
from intake.rules.promise import awaits_a_time
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, ForWhom, Status, Voicemail

LINK_DAYS = 30
"""How long after its end a request can still be looked at by its link."""
_T = CallbackRequest.__table__


@dataclass(frozen=True, slots=True)
class PrivateView:
    """One request as its visitor sees it. ``is_promised`` is False where no time may be promised.

    ``email_domain_hint``: the mail provider probably meant, where the address looks mistyped.
    """

    id: int
    public_id: str
    reference: str
    status: Status
    closed_reason: ClosedReason | None
    name: str
    e164: str
    extension: str
    typed: str
    last4: str
    voicemail: Voicemail
    for_whom: ForWhom | None
    window: Window | None
    is_free_time: bool
    awaits_a_time: bool
    preferred_note: str
    promised_by_at: datetime
    due_at: datetime
    received_at: datetime
    first_attempt_at: datetime | None
    attempt_count: int
    is_once_only: bool
    is_promised: bool
    closed_at: datetime | None
    calling_key: str
    language: str
    next_at: datetime | None
    last_disposition: Disposition | None
    is_check: bool
    has_email: bool
    email_domain_hint: str | None
    was_reopened: bool
    is_crisis: bool


def find(conn: Connection, site: Site, token: str, *, now: datetime) -> PrivateView | None:
    """The request behind a link; None if the link is wrong, revoked or older than 30 days after its end."""
    row = conn.execute(select(_T).where(_T.c.link_hash == link_hash(token))).first()
    if row is None or row.name_encrypted is None:
        return None
    told = as_told(conn, row)
    if told.closed_at is not None and now - told.closed_at > timedelta(days=LINK_DAYS):
        return None
    return _view(site, told)


def _view(site: Site, row: Any) -> PrivateView:
    def opened(name: str) -> str:
        return site.keyring.open(f"callback_request.{name}", row.public_id, getattr(row, f"{name}_encrypted")) or ""

    e164, _, extension = opened("phone").partition(";ext=")
    return PrivateView(
        id=row.id,
        public_id=row.public_id,
        reference=row.reference,
        status=Status(row.status),
        closed_reason=ClosedReason(row.closed_reason) if row.closed_reason else None,
        name=opened("name"),
        e164=e164,
        extension=extension,
        typed=opened("phone_typed"),
        last4=e164[-4:],
        voicemail=Voicemail(row.voicemail),
        for_whom=ForWhom(row.for_whom) if row.for_whom else None,
        window=Window(row.window_from, row.window_until) if row.window_from else None,
        is_free_time=row.is_free_time,
        awaits_a_time=awaits_a_time(
            is_free_time=row.is_free_time,
            is_set=row.window_from is not None,
            is_read=row.free_time_seen_at is not None,
            attempts=row.attempt_count,
        ),
        preferred_note=opened("preferred_note"),
        promised_by_at=row.promised_by_at,
        due_at=row.due_at,
        received_at=row.received_at,
        first_attempt_at=row.first_attempt_at,
        attempt_count=row.attempt_count,
        is_once_only=row.is_once_only,
        is_promised=row.is_promised,
        closed_at=row.closed_at,
        calling_key=row.calling_key,
        language=row.language,
        next_at=row.next_at,
        last_disposition=Disposition(row.last_disposition) if row.last_disposition else None,
        is_check=row.status == Status.CHECK,
        has_email=row.email_encrypted is not None,
        email_domain_hint=likely_domain(opened("email")),
        was_reopened=row.reopened_count > 0,
        is_crisis=row.crisis_at is not None,
    )
