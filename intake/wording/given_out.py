"""Why figures are not what they were when they were given out: "Reached: 82 %, now 80 %: 3 more never reached"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from intake.models.reports import Way
from intake.queries.kept_report import Changed, Difference, Told, Word
from intake.queries.report import Figures
from intake.rules.counting import End
from intake.rules.shares import FEW_IN_A_SPLIT, Share
from intake.wording import figures
from intake.wording.times import moment
from intake.wording.translation import gettext, lazy_gettext, ngettext

_TITLE = {
    Told.PROMISES: lazy_gettext("Promises kept"),
    Told.IN_TARGET: lazy_gettext("Called in target"),
    Told.HALF: lazy_gettext("Half were called within"),
    Told.NINE_TENTHS: lazy_gettext("9 of 10 were called within"),
    Told.FIRST_CALLS: lazy_gettext("First call"),
    Told.REACHED: lazy_gettext("Reached"),
    Told.WISHES: lazy_gettext("Requested times kept"),
    Told.AGREED: lazy_gettext("Times agreed later kept"),
    Told.KINDS: lazy_gettext("What is counted"),
}
_SHARE: Mapping[Told, Callable[[Figures], Share]] = {
    Told.PROMISES: lambda of: of.promises,
    Told.IN_TARGET: lambda of: of.in_target,
    Told.REACHED: lambda of: of.were_reached,
    Told.WISHES: lambda of: of.wished,
    Told.AGREED: lambda of: of.times_agreed,
}


def sentences(one: Difference, zone: str, now: datetime) -> str:
    """When it was told, and for each figure that changed what it was, what it is, and of what there is more or less."""
    how = gettext("Mailed") if one.given.way in (Way.WEEK, Way.MONTH) else gettext("Given out")
    told = gettext("%(how)s %(when)s.", how=how, when=moment(one.given.made_at, zone, now))
    if not one.is_over:
        told = gettext(
            "%(how)s %(when)s, before these days were over: what came since is in the figures now.",
            how=how, when=moment(one.given.made_at, zone, now),
        )  # fmt: skip
    return " ".join([told, *(_sentence(changed, one.given.whole, one.now) for changed in one.changed)])


def _sentence(one: Changed, then: Figures, now: Figures) -> str:
    old, new = _value(one.told, then), _value(one.told, now)
    both = gettext("%(old)s, now %(new)s", old=old, new=new) if old != new else ""
    changes = ", ".join(_change(one.told, word, more) for word, more in one.changes)
    return f"{': '.join(part for part in (str(_TITLE[one.told]), both, changes) if part)}."


def _value(told: Told, of: Figures) -> str:
    """Empty where there is no single figure: the numbers it is made of say it all."""
    if told in _SHARE:
        return figures.share(_SHARE[told](of))
    if told is Told.HALF:
        return figures.within(of.half, of.waits.number, fewest=FEW_IN_A_SPLIT)
    return figures.nine_tenths(of.nine_tenths, of.waits.number) if told is Told.NINE_TENTHS else ""


def _change(told: Told, word: Word, more: int) -> str:
    what = _WORD[told](word)
    if more > 0:
        return ngettext("%(num)s more %(what)s", "%(num)s more %(what)s", more, what=what)
    return ngettext("%(num)s fewer %(what)s", "%(num)s fewer %(what)s", -more, what=what)


def _first_call(word: Any) -> str:
    return figures.end(word) if isinstance(word, End) else figures.band(word)


_WORD: Mapping[Told, Callable[[Any], str]] = {
    Told.PROMISES: figures.kept,
    Told.IN_TARGET: figures.state,
    Told.FIRST_CALLS: _first_call,
    Told.REACHED: figures.reach,
    Told.WISHES: figures.wish,
    Told.AGREED: figures.wish,
    Told.KINDS: figures.kind,
}
