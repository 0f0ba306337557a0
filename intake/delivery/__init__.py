"""The only code that talks to the outside: the worker takes mails from the outbox, the mailer sends them."""

from __future__ import annotations

from flask import Flask

from intake.delivery import mailer


def init_app(app: Flask) -> None:
    """Bind the mail settings. Sending starts elsewhere: ``worker.start_embedded`` or ``worker.deliver_forever``."""
    mailer.init_app(app)
