"""Giving requests away by rule: done by the worker, one short transaction for each, and never twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from intake.database import reading, writing
from intake.ledger import audit, outbox
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import people, routing
from intake.rules.permissions import SYSTEM
from intake.rules.routing import Arrival, Routing, Rule
from intake.services.claims import held
from intake.services.errors import NotFoundError
from intake.services.locking import change, lock_to_give

ROUTING_LOCK = 0x696E7472
"""The PostgreSQL advisory lock of whoever gives a request away: the next one counts what the first has given."""

AT_A_TIME = 20
"""So many are given away in one turn of the worker; mail goes out in between."""


def route_waiting(site: Site, *, now: datetime) -> int:
    """Give what a rule names somebody for to whoever's turn it is; how many were given.

    What no rule fits, and what fits one whose people are not on shift or have their hands full, stays everybody's.
    """
    given = 0
    for reference, rule, rules in _due(site, now):
        given += _give(site, reference, rule, rules, now)
        if given >= AT_A_TIME:
            break
    return given


def _due(site: Site, now: datetime) -> list[tuple[str, Rule, Routing]]:
    """The requests that a rule with somebody able fits, in the order in which they are to be given away."""
    with reading() as conn:
        rules = routing.current(conn)
        if not rules.rules:
            return []
        loads = routing.loads(conn, now)
        able = {rule.number for rule in rules.rules if rules.turn(rule, loads)}
        if not able:
            return []
        hours = calendars.current(conn, site).hours
        found: list[tuple[str, Rule, Routing]] = []
        for row in routing.waiting(conn, now):
            rule = rules.winner(Arrival.of(row.language, row.source, row.received_at, hours))
            if rule is not None and rule.number in able:
                found.append((row.reference, rule, rules))
            if len(found) >= AT_A_TIME:
                break
        return found


def _give(site: Site, reference: str, rule: Rule, rules: Routing, now: datetime) -> int:
    """One request to whoever's turn it is by now; 0 if somebody took it meanwhile, or nobody is able any more."""
    with writing() as conn:
        _alone(conn)
        turn = rules.turn(rule, routing.loads(conn, now))
        if turn is None:
            return 0
        try:
            row = lock_to_give(conn, reference, turn.user_id)
        except NotFoundError:
            return 0
        may_call = turn.user_id in {person.id for person in people.calling(conn)}
        if not may_call or not routing.is_free(conn, row.id):
            return 0
        change(conn, row, **held(conn, site, row, turn.user_id, now))
        team = rules.team(rule.to)
        audit.record(
            conn, site, SYSTEM, "callback.routed", callback_id=row.id,
            details={"to": turn.user_id, "rule": rule.number, "team": team.number if team else None}, now=now,
        )  # fmt: skip
        outbox.enqueue(conn, "person.assigned", f"user:{turn.user_id}", callback_id=row.id, now=now)
    return 1


def _alone(conn: Connection) -> None:
    """Nobody else routes until this is done (SQLite has one writer anyway)."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(ROUTING_LOCK)))
