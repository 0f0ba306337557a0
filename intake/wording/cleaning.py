"""Takes out of typed text what nobody can see and what can reorder or break a page; leaves every script and emoji."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
_LATIN_END = "\u02af"
# A flag such as Scotland's: a black flag spelled out in tag characters. Anywhere else these letters are smuggled text.
_TAG_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f")
# Format characters that are drawn: Arabic and Syriac number signs. The rest of their class is invisible.
_DRAWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"\s+")
_BLANKS_IN_LINE = re.compile(r"[^\S\n]+")
_MANY_NEWLINES = re.compile(r"\n{3,}")


def visible(text: str) -> str:
    """``text`` in NFC without control, C1, bidi-control, zero-width and tag characters, and without noncharacters.

    Joiners stay where a script or an emoji needs them: between two characters that are not Latin. Newlines stay.
    """
    text = _NEWLINES.sub("\n", text)
    if text.isascii() and text.isprintable():
        return text
    flags = {at for match in _TAG_FLAG.finditer(text) for at in range(*match.span())}
    kept: list[str] = []
    for at, char in enumerate(text):
        if at in flags or _stays(char, kept[-1] if kept else "", text[at + 1 : at + 2]):
            kept.append(" " if char == "\t" else char)
    return unicodedata.normalize("NFC", "".join(kept))


def _stays(char: str, before: str, after: str) -> bool:
    if char in _JOINERS:
        return _may_be_joined(before) and _may_be_joined(after)
    if unicodedata.category(char) in ("Cc", "Cf", "Cs"):
        return char in "\n\t" or char in _DRAWN
    return not _is_noncharacter(ord(char))


def _may_be_joined(char: str) -> bool:
    return char > _LATIN_END and not char.isspace()


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def one_line(text: str | None) -> str:
    """Clean text on a single line, blanks folded."""
    return _BLANKS.sub(" ", visible(text or "")).strip()


def lines(text: str | None) -> str:
    """Clean text that keeps its line breaks, at most one blank line in a row."""
    spaced = _BLANKS_IN_LINE.sub(" ", visible(text or ""))
    return _MANY_NEWLINES.sub("\n\n", spaced).strip()


def as_typed(text: str | None) -> str:
    """Clean text with its inner blanks as they were: what a person recognises as their own typing."""
    return visible(text or "").replace("\n", " ").strip()
