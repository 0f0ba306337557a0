"""Narrowing the queue: any number of values of each kind, read from the address and put back into every link."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from intake.queries.worklist import Filters, View
from intake.queries.worklist_filters import Standing
from intake.rules.workflow import Channel, ClosedReason, Status
from intake.wording import languages, names, queue_states
from intake.wording.translation import gettext

MANY = ("owner", "status", "channel", "language", "page")
DAYS = ("from_day", "to_day")
NAMES = (*MANY, *DAYS)
PLACE = ("view", *NAMES, "after", "m")
"""Everything in the queue's address: what leads back to the same place in it."""
MOST_VALUES = 30
"""Of one kind."""
_SOURCE = re.compile(r"[A-Za-z0-9_-]{1,12}")
_REASONS = {reason.value for reason in ClosedReason} - set(Status)
_ENDED = (Status.WITHDRAWN, Status.CLOSED)
Place = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Filter:
    """One group of checkboxes above the table."""

    name: str
    label: str
    choices: list[tuple[str, str]]
    chosen: list[str]

    @property
    def said(self) -> str:
        """What is chosen, in the words of the boxes."""
        return ", ".join(words for value, words in self.choices if value in self.chosen)


def read(args: Mapping[str, Any], user_id: int, zone: str) -> Filters:
    """What the address asks for; a word that means nothing asks for nothing."""
    asked = place(args)
    states = asked.get("status", [])
    owners = (_owner(text, user_id) for text in asked.get("owner", []))
    return Filters(
        owners=tuple(dict.fromkeys(owner for owner in owners if owner is not None)),
        statuses=tuple(Status(text) for text in states if text in set(Status)),
        standings=tuple(Standing(text) for text in states if text in set(Standing)),
        reasons=tuple(ClosedReason(text) for text in states if text in _REASONS),
        channels=tuple(Channel(text) for text in asked.get("channel", [])),
        languages=tuple(asked.get("language", [])),
        sources=tuple(asked.get("page", [])),
        received_from=_midnight(asked, "from_day", zone, 0),
        received_until=_midnight(asked, "to_day", zone, 1),
    )


def _owner(text: str, user_id: int) -> int | None:
    if text in ("me", "none"):
        return user_id if text == "me" else 0
    return int(text) or None


def _midnight(asked: Place, name: str, zone: str, days_on: int) -> datetime | None:
    """The first instant of that day, or of the day after it, at the office."""
    day = next((date.fromisoformat(text) for text in asked.get(name, [])), None)
    return datetime.combine(day + timedelta(days=days_on), time(), ZoneInfo(zone)) if day else None


def place(values: Mapping[str, Any]) -> Place:
    """The part of an address or a form that says where in the queue one was, without what means nothing."""
    kept = {name: _kept(name, _all(values, name)) for name in PLACE}
    return {name: texts for name, texts in kept.items() if texts}


def narrowing(values: Mapping[str, Any]) -> Place:
    """The filters alone."""
    return {name: texts for name, texts in place(values).items() if name in NAMES}


def _all(values: Mapping[str, Any], name: str) -> list[str]:
    """Every value of a name, in an address, in a form or as a session keeps it."""
    found = values.getlist(name) if hasattr(values, "getlist") else values.get(name, [])
    return [found] if isinstance(found, str) else [str(text) for text in found]


def _kept(name: str, texts: list[str]) -> list[str]:
    if name not in MANY:
        return [text for text in texts[:1] if text and (name not in DAYS or _is_day(text))]
    if name == "page":
        texts = [code for text in texts for code in re.split(r"[\s,]+", text)]
    return list(dict.fromkeys(text for text in texts if _means_something(name, text)))[:MOST_VALUES]


def _means_something(name: str, text: str) -> bool:
    if name == "owner":
        return text in ("me", "none") or (text.isascii() and text.isdigit() and len(text) < 10)
    known: dict[str, Collection[str]] = {
        "status": {*Status, *Standing, *_REASONS},
        "channel": set(Channel),
        "language": set(languages.LANGUAGES),
    }
    return text in known[name] if name in known else bool(_SOURCE.fullmatch(text))


def _is_day(text: str) -> bool:
    try:
        return 2000 <= date.fromisoformat(text).year < 2200
    except ValueError:
        return False


def offered(
    args: Mapping[str, Any], view: View | None, workers: Iterable[tuple[int, str]], user_id: int
) -> list[Filter]:
    """The groups, each with what is chosen; ``view`` None: a search, which looks through open and ended ones."""
    owners = [("me", gettext("You")), ("none", gettext("Unclaimed"))]
    owners += [(str(key), name) for key, name in workers if key != user_id]
    asked = place(args)
    return [
        Filter(name, label, choices, asked.get(name, []))
        for name, label, choices in (
            ("owner", gettext("Owner"), owners),
            ("status", gettext("State"), _states(view, asked.get("status", []))),
            ("channel", gettext("How it came"), [(one.value, names.channel(one)) for one in Channel]),
            ("language", gettext("Language"), [(code, languages.language(code)) for code in languages.LANGUAGES]),
        )
    ]


def _states(view: View | None, asked: list[str]) -> list[tuple[str, str]]:
    """Every state that the list tells there, in its words; also one that only an old address still asks for."""
    open_ones = [(one.value, names.status(one)) for one in Status if one not in _ENDED]
    open_ones += [(one.value, queue_states.standing(one)) for one in Standing]
    ended = [(Status.WITHDRAWN.value, names.status(Status.WITHDRAWN))]
    ended += [(one.value, names.closed_reason(one)) for one in ClosedReason if one.value in _REASONS]
    if Status.CLOSED in asked:
        ended.append((Status.CLOSED.value, names.status(Status.CLOSED)))
    return {View.CLOSED: ended, None: open_ones + ended}.get(view, open_ones)
