"""Whether the mail server answers: one row, so that every worker knows and only one of them knocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from intake.models.records import MailChannel

PROBE_SECONDS = 30
_ONLY = 1
_row = MailChannel.__table__.c


@dataclass(frozen=True, slots=True)
class ChannelState:
    """``down_since`` is None while the server answers; ``next_probe_at`` is when one message may try it again."""

    down_since: datetime | None = None
    next_probe_at: datetime | None = None
    last_error: str | None = None

    def is_closed(self, now: datetime) -> bool:
        """The server is down and it is too early to knock."""
        return self.down_since is not None and self.next_probe_at is not None and now < self.next_probe_at


def state(conn: Connection) -> ChannelState:
    """What is known now."""
    found = select(_row.down_since, _row.next_probe_at, _row.last_error).where(_row.id == _ONLY)
    row = conn.execute(found).first()
    return ChannelState(*row) if row else ChannelState()


def take_probe(conn: Connection, *, now: datetime) -> bool:
    """Win the right to knock once; of several workers exactly one does, and the next comes 30 s later."""
    due = (_row.id == _ONLY, _row.down_since.is_not(None), _row.next_probe_at <= now)
    later = now + timedelta(seconds=PROBE_SECONDS)
    return conn.execute(update(MailChannel).where(*due).values(next_probe_at=later)).rowcount == 1


def mark_down(conn: Connection, *, error: str, now: datetime) -> bool:
    """The server did not take any mail. True if it was up until now."""
    was_up = state(conn).down_since is None
    again = now + timedelta(seconds=PROBE_SECONDS)
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    row = dialect.insert(MailChannel).values(id=_ONLY, down_since=now, next_probe_at=again, last_error=error[:200])
    since = func.coalesce(_row.down_since, row.excluded.down_since)
    known = {"down_since": since, "next_probe_at": again, "last_error": error[:200]}
    conn.execute(row.on_conflict_do_update(index_elements=["id"], set_=known))
    return was_up


def mark_up(conn: Connection) -> bool:
    """The server answered. True if it was down: with this, everything that waited for it may go out."""
    down = (_row.id == _ONLY, _row.down_since.is_not(None))
    fine = {"down_since": None, "next_probe_at": None, "last_error": None}
    return conn.execute(update(MailChannel).where(*down).values(**fine)).rowcount == 1
