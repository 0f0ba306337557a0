"""Which requests went out of somebody's hands without their doing, as their next page says it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from flask import url_for
from markupsafe import Markup, escape

from intake.queries.leases import Lost
from intake.wording.translation import gettext, ngettext


def told(lost: Iterable[Lost]) -> list[Markup]:
    """One sentence for each who did it and each who has it since, that leads to every request."""

    def whose(one: Lost) -> tuple[str, str]:
        return (one.by, one.to)

    return [_sentence(*key, [one.reference for one in some]) for key, some in groupby(sorted(lost, key=whose), whose)]


def _sentence(by: str, to: str, references: list[str]) -> Markup:
    """Names are escaped before they are put in, and may hold whatever they like: also what formatting is told by."""
    link = Markup('<a href="{}">{}</a>')
    links = Markup(", ").join(link.format(url_for("queue.show", reference=one), one) for one in references)
    if not by:
        words = ngettext(
            "%(links)s went back to the queue: nothing happened for a while.",
            "%(num)s of your requests went back to the queue, as nothing happened for a while: %(links)s",
            len(references), links=links,
        )  # fmt: skip
    elif not to:
        words = gettext("%(person)s put %(links)s back in the queue.", person=escape(by), links=links)
    elif by == to:
        words = gettext("%(person)s took over %(links)s.", person=escape(by), links=links)
    else:
        words = gettext("%(person)s gave %(links)s to %(to)s.", person=escape(by), links=links, to=escape(to))
    return Markup(words)  # noqa: S704 - ours, with what is escaped
