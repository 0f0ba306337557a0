"""What stands around one request's page, in one statement: the queue's number, who looks, words to say, colleagues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from intake.queries import leases, outbox, people, presence, rule_versions, taking, worklist
from intake.queries.presence import Viewers
from intake.queries.rule_versions import RuleKind
from intake.rules.permissions import Permission

People = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Around:
    """``due_now`` and ``given_up`` are numbers on the rail; ``has_lapsed``: a claim has, or was this person's and did.

    ``is_taken``: the request is its holder's by what somebody did.

    ``script``: the document of ``rules.call_script``. ``workers`` and ``callers``: id and name, in the order of names.
    """

    due_now: int
    given_up: int
    viewers: Viewers
    has_lapsed: bool
    is_taken: bool
    script: Mapping[str, Any]
    workers: People
    callers: People


def around(
    conn: Connection, reference: str, *, user_id: int, now: datetime, due_soon: timedelta, longest_call: timedelta
) -> Around:
    """All of it. ``longest_call``: how long a call holds a claim."""
    row: Any = conn.execute(
        select(
            worklist.due_now(now, due_soon).label("due_now"),
            outbox.given_up_column(),
            presence.told(besides=user_id, now=now).label("seen"),
            leases.to_do(user_id, now, longest_call).label("lapsed"),
            taking.told(reference),
            rule_versions.column(RuleKind.SCRIPT),
            people.named(conn, "workers", people.may(Permission.WORK)),
            people.named(conn, "callers", people.may(Permission.WORK, Permission.CONTACT)),
        )
    ).one()
    return Around(
        int(row.due_now), int(row.given_up), presence.read(row.seen), bool(row.lapsed), bool(row.is_taken),
        row.script or {}, people.read_named(row.workers), people.read_named(row.callers),
    )  # fmt: skip
