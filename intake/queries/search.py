"""Finding a request by words that are only stored as keyed tokens."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, false, func, literal, select, union

from intake.models import CallbackRequest, SearchToken
from intake.models.base import table_of
from intake.models.keyring import LONGEST_PREFIX, fold
from intake.models.site import Site
from intake.rules.phone import PhoneError, parse

_REFERENCE = re.compile(r"([0-9A-HJKMNP-TV-Z]{3})[ -]?([0-9A-HJKMNP-TV-Z]{0,3})")
_BEGINNING = re.compile(r"[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{0,3}")
_WHOLE = 7
_LOCAL = 7
"""Digits of a number without its area code, of which only the end is known to be right."""
_WORD = re.compile(r"[^\W_]+")
_LOOKALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
MOST_WORDS = 6
MOST_KEYS = 16
COUNTED_TO = 1000
"""How far words are counted to find the rarest."""

_T = table_of(SearchToken)
_C = table_of(CallbackRequest).c
Tokens = tuple[int, ...]
"""One searched word under every live key."""


def reference_in(text: str) -> str | None:
    """The reference somebody typed, or 3 letters and more of its beginning, in one spelling; None if it is neither.

    Letters alone could be a name, and four digits the end of a number: only what has a dash or digit is taken for one.
    """
    typed = text.strip().upper().translate(_LOOKALIKE)
    found = _REFERENCE.fullmatch(typed)
    if not found or not re.search(r"[0-9-]", text) or re.fullmatch(r"[0-9]{4}", text.strip()):
        return None
    return "-".join(found.groups())


def begun_with(conn: Connection, beginning: str, *, most: int) -> list[str]:
    """References that begin so (``reference_in``), the newest first."""
    newest = _begun(beginning, None, most).add_columns(_C.reference)
    return [row.reference for row in conn.execute(newest)]


def key_for(site: Site, text: str) -> str | None:
    """What to search for as opaque tokens for the address: words are joined by ``~``, key versions by ``.``.

    A number in any spelling (without its area code by its end), the last four digits, an email, or words of a name and
    their beginnings. Of a long word the first eight letters count, as far as beginnings are stored: "christophe" finds
    Christopher and Christoph too.
    """
    pairs = _pairs(text.strip())
    groups = [site.keyring.search_alternatives(kind, value) for kind, value in pairs]
    return "~".join(".".join(f"{token & 0xFFFFFFFFFFFFFFFF:016x}" for token in group) for group in groups) or None


def _pairs(text: str) -> list[tuple[str, str]]:
    if "@" in text:
        return [("email", text.casefold())]
    digits = re.sub(r"\D", "", text)
    if len(digits) in (4, _LOCAL) and not re.search(r"[^\W\d_]", text):
        return [("last4", digits[-4:])]
    try:
        return [("phone", parse(text).e164)]
    except PhoneError:
        words = _WORD.findall(fold(text))
        return [("name", word[:LONGEST_PREFIX]) for word in words[:MOST_WORDS] if len(word) >= 3 or len(words) > 1]


def newest(conn: Connection, key: str, *, before: int | None, limit: int) -> Select[tuple[int]]:
    """Asks for the ids of the requests that hold every searched word, the newest (ids are given in order of arrival).

    Walks the rarest word's tokens backwards and asks for the other words at each step, so a page of a common word costs
    what its rows cost. A key may also be the beginning of references. A broken one finds nothing.
    """
    if _BEGINNING.fullmatch(key):
        return _begun(key, before, limit)
    groups = list(dict.fromkeys(_tokens(group) for group in key.split("~")[:MOST_WORDS]))
    if not all(groups):
        return select(_T.c.callback_id).where(false())
    rarest, *others = _rarest_first(conn, groups)
    return _walk(rarest, others, before, limit)


def _begun(beginning: str, before: int | None, limit: int) -> Select[Any]:
    """Along the index of references: between two whole ones, as not every database keeps text in the order of bytes."""
    missing = _WHOLE - len(beginning)
    asked = select(_C.id.label("callback_id")).where(
        _C.reference.between(beginning + missing * "0", beginning + missing * "Z"), _C.reference.startswith(beginning)
    )
    if before is not None:
        asked = asked.where(_C.id < before)
    return asked.order_by((_C.id + 0).desc()).limit(limit)  # the sum keeps it off the long way along the ids


def _rarest_first(conn: Connection, groups: list[Tokens]) -> list[Tokens]:
    if len(groups) == 1:
        return groups
    counted = conn.execute(select(*(_count(group) for group in groups))).one()
    return [group for _, group in sorted(zip(counted, groups, strict=True), key=lambda pair: pair[0])]


def _count(tokens: Tokens) -> Any:
    some = select(literal(1)).select_from(_T).where(_T.c.token.in_(tokens)).limit(COUNTED_TO).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _walk(tokens: Tokens, others: list[Tokens], before: int | None, limit: int) -> Select[tuple[int]]:
    """One backward walk along the primary key; with several live keys one for each, laid together."""
    walks = [_backwards(token, others, before, limit) for token in tokens]
    if len(walks) == 1:
        return walks[0]
    together = union(*(select(walk.subquery().c.callback_id) for walk in walks)).subquery().c.callback_id
    return select(together).order_by(together.desc()).limit(limit)


def _backwards(token: int, others: list[Tokens], before: int | None, limit: int) -> Select[Any]:
    asked = select(_T.c.callback_id).where(_T.c.token == token, *(_has(tokens) for tokens in others))
    if before is not None:
        asked = asked.where(_T.c.callback_id < before)
    return asked.order_by(_T.c.callback_id.desc()).limit(limit)


def _has(tokens: Tokens) -> ColumnElement[bool]:
    other = _T.alias()
    return exists().where(other.c.token.in_(tokens), other.c.callback_id == _T.c.callback_id)


def _tokens(group: str) -> Tokens:
    words = group.split(".")
    if len(words) > MOST_KEYS or not all(re.fullmatch(r"[0-9a-f]{16}", word) for word in words):
        return ()
    return tuple(int.from_bytes(bytes.fromhex(word), "big", signed=True) for word in dict.fromkeys(words))
