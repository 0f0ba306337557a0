"""Who has which request before their eyes at this moment: what colleagues see of each other and leave to each other."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, String, cast, func, select

from intake.models import Presence, User

HERE_FOR = timedelta(seconds=45)
"""So long somebody who was seen at a request is taken to look at it still: more than three times as long as a page
waits before it says so again."""
LEFT_FOR = timedelta(minutes=2)
"""So long after its page was opened a request is left to whoever looks at it: time to read it, and to claim it."""
_P = Presence.__table__.c
_U = User.__table__.c

Viewers = dict[int, tuple[str, ...]]
"""Names by the id of what is looked at, in the order of names."""


def told(*, besides: int, now: datetime) -> ScalarSelect[str]:
    """Who looks at what, as one text for a statement that asks for more than this; ``read`` makes sense of it.

    Nobody is told of themself (``besides``), nor of anybody whose access has ended. It tells of every request, and is
    short all the same: nobody has many pages before their eyes.
    """
    line = cast(_P.callback_id, String) + ":" + _U.name
    asked = select(func.aggregate_strings(line, "\n")).select_from(
        Presence.__table__.join(User.__table__, _U.id == _P.user_id)
    )
    return asked.where(_P.user_id != besides, *_is_here(now), _U.active).scalar_subquery()


def read(text: str | None) -> Viewers:
    """What ``told`` has answered."""
    found: dict[int, list[str]] = defaultdict(list)
    for line in (text or "").splitlines():
        callback_id, _, name = line.partition(":")
        found[int(callback_id)].append(name)
    return {callback_id: tuple(sorted(names)) for callback_id, names in found.items()}


def _is_here(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Also not whoever was seen in the future, by a clock that has been set back since."""
    return (_P.seen_at > now - HERE_FOR, _P.seen_at <= now + HERE_FOR)
