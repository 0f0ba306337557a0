"""Passwords: which are good enough, how they are kept, and a check that costs the same for everybody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from intake.services.errors import ServiceError

SHORTEST, LONGEST = 12, 128

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
# Twenty sign-ins at once stay under 400 MiB.
TIME_COST, MEMORY_KIB, LANES = 2, 19456, 1
_HASHER = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)

# What people build long passwords from. A password that is one of these plus digits and signs is refused.
_WORN_WORDS = """
    password passwort passw passwd pass welcome willkommen letmein changeme changemenow secret topsecret admin
    administrator root test testing tester default temp temporary guest user login signin iloveyou iloveu sunshine
    princess football baseball basketball superman batman pokemon starwars dragon monkey master shadow trustno
    qwerty qwertz azerty qwertyuiop qwertyuiopasdfghjkl asdfghjkl asdfgh zxcvbnm qazwsx qazwsxedc abc abcd abcdef
    abcdefgh abcdefghijkl letmeinnow whatever freedom computer internet summer winter spring autumn monday friday
    january december america hello helloworld liverpool callback callbackintake intake recovery hospital clinic
    treatment correcthorsebatterystaple onetwothree thequickbrownfox
"""
_WORN = frozenset(_WORN_WORDS.split())
_KEYBOARD = ("qwertyuiopasdfghjklzxcvbnm", "1234567890qwertyuiop", "1qaz2wsx3edc4rfv5tgb6yhn7ujm")
_RUNS = ("abcdefghijklmnopqrstuvwxyz", *_KEYBOARD)
_LOOKALIKES = str.maketrans("013457@$!", "oieastasi")

_WORDS = {
    "short": f"The password is too short: at least {SHORTEST} characters.",
    "long": f"The password is too long: at most {LONGEST} characters.",
    "common": "This password is too easy to guess. A few unrelated words in a row work well.",
    "own": "The password contains your own name, your email or the provider's name. Choose something else.",
}


class PasswordError(ServiceError):
    """A password is not good enough. ``code`` is short, long, common or own; the text says it plainly."""

    def __init__(self, code: str) -> None:
        super().__init__(_WORDS[code])
        self.code = code


def check(password: str, *, names: Iterable[str] = ()) -> None:
    """PasswordError unless it is long enough and hard to guess. ``names``: the person's and the provider's own."""
    text = unicodedata.normalize("NFKC", password)
    if len(text) < SHORTEST:
        raise PasswordError("short")
    if len(text) > LONGEST:
        raise PasswordError("long")
    plain = text.casefold()
    if _is_worn(plain):
        raise PasswordError("common")
    if any(_is_built_from(plain, name.casefold()) for name in names):
        raise PasswordError("own")


def _is_worn(plain: str) -> bool:
    letters = re.sub(r"[\W\d_]+", "", plain)
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    disguised = re.sub(r"[\W\d_]+", "", core.translate(_LOOKALIKES))
    return (
        plain.isdigit()
        or len(set(plain)) < 5
        or len(_unit(plain)) <= 6
        or any(_unit(word) in _WORN for word in (letters, disguised) if word)
        or any(_follows(plain, run) for run in _RUNS)
    )


def _unit(word: str) -> str:
    """The part a word repeats, or the word."""
    place = (word + word).find(word, 1)
    return word[:place] if 0 < place < len(word) else word


def _follows(plain: str, run: str) -> bool:
    return plain in run * 2 or plain in run[::-1] * 2


def _is_built_from(plain: str, name: str) -> bool:
    """The name with little around it; very short names say nothing."""
    letters = re.sub(r"\W+", "", plain)
    parts = {re.sub(r"\W+", "", name), *re.split(r"\W+", name)}
    return any(len(part) >= 4 and part in letters and len(letters) - len(part) < 8 for part in parts)


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
