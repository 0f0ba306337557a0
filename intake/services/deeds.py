"""One deed of a person is one transaction, and for twenty seconds they may think better of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from intake.database import writing
from intake.ledger import deeds
from intake.rules.permissions import Actor


@contextmanager
def deed(actor: Actor, action: str, *, now: datetime) -> Iterator[Connection]:
    """Like ``writing``; what it changes of requests can be undone by the same person (``services.undoing``)."""
    with writing() as conn, deeds.begun(conn, now) as noted:
        yield conn
        deeds.keep(conn, noted, by_id=actor.person_id, action=action, now=now)
