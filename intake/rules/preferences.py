"""How one person likes to work: keys, sounds, their telephone, the columns they read. Nothing here is a right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Dial(StrEnum):
    """What becomes of a number when a call is to be made. Nothing is ever dialled by itself."""

    TEL = "tel"
    SIP = "sip"
    COPY = "copy"


class Column(StrEnum):
    """A column of the queue that somebody may do without; when, which, who and the buttons always stand there."""

    NUMBER = "number"
    THEIR_TIME = "their_time"
    STATE = "state"
    TRIES = "tries"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The standard, until the person says otherwise.

    ``is_keys_on``: single keys do something (WCAG 2.1.4: off on request). ``sound`` and ``notify`` are off until
    asked for. ``hides_number``: the line does not show where the call comes from. ``hides``:
    what the queue's list leaves out.
    """

    is_keys_on: bool = True
    sound: bool = False
    notify: bool = False
    dial: Dial = Dial.TEL
    hides_number: bool = False
    hides: tuple[Column, ...] = ()


def from_document(document: Mapping[str, Any] | None) -> Preferences:
    """What is stored. What nobody knows (any more) is passed over: an old row must not lock anybody out."""
    stored, standard = document or {}, Preferences()
    flags = {name: stored[name] for name in _FLAGS if isinstance(stored.get(name), bool)}
    dial = stored.get("dial")
    hides = stored.get("hides")
    hidden = tuple(one for one in Column if isinstance(hides, list) and one.value in hides)
    return Preferences(**flags, dial=Dial(dial) if dial in list(Dial) else standard.dial, hides=hidden)


def to_document(preferences: Preferences) -> dict[str, Any]:
    """As it is stored."""
    told = asdict(preferences)
    return told | {"dial": preferences.dial.value, "hides": [one.value for one in preferences.hides]}


_FLAGS = ("is_keys_on", "sound", "notify", "hides_number")
