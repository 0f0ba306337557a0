"""A real SMTP server in the test's own process, which keeps what it was given."""

from __future__ import annotations

import email
import re
import threading
from collections import Counter, defaultdict
from email import policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller

REFERENCE = re.compile(r"\b[0-9A-HJ-NP-TV-Z]{3}-[0-9A-HJ-NP-TV-Z]{3}\b")


class Postbox:
    """Counts arrivals by reference and Message-ID."""

    def __init__(self, port: int) -> None:
        self.by_reference: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.arrived = 0
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = cast(EmailMessage, email.message_from_bytes(envelope.content, policy=policy.default))
        body = message.get_body(("plain",))
        found = REFERENCE.search(body.get_content() if body else "")
        with self._lock:
            self.arrived += 1
            self.by_reference[found[0] if found else ""][message["Message-ID"]] += 1
        return "250 Taken"

    def __enter__(self) -> Postbox:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
