"""Nothing is forgotten: whoever must call is told in time, a manager of what stays undone, and nobody is flooded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, or_, select, update

from intake.database import reading, writing
from intake.ledger import outbox
from intake.models import Alert, CallbackRequest
from intake.models.base import table_of
from intake.models.site import Site
from intake.queries import alerting, people, rule_versions
from intake.queries import calendar as calendars
from intake.queries.rule_versions import RuleKind
from intake.rules.alerting import AlertKind, AlertRules, Waiting, Watch
from intake.rules.closed import night_since
from intake.rules.limits import LONGEST_CALL
from intake.rules.promise import on_the_clock

ALERT_LOCK = 4_201_013
"""The PostgreSQL advisory lock of whoever raises or tells: of several workers one does it at a time."""
DIGEST = "staff.alerts"
"""The kind of the mail that tells somebody of several alerts."""
PAGE = 500
MOST_TOLD = 2_000
NAMED = 20
"""So many requests are named in one mail; the rest is counted."""
_A = Alert.__table__.c
WOKEN_AGAIN = timedelta(minutes=5)
"""So rarely is somebody on call mailed, whatever comes."""
_WEIGHT = {
    AlertKind.AGAIN: 0, AlertKind.SOON: 0, AlertKind.ON_CALL: 1, AlertKind.LATE: 2, AlertKind.ON_CALL_LATE: 3,
    AlertKind.ESCALATED: 4,
}  # fmt: skip


def rules_in_force(conn: Connection) -> AlertRules:
    """The newest alert rules, or those we began with."""
    return AlertRules.from_document(rule_versions.current(conn, RuleKind.ALERTS).document)


def raise_due(site: Site, *, now: datetime) -> int:
    """Raise every alert that is to be raised now, each once whoever else does the same; returns how many were new.

    Looks at open requests that are due or nearly so, page by page. What a worker that was off has missed is raised
    as it stands now, not once for every quarter of an hour that went by.
    """
    with reading() as conn:
        watch = _watch(conn, site, now)
    until = now + watch.soon
    made = _raise_all(watch, "due_at", partial(alerting.near_due, until=until))
    if watch.on_call and (since := watch.night_since):
        made += _raise_all(watch, "received_at", partial(alerting.came_since, since=since, due_after=until))
    return made


def _raise_all(watch: Watch, order: str, look: Callable[..., Sequence[Row[Any]]]) -> int:
    """Page by page of what ``look`` finds in this order."""
    made, after = 0, None
    while True:
        with reading() as conn:
            rows = look(conn, after=after, limit=PAGE)
            wanted = _wanted(conn, watch, rows, watch.now)
        made += _keep(wanted)
        if len(rows) < PAGE:
            return made
        after = (getattr(rows[-1], order), rows[-1].id)


def _watch(conn: Connection, site: Site, now: datetime) -> Watch:
    calendar = calendars.current(conn, site)
    rules, soon = rules_in_force(conn), calendar.target.due_soon_minutes
    active = {person.id for person in people.working(conn)} if rules.escalate_to or rules.is_on_call else set()
    managers = tuple(f"user:{person.id}" for person in people.on_duty(conn, now))
    on_duty = tuple(f"user:{who}" for who in rules.escalate_to if who in active) or managers
    on_call: tuple[str, ...] = ()
    if rules.is_on_call:
        on_call = tuple(f"user:{who}" for who in rules.on_call if who in active)
        hook = (outbox.HOOK,) if site.webhook_url else ()
        on_call = (*on_call, *hook) or on_duty or ("team",)
    return Watch.begin(rules, calendar.hours, soon, on_duty, now, on_call)


def _wanted(conn: Connection, watch: Watch, rows: Iterable[Row[Any]], now: datetime) -> list[dict[str, Any]]:
    """Rows for the alerts of these requests that have not been raised."""
    found = [(row, alert) for row in rows for alert in watch.alerts(_waiting(row, now))]
    if not found:
        return []
    rows_of = [
        {
            "callback_id": row.id, "due_at": row.due_at, "kind": alert.kind.value, "recipient": alert.recipient,
            "number": alert.number, "raised_at": now,
        }
        for row, alert in found
    ]  # fmt: skip
    return _new(conn, rows_of)


def _new(conn: Connection, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that were not raised before; each escalation goes to whoever was on duty when it was raised."""
    occasions = [(row, _occasion(row)) for row in wanted]
    had = alerting.raised(conn, {one[:3] + one[4:] for _, one in occasions})
    escalated = {one[:3] + one[4:] for one in had if one[2] == AlertKind.ESCALATED}
    return [row for row, one in occasions if one not in had and one[:3] + one[4:] not in escalated]


def _waiting(row: Row[Any], now: datetime) -> Waiting:
    is_held = row.call_started_at is not None and now - row.call_started_at < LONGEST_CALL
    is_check, is_uncalled = alerting.is_check(row.status), bool(row.is_uncalled)
    is_taken = bool(row.is_taken)
    due_at = on_the_clock(row.due_at)
    return Waiting(due_at, row.assignee_id, is_held, is_check, row.received_at, is_uncalled, is_taken, row.next_at)


