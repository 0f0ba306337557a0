"""The form's token: a signed nonce with the time it was given out. Stateless, so that a visitor needs no cookie."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous.encoding import base64_encode

OLDEST = timedelta(hours=24)
"""A form may lie open this long."""


@dataclass(frozen=True, slots=True)
class FormToken:
    """``nonce`` tells one opened form from another; ``given_at`` (UTC) is when it was opened."""

    nonce: str
    given_at: datetime

    def is_old(self, now: datetime) -> bool:
        """Whether the form lay open for too long. A clock that was set back does not make it old."""
        return now - self.given_at > OLDEST


class FormTokens:
    """Gives out and reads tokens. The newest secret signs, older ones still read."""

    def __init__(self, secret: str, older: Sequence[str] = ()) -> None:
        # Bound to this use once, here, instead of with every token.
        self._keys = [hmac.digest(key.encode(), b"callback-form", "sha256") for key in (secret, *older)]

    def give(self, now: datetime) -> str:
        """A new token, about 60 letters, safe in an attribute."""
        value = f"{secrets.token_urlsafe(16)}~{int(now.timestamp()):x}"
        return f"{value}.{_signature(self._keys[0], value)}"

    def read(self, text: str | None) -> FormToken | None:
        """The token, however old; None if it is missing or not ours."""
        if not text or len(text) > 200 or not text.isascii():
            return None
        value, _, signature = text.rpartition(".")
        if not any(hmac.compare_digest(_signature(key, value), signature) for key in self._keys):
            return None
        nonce, _, given = value.partition("~")
        return FormToken(nonce, datetime.fromtimestamp(int(given, 16), UTC))


def _signature(key: bytes, value: str) -> str:
    """One call into OpenSSL: every opened form waits for this."""
    return base64_encode(hmac.digest(key, value.encode(), "sha256")).decode()
