"""What came of each try to send a mail: one row, written in the transaction that marks the mail itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from intake.models.base import table_of
from intake.models.records import MailTry, TryOutcome

MOST = 50
"""Tries kept of one mail, the newest ones: it may be sent again and again by hand."""
LONGEST_ANSWER = 200
LONGEST_WORDS = 8000

_T = MailTry.__table__.c


def note(
    conn: Connection, message_id: int, number: int, outcome: TryOutcome, *, answer: str = "", words: str = "",
    next_at: datetime | None = None, now: datetime,
) -> None:  # fmt: skip
    """Keep one try. ``words``: what went out, without anything that opens a door."""
    row = {
        "message_id": message_id, "number": number, "tried_at": now, "outcome": outcome.value, "next_at": next_at,
        "answer": answer[:LONGEST_ANSWER] or None, "words": words[:LONGEST_WORDS] or None,
    }  # fmt: skip
    conn.execute(insert(table_of(MailTry)).values(row))
    if outcome is not TryOutcome.SENT:
        _let_go(conn, message_id)


def hold(conn: Connection, message_id: int, number: int, *, answer: str, now: datetime) -> None:
    """The server took nothing: kept once for each silence, since the mail knocks again every half a minute."""
    last = select(_T.outcome).where(_T.message_id == message_id).order_by(_T.id.desc()).limit(1)
    if conn.execute(last).scalar() != TryOutcome.HELD:
        note(conn, message_id, number, TryOutcome.HELD, answer=answer, now=now)


def forget(conn: Connection, message_id: int) -> None:
    """All of a message that is itself forgotten."""
    conn.execute(delete(MailTry).where(_T.message_id == message_id))


def _let_go(conn: Connection, message_id: int) -> None:
    """The oldest ones beyond MOST."""
    mine = select(_T.id).where(_T.message_id == message_id).order_by(_T.id.desc())
    oldest = mine.offset(MOST).limit(1).scalar_subquery()
    conn.execute(delete(MailTry).where(_T.message_id == message_id, _T.id <= oldest))
