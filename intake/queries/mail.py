"""What a mail needs to know at the moment it is sent, and how the mails are doing as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from intake.ledger import mail_channel
from intake.models import CallbackRequest, OutboxMessage
from intake.models.records import OutboxState
from intake.models.site import Site
from intake.queries import people
from intake.rules.permissions import Role
from intake.rules.windows import Window
from intake.rules.workflow import Status, Voicemail, is_open

_C = CallbackRequest.__table__.c
_M = OutboxMessage.__table__.c
_NOT_SENT = (OutboxState.PENDING, OutboxState.LEASED, OutboxState.DEAD)


@dataclass(frozen=True, slots=True)
class MailedCallback:
    """A request as a mail may speak of it: no name, no number. ``is_promised`` is False where no time may be told."""

    reference: str
    status: Status
    language: str
    link: str = field(repr=False)
    email: str | None = field(repr=False)
    due_at: datetime
    promised_by_at: datetime
    is_promised: bool
    window: Window | None
    voicemail: Voicemail
    is_once_only: bool
    is_called: bool

    @property
    def is_open(self) -> bool:
        """Somebody is still going to call."""
        return is_open(self.status)


@dataclass(frozen=True, slots=True)
class MailHealth:
    """For the panel's alarm and the figures: since when the server is silent, how many mails wait, how many gave up."""

    down_since: datetime | None
    last_error: str | None
    waiting: int
    dead: int


def about(conn: Connection, site: Site, callback_id: int) -> MailedCallback | None:
    """The request a mail is about, with the visitor's address and private link; None if there is no such row."""
    row = conn.execute(select(CallbackRequest.__table__).where(_C.id == callback_id)).first()
    if row is None:
        return None
    return MailedCallback(
        reference=row.reference,
        status=Status(row.status),
        language=row.language,
        link=site.link(row.public_id, row.link_version),
        email=site.keyring.open("callback_request.email", row.public_id, row.email_encrypted),
        due_at=row.due_at,
        promised_by_at=row.promised_by_at,
        is_promised=row.is_promised,
        window=Window(row.window_from, row.window_until) if row.window_from else None,
        voicemail=Voicemail(row.voicemail),
        is_once_only=row.is_once_only,
        is_called=row.attempt_count > 0,
    )


def staff_addresses(conn: Connection, site: Site, recipient: str) -> tuple[str, ...]:
    """Where "team", "managers" or "user:<id>" is reached now; empty when the person is gone.

    With no manager on the list the team is told instead: somebody has to be.
    """
    kind, _, user_id = recipient.partition(":")
    if kind == "user":
        person = people.by_id(conn, int(user_id))
        return (person.email,) if person and person.is_active else ()
    managers = people.active_with(conn, Role.MANAGER) if kind == "managers" else ()
    return tuple(person.email for person in managers) or (site.team_email,)


def health(conn: Connection) -> MailHealth:
    """One look at the channel and at the rows that are not yet out."""
    counted = select(_M.state, func.count()).where(_M.state.in_(_NOT_SENT)).group_by(_M.state)
    by_state = {state: count for state, count in conn.execute(counted)}
    channel = mail_channel.state(conn)
    waiting = by_state.get(OutboxState.PENDING, 0) + by_state.get(OutboxState.LEASED, 0)
    return MailHealth(channel.down_since, channel.last_error, waiting, by_state.get(OutboxState.DEAD, 0))
