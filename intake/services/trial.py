"""Whether the database takes a write, found out by one that is undone."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from intake.database import writing
from intake.ledger import throttle


class _UndoneError(Exception):
    """Raised by ourselves, so that nothing is kept."""


def write_and_undo(*, now: datetime) -> None:
    """Raises what the database says when it cannot be written to: locked, full, read-only, a copy that follows."""
    with suppress(_UndoneError), writing() as conn:
        throttle.remember(conn, b"trial", now=now)
        raise _UndoneError
