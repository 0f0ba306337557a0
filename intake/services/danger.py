"""Managers hear of a visitor who may be in danger: by a mail for each request, by one for all when there are many.

What staff write down is told of each request at once: nobody floods them with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from intake.ledger import outbox, throttle
from intake.models.site import Site
from intake.rules.crisis import is_crisis, noted
from intake.rules.due import is_at_once

WINDOW, MOST, MOST_DOUBTFUL = timedelta(minutes=15), 5, 1
"""So many are told by a mail of their own in so long; of what looks like spam fewer, and they take nobody's place."""
TOLD, CANCELLED = "manager.crisis", "manager.crisis_cancelled"


@dataclass(frozen=True, slots=True)
class Heard:
    """What comes of a colleague's words. ``columns``: those of an open request that change, which puts it above all
    others; ``is_told``: the managers are mailed of ``reference``.
    """

    reference: str
    columns: Mapping[str, Any]
    is_told: bool


def tell_managers(conn: Connection, site: Site, callback_id: int, *, is_doubtful: bool, now: datetime) -> None:
    """At once, of a request whose visitor wrote such words; nobody may fill their mailboxes through an open form.

    Beyond the few that a WINDOW may bring one mail tells of all others, when it is over: they stand on top meanwhile.
    ``is_doubtful``: two programs' signs laid it under "Check".
    """
    _tell(conn, site, TOLD, callback_id, is_doubtful=is_doubtful, now=now, at=now)


def heard(conn: Connection, row: Row[Any], words: str, now: datetime) -> Heard:
    """What comes of it where a colleague writes such words in a note; the managers hear of it at once.

    Nothing where it stands above all others already.
    """
    if row.closed_at is not None:
        return Heard(row.reference, {}, is_told=tell_of_ended(conn, row, words, now))
    columns = {} if is_at_once(row) else noted(row, words, now)
    if columns:
        tell_at_once(conn, row.id, now)
    return Heard(row.reference, columns, is_told=bool(columns))


def still_heard(conn: Connection, row: Row[Any], words: str, now: datetime) -> Heard:
    """Likewise where the deed that they were written with is taken back: the words stand, and so does what they say.

    Whoever was told of it already gets no other mail.
    """
    if row.closed_at is not None:
        return heard(conn, row, words, now)
    columns = {} if is_at_once(row) else noted(row, words, now)
    if columns and not was_told(conn, row.id, now):
        tell_at_once(conn, row.id, now)
    return Heard(row.reference, columns, is_told=bool(columns))


def tell_of_ended(conn: Connection, row: Row[Any], words: str, now: datetime) -> bool:
    """Likewise of a request that has ended, or ends with these words: it stands in no queue, so only the mail tells.

    Returns whether there is one: managers who were told of it within a WINDOW, and since it had ended, get no other.
    """
    since = max(now - WINDOW, row.closed_at or now)
    is_news = is_crisis(words) and not outbox.was_told(conn, TOLD, row.id, since=since)
    if is_news:
        tell_at_once(conn, row.id, now)
    return is_news


def was_told(conn: Connection, callback_id: int, now: datetime) -> bool:
    """Whether the managers were mailed of it within the last WINDOW."""
    return outbox.was_told(conn, TOLD, callback_id, since=now - WINDOW)


def tell_at_once(conn: Connection, callback_id: int, now: datetime) -> None:
    """A mail of what staff have written down."""
    outbox.enqueue(conn, TOLD, "managers", callback_id=callback_id, now=now)


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
