"""One-time codes: those an authenticator app shows (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP_SECONDS = 30
DIGITS = 6
"""What every authenticator app takes without being told: six digits, SHA-1, 30 seconds (RFC 6238, 4)."""

DRIFT = 1
"""So many steps a telephone's clock may be ahead or behind (RFC 6238, 5.2 advises one)."""

SECRET_BYTES = 20
"""The length of SHA-1's output, as RFC 4226 (4, R6) advises."""

RECOVERY_CODES = 10
_RECOVERY_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_RECOVERY_LENGTH = 10  # 50 bits, beyond guessing at nine tries in a quarter of an hour
_MISREAD = str.maketrans("oil", "011")
_SPACES = re.compile(r"[\s\-]+")


def new_secret() -> str:
    """A fresh secret as apps take it: 32 letters and digits (base32)."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one time step."""
    return HOTP(base64.b32decode(secret), DIGITS, SHA1()).generate(step).decode()  # noqa: S303 - what apps speak


def step_of(now: datetime) -> int:
    """The time step of an instant: half minutes since 1970."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: str, typed: str, *, now: datetime) -> int | None:
    """The step whose code this is, one step early or late included; None if it is nobody's. Spaces do not count."""
    plain = _SPACES.sub("", typed)
    if not (plain.isascii() and plain.isdigit() and len(plain) == DIGITS):
        return None
    at, found = step_of(now), None
    for step in range(at - DRIFT, at + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step), plain):
            found = step
    return found


def address_for_apps(secret: str, issuer: str, account: str) -> str:
    """What the picture says to an app (``otpauth://``): who asks, for which account, and the secret."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}"


def in_fours(secret: str) -> str:
    """Groups of four, which a person can copy by hand."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def new_recovery_codes() -> tuple[str, ...]:
    """Ten fresh ones, like ``k7m4q-x9p2r``; no letter in them is taken for another."""
    drawn = ("".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return tuple(f"{code[:5]}-{code[5:]}" for code in drawn)


def plain_recovery_code(typed: str) -> str | None:
    """As it was drawn, whatever case, spaces and look-alikes it was typed with; None if it cannot be one."""
    plain = _SPACES.sub("", typed).lower().translate(_MISREAD)
    is_one = len(plain) == _RECOVERY_LENGTH and all(letter in _RECOVERY_LETTERS for letter in plain)
    return plain if is_one else None