def _keep(wanted: list[dict[str, Any]]) -> int:
    """Store them; one that another worker has just raised is not raised twice."""
    if not wanted:
        return 0
    with writing() as conn:
        alone(conn)
        new = _new(conn, wanted)
        if new:
            conn.execute(insert(table_of(Alert)), new)
    return len(new)


def _occasion(row: dict[str, Any]) -> tuple[int, datetime, str, str, int]:
    return row["callback_id"], row["due_at"], row["kind"], row["recipient"], row["number"]


def alone(conn: Connection) -> None:
    """Wait until nobody else raises or tells, and keep them waiting until this transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(ALERT_LOCK)))


def tell(site: Site, *, now: datetime) -> int:
    """Put what was raised and not told into one mail for each person who has not had one just now; how many mails.

    What is over by now is settled untold. Mail and mark are one transaction: whatever happens, nobody is told twice.
    """
    with reading() as conn:
        rules = rules_in_force(conn)
        if not _has_work(conn):
            return 0
        is_day = not rules.is_on_call or night_since(calendars.current(conn, site).hours, now) is None
    with writing() as conn:
        alone(conn)
        _settle(conn, now, is_day)
        rows = alerting.to_tell(
            conn, idle_since=now - timedelta(minutes=rules.digest_minutes), woken_since=now - WOKEN_AGAIN,
            call_since=now - LONGEST_CALL, limit=MOST_TOLD,
        )  # fmt: skip
        by_person: dict[str, list[Row[Any]]] = {}
        for row in rows:
            by_person.setdefault(row.recipient, []).append(row)
        for recipient, told in by_person.items():
            if recipient == outbox.HOOK:
                _page(conn, told, rules, now)
            else:
                outbox.enqueue(conn, DIGEST, recipient, details=_digest(told, rules), now=now)
            conn.execute(update(Alert).where(_A.id.in_([row.id for row in told])).values(told_at=now))
    return len(by_person)


def digest_by_now(conn: Connection, recipient: str, now: datetime) -> dict[str, Any] | None:
    """What a digest to this person says at the moment it goes out; None if nothing is left to say.

    That is all they were to be told since the last one that went out, as far as it is still so: while no mail gets out,
    several are written, and only the newest goes.
    """
    rows = alerting.still_so(conn, DIGEST, recipient, now=now, call_since=now - LONGEST_CALL, limit=MOST_TOLD)
    return _digest(rows, rules_in_force(conn)) if rows else None


def _has_work(conn: Connection) -> bool:
    return conn.execute(select(_A.id).where(_A.settled_at.is_(None)).limit(1)).first() is not None


def _page(conn: Connection, rows: Iterable[Row[Any]], rules: AlertRules, now: datetime) -> None:
    """To the webhook, one message for each: a pager files each by its own name."""
    for row in rows:
        details = {"kind": row.kind, "number": row.number, "due_at": on_the_clock(row.due_at).isoformat()}
        if row.kind == AlertKind.ON_CALL:
            details["claim_by"] = _claim_by(row, rules).isoformat()
        outbox.enqueue(conn, "hook.alert", outbox.HOOK, callback_id=row.callback_id, details=details, now=now)


def _claim_by(row: Row[Any], rules: AlertRules) -> datetime:
    at: datetime = row.raised_at
    return at + timedelta(minutes=rules.on_call_minutes)


def _settle(conn: Connection, now: datetime, is_day: bool) -> None:
    """``is_day``: nobody is on call any more, so nobody is told what the night left."""
    about = exists().where(CallbackRequest.__table__.c.id == _A.callback_id, alerting.is_living(now))
    is_over = or_(~about, alerting.IS_ON_CALL) if is_day else ~about
    conn.execute(update(Alert).where(_A.settled_at.is_(None), is_over).values(settled_at=now))


def _digest(rows: Iterable[Row[Any]], rules: AlertRules) -> dict[str, Any]:
    """Each request once, with the worst that is said of it: reference, kind and time, nothing else.

    That it was asked for again is a line of its own. The time is the due time, which says also who is ahead of all; for
    a first word to those on call, by when to claim it.
    """
    worst: dict[tuple[int, bool], Row[Any]] = {}
    for row in rows:
        matter = row.callback_id, row.kind == AlertKind.AGAIN
        known = worst.get(matter)
        if known is None or _WEIGHT[AlertKind(row.kind)] > _WEIGHT[AlertKind(known.kind)]:
            worst[matter] = row
    named = sorted(worst.values(), key=lambda row: (row.due_at, row.callback_id))
    items = [
        [row.reference, row.kind, (_claim_by(row, rules) if row.kind == AlertKind.ON_CALL else row.due_at).isoformat()]
        for row in named[:NAMED]
    ]
    return {"items": items, "more": max(0, len(named) - NAMED)}
