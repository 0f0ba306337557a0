"""Whether the service does all it promises: what is wrong, each in one plain sentence that names nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

WORKER_GRACE = timedelta(minutes=5)
"""So long after its time a mail may lie before the worker is said to be gone: a lease and a batch, several times."""
SERVER_GRACE = timedelta(minutes=15)
"""So long the mail server may be silent; shorter outages are caught up with by themselves."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``oldest_due_at``: since when the mail that waits longest could have gone; None if none is due."""

    schema: str | None
    oldest_due_at: datetime | None = None
    mail_down_since: datetime | None = None
    next_probe_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong: a word for programs, a sentence for people."""

    what: str
    why: str


NO_DATABASE = Cause("database", "The database does not answer. Nothing can be sent or read until it does.")


def causes(standing: Standing, head: str, now: datetime) -> tuple[Cause, ...]:
    """Everything that keeps the service from being ready; empty when it is. ``head``: the schema this code is for."""
    wrong = [_schema(standing.schema, head), _worker(standing, now), _server(standing, now)]
    return tuple(cause for cause in wrong if cause)


def _schema(schema: str | None, head: str) -> Cause | None:
    if schema == head:
        return None
    found = f"at {schema}" if schema else "empty"
    return Cause("schema", f"The database is {found}, and this version needs {head}: run 'flask db upgrade'.")


def _worker(standing: Standing, now: datetime) -> Cause | None:
    """While the server is down nothing is sent, but somebody has to knock; else whatever is due has to go."""
    is_down = standing.mail_down_since is not None
    waited_since = standing.next_probe_at if is_down else standing.oldest_due_at
    if waited_since is None or standing.oldest_due_at is None or now - waited_since <= WORKER_GRACE:
        return None
    minutes = int((now - waited_since) / timedelta(minutes=1))
    return Cause("delivery", f"Mail has been due for {minutes} minutes: is 'flask intake deliver' running?")


def _server(standing: Standing, now: datetime) -> Cause | None:
    if standing.mail_down_since is None or now - standing.mail_down_since <= SERVER_GRACE:
        return None
    minutes = int((now - standing.mail_down_since) / timedelta(minutes=1))
    return Cause("mail server", f"The mail server has taken nothing for {minutes} minutes: the worker's log says why.")
