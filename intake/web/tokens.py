"""The form's token: a signed nonce with the time it was given out. Stateless, so that a visitor needs no cookie."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, Signer

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
        # Bound to this use once, here, instead of by the signer with every token: half its cost.
        keys = [hmac.digest(key.encode(), b"callback-form", hashlib.sha256) for key in (*reversed(older), secret)]
        self._signer = Signer(keys, key_derivation="none", digest_method=hashlib.sha256)

    def give(self, now: datetime) -> str:
        """A new token, about 60 letters, safe in an attribute."""
        value = f"{secrets.token_urlsafe(16)}~{int(now.timestamp()):x}"
        return self._signer.sign(value).decode()

    def read(self, text: str | None) -> FormToken | None:
        """The token, however old; None if it is missing or not ours."""
        if not text or len(text) > 200:
            return None
        try:
            nonce, _, given = self._signer.unsign(text).decode().partition("~")
            return FormToken(nonce, datetime.fromtimestamp(int(given, 16), UTC))
        except (BadSignature, ValueError, OverflowError):
            return None
