"""Trying the mail server out from a shell: a knock that sends nothing, and one letter to whoever asked for it."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import Flask

from intake.delivery.mailer import Mailer, Posting, mailer_for
from intake.delivery.messages import Letter
from intake.models.site import Site

_TEXT = "This is a test. Somebody who looks after the callback service asked for it, and the mail server took it.\n"
LETTER = Letter("A test from the callback service", _TEXT, f"<!doctype html><html lang=en><p>{_TEXT}</p></html>")


def knock(app: Flask, site: Site) -> None:
    """Connect, secure, sign in, hang up. ``mailer.ServerDownError`` says what is wrong."""
    mailer_for(app, site.public_url).knock()


def send_to(app: Flask, site: Site, address: str, *, now: datetime) -> None:
    """Send the test letter, or raise what ``mailer.Mailer.send`` raises."""
    mailer: Mailer = mailer_for(app, site.public_url)
    try:
        mailer.send(Posting(uuid.uuid4().hex, "team.test", (address,), LETTER, now), now=now)
    finally:
        mailer.close()
