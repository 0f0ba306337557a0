"""The outbox in a real browser: tested, sent again, in both looks, and on a phone."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import update

from intake.database import writing
from intake.ledger import mail_channel, outbox
from intake.models import OutboxMessage
from intake.models.records import MailChannel, OutboxState
from tests.browser.test_queue import check, full_queue, sign_in, working_day

__all__ = ["full_queue", "working_day"]

MINUTE = timedelta(minutes=1)
_M = OutboxMessage.__table__.c


def of_every_kind(now: datetime) -> None:
    """Mails in every state, and a server that has been silent for a while."""
    dead = {"state": OutboxState.DEAD, "dead_at": now, "last_error": "550 5.1.1 no such mailbox", "attempt_count": 1}
    with writing() as conn:
        conn.execute(update(OutboxMessage).where(_M.id == 1).values(**dead))
        conn.execute(update(OutboxMessage).where(_M.id < 5, _M.id > 1).values(state=OutboxState.SENT, sent_at=now))
        tried = {"attempt_count": 2, "available_at": now + 5 * MINUTE, "last_error": "451 4.3.0 try again later"}
        conn.execute(update(OutboxMessage).where(_M.id == 6).values(**tried))
        outbox.enqueue(conn, "person.security", "user:1", now=now)
        mail_channel.mark_down(conn, error="timed out", now=now - 8 * MINUTE)
        conn.execute(update(MailChannel).values(next_probe_at=now + MINUTE))


def test_the_outbox_is_read_and_worked_in_both_looks_and_on_a_phone(
    browser: Browser, live_server: str, full_queue: dict[str, str], sqlite_app: Flask, now: datetime
) -> None:
    of_every_kind(now)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, java_script_enabled=True)
    page = context.new_page()
    sign_in(page, live_server, "grace")
    page.get_by_role("link", name="Outbox").click()
    expect(page.get_by_text("The mail server has not answered since")).to_be_visible()
    page.get_by_role("button", name="Send a test to grace@example.com").click()
    expect(page.get_by_text("Your test mail: held until the mail server answers")).to_be_visible()
    shots = os.environ.get("SHOTS")
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        check(page)
        if shots:
            page.screenshot(path=Path(shots) / f"outbox-{scheme}-{width}.png", full_page=True)
    page.get_by_role("link", name="Gave up").click()
    check(page)
    if shots:
        page.screenshot(path=Path(shots) / "outbox-gave-up-360.png", full_page=True)
    expect(page.get_by_text("550 5.1.1 no such mailbox")).to_be_visible()
    page.get_by_role("button", name="Send all of these again").click()
    expect(page.get_by_text("One mail goes out again now.")).to_be_visible()
    expect(page.get_by_role("heading", name="No mail was given up")).to_be_visible()
    check(page)
    if shots:
        page.screenshot(path=Path(shots) / "outbox-empty-360.png", full_page=True)
    context.close()
