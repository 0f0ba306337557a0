"""How soon somebody who guesses would have a password: from a list, from the person's own words, or by building it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from importlib import resources
from math import prod
from threading import Lock

from zxcvbn import zxcvbn

ENOUGH = 10**10
"""Guesses a password must outlast: zxcvbn's best score, which holds against a stolen argon2 hash too."""

# zxcvbn's time grows with the square of the length, so it sees 64 characters at a time: the first and the last cover
# the longest password, and one of them that is hard makes the whole hard. It also tries every reading of signs that
# look like letters, which costs a second for 64 of them: where there would be many, each group gets one sign.
_WINDOW = 64
_MOST_READINGS = 8
_LOOK_ALIKE = tuple(map(frozenset, ("4@", "([{<", "69", "1!|", "1|7", "5$", "7+")))
_ONE_SIGN = str.maketrans("@[{<!|$+", "4(((1157")

_UNSHIFTED = str.maketrans("!@#$%^&*()_+", "1234567890-=")
_LETTERS = str.maketrans("013457@$!", "oieastasi")
_OUTER = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_BETWEEN = re.compile(r"[\W_]+")

# Keyboards that zxcvbn does not know (it has the American one and Dvorak's), and sayings it takes for unrelated words.
_ROWS = ("qwertzuiopüasdfghjklöäyxcvbnm", "azertyuiopqsdfghjklmwxcvbn", "йцукенгшщзхъфывапролджэячсмитьбю")
_SAYINGS = frozenset(("correcthorsebatterystaple", "thequickbrownfox", "thequickbrownfoxjumpsoverthelazydog"))
_OURS = ("callback", "callbackintake", "intake")
_YEARS = tuple(str(year) for year in range(2020, 2040))
"""zxcvbn knows years until 2019."""

_one_at_a_time = Lock()


class Weakness(StrEnum):
    """Why a password would be found soon."""

    LISTED = "listed"
    OWN = "own"
    EASY = "easy"


def weakness(password: str, names: Iterable[str]) -> Weakness | None:
    """What is wrong with it, if anything. ``names``: the person's and the provider's; whole, parts are tried too."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if any(_is_listed(form) for form in _forms(plain)):
        return Weakness.LISTED
    if any(plain in way * 2 for row in _ROWS for way in (row, row[::-1])):
        return Weakness.EASY
    own = _words(names)
    if not _is_hard(plain, own):
        return Weakness.OWN if _without(plain, own) != plain else Weakness.EASY
    rest = _without(plain, own)
    return None if rest == plain or _is_hard(rest, own) else Weakness.OWN


def _forms(plain: str) -> Iterator[str]:
    """A listed password stays one with shift held down, with blanks in it, or with digits and signs around it."""
    core = _OUTER.sub("", plain)
    yield from (plain, plain.translate(_UNSHIFTED), _BETWEEN.sub("", plain), core)
    yield _BETWEEN.sub("", core.translate(_LETTERS))


def _is_listed(form: str) -> bool:
    return form in _SAYINGS or hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()[:16] in _refused()


@cache
def _refused() -> frozenset[str]:
    """Digests of what attackers try first; the file says where they are from."""
    text = resources.files("intake.services").joinpath("refused_passwords.txt").read_text("ascii")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def _words(names: Iterable[str]) -> frozenset[str]:
    """Each name in one piece and in parts, as typed and without accents; very short ones say nothing."""
    found = set(_OURS)
    for name in names:
        folded = unicodedata.normalize("NFKC", name).casefold()
        for spelled in (folded, _without_accents(folded)):
            found.update((_BETWEEN.sub("", spelled), *_BETWEEN.split(spelled)))
    return frozenset(word for word in found if len(word) >= 3)


def _without_accents(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _without(plain: str, own: frozenset[str]) -> str:
    """What a person's own words add nothing to. zxcvbn knows them too, but takes any four words in a row for hard."""
    longest_first = sorted((word for word in own if len(word) >= 4), key=len, reverse=True)
    for text in (plain, plain.translate(_LETTERS)):
        rest = text
        for word in longest_first:
            rest = rest.replace(word, "")
        if rest != text:
            return rest
    return plain


def _is_hard(text: str, own: frozenset[str]) -> bool:
    seen = _twice(text.translate(_ONE_SIGN) if _readings(text) > _MOST_READINGS else text)
    windows = (seen,) if len(seen) <= _WINDOW else (seen[:_WINDOW], seen[-_WINDOW:])
    return any(_guesses(window, own) >= ENOUGH for window in windows)


def _readings(text: str) -> int:
    return prod(max(1, len(group.intersection(text))) for group in _LOOK_ALIKE)


def _twice(text: str) -> str:
    """What repeats to the end, twice: enough to be seen repeating, and not cut in the middle."""
    for length in range(1, len(text) // 2):
        if text[length:] == text[:-length]:
            return text[: 2 * length]
    return text


def _guesses(window: str, own: frozenset[str]) -> float:
    """zxcvbn keeps the words it is given in a place all threads share: one at a time."""
    if not window:
        return 0
    with _one_at_a_time:
        return float(zxcvbn(window, user_inputs=[*sorted(own), *_YEARS], max_length=_WINDOW)["guesses"])
