"""Passwords: which are good enough, how they are kept, and a check that costs the same for everybody."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from intake.services import guessing
from intake.services.errors import ServiceError

SHORTEST, LONGEST = 12, 128

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
# Twenty sign-ins at once stay under 400 MiB.
TIME_COST, MEMORY_KIB, LANES = 2, 19456, 1
_HASHER = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)

_WORDS = {
    "short": f"The password is too short: at least {SHORTEST} characters. Four unrelated words are easily that.",
    "long": f"The password is too long: at most {LONGEST} characters.",
    "listed": "This password is on lists that attackers try first. Take four unrelated words instead.",
    "easy": "This password is too easy to guess: common words, dates or keys in a row. "
    "Take four unrelated words instead.",
    "own": "Without your own name, your email and the provider's name too little is left of this password. "
    "Take four unrelated words instead.",
}


class PasswordError(ServiceError):
    """A password is not good enough. ``code`` is short, long, listed, easy or own; the text says what to do."""

    def __init__(self, code: str) -> None:
        super().__init__(_WORDS[code])
        self.code = code


def check(password: str, *, names: Iterable[str] = ()) -> None:
    """PasswordError unless it is long enough and hard to guess. ``names``: the person's and the provider's own.

    ASVS 5.0 section 6.2: 12 to 128 characters of any kind, none of them demanded, none on the lists. Costs some 2 ms,
    50 ms at worst: never call it inside a transaction.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < SHORTEST:
        raise PasswordError("short")
    if len(text) > LONGEST:
        raise PasswordError("long")
    weakness = guessing.weakness(text, names)
    if weakness:
        raise PasswordError(weakness.value)


def _prepared(password: str) -> bytes:
    """One spelling for what looks the same on two keyboards; lone surrogates do not break it."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def hashed(password: str) -> str:
    """What is stored. Costs some 25 ms: never call it inside a transaction."""
    return _HASHER.hash(_prepared(password))


@cache
def _nobody() -> str:
    return _HASHER.hash(b"nobody has this password")


def prepare() -> None:
    """Make the hash that stands in for unknown accounts, so that the first of them is not slower."""
    _nobody()


def is_right(password: str, stored: str | None) -> bool:
    """Whether it is the password. An account without one, or none at all, costs exactly as much."""
    try:
        _HASHER.verify(stored or _nobody(), _prepared(password))
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None
