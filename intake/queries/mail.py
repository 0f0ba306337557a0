"""What a mail needs to know at the moment it is sent, and how the mails are doing as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Label, Select, and_, func, or_, select

from intake.ledger import mail_channel, outbox
from intake.models import CallbackRequest, OutboxMessage
from intake.models.records import MailChannel
from intake.models.site import Site
from intake.queries import people, silence
from intake.queries.as_told import as_told
from intake.queries.people import Person
from intake.rules.permissions import Permission, Role, permissions_of
from intake.rules.promise import awaits_a_time
from intake.rules.windows import Window
from intake.rules.workflow import Status, Voicemail, is_open

_C = CallbackRequest.__table__.c
_M = OutboxMessage.__table__.c


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
    awaits_a_time: bool = False

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


@dataclass(frozen=True, slots=True)
class MailAlarm:
    """For the people at the desk: what does not get out, or in. ``reference`` is the newest request with a dead mail.

    ``due_since``: when the first message that waits could have gone out. ``silent_since``: no request came since then,
    and that is an alarm.
    """

    down_since: datetime | None
    waiting: int
    dead: int
    reference: str
    due_since: datetime | None = None
    silent_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """Who is told of what a manager must hear at once; ``team`` is told where there is no manager.

    ``is_stuck``: mails do not get out at the moment.
    """

    managers: tuple[Person, ...]
    on_shift: frozenset[int]
    team: str
    is_stuck: bool


def about(
    conn: Connection, site: Site, callback_id: int, *, for_visitor: bool = False, leads_on: bool = False
) -> MailedCallback | None:
    """The request a mail is about, with the visitor's address and private link; None if there is no such row.

    To its visitor it is what they were told, though another one of theirs was joined with it. ``leads_on``: of a joined
    one the request it was joined to, which goes on.
    """
    stored = conn.execute(select(CallbackRequest.__table__).where(_C.id == callback_id)).first()
    if stored is None:
        return None
    if stored.duplicate_of_id is not None and leads_on:
        stored = conn.execute(select(CallbackRequest.__table__).where(_C.id == stored.duplicate_of_id)).one()
    row = as_told(conn, stored) if for_visitor else stored
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
        awaits_a_time=awaits_a_time(
            is_free_time=row.is_free_time,
            is_set=row.window_from is not None,
            is_read=row.free_time_seen_at is not None,
            attempts=row.attempt_count,
        ),
    )


def staff_addresses(conn: Connection, site: Site, recipient: str, right: Permission | None = None) -> tuple[str, ...]:
    """Where "team", "managers" or "user:<id>" is reached now; empty when the person is gone, or has lost the right that
    the mail asks for.

    With no manager on the list the team is told instead: somebody has to be.
    """
    kind, _, user_id = recipient.partition(":")
    if kind == "user":
        person = people.by_id(conn, int(user_id))
        is_theirs = person is not None and (right is None or right in permissions_of(person.roles))
        return (person.email,) if person and person.is_active and is_theirs else ()
    managers = people.active_with(conn, Role.MANAGER) if kind == "managers" else ()
    return tuple(person.email for person in managers) or (site.team_email,)


def managers_reached(conn: Connection, site: Site, now: datetime) -> Reached:
    """Whom a mail to "managers" would reach if it were written now."""
    managers = people.active_with(conn, Role.MANAGER)
    present = frozenset(person.id for person in people.on_shift(conn, now))
    channel, stuck = mail_channel.state(conn), silence.stuck_since(conn, now)
    return Reached(managers, present, site.team_email, channel.down_since is not None or stuck is not None)


def health(conn: Connection) -> MailHealth:
    """One look at the channel and at the rows that are not yet out."""
    waiting, dead = conn.execute(select(_count(outbox.IS_WAITING), _count(outbox.IS_DEAD))).one()
    channel = mail_channel.state(conn)
    return MailHealth(channel.down_since, channel.last_error, int(waiting), int(dead))


def _count(condition: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(OutboxMessage.__table__).where(condition).scalar_subquery()


LOOKED_AT = 200
"""The alarm says no more than this many, and looks no further back among the dead."""
LONE_FOR = timedelta(days=1)
"""How long a dead mail about no request is told; one about a request is told until the request has ended."""


def alarm_columns(now: datetime) -> list[Label[Any]]:
    """What is worth an alarm on a page of work, as columns of a larger statement; ``read_alarm`` reads them.

    They stay cheap however many mails there are.
    """
    dead = (
        select(_M.id, _M.callback_id, _M.dead_at)
        .where(outbox.IS_DEAD)
        .order_by(_M.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    told = or_(
        and_(dead.c.callback_id.is_not(None), _C.closed_at.is_(None)),
        and_(dead.c.callback_id.is_(None), dead.c.dead_at > now - LONE_FOR),
    )
    source = dead.outerjoin(CallbackRequest.__table__, _C.id == dead.c.callback_id)
    stuck = select(dead.c.id, _C.reference).select_from(source).where(told).cte("stuck")
    waiting = select(_M.id).where(outbox.IS_WAITING).limit(LOOKED_AT).subquery()
    newest = select(stuck.c.reference).where(stuck.c.reference.is_not(None)).order_by(stuck.c.id.desc()).limit(1)
    asked: dict[str, Select[Any]] = {
        "down_since": select(MailChannel.down_since).limit(1),
        "waiting": select(func.count()).select_from(waiting),
        "dead": select(func.count()).select_from(stuck),
        "reference": newest,
        "due_since": silence.first_due(),
        "silent_since": silence.told_since(),
    }
    return [one.scalar_subquery().label(f"mail_{name}") for name, one in asked.items()]


def read_alarm(row: Any) -> MailAlarm:
    """What those columns have answered."""
    return MailAlarm(
        row.mail_down_since, int(row.mail_waiting), int(row.mail_dead), row.mail_reference or "", row.mail_due_since,
        row.mail_silent_since,
    )  # fmt: skip
