"""Managers hear of a visitor who may be in danger: by a mail for each request, by one for all when there are many.

What staff write down is told of each request at once: nobody floods them with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from intake.ledger import outbox, throttle
from intake.models.site import Site
from intake.rules.crisis import noted
from intake.rules.due import is_at_once

WINDOW, MOST, MOST_DOUBTFUL = timedelta(minutes=15), 5, 1
"""So many are told by a mail of their own in so long; of what looks like spam fewer, and they take nobody's place."""
CANCELLED = "manager.crisis_cancelled"


def tell_managers(conn: Connection, site: Site, callback_id: int, *, is_doubtful: bool, now: datetime) -> None:
    """At once, of a request whose visitor wrote such words; nobody may fill their mailboxes through an open form.

    Beyond the few that a WINDOW may bring one mail tells of all others, when it is over: they stand on top meanwhile.
    ``is_doubtful``: two programs' signs laid it under "Check".
    """
    _tell(conn, site, "manager.crisis", callback_id, is_doubtful=is_doubtful, now=now, at=now)


def heard(conn: Connection, row: Row[Any], words: str, now: datetime) -> dict[str, Any]:
    """The columns that change where a colleague writes such words in a note; the managers hear of it at once.

    Nothing of a request that has ended, nor of one that stands above all others already.
    """
    columns = {} if row.closed_at is not None or is_at_once(row) else noted(row, words, now)
    if columns:
        outbox.enqueue(conn, "manager.crisis", "managers", callback_id=row.id, now=now)
    return columns


def tell_of_cancelling(conn: Connection, site: Site, callback_id: int, *, is_doubtful: bool, now: datetime) -> None:
    """Likewise that they took it back, or want the call after all: the mail says which of both is so when it goes out.

    Whoever cancels to and fro is told of once in a WINDOW, and in the end as it stands.
    """
    if not outbox.is_waiting(conn, CANCELLED, callback_id):
        has_told = outbox.was_told(conn, CANCELLED, callback_id, since=now - WINDOW)
        at = now + WINDOW if has_told else now
        _tell(conn, site, CANCELLED, callback_id, is_doubtful=is_doubtful, now=now, at=at)


def _tell(
    conn: Connection, site: Site, kind: str, callback_id: int, *, is_doubtful: bool, now: datetime, at: datetime
) -> None:
    key = site.keyring.index_of("throttle", f"crisis|{'check' if is_doubtful else 'queue'}")
    if throttle.count(conn, key, now=now, window=WINDOW) <= (MOST_DOUBTFUL if is_doubtful else MOST):
        outbox.enqueue(conn, kind, "managers", callback_id=callback_id, now=now, available_at=at)
    elif not outbox.is_waiting(conn, "manager.crises"):
        outbox.enqueue(conn, "manager.crises", "managers", now=now, available_at=now + WINDOW)
