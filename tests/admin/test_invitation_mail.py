"""What became of the mail with a link, told on the page of the person it invites."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.ledger import mail_channel
from intake.models import OutboxMessage
from intake.models.records import OutboxState
from intake.models.site import Site
from intake.queries import invitations
from intake.services import inviting
from tests.admin.desk import Desk, at, desk, words

pytestmark = pytest.mark.words

_M = OutboxMessage.__table__.c
UNKNOWN = "Mailbox does not exist (550)"


@pytest.fixture
def alex(app: Flask, now: datetime) -> Desk:
    return desk(app, "Alex", "admin", now=now)


@pytest.fixture
def rose(site: Site, alex: Desk, now: datetime) -> int:
    return inviting.invite(site, alex.actor, email="rose@example.com", name="Rose", roles=("staff",), now=now)  # type: ignore[arg-type]


def mails(user_id: int) -> list[str]:
    with reading() as conn:
        query = select(_M.public_id).where(_M.recipient == f"user:{user_id}").order_by(_M.id)
        return list(conn.execute(query).scalars())


def became(user_id: int, **values: object) -> None:
    """What a worker wrote of the newest mail."""
    with writing() as conn:
        conn.execute(update(OutboxMessage).where(_M.public_id == mails(user_id)[-1]).values(**values))


def page(alex: Desk, user_id: int, now: datetime) -> str:
    with at(now):
        return alex.text(f"/admin/people/{user_id}")


def buttons(html: str) -> list[str]:
    """What may be pressed in the card of how they get in."""
    card = html[html.index('id="in-h"') : html.index('id="access-h"')]
    return [words(one).strip() for one in re.findall(r"<button[^>]*>(.*?)</button>", card)]


@pytest.mark.parametrize(
    ("values", "short", "told"),
    [
        ({"state": OutboxState.PENDING}, "Mail waits", "goes out next"),
        ({"state": OutboxState.LEASED}, "Mail is being sent", "Is being sent"),
        (
            {"attempt_count": 2, "last_error": "Greylisted (451)", "available_at": timedelta(minutes=5)},
            "Mail not delivered yet",
            "Greylisted (451); next try 12:05 pm ET",
        ),
        ({"state": OutboxState.SENT, "sent_at": timedelta()}, "Mail sent", "Sent noon ET"),
        (
            {"state": OutboxState.DEAD, "dead_at": timedelta(), "last_error": UNKNOWN},
            "Mail not delivered",
            f"{UNKNOWN}; given up noon ET",
        ),
    ],
)
def test_beside_the_link_stands_what_became_of_its_mail(
    alex: Desk, rose: int, now: datetime, values: dict[str, object], short: str, told: str
) -> None:
    became(rose, **{name: now + value if isinstance(value, timedelta) else value for name, value in values.items()})
    text = words(page(alex, rose, now))
    assert re.search(rf"Invited, link works until Sat noon ET\s+{short}", text)
    assert f"Mail with the link {told}" in text
    assert ("If the address is wrong" in text) == (short == "Mail not delivered")


def test_while_the_mail_server_is_silent_the_mail_is_said_to_be_held(alex: Desk, rose: int, now: datetime) -> None:
    with writing() as conn:
        mail_channel.mark_down(conn, error="connection refused", now=now)
    assert "Mail with the link held until the mail server answers" in words(page(alex, rose, now))


def test_a_mail_that_was_given_up_is_sent_again_from_here(alex: Desk, rose: int, now: datetime) -> None:
    became(rose, state=OutboxState.DEAD, dead_at=now, last_error=UNKNOWN)
    html = page(alex, rose, now)
    assert buttons(html)[:2] == ["Send again (the mail with the link)", "Send a new link"]
    with at(now):
        answer = alex.post(f"/admin/outbox/{mails(rose)[0]}/again", person=str(rose))
        assert (answer.status_code, answer.location) == (303, f"/admin/people/{rose}")
        text = words(alex.text(answer.location))
    assert "The mail goes out again now." in text and "Mail with the link goes out next" in text
    assert len(mails(rose)) == 1


def test_a_mail_whose_link_has_run_out_is_not_sent_again(site: Site, alex: Desk, now: datetime) -> None:
    early = now - timedelta(hours=73)
    tom = inviting.invite(site, alex.actor, email="tom@example.com", name="Tom", roles=("staff",), now=early)  # type: ignore[arg-type]
    became(tom, state=OutboxState.DEAD, dead_at=now, last_error=UNKNOWN)
    html = page(alex, tom, now)
    assert "the link has run out" in html and UNKNOWN in html
    assert "Send a new link" in buttons(html) and not any("Send again" in one for one in buttons(html))


def test_of_several_mails_the_newest_links_counts(site: Site, alex: Desk, rose: int, now: datetime) -> None:
    became(rose, state=OutboxState.DEAD, dead_at=now, last_error=UNKNOWN)
    inviting.send_link(site, alex.actor, rose, now=now)  # type: ignore[arg-type]
    text = words(page(alex, rose, now))
    assert UNKNOWN not in text and "Mail waits" in text and len(set(mails(rose))) == 2


def test_once_the_link_is_used_nothing_is_said_of_its_mail(site: Site, alex: Desk, rose: int, now: datetime) -> None:
    with reading() as conn:
        link = site.keyring.invitation_token(invitations.newest_open(conn, rose, now=now) or "")
    inviting.choose_password(site, link, "kettle window seven", now=now)
    text = words(page(alex, rose, now))
    assert "Mail sent" not in text and "Mail waits" not in text and "Mail with the link" not in text


def test_a_forgotten_password_tells_of_its_mail_too(site: Site, alex: Desk, app: Flask, now: datetime) -> None:
    maria = desk(app, "Maria", now=now).actor
    inviting.send_link(site, alex.actor, maria.person_id, now=now)  # type: ignore[union-attr, arg-type]
    text = words(page(alex, maria.person_id, now))  # type: ignore[union-attr]
    assert "Mail waits" in text and "A link to choose a new password works until" in text


def test_a_mail_from_before_it_could_be_found_is_not_spoken_of(alex: Desk, rose: int, now: datetime) -> None:
    became(rose, public_id="0" * 32)
    text = words(page(alex, rose, now))
    assert "Invited, link works until" in text and "Mail with the link" not in text


def test_the_mails_name_tells_nobody_the_links_id(rose: int, now: datetime) -> None:
    with reading() as conn:
        public_id = invitations.newest_open(conn, rose, now=now) or ""
    assert mails(rose) == [invitations.mail_name(public_id)] and public_id not in mails(rose)


def test_finding_the_mail_takes_no_search_however_many_there_are(
    alex: Desk, rose: int, now: datetime, count_queries: Callable[[], int]
) -> None:
    page(alex, rose, now)
    count_queries()
    with reading() as conn:
        found = invitations.mail_of(conn, rose)
    assert found is not None and found.mail.recipient == f"user:{rose}" and count_queries() == 3


def test_sent_again_from_elsewhere_leads_back_to_the_outbox(site: Site, alex: Desk, rose: int, now: datetime) -> None:
    became(rose, state=OutboxState.DEAD, dead_at=now, last_error=UNKNOWN)
    page(alex, rose, now)
    for odd in ("", "x", "//evil.example", "9" * 30):
        with at(now):
            answer = alex.post(f"/admin/outbox/{mails(rose)[0]}/again", person=odd)
        assert answer.location == "/admin/outbox/"
