"""The alarm for silence and for a stuck outbox: told once, standing until it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from intake.database import reading, writing
from intake.ledger import outbox
from intake.models import Alarm, CallbackRequest, OutboxMessage
from intake.models.base import table_of
from intake.models.site import Site
from intake.queries import mail, silence
from intake.queries.rule_versions import RuleKind
from intake.rules.alerting import AlertRules
from intake.rules.spam import Signals
from intake.rules.workflow import ClosedReason
from intake.services import casework, rule_versions, watching
from tests.making import ask, count, person, stored

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
C = CallbackRequest.__table__.c
O = OutboxMessage.__table__.c  # noqa: E741


def busy_weeks(site: Site, now: datetime, weeks: int) -> None:
    """Two requests an hour for so many weeks, until six hours ago; only what the alarm looks at is true of them."""
    first = stored(ask(site, now - 6 * HOUR).reference)._asdict()
    taken_out = ("id", "public_id", "reference", "link_hash", "idempotency_key", "received_at")
    plain = {name: value for name, value in first.items() if name not in taken_out}
    rows = [
        plain | {
            "public_id": f"{number:032x}", "reference": f"T{number:06}", "link_hash": number.to_bytes(32, "big"),
            "idempotency_key": number.to_bytes(32, "big"), "received_at": now - 6 * HOUR - number * HOUR / 2,
        }
        for number in range(1, weeks * 168 * 2 + 12)
    ]  # fmt: skip
    with writing() as conn:
        conn.execute(insert(table_of(CallbackRequest)), rows)


def settle_outbox() -> None:
    with writing() as conn:
        conn.execute(update(OutboxMessage).values(state="sent"))


def alarms() -> list[tuple[str, str]]:
    with reading() as conn:
        rows = conn.execute(select(O.recipient, O.details).where(O.kind == "staff.alarm").order_by(O.id))
        return [(row.recipient, row.details["kind"]) for row in rows]


def said(now: datetime) -> datetime | None:
    """Since when the page says that nothing has come."""
    with reading() as conn:
        return mail.read_alarm(conn.execute(select(*mail.alarm_columns(now))).one()).silent_since


def test_a_silence_is_told_once_stands_above_the_queue_and_ends_with_the_next_request(
    site: Site, now: datetime
) -> None:
    busy_weeks(site, now, 5)
    settle_outbox()
    for minutes in (0, 1, 60):
        watching.watch(site, now=now + timedelta(minutes=minutes))
        settle_outbox()
    assert alarms() == [("managers", "silence")]
    assert said(now) == now - 6 * HOUR
    ask(site, now + HOUR, phone="(212) 555-0199")
    assert said(now + HOUR) is None, "though no worker has looked"
    settle_outbox()
    watching.watch(site, now=now + HOUR)
    assert count(Alarm) == 0
    assert alarms() == [("managers", "silence")]


def test_a_request_that_staff_wrote_down_does_not_hide_that_the_form_is_silent(site: Site, now: datetime) -> None:
    busy_weeks(site, now, 5)
    told = stored(ask(site, now - MINUTE, phone="(212) 555-0199").reference).id
    with writing() as conn:
        conn.execute(update(CallbackRequest).where(C.id == told).values(channel="phone"))
    settle_outbox()
    watching.watch(site, now=now)
    assert alarms() == [("managers", "silence")]


def test_what_programs_send_does_not_hide_that_nobody_gets_through(site: Site, now: datetime) -> None:
    busy_weeks(site, now, 5)
    ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.1))
    maria = person(site, "Maria", now=now)
    casework.close(site, maria, ask(site, now).reference, ClosedReason.SPAM, now=now)
    settle_outbox()
    watching.watch(site, now=now)
    assert alarms() == [("managers", "silence")]


def test_too_short_a_record_raises_no_alarm(site: Site, now: datetime) -> None:
    watching.watch(site, now=now)
    busy_weeks(site, now, 2)
    settle_outbox()
    watching.watch(site, now=now)
    assert count(Alarm) == 0


def test_a_stuck_outbox_is_told_once_and_is_over_when_it_is_empty(site: Site, now: datetime) -> None:
    with writing() as conn:
        outbox.enqueue(conn, "team.new", "team", now=now)
    watching.watch(site, now=now + timedelta(minutes=9))
    assert count(Alarm) == 0
    for minutes in (10, 11, 30):
        watching.watch(site, now=now + timedelta(minutes=minutes))
    assert alarms() == [("managers", "outbox")]
    settle_outbox()
    watching.watch(site, now=now + HOUR)
    assert count(Alarm) == 0


def test_where_it_is_switched_off_nothing_is_watched_and_what_stood_goes(site: Site, now: datetime) -> None:
    with writing() as conn:
        outbox.enqueue(conn, "team.new", "team", now=now)
    watching.watch(site, now=now + HOUR)
    assert count(Alarm) == 1
    admin = person(site, "Ada", "admin", now=now)
    off = AlertRules(is_silence_watched=False).to_document()
    rule_versions.change(site, admin, RuleKind.ALERTS, off, seen=0, words="", now=now)
    watching.watch(site, now=now + HOUR)
    assert count(Alarm) == 0
    with reading() as conn:
        assert silence.ringing(conn) == {}
