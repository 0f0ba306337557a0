"""Mails about several requests after hours in which no mail got out: one for each reader, and nothing that is over."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.delivery import worker
from intake.models import Audit, OutboxMessage
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition
from intake.services import alerting, calls
from intake.services.alerting import DIGEST
from tests.delivery.test_worker import Clock, FakeMailer
from tests.making import ask, person

QUARTER = timedelta(minutes=15)


@pytest.fixture
def manager(site: Site, now: datetime) -> Actor:
    return person(site, "Mara", "manager", now=now - timedelta(days=1))


def three_hours(site: Site, begin: datetime) -> datetime:
    """Alerts are raised and told, and no mail gets out; when that is over."""
    for number in range(1, 13):
        at = begin + number * QUARTER
        alerting.raise_due(site, now=at)
        alerting.tell(site, now=at)
    return begin + 12 * QUARTER


def waiting(recipient: str) -> int:
    o = OutboxMessage.__table__.c
    with reading() as conn:
        return len(conn.execute(select(o.id).where(o.kind == DIGEST, o.recipient == recipient)).all())


def sent(site: Site, at: datetime) -> list[str]:
    """The texts of the digests that go out once the server is back."""
    mailer = FakeMailer()
    while worker.run_once(site, mailer, Clock(at), threading.Event()):
        pass
    return [one.letter.text for one in mailer.sent if one.kind == DIGEST]


def test_one_goes_out_when_mail_does_again_and_tells_of_everybody_who_still_waits(
    app: Flask, site: Site, manager: Actor, now: datetime
) -> None:
    sam = person(site, "Sam", now=now - timedelta(days=1))
    called, first = (ask(site, now, phone=f"(212) 555-010{n}", name=f"Visitor {n}").reference for n in (1, 2))
    at = three_hours(site, now)
    later = ask(site, at - 3 * QUARTER, phone="(212) 555-0109", name="Visitor 9").reference
    alerting.raise_due(site, now=at)
    calls.log_attempt(site, sam, called, calls.Outcome(Disposition.SPOKE_INFORMATION), now=at)
    assert waiting(f"user:{manager.user_id}") > 5
    texts = [text for text in sent(site, at) if "still waits" in text]
    assert len(texts) == 1 and first in texts[0] and called not in texts[0] and later not in texts[0]
    with reading() as conn:
        a = Audit.__table__.c
        whys = conn.execute(select(a.details).where(a.action == "mail.withdrawn")).scalars().all()
    assert whys and {one["why"] for one in whys} == {"newer"}


def test_nothing_goes_out_about_what_is_over(app: Flask, site: Site, manager: Actor, now: datetime) -> None:
    sam = person(site, "Sam", now=now - timedelta(days=1))
    reference = ask(site, now).reference
    at = three_hours(site, now)
    calls.log_attempt(site, sam, reference, calls.Outcome(Disposition.SPOKE_INFORMATION), now=at)
    assert sent(site, at) == []


def test_what_went_out_is_not_told_again_by_the_next(app: Flask, site: Site, manager: Actor, now: datetime) -> None:
    ask(site, now, phone="(212) 555-0101")
    alerting.raise_due(site, now=now + 2 * QUARTER)
    alerting.tell(site, now=now + 2 * QUARTER)
    assert any("still waits" in text for text in sent(site, now + 2 * QUARTER))
    second = ask(site, now + 2 * QUARTER, phone="(212) 555-0102", name="Bea").reference
    three = now + 4 * QUARTER
    alerting.raise_due(site, now=three)
    alerting.tell(site, now=three)
    (text,) = (text for text in sent(site, three) if "still waits" in text)
    assert second in text
