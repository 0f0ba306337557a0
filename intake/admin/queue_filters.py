"""Narrowing the queue by owner, state, channel and page: read from the address, put back into every link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from intake.queries.people import Person
from intake.queries.worklist import Filters, View
from intake.rules.workflow import Channel, Status
from intake.wording import names
from intake.wording.translation import gettext

NAMES = ("owner", "status", "channel", "page")
PLACE = ("view", *NAMES, "after", "m")
"""Everything in the queue's address: what leads back to the same place in it."""
_SOURCE = re.compile(r"[A-Za-z0-9_-]{1,12}")
_ENDED = (Status.WITHDRAWN, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Filter:
    """One select above the table."""

    name: str
    label: str
    choices: list[tuple[str, str]]
    chosen: str


def read(args: Mapping[str, str], user_id: int) -> Filters:
    """What the address asks for; a word that means nothing asks for nothing."""
    owner, status, channel, page = (args.get(name, "") for name in NAMES)
    return Filters(
        owner_id=_owner(owner, user_id),
        status=Status(status) if status in set(Status) else None,
        channel=Channel(channel) if channel in set(Channel) else None,
        source=page if _SOURCE.fullmatch(page) else "",
    )


def _owner(text: str, user_id: int) -> int | None:
    if text in ("me", "none"):
        return user_id if text == "me" else 0
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 10 else None


def place(values: Mapping[str, str]) -> dict[str, str]:
    """The part of an address or a form that says where in the queue one was."""
    return {name: values[name] for name in PLACE if values.get(name)}


def offered(args: Mapping[str, str], view: View, people: Iterable[Person], user_id: int) -> list[Filter]:
    """The selects, each with what is chosen."""
    owners = [("me", gettext("You")), ("none", gettext("Nobody"))]
    owners += [(str(person.id), person.name) for person in people if person.id != user_id]
    states = [one for one in Status if (one in _ENDED) == (view is View.CLOSED)]
    return [
        Filter("owner", gettext("Owner"), owners, args.get("owner", "")),
        Filter("status", gettext("State"), [(one.value, names.status(one)) for one in states], args.get("status", "")),
        Filter(
            "channel", gettext("How it came"), [(c.value, names.channel(c)) for c in Channel], args.get("channel", "")
        ),
    ]
