"""A browser as somebody who reads their own list of sessions would name it."""

from __future__ import annotations

from intake.wording.translation import gettext


def browser(label: str | None) -> str:
    """Of ``rules.browser``; nothing where a session began before labels were kept."""
    if label is None:
        return ""
    program, _, system = label.partition("/")
    if not program:
        return str(gettext("Another program"))
    return str(gettext("%(browser)s on %(system)s", browser=program, system=system)) if system else program
