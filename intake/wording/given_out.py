"""Why a figure is not what it was when it was given out: "Given out 3 Nov: 82 %. Now 80 %: 3 more called late"."""

from __future__ import annotations

from datetime import datetime

from intake.models.reports import Way
from intake.queries.kept_report import Difference
from intake.rules.counting import Kind, State
from intake.rules.shares import Share
from intake.wording import figures
from intake.wording.times import moment
from intake.wording.translation import gettext, ngettext


def sentence(one: Difference, zone: str, now: datetime) -> str:
    """Both figures with what they are of, and what there is more or less of since."""
    then, here = one.given.whole, one.now
    is_target = then.in_target != here.in_target
    old, new = (then.in_target, here.in_target) if is_target else (then.promises, here.promises)
    words = {
        "how": _way(one.given.way),
        "when": moment(one.given.made_at, zone, now),
        "what": gettext("called in target") if is_target else gettext("of promises kept"),
        "old": _share(old),
        "new": _share(new),
    }
    said = gettext("%(how)s %(when)s: %(old)s %(what)s. Now %(new)s", **words)
    changes = ", ".join(_change(word, more) for word, more in one.changes)
    return f"{said}: {changes}." if changes else f"{said}."


def _way(way: Way) -> str:
    return gettext("Mailed") if way in (Way.WEEK, Way.MONTH) else gettext("Given out")


def _share(one: Share) -> str:
    return figures.share(one)


def _change(word: State | Kind, more: int) -> str:
    what = figures.state(word) if isinstance(word, State) else figures.kind(word)
    if more > 0:
        return ngettext("%(num)s more %(what)s", "%(num)s more %(what)s", more, what=what)
    return ngettext("%(num)s fewer %(what)s", "%(num)s fewer %(what)s", -more, what=what)
