"""Flask-Security's mails go to the outbox: no request waits for a mail server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_security import MailUtil

from intake.services import people


class OutboxMail(MailUtil):
    """Keeps which notice it was and for whom; the words are made when it is sent."""

    def send_mail(self, template: str, *_stock: object, user: Any = None, **_more: Any) -> None:
        """Queue a notice for the person it is about. Subject, body and address of the stock mail are dropped."""
        if user is None:
            raise ValueError(f"nobody to send {template} to")
        people.notify(user.id, template, now=datetime.now(UTC))
