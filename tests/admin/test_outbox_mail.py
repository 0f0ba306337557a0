"""The page of one mail: to whom, every try, what it said; and the number of mails given up on the rail."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.delivery import worker
from intake.delivery.mailer import RefusedError, ServerDownError, TryLaterError
from intake.ledger import outbox
from intake.models import Audit, MailTry, OutboxMessage
from intake.models.records import OutboxState
from intake.models.site import Site
from intake.rules.mail_domain import masked
from tests.admin.desk import Desk, desk, words
from tests.admin.test_outbox import MINUTE, PAGE, Postman, dead, rows, state, write
from tests.making import ask, count

pytestmark = pytest.mark.words

_A = Audit.__table__.c
_M = OutboxMessage.__table__.c


class Moody(Postman):
    """Says what it was told to, then takes mails."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    def send(self, posting: object, *, now: datetime) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(posting)  # type: ignore[arg-type]
        return "250 2.0.0 Ok: queued as 4F1B2"


def mail_of(reference: str, kind: str) -> str:
    """The name of a request's mail."""
    with reading() as conn:
        asked = select(_M.public_id).where(_M.kind == kind)
        return str(conn.execute(asked).scalar_one())


def test_the_page_tells_every_try_and_what_went_out(
    grace: Desk, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    sent = ask(site, now, email="ana.lopez@lopez-family.org")
    mailer, at_first = Moody(TryLaterError("451 4.7.1 greylisted")), now + 5 * MINUTE
    worker.run_once(site, mailer, lambda: at_first)
    worker.run_once(site, mailer, lambda: at_first + MINUTE)
    name = mail_of(sent.reference, "visitor.received")
    grace.text(f"{PAGE}{name}")
    count_queries()
    html = grace.text(f"{PAGE}{name}")
    assert count_queries() <= 7
    text = words(html)
    assert "the visitor" in text and "a…@l….org" in text and "lopez" not in html
    assert f'href="/admin/queue/{sent.reference}"' in html
    assert any("Sent 250 2.0.0 Ok: queued as 4F1B2" in row for row in rows(html))
    assert "Your callback request" in text and "/callback/…" in text
    assert sent.link_token not in html


def test_a_try_that_failed_says_when_the_next_one_is(grace: Desk, site: Site, now: datetime) -> None:
    name = write(now)
    worker.run_once(site, Moody(TryLaterError("451 4.7.1 greylisted")), lambda: now)
    worker.run_once(site, Moody(TryLaterError("452 full")), lambda: now + MINUTE)
    first, second = rows(grace.text(f"{PAGE}{name}"))
    assert first.startswith("1 noon ET Put off 451 4.7.1 greylisted Next try: noon ET")
    assert second.startswith("2 12:01 pm ET Put off 452 full Next try: 12:01 pm ET")


def test_a_worker_lost_on_the_way_and_a_silent_server_are_told(grace: Desk, site: Site, now: datetime) -> None:
    name = write(now)
    with writing() as conn:
        outbox.claim(conn, now=now, lease_key="lost", lease_seconds=60, limit=1)
    worker.run_once(site, Moody(ServerDownError("timed out")), lambda: now + MINUTE)
    html = grace.text(f"{PAGE}{name}")
    lost, held = rows(html)
    assert lost == "1 Not known: the worker was lost on the way"
    assert held.startswith("not counted 12:01 pm ET Held: the mail server took nothing timed out")
    assert "when the mail server answers" in held


def test_a_mail_is_sent_again_from_its_page_and_counts_from_one(grace: Desk, site: Site, now: datetime) -> None:
    name = write(now)
    worker.run_once(site, Moody(RefusedError("550 no such mailbox")), lambda: now)
    html = grace.text(f"{PAGE}{name}")
    assert "Send again" in html
    answer = grace.post(f"{PAGE}{name}/again", back="mail")
    assert answer.status_code == 303 and answer.location.endswith(f"{PAGE}{name}")
    assert state(name) == OutboxState.PENDING
    worker.run_once(site, Moody(), lambda: now + MINUTE)
    html = grace.text(f"{PAGE}{name}")
    assert [row.split()[0] for row in rows(html)] == ["1", "1"] and "Send again" not in html


def test_a_mail_to_staff_shows_whole_addresses_and_one_to_nobody_none(grace: Desk, site: Site, now: datetime) -> None:
    assert "intake@example.com" in grace.text(f"{PAGE}{write(now)}")
    assert "grace@example.com" in grace.text(f"{PAGE}{write(now, to=f'user:{grace.actor.user_id}')}")  # type: ignore[union-attr]
    html = words(grace.text(f"{PAGE}{write(now, to='user:999')}"))
    assert "Address now none" in html and "It was not tried yet".lower() in html.lower()
    assert "Nothing went out, or its words are no longer kept" in html


@pytest.mark.parametrize("name", ["0" * 32, "x", "a" * 33, "%00" + "a" * 31, "ä" * 32])
def test_there_is_no_page_for_a_mail_that_is_none(grace: Desk, name: str) -> None:
    assert grace.get(f"{PAGE}{name}").status_code == 404


def test_a_look_at_a_mail_is_on_record(grace: Desk, site: Site, now: datetime) -> None:
    sent = ask(site, now, email="ana@example.org")
    name = mail_of(sent.reference, "visitor.received")
    for _ in range(2):
        grace.text(f"{PAGE}{name}")
    with reading() as conn:
        (told,) = conn.execute(select(_A.details).where(_A.action == "outbox.viewed")).scalars()
    assert told == {"message": name, "mails": "visitor.received", "reference": sent.reference}


def test_the_list_leads_to_each_mail(grace: Desk, now: datetime) -> None:
    name = write(now)
    assert f'href="{PAGE}{name}"' in grace.text(PAGE)


def badge(html: str) -> str:
    found = re.search(r'<a href="/admin/outbox/"[^>]*>.*?</a>', html, re.DOTALL)
    return words(re.sub(r"<svg.*?</svg>", "", found[0])).strip() if found else ""


def test_the_rail_counts_the_mails_given_up_on_every_page(
    app: Flask, grace: Desk, maria: Desk, now: datetime, count_queries: Callable[[], int]
) -> None:
    assert badge(grace.text("/admin/queue/")) == "Outbox"
    for _ in range(3):
        dead(now)
    ada = desk(app, "Ada", "admin", now=now)
    for one, path in ((grace, "/admin/queue/"), (grace, "/admin/account/"), (ada, "/admin/people/"), (ada, PAGE)):
        assert badge(one.text(path)) == "Outbox 3 given up", path
    assert badge(maria.text("/admin/queue/")) == "" and "given up" not in maria.text("/admin/account/")
    ada.text("/admin/account/")
    count_queries()
    ada.text("/admin/account/")
    seen = count_queries()
    ada._send("GET", "/admin/account/", headers={"X-Background": "1"})
    assert count_queries() == seen - 1, "a script's question reads no mails"


def test_a_badge_counts_no_further_than_it_can_show(grace: Desk, now: datetime) -> None:
    with writing() as conn:
        for _ in range(120):
            outbox.enqueue(conn, "team.new", "team", now=now)
        conn.execute(update(OutboxMessage).values(state=OutboxState.DEAD, dead_at=now, last_error="550 no"))
    assert badge(grace.text("/admin/account/")) == "Outbox 99+ given up"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ana@gmail.com", "a…@gmail.com"), ("ana.lopez@lopez-family.org", "a…@l….org"), ("a@b.co.uk", "a…@b….uk"),
        ("x@localhost", "x…@….localhost"),
    ],
)  # fmt: skip
def test_an_address_is_shown_masked(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_the_page_of_a_mail_from_before_tries_were_kept_opens(grace: Desk, now: datetime) -> None:
    name = write(now, state=OutboxState.SENT, sent_at=now, attempt_count=1)
    assert "None is kept" in grace.text(f"{PAGE}{name}") and count(MailTry) == 0
