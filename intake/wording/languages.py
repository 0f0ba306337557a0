"""The languages people ask in, by the name staff know them by."""

from __future__ import annotations

from intake.wording.translation import lazy_gettext

LANGUAGES = {"en": lazy_gettext("English"), "es": lazy_gettext("Spanish")}


def language(code: str) -> str:
    """A language tag in words; an unknown one as it is."""
    return str(LANGUAGES.get(code, code))
