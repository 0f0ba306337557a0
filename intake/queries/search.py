"""Finding a request by words that are only stored as keyed tokens."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, and_, false, select

from intake.models import CallbackRequest, SearchToken
from intake.models.keyring import fold
from intake.models.site import Site
from intake.rules.phone import PhoneError, parse

_REFERENCE = re.compile(r"^([0-9A-HJKMNP-TV-Z]{3})[ -]?([0-9A-HJKMNP-TV-Z]{3})$")
_WORD = re.compile(r"[^\W_]+")
_LOOKALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
MOST_WORDS = 6


def reference_in(text: str) -> str | None:
    """The reference somebody typed, in its one spelling; None if it is something else.

    A word of six letters could be a name: only text with a dash or a digit is taken for a reference.
    """
    typed = text.strip().upper().translate(_LOOKALIKE)
    found = _REFERENCE.match(typed)
    if not found or not re.search(r"[0-9-]", text):
        return None
    return "-".join(found.groups())


def key_for(site: Site, text: str) -> str | None:
    """What to search for as opaque tokens for the address: words are joined by ``~``, key versions by ``.``.

    A number in any spelling, the last four digits, an email, or words of a name and their beginnings.
    """
    pairs = _pairs(text.strip())
    groups = [site.keyring.search_alternatives(kind, value) for kind, value in pairs]
    return "~".join(".".join(f"{token & 0xFFFFFFFFFFFFFFFF:016x}" for token in group) for group in groups) or None


def _pairs(text: str) -> list[tuple[str, str]]:
    if "@" in text:
        return [("email", text.casefold())]
    digits = re.sub(r"\D", "", text)
    if len(digits) == 4 and not re.search(r"[^\W\d_]", text):
        return [("last4", digits)]
    try:
        return [("phone", parse(text).e164)]
    except PhoneError:
        words = _WORD.findall(fold(text))
        return [("name", word) for word in words[:MOST_WORDS] if len(word) >= 3 or len(words) > 1]


def matching(key: str) -> ColumnElement[bool]:
    """The condition that every searched word is among a request's tokens; a broken key matches nothing."""
    groups = [_tokens(group) for group in key.split("~")[:MOST_WORDS]]
    if not all(groups):
        return false()
    return and_(*(CallbackRequest.__table__.c.id.in_(_having(group)) for group in groups))


def _having(tokens: list[int]) -> Any:
    s = SearchToken.__table__.c
    return select(s.callback_id).where(s.token.in_(tokens))


def _tokens(group: str) -> list[int]:
    words = group.split(".")
    if not all(re.fullmatch(r"[0-9a-f]{16}", word) for word in words):
        return []
    return [int.from_bytes(bytes.fromhex(word), "big", signed=True) for word in words]
