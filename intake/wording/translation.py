"""The typed door to Flask-Babel: every word of ``wording`` and of the mails goes through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask_babel
from flask_babel import LazyString, lazy_gettext

__all__ = ["LazyString", "gettext", "language", "lazy_gettext", "ngettext", "plain", "words_of"]


def gettext(text: str, **words: object) -> str:
    """``text`` in the reader's language, with ``%(name)s`` filled in; works outside a request in English."""
    return str(flask_babel.gettext(text, **words))


def ngettext(one: str, many: str, num: int, **words: object) -> str:
    """The singular or plural that ``num`` asks for, with ``%(num)s`` and ``words`` filled in."""
    return str(flask_babel.ngettext(one, many, num, **words))


def language() -> str:
    """The language words are wanted in: the page's, or the mail's under ``force_locale``, else English."""
    locale = flask_babel.get_locale()
    return str(locale) if locale else "en"


def plain(code: str) -> str:
    """A code nobody gave words to yet, at least without dots and underscores."""
    return code.replace(".", " ").replace("_", " ")


def words_of(table: Mapping[Any, Any], code: str) -> str:
    """The words that a table has for a code."""
    return str(table[code]) if code in table else plain(code)
