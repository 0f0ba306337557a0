"""How the service itself is doing: what it needs to be ready, and its figures, all read from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, column, func, inspect, select, table, text

from intake.ledger import mail_channel, outbox
from intake.models import Audit, AuditSeal, CallbackRequest, OutboxMessage, SignIn
from intake.queries import mail
from intake.rules.readiness import Standing
from intake.rules.workflow import Status

_C = CallbackRequest.__table__.c
_M = OutboxMessage.__table__.c
_A, _S = Audit.__table__.c, AuditSeal.__table__.c
_VERSION = table("alembic_version", column("version_num"))


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts, and ages in seconds; ``first_calls_met`` are those of ``first_calls`` that kept the target."""

    open_by_status: dict[str, int]
    overdue: int
    longest_overdue_seconds: float
    received_last_day: int
    first_calls_last_week: int
    first_calls_met_last_week: int
    mail_waiting: int
    mail_dead: int
    mail_oldest_due_seconds: float
    is_mail_server_up: bool
    people_signed_in: int


@dataclass(frozen=True, slots=True)
class Trail:
    """When the newest entry of the record was made, and since when the oldest one waits for a seal."""

    newest_at: datetime | None
    unsealed_since: datetime | None


APPEND_ONLY = ("audit", "audit_seal", "call_attempt")
"""The tables whose rows are never changed or removed: triggers refuse it."""
MARKING = (
    *(f"callback_request_marks_{what}" for what in ("insert", "delete", "update", "earlier")),
    *(f"episode_marks_{what}" for what in ("insert", "delete", "update")),
)
"""The triggers that mark the days of a report whose counts are old."""


def missing_guards(conn: Connection) -> list[str]:
    """The triggers that should refuse changes and are not there, as when somebody who owns the database took them."""
    verbs = ("update", "delete", "truncate") if conn.dialect.name == "postgresql" else ("update", "delete")
    return sorted({f"{name}_refuses_{verb}" for name in APPEND_ONLY for verb in verbs} - _triggers(conn))


def missing_marks(conn: Connection) -> list[str]:
    """Likewise those that should mark days of the reports: without them a figure may tell what is not so any more."""
    return sorted(set(MARKING) - _triggers(conn))


def _triggers(conn: Connection) -> set[str]:
    """Those of PostgreSQL count only while they are switched on."""
    there = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if conn.dialect.name == "postgresql":
        there = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    return set(conn.execute(text(there)).scalars())


def schema(conn: Connection) -> str | None:
    """The migration the database stands at; None for an empty one."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(select(_VERSION.c.version_num)).scalar()


def standing(conn: Connection, now: datetime) -> Standing:
    """What readiness is decided by."""
    found = schema(conn)
    if found is None:
        return Standing(None)
    channel = mail_channel.state(conn)
    return Standing(found, _oldest_due(conn, now), channel.down_since, channel.next_probe_at)


def trail(conn: Connection) -> Trail:
    """How far the record is, and how far its seals are."""
    sealed = select(func.coalesce(func.max(_S.through_id), 0)).scalar_subquery()
    newest = select(_A.at).order_by(_A.id.desc()).limit(1).scalar_subquery()
    waiting = select(_A.at).where(_A.id > sealed).order_by(_A.id).limit(1).scalar_subquery()
    return Trail(*conn.execute(select(newest, waiting)).one())


def _oldest_due(conn: Connection, now: datetime) -> datetime | None:
    asked = select(_M.available_at).where(outbox.IS_WAITING, _M.available_at <= now)
    return conn.execute(asked.order_by(_M.available_at).limit(1)).scalar()


def figures(conn: Connection, now: datetime) -> Figures:
    """One look at everything that is worth a line in a chart; each count uses an index."""
    is_late = (_C.closed_at.is_(None), _C.due_at < now, _C.status != Status.CHECK.value)
    since = case((_C.due_at <= _C.crisis_at, _C.crisis_at), else_=_C.due_at)  # as rules.promise.on_the_clock says
    late, oldest = conn.execute(select(func.count(), func.min(since)).where(*is_late)).one()
    called = (_C.received_at >= now - timedelta(days=7), _C.first_attempt_at.is_not(None))
    health = mail.health(conn)
    return Figures(
        open_by_status=_open(conn),
        overdue=late,
        longest_overdue_seconds=_age(oldest, now),
        received_last_day=_count(conn, _C.received_at >= now - timedelta(days=1)),
        first_calls_last_week=_count(conn, *called),
        first_calls_met_last_week=_count(conn, *called, _C.is_met),
        mail_waiting=health.waiting,
        mail_dead=health.dead,
        mail_oldest_due_seconds=_age(_oldest_due(conn, now), now),
        is_mail_server_up=health.down_since is None,
        people_signed_in=_signed_in(conn, now),
    )


def _open(conn: Connection) -> dict[str, int]:
    asked = select(_C.status, func.count()).where(_C.closed_at.is_(None)).group_by(_C.status)
    found = {status: int(count) for status, count in conn.execute(asked)}
    ended = (Status.CLOSED, Status.WITHDRAWN)
    return {status.value: found.get(status.value, 0) for status in Status if status not in ended}


def _count(conn: Connection, *conditions: ColumnElement[bool]) -> int:
    return int(
        conn.execute(select(func.count()).select_from(CallbackRequest.__table__).where(*conditions)).scalar_one()
    )


def _signed_in(conn: Connection, now: datetime) -> int:
    s = SignIn.__table__.c
    live = select(func.count(s.user_id.distinct())).where(
        s.ended_at.is_(None), s.last_seen_at > now - timedelta(minutes=15)
    )
    return int(conn.execute(live).scalar_one())


def _age(since: Any, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
