"""Is a request worth a person's doubt? Signs are weighed here, and always said; nothing is ever thrown away.

Autofill fills honeypots and a password manager fills a form in a second, so one sign only marks. It takes two strong
ones to lay a request under "Check". How often an address was seen is a weak sign: a clinic shares one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

TOO_FAST_SECONDS = 2.0
MANY_LINKS = 2
MANY_FROM_ADDRESS = 5
MANY_FROM_NUMBER = 3
STRONG_FOR_CHECK = 2

_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]+|\b[a-z0-9-]{2,63}\.(?:com|net|org|info|biz|ru|cn|top|xyz|click|shop|site|online|io|ly)\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\S+@\S+")


@dataclass(frozen=True, slots=True)
class Signals:
    """What was noticed about one POST.

    ``seconds_to_fill``: from rendering to sending, None when unknown. ``links``: in the message.
    ``address_count`` and ``number_count``: other requests of the last hour from the same network address and with the
    same telephone number.
    """

    honeypot: bool = False
    seconds_to_fill: float | None = None
    links: int = 0
    has_link_in_name: bool = False
    address_count: int = 0
    number_count: int = 0


_STRONG = frozenset({"honeypot", "too_fast", "links"})


@dataclass(frozen=True, slots=True)
class SpamVerdict:
    """``is_marked``: shown with its reasons in the ordinary queue. ``is_check``: laid under "Check", same clock."""

    is_marked: bool
    is_check: bool
    reasons: tuple[str, ...]


def assess(signals: Signals) -> SpamVerdict:
    """Weigh the signs. Reasons are codes, strong ones first; wording says them in words."""
    strong, weak = strong_signs(signals), weak_signs(signals)
    return SpamVerdict(bool(strong or weak), len(strong) >= STRONG_FOR_CHECK, strong + weak)


def was_check(reasons: Iterable[str]) -> bool:
    """Whether the reasons kept with a request once laid it under "Check"."""
    return len(_STRONG.intersection(reasons)) >= STRONG_FOR_CHECK


def against_marking(*, is_calling: bool, was_called: bool) -> str | None:
    """Why a request is not closed as spam by one press: call_not_logged or called; None if nothing speaks against it.

    Whoever was called is a person to somebody here. That it was spam after all is said where one closes with a reason.
    """
    if is_calling:
        return "call_not_logged"
    return "called" if was_called else None


def strong_signs(signals: Signals) -> tuple[str, ...]:
    """Signs a person seldom gives; links in two places are one sign. Below zero seconds a clock was set: unknown."""
    seconds = signals.seconds_to_fill
    signs = {
        "honeypot": signals.honeypot,
        "too_fast": seconds is not None and 0 <= seconds < TOO_FAST_SECONDS,
        "links": signals.links >= MANY_LINKS or signals.has_link_in_name,
    }
    return tuple(name for name, is_given in signs.items() if is_given)


def weak_signs(signals: Signals) -> tuple[str, ...]:
    """Signs that honest people give too; however many, they only mark."""
    signs = {
        "one_link": 0 < signals.links < MANY_LINKS,
        "many_from_address": signals.address_count >= MANY_FROM_ADDRESS,
        "many_from_number": signals.number_count >= MANY_FROM_NUMBER,
    }
    return tuple(name for name, is_given in signs.items() if is_given)


def count_links(text: str) -> int:
    """How many web addresses a text holds; mail addresses are none."""
    return len(_LINK.findall(_MAIL.sub(" ", text)))
