"""Mails that do not get out: told above the queue, and sent again from the request."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.ledger import mail_channel, outbox
from intake.models import OutboxMessage
from intake.models.records import OutboxState
from intake.models.site import Site
from intake.rules.workflow import ClosedReason
from intake.services import casework
from tests.admin.desk import Desk, words
from tests.making import actions, ask
from tests.points import point

pytestmark = pytest.mark.words

_M = OutboxMessage.__table__.c


def give_up(now: datetime) -> str:
    """Every mail there is becomes a dead one; one of them by name."""
    with writing() as conn:
        conn.execute(
            update(OutboxMessage).values(state=OutboxState.DEAD, dead_at=now, last_error="550 no such mailbox")
        )
        return str(conn.execute(select(_M.public_id).order_by(_M.id).limit(1)).scalar_one())


def state(public_id: str) -> str:
    with reading() as conn:
        return str(conn.execute(select(_M.state).where(_M.public_id == public_id)).scalar_one())


@point(65)
def test_a_dead_mail_is_sent_again_by_a_manager(grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    public_id = give_up(now)
    html = grace.text(f"/admin/queue/{reference}")
    assert "550 no such mailbox" in html and f"/admin/queue/{reference}/mail/{public_id}" in html
    assert grace.press(reference, f"mail/{public_id}").location == f"/admin/queue/{reference}"
    assert state(public_id) == OutboxState.PENDING
    html = grace.text(f"/admin/queue/{reference}")
    assert "The mail goes out again now." in html and "Send again" not in html
    assert "Grace sent a mail again" in words(html)
    assert actions(reference).count("callback.mail_resent") == 1


def test_pressing_send_again_twice_sends_once(grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    public_id = give_up(now)
    grace.text(f"/admin/queue/{reference}")
    for _ in range(2):
        assert grace.press(reference, f"mail/{public_id}").status_code == 303
    assert "That mail is on its way already." in grace.text(f"/admin/queue/{reference}")
    assert actions(reference).count("callback.mail_resent") == 1


def test_staff_read_why_a_mail_is_dead_and_have_no_button(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    public_id = give_up(now)
    html = maria.text(f"/admin/queue/{reference}")
    assert "550 no such mailbox" in html and "Send again" not in html
    assert maria.press(reference, f"mail/{public_id}").status_code == 403
    assert state(public_id) == OutboxState.DEAD


def test_a_mail_that_never_was_is_not_found(grace: Desk, site: Site, now: datetime) -> None:
    assert grace.press(ask(site, now).reference, "mail/nonsense").status_code == 404


def test_a_dead_mail_of_an_open_request_is_told_above_the_queue(maria: Desk, site: Site, now: datetime) -> None:
    assert "could not be sent" not in maria.text("/admin/queue/")
    reference = ask(site, now).reference
    give_up(now)
    html = maria.text("/admin/queue/")
    assert "A mail could not be sent." in html
    assert re.search(rf'href="/admin/queue/{reference}">See request {reference}', html)
    ask(site, now)
    give_up(now)
    assert "2 mails could not be sent." in maria.text("/admin/queue/?view=mine")


def test_a_dead_mail_is_no_alarm_once_its_request_has_ended(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    give_up(now)
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)
    assert "could not be sent" not in maria.text("/admin/queue/")


@pytest.mark.parametrize(("hours", "is_told"), [(1, True), (25, False)])
def test_a_dead_mail_about_no_request_is_told_for_a_day(maria: Desk, now: datetime, hours: int, is_told: bool) -> None:
    with writing() as conn:
        outbox.enqueue(conn, "team.check_digest", "team", now=now)
    give_up(now - timedelta(hours=hours))
    html = maria.text("/admin/queue/")
    assert ("A mail could not be sent." in html) == is_told
    assert "See request" not in html


def test_a_silent_mail_server_is_told_with_what_waits(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now - timedelta(minutes=20))
    with writing() as conn:
        mail_channel.mark_down(conn, error="timed out", now=now - timedelta(minutes=8))
    text = words(maria.text("/admin/queue/"))
    assert "No mail has gone out since 11:52 am ET: the mail server does not answer." in text
    assert "A mail waits and goes out by itself." in text
    with writing() as conn:
        mail_channel.mark_up(conn)
    assert "the mail server does not answer" not in maria.text("/admin/queue/")


def test_the_alarm_and_the_search_cost_no_page_more_than_six_queries(
    maria: Desk, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    for number in range(5):
        ask(site, now - timedelta(minutes=number), name="Ana")
    give_up(now)
    found = maria.post("/admin/queue/search", find="ana").location
    for path in ("/admin/queue/", "/admin/queue/?view=closed", found):
        maria.text(path)  # that these were shown is on record now; the entry's own statements come on top
        count_queries()
        maria.text(path)
        assert count_queries() <= 6, path
